"""Rows at, one ULP below and one ULP above every threshold: where a converted model breaks first.

An op tells its thresholds per column of its first input (`Op.thresholds`). Where that column is
not an input itself but something computed from one (scaled, imputed, selected, rounded), the
input value at which it crosses the threshold is found by bisection over the float64 values in
their order, by evaluating the graph: whatever the ops between are, monotone near there or not.
Two questions per threshold t, "is it >= t?" and "is it > t?", each end at two neighbouring
float64 inputs with different answers; where nothing lies between, these are t and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from edgeinfer.graph import Graph
from edgeinfer.ops import Op
from edgeinfer.ops._base import EVERY_COLUMN

# Beyond float32 an estimator may refuse a value; no threshold worth a probe lies there.
LARGEST = float(np.finfo(np.float32).max)
GRID = 256
CHUNK = 4096


@dataclass(frozen=True)
class Probes:
    """`rows` of shape ``(n, features)`` float64, made around `thresholds` thresholds."""

    rows: np.ndarray
    thresholds: int
    not_probed: tuple[str, ...]


@dataclass(frozen=True)
class _Target:
    """The thresholds that ops have on one tensor: ``columns[k]`` is compared with ``values[k]``."""

    op: Op
    tensor: str
    columns: np.ndarray
    values: np.ndarray


def make_probes(
    graphs: Sequence[Graph], X: np.ndarray, limit: int, float32: bool = False
) -> Probes:
    """At most about `limit` probe rows for the thresholds of all `graphs`, on rows of X as base.

    `graphs` are that of the source, where it has one, and last the model's own. They have one
    float64 input of shape ``(features,)``; X has shape ``(rows, features)``. `float32`: for a
    model that promises its answers for float32 values, see `_in_float32`.

    A threshold gets several base rows if there is room; if there are too many thresholds, an
    even selection of them is probed and the result says so.
    """
    columns: list[np.ndarray] = []
    values: list[np.ndarray] = []
    notes: dict[str, None] = {}
    thresholds = 0
    with np.errstate(all="ignore"):
        for number, graph in enumerate(graphs):
            # Guards would refuse the far ends of a bisection; what they refuse is compared later.
            plain = replace(graph, nodes=tuple(n for n in graph.nodes if n.outputs))
            searches = [
                _Search(plain, target, X, limit // len(graphs), notes) for target in _targets(graph)
            ]
            # The graphs are the same model twice: their thresholds are mostly the same as well.
            thresholds = max(thresholds, sum(search.thresholds for search in searches))
            is_source = number < len(graphs) - 1
            for search in searches:
                at, crossings = search.columns, search.values
                if float32:
                    at, crossings = _in_float32(at, crossings, keep=is_source)
                columns.append(at)
                values.append(crossings)
    if not columns:
        return Probes(np.empty((0, X.shape[1])), 0, tuple(notes))
    pairs = np.unique(np.column_stack([np.concatenate(columns), np.concatenate(values)]), axis=0)
    rows = np.concatenate(list(_on_base_rows(X, pairs, limit)) or [np.empty((0, X.shape[1]))])
    return Probes(rows, thresholds, tuple(notes))


def _targets(graph: Graph) -> Iterator[_Target]:
    """The thresholds of a graph, those of one tensor together."""
    found: dict[str, tuple[Op, list[tuple[int, np.ndarray]]]] = {}
    for node in graph.nodes:
        per_column = node.op.thresholds()
        if per_column:
            _, parts = found.setdefault(node.inputs[0], (node.op, []))
            size = graph.types[node.inputs[0]].size
            for column, values in per_column.items():
                these = range(size) if column == EVERY_COLUMN else (column,)
                parts.extend((c, values) for c in these)
    for tensor, (op, parts) in found.items():
        merged: dict[int, list[np.ndarray]] = {}
        for column, values in parts:
            merged.setdefault(column, []).append(np.asarray(values, np.float64))
        unique = {c: np.unique(np.concatenate(v)) for c, v in merged.items()}
        finite = {c: v[np.isfinite(v)] for c, v in unique.items()}
        counts = [len(v) for v in finite.values()]
        if sum(counts):
            columns = np.repeat(np.array(list(finite), np.int64), counts)
            yield _Target(op, tensor, columns, np.concatenate(list(finite.values())))


class _Search:
    """Finds, for each threshold of a target, the input values on both sides of it."""

    def __init__(
        self, graph: Graph, target: _Target, X: np.ndarray, limit: int, notes: dict[str, None]
    ) -> None:
        self.graph, self.tensor, self.X = graph, target.tensor, X
        (self.input,) = graph.inputs
        self.columns = np.empty(0, np.int64)
        self.values = np.empty(0)
        self.thresholds = 0
        what = f"thresholds of {target.op.kind} on {target.tensor}"
        needs = self._inputs_of_columns()[target.columns]
        for count, why in (
            (int((needs == -2).sum()), "the column depends on several input columns"),
            (int((needs == -1).sum()), "the column does not follow any input column"),
        ):
            if count:
                notes[f"{count} {what}: {why}"] = None
        use = np.flatnonzero(needs >= 0)
        most = max(limit // 4, 1)
        if len(use) > most:
            notes[f"{len(use) - most} of {len(use)} {what}: beyond the limit of probes"] = None
            use = use[np.linspace(0, len(use) - 1, most).astype(np.int64)]
        if not len(use):
            return
        inputs, columns, values = needs[use], target.columns[use], target.values[use]
        # Each threshold twice: >= t, then > t.
        strict = np.repeat([False, True], len(use))
        pairs = self._bisect(np.tile(inputs, 2), np.tile(columns, 2), np.tile(values, 2), strict)
        found = ~np.isnan(pairs[:, 0])
        reached = found[: len(use)] | found[len(use) :]
        if not reached.all():
            notes[f"{int((~reached).sum())} {what}: no value of the input reaches them"] = None
        self.thresholds = int(reached.sum())
        self.columns = np.repeat(np.tile(inputs, 2)[found], 2)
        self.values = pairs[found].ravel()

    def _evaluate(self, rows: np.ndarray) -> np.ndarray:
        """The target tensor for `rows`, shape ``(rows, columns)``, as float64."""
        parts = []
        for start in range(0, len(rows), CHUNK):
            feeds = {self.input: rows[start : start + CHUNK]}
            part = self.graph.evaluate(feeds, [self.tensor])[self.tensor]
            parts.append(part.reshape(len(part), prod(part.shape[1:])).astype(np.float64))
        return np.concatenate(parts)

    def _inputs_of_columns(self) -> np.ndarray:
        """Per column of the tensor the one input column it follows, -1 for none, -2 for several.

        Found by changing one input column at a time on a few rows; a dependence this does not
        see shows later, when a bisection's answers do not hold (they are checked).
        """
        features = self.X.shape[1]
        size = max(prod(self.graph.types[self.tensor].shape), 1)
        if self.tensor == self.input:
            return np.arange(features)
        base = self.X[np.linspace(0, len(self.X) - 1, min(len(self.X), 4)).astype(np.int64)]
        filled = np.where(np.isfinite(base), base, 0.0)
        other = self.X[np.linspace(len(self.X) - 1, 0, len(base)).astype(np.int64)]
        trials = np.concatenate([other, filled + 1, -filled, filled * 1e3 + 1e3, filled - 1e6])
        repeated = np.tile(base, (5, 1))
        before = self._evaluate(repeated)
        count = np.zeros(size, np.int64)
        last = np.full(size, -1)
        step = max(CHUNK // len(repeated), 1)
        for start in range(0, features, step):
            chosen = range(start, min(start + step, features))
            rows = np.tile(repeated, (len(chosen), 1))
            for k, feature in enumerate(chosen):
                rows[k * len(repeated) : (k + 1) * len(repeated), feature] = trials[:, feature]
            after = self._evaluate(rows).reshape(len(chosen), *before.shape)
            same = (after == before) | (np.isnan(after) & np.isnan(before))
            for k, feature in enumerate(chosen):
                moved = ~same[k].all(axis=0)
                count += moved
                last[moved] = feature
        return np.where(count > 1, -2, last)

    def _grid(self, features: np.ndarray) -> np.ndarray:
        """Per input column the values between which a crossing is looked for, sorted."""
        grid = np.tile(self.X[:1], (GRID + 2, 1))
        for feature in features:
            seen = np.unique(self.X[:, feature])
            seen = seen[np.isfinite(seen)]
            if not len(seen):
                seen = np.zeros(1)
            seen = np.clip(seen, -LARGEST, LARGEST)
            chosen = seen[np.linspace(0, len(seen) - 1, GRID).astype(np.int64)]
            grid[:, feature] = np.concatenate([[-LARGEST], chosen, [LARGEST]])
        return grid

    def _bisect(
        self, inputs: np.ndarray, columns: np.ndarray, values: np.ndarray, strict: np.ndarray
    ) -> np.ndarray:
        """Per question the neighbouring input values with different answers; NaN if there are none.

        Columns follow one input column each, so one row answers a question for every input
        column: question number k about an input column stands in row k.
        """
        grid = self._grid(np.unique(inputs))
        at_grid = self._evaluate(grid)
        low = np.full(len(inputs), np.nan)
        high = np.full(len(inputs), np.nan)
        row = np.zeros(len(inputs), np.int64)
        answer_low = np.zeros(len(inputs), bool)
        for feature in np.unique(inputs):
            row[inputs == feature] = np.arange(int((inputs == feature).sum()))
        for column in np.unique(columns):
            mine = np.flatnonzero(columns == column)
            level = at_grid[:, column][:, None]
            for some in np.array_split(mine, -(-len(mine) // CHUNK)):
                above = np.where(strict[some], level > values[some], level >= values[some])
                change = above[1:] != above[:-1]
                first = change.argmax(axis=0)
                there = change.any(axis=0)
                points = grid[:, inputs[some[0]]]
                low[some] = np.where(there, points[first], np.nan)
                high[some] = np.where(there, points[first + 1], np.nan)
                answer_low[some] = above[first, np.arange(len(some))]
        open_ = np.flatnonzero(~np.isnan(low))
        a, b = _order(low[open_]), _order(high[open_])
        rows = np.tile(self.X[:1], (int(row.max()) + 1, 1))
        while (b - a > 1).any():
            middle = (a >> 1) + (b >> 1) + (a & b & 1)
            rows[row[open_], inputs[open_]] = _unorder(middle)
            level = self._evaluate(rows)[row[open_], columns[open_]]
            above = np.where(strict[open_], level > values[open_], level >= values[open_])
            stays = above == answer_low[open_]
            inside = b - a > 1
            a = np.where(inside & stays, middle, a)
            b = np.where(inside & ~stays, middle, b)
        pairs = np.full((len(inputs), 2), np.nan)
        pairs[open_] = np.column_stack([_unorder(a), _unorder(b)])
        return self._confirmed(pairs, inputs, columns, values, strict)

    def _confirmed(
        self,
        pairs: np.ndarray,
        inputs: np.ndarray,
        columns: np.ndarray,
        values: np.ndarray,
        strict: np.ndarray,
    ) -> np.ndarray:
        """The pairs whose two values really answer differently, on a row where all else stands."""
        for some in np.array_split(np.arange(len(pairs)), -(-len(pairs) // CHUNK)):
            above = []
            for side in (0, 1):
                rows = np.tile(self.X[-1:], (len(some), 1))
                rows[np.arange(len(some)), inputs[some]] = pairs[some, side]
                level = self._evaluate(rows)[np.arange(len(some)), columns[some]]
                above.append(np.where(strict[some], level > values[some], level >= values[some]))
            pairs[some[above[0] == above[1]]] = np.nan
        return pairs


def _in_float32(
    columns: np.ndarray, values: np.ndarray, keep: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of neighbouring inputs, in sequence, as float32 values on both sides of the crossing.

    A model in float32 promises its source's answers for float32 values, and for others where
    rounding them makes no difference to the source: with `keep` the pairs stay as well, for
    `verify` to see which of them that holds for.
    """
    pairs = np.sort(values.reshape(-1, 2), axis=1)
    rounded = pairs.astype(np.float32)
    below = np.where(rounded > pairs, np.nextafter(rounded, np.float32(-np.inf)), rounded)[:, 0]
    above = np.where(rounded < pairs, np.nextafter(rounded, np.float32(np.inf)), rounded)[:, 1]
    parts = [below.astype(np.float64), above.astype(np.float64)]
    if keep:
        parts += [pairs[:, 0], pairs[:, 1]]
    return np.tile(columns[::2], len(parts)), np.concatenate(parts)


def _order(x: np.ndarray) -> np.ndarray:
    """Integers in the order of the float64 values; neighbours differ by one."""
    bits = np.ascontiguousarray(x).view(np.int64)
    return np.where(bits < 0, np.iinfo(np.int64).min - bits, bits)


def _unorder(order: np.ndarray) -> np.ndarray:
    """The float64 values that `_order` gives these integers."""
    bits = np.where(order < 0, np.iinfo(np.int64).min - order, order)
    return np.ascontiguousarray(bits).view(np.float64)


def _on_base_rows(X: np.ndarray, pairs: np.ndarray, limit: int) -> Iterator[np.ndarray]:
    """Each (column, value) on the rows of X that come nearest to it from both sides."""
    copies = int(np.clip(limit // max(len(pairs), 1), 1, min(8, len(X))))
    offsets = [(-1) ** k * ((k + 1) // 2) for k in range(copies)]  # 0, -1, 1, -2, 2 ...
    for column in np.unique(pairs[:, 0]).astype(np.int64):
        values = pairs[pairs[:, 0] == column, 1]
        order = np.argsort(X[:, column], kind="stable")
        nearest = np.searchsorted(X[order, column], values)
        for offset in offsets:
            rows = X[order[(nearest + offset) % len(X)]]
            rows[:, column] = values
            yield rows
