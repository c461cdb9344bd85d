"""Decision trees: one op for single trees, forests, boosting and isolation, of every source.

Trees compare *codes*, never features. Column c of a row's codes is the rank of one feature among
some sorted cut values, so ``x <= cut[k]`` is ``code <= k``: the same leaf, always, in 8 or 16 bits.
What differs between sources is said by columns: a feature with more cuts than codes has several
columns; a missing value is the smallest code of a column (always left) or the largest (always
right), and a feature whose nodes differ in that has a column of each; a split by categories has
a column with the answers 0 (left) and 1. So a node is a column and a rank, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, Op, array, require
from edgeinfer.ops.tree_levels import Plan, plan_levels
from edgeinfer.ops.tree_marks import Marks, mark_leaves

LEAF_RANK = 0xFFFF
"""The rank of a leaf: no code is larger, so a walk that has reached a leaf stays there."""
CODES = {8: "u8", 16: "u16"}
OUTPUT = {"float64": "float64", "float32": "float32", "int32": "float32", "int16": "float32"}
SUMS = {"float64": "float64", "float32": "float32", "int32": "int32", "int16": "int32"}
MAX_SUM = 1 << 31
MAX_COLUMNS_PER_FEATURE = 3
LANES = 64
FAN = 16
LEAST_STEPS, MOST_STEPS = 5, 8
WALK_STEP = 3.0
"""What a step of a walk costs, in the vector operations that `Plan.work` counts."""


@dataclass(frozen=True, eq=False)
class TreeEnsemble(Op):
    """Sums of leaf values over trees, and the leaves themselves.

    ``out = (base + values of the reached leaves, tree by tree) * scale / divisor`` of shape
    ``(outputs,)``; a second input, if there is one, takes the place of `base`. A second output,
    there if `ids` is, are the names of the leaves, int64 of shape ``(trees,)``.

    Parameters
    ----------
    nodes : (nodes, 2) of ``column | rank << 16`` and the left child; the right one is the next.
        A row goes left where its code is not larger than the rank. Children come after their
        parents; a leaf has itself as left child, and rank `LEAF_RANK`.
    leaves : (nodes,) which row of `values` a leaf stands for
    roots : (trees + 1,) where a tree begins among the nodes, its root first
    depths : (trees,) steps from the root to the deepest leaf
    targets : (trees,) the first output that a tree's values are added to
    values : (rows, width); integers are in units of `scale`, their sums fit 32 bits
    base : (outputs,) in the type of the sums
    cuts : ascending in each column. float32: features are rounded to float32 first.
    columns : (columns, 5) of feature, first cut, end of cuts, missing goes right, and
        the place of its categories' first bit in `bits`, or -1 for an ordinary feature.
        For categories the cuts are their values; bit k tells whether the k-th goes left. What is
        not among them is missing.
    """

    kind = "TreeEnsemble"
    optional_outputs: ClassVar[bool] = True

    nodes: np.ndarray = array("uint32", ndim=2)
    leaves: np.ndarray = array("int32", ndim=1)
    roots: np.ndarray = array("int32", ndim=1)
    depths: np.ndarray = array("int32", ndim=1)
    targets: np.ndarray = array("int32", ndim=1)
    values: np.ndarray = array("float64", "float32", "int32", "int16", ndim=2)
    base: np.ndarray = array("float64", "float32", "int32", ndim=1)
    cuts: np.ndarray = array("float64", "float32", ndim=1)
    columns: np.ndarray = array("int32", ndim=2)
    bits: np.ndarray = array("uint8", ndim=1)
    ids: np.ndarray | None = array("int32", ndim=1, optional=True)
    n_features: int = 1
    code_bits: int = 16
    scale: float = 1.0
    divisor: float = 1.0

    # Soundness --------------------------------------------------------------------------------

    def check(self) -> None:
        n_nodes, n_trees = len(self.nodes), self.depths.size
        require(self.nodes.shape[1] == 2 and n_nodes > 0, "nodes are pairs")
        require(self.columns.shape[1] == 5 and len(self.columns) > 0, "columns have five entries")
        require(self.code_bits in CODES, "codes have 8 or 16 bits")
        require(self.leaves.size == n_nodes, "every node needs an entry in leaves")
        require(self.ids is None or self.ids.size == n_nodes, "every node needs an entry in ids")
        require(0 < self.n_features < 1 << 31, "there has to be a feature")
        require(len(self.columns) <= 1 << 16, "more columns than a node can name")
        self._check_trees(n_nodes, n_trees)
        self._check_values(n_trees)
        self._check_columns()

    def _check_trees(self, n_nodes: int, n_trees: int) -> None:
        roots = self.roots
        require(roots.size == n_trees + 1 and n_trees > 0, "every tree needs a root")
        require(bool(roots[0] == 0 and roots[-1] == n_nodes), "trees do not cover the nodes")
        require(bool((roots[1:] > roots[:-1]).all()), "trees overlap")  # a difference may wrap
        require(bool(((self.depths >= 0) & (self.depths <= n_nodes)).all()), "impossible depth")
        # Walks end and stay inside: children come later, the last has a place for both of them.
        # Few passes over the nodes, because this is most of what loading a large forest takes.
        test, left = self.nodes[:, 0], self.nodes[:, 1]
        ahead = left - np.arange(n_nodes, dtype=np.uint32)  # a way back wraps round
        require(bool(ahead.max() < n_nodes), "a child comes before its parent")
        last = n_nodes - 1
        inside = left[last] == last and (last == 0 or left[:last].max() < last)
        require(bool(inside), "a child lies outside the nodes")
        require(not ((ahead == 0) & (test < LEAF_RANK << 16)).any(), "a leaf has a way out")
        require(int((test & 0xFFFF).max()) < len(self.columns), "a node reads an unknown column")

    def _check_values(self, n_trees: int) -> None:
        n_values, width = self.values.shape
        require(n_values > 0 and width > 0, "there have to be leaf values")
        require(self.base.dtype.name == SUMS[self.values.dtype.name], "base has another type")
        require(0 < self.base.size < 1 << 24, "there has to be an output")
        # As unsigned numbers, negative ones are too large as well.
        require(bool(self.leaves.view(np.uint32).max() < n_values), "a leaf has no row of values")
        require(self.targets.size == n_trees, "every tree needs a target")
        require(
            bool(self.targets.min() >= 0 and int(self.targets.max()) + width <= self.base.size),
            "a tree adds to outputs that are not there",
        )
        require(self.divisor > 0 and self.scale > 0, "scale and divisor have to be positive")
        if self.values.dtype.kind == "i":
            largest = np.abs(self.values.astype(np.int64)).max() * n_trees
            largest += np.abs(self.base.astype(np.int64)).max()
            require(bool(largest < MAX_SUM), "the sums do not fit 32 bits")

    def _check_columns(self) -> None:
        feature, first, end, right, place = self.columns.T.astype(np.int64)
        require(bool(((feature >= 0) & (feature < self.n_features)).all()), "unknown feature")
        counts = end - first
        require(bool(((first >= 0) & (counts >= 0) & (end <= self.cuts.size)).all()), "no such cut")
        require(bool(((right == 0) | (right == 1)).all()), "missing goes left or right")
        numeric = place < 0
        most = (1 << self.code_bits) - 1
        require(bool((counts[numeric] <= most).all()), "more cuts than codes")
        room = self.bits.size * 8
        require(bool((place + counts <= room)[~numeric].all()), "a category has no bit")

    # What it computes -------------------------------------------------------------------------

    def infer(self, x: TensorType, init: TensorType | None = None) -> tuple[TensorType, ...]:
        require(x.shape == (self.n_features,), f"takes {self.n_features} features, got {x}")
        widths = ("float64",) if self.cuts.dtype == np.float64 else ("float64", "float32")
        require(x.dtype in widths, f"{self.cuts.dtype} cuts, but {x.dtype} features")
        output = TensorType(OUTPUT[self.values.dtype.name], (self.base.size,))
        require(
            init is None or (init == output and self.values.dtype.kind == "f"),
            f"sums of {output} cannot begin with {init}",
        )
        if self.ids is None:
            return (output,)
        return output, TensorType("int64", (self.depths.size,))

    def codes(self, x: np.ndarray) -> np.ndarray:
        """What trees compare: shape ``(rows, columns)``."""
        with np.errstate(over="ignore"):
            x = x.astype(self.cuts.dtype)
        top = (1 << self.code_bits) - 1
        codes = np.empty((len(x), len(self.columns)), np.int64)
        for c, (feature, first, end, right, place) in enumerate(self.columns.tolist()):
            values, cuts = x[:, feature], self.cuts[first:end]
            rank = np.searchsorted(cuts, values, side="left")
            missing = np.isnan(values)
            if place >= 0:
                known = np.append(cuts, cuts.dtype.type(np.nan))[rank] == values
                missing |= ~known
                bit = place + np.where(known, rank, 0)
                padded = np.append(self.bits, np.uint8(0))
                rank = 1 - (padded[bit >> 3] >> (bit & 7) & 1).astype(np.int64)
            codes[:, c] = np.where(missing, right * top, rank)
        return codes

    def reached(self, x: np.ndarray) -> np.ndarray:
        """The node of the leaf that each row reaches in each tree: shape ``(rows, trees)``."""
        codes = self.codes(x)
        rows = np.arange(len(x))
        result = np.empty((len(x), self.depths.size), np.int64)
        for tree, depth in enumerate(self.depths.tolist()):
            at = np.full(len(x), self.roots[tree], np.int64)
            for _ in range(depth):
                test, left = self.nodes[at].T.astype(np.int64)
                at = left + (codes[rows, test & 0xFFFF] > test >> 16)
            result[:, tree] = at
        return result

    def reference(self, x: np.ndarray, init: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
        at = self.reached(x)
        kind = self.values.dtype.name
        sums = np.empty((len(x), self.base.size), SUMS[kind])
        sums[:] = self.base if init is None else init
        width = self.values.shape[1]
        for tree, target in enumerate(self.targets.tolist()):
            sums[:, target : target + width] += self.values[self.leaves[at[:, tree]]]
        out = np.dtype(OUTPUT[kind]).type
        result = sums.astype(out) * out(self.scale) / out(self.divisor)
        if self.ids is None:
            return (result,)
        return result, self.ids[at].astype(np.int64)

    def cost(self, *inputs: TensorType) -> Cost:
        steps = float(self.depths.sum()) + 8.0 * len(self.columns)
        return Cost(steps, sum(float(c.nbytes) for c in self.constants().values()))

    def thresholds(self) -> dict[int, np.ndarray]:
        found: dict[int, list[np.ndarray]] = {}
        for feature, first, end, _, _ in self.columns.tolist():
            found.setdefault(feature, []).append(self.cuts[first:end])
        result = {}
        for feature, cuts in found.items():
            values = np.concatenate(cuts)
            if values.dtype == np.float32:
                # Where float64 features cross a float32 cut as well: they are rounded before.
                values = np.concatenate([values.astype(np.float64), last_rounded_to(values)])
            result[feature] = np.unique(values[np.isfinite(values)])
        return result

    # How it runs ------------------------------------------------------------------------------

    def lower(self, x: TensorType, init: TensorType | None = None) -> Lowered:
        groups, columns = self._groups()
        pivots = search_trees(self.cuts, groups)
        cuts, levels = add_pivots(self.cuts, groups)
        plan, marks = self._plans()
        leaf_values = None if plan is None else self.values[self.leaves[plan.leaf_nodes]]
        fields = (
            ("nodes", "ptr", self.nodes),
            ("leaves", "ptr", self.leaves),
            ("ids", "ptr", self.ids),
            ("roots", "ptr", self.roots),
            ("depths", "ptr", self.depths),
            ("targets", "ptr", self.targets),
            ("values", "ptr", self.values),
            ("base", "ptr", self.base),
            ("cuts", "ptr", cuts),
            ("groups", "ptr", groups),
            ("levels", "ptr", levels),
            ("pivots", "ptr", pivots),
            ("columns", "ptr", columns),
            ("bits", "ptr", self.bits),
            ("plan", "ptr", None if plan is None else plan.trees),
            ("plan_levels", "ptr", None if plan is None else plan.levels),
            ("plan_columns", "ptr", None if plan is None else plan.columns),
            ("plan_tables", "ptr", None if plan is None else plan.tables),
            ("plan_values", "ptr", leaf_values),
            ("marks", "ptr", None if marks is None else marks.blocks),
            ("mark_tests", "ptr", None if marks is None else marks.tests),
            ("mark_leaves", "ptr", None if marks is None else marks.leaves),
            ("divisor", "f64", self.divisor),
            ("scale", "f64", self.scale),
            ("n_trees", "i32", self.depths.size),
            ("n_features", "i32", self.n_features),
            ("n_groups", "i32", len(groups)),
            ("n_columns", "i32", len(columns)),
            ("width", "i32", self.values.shape[1]),
            ("n_out", "i32", self.base.size),
            ("with_init", "i32", init is not None),
            ("deepest", "i32", int(self.depths.max())),
            ("n_marks", "i32", 0 if marks is None else marks.blocks.size - 1),
            ("mark_bits", "i32", 0 if marks is None else marks.bits),
        )
        value = self.values.dtype.name
        types = (SUFFIX[x.dtype], SUFFIX[self.cuts.dtype.name], CODES[self.code_bits])
        kernel = "_".join(("trees", *types, SUFFIX[value]))
        sums = self.base.size * np.dtype(SUMS[value]).itemsize
        codes = len(columns) * self.code_bits // 8
        note = f"{self.depths.size} trees, " + (
            "64 rows a level" if plan is not None else "walks of 16 rows"
        )
        block = Block("ei_trees_params", fields)
        return Lowered(kernel, block, codes * LANES, codes + sums, note=note)

    def _plans(self) -> tuple[Plan | None, Marks | None]:
        """Tables for many rows at once, and for one row, where they are expected to be faster."""
        plan = plan_levels(self.nodes, self.roots) if self.code_bits == 8 else None
        if plan is None or plan.work >= WALK_STEP * self.depths.sum():
            return None, None
        return plan, mark_leaves(plan, self.nodes, self.roots, len(self.columns))

    def on_float32(self) -> TreeEnsemble | None:
        """The op that rounds features to float32, the same for all that are float32 already.

        None where a category's value is no float32.
        """
        if self.cuts.dtype == np.float32:
            return self
        rounded = floor32(self.cuts)
        for _, first, end, _, place in self.columns.tolist():
            if place >= 0 and not np.array_equal(rounded[first:end], self.cuts[first:end]):
                return None
        return replace(self, cuts=rounded)

    def _groups(self) -> tuple[np.ndarray, np.ndarray]:
        """Columns that one search among the cuts serves, and what each makes of its result.

        Columns side by side form a group where they are of one feature and their cuts are
        one run: the group's rank, less those before the column's own cuts, is their code.
        """
        top = (1 << self.code_bits) - 1
        groups: list[list[int]] = []
        columns = np.empty((len(self.columns), 3), np.int32)
        for c, (feature, first, end, right, place) in enumerate(self.columns.tolist()):
            group = groups[-1] if groups else None
            if (
                group is None
                or (group[0], group[5]) != (feature, int(place >= 0))
                or not group[1] <= first <= group[1] + group[2]
                or (place >= 0 and (first, end - first) != (group[1], group[2]))
            ):
                group = [feature, first, 0, c, c, int(place >= 0), 0, 0, 0, 0]
                groups.append(group)
            group[2] = max(group[2], end - group[1])
            group[4] = c + 1
            offset = place if place >= 0 else first - group[1]
            columns[c] = (offset, end - first, right * top)
        return np.array(groups, np.int32), columns


def add_pivots(cuts: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cuts with the pivots by which sixteen at a time are searched, see ei_trees.h.

    Writes into `groups` where each group's cuts and levels are.
    """
    parts: list[np.ndarray] = []
    levels: list[int] = []
    size = 0
    for group in groups:
        own = [cuts[group[1] : group[1] + group[2]]]
        while own[-1].size > FAN:
            own.append(own[-1][FAN - 1 :: FAN][: -(-own[-1].size // FAN) - 1])
        group[6], group[7] = len(levels), len(own)
        for level in reversed(own):
            levels.append(size)
            size += -(-max(level.size, 1) // FAN) * FAN
            padded = np.full(size - levels[-1], np.inf, cuts.dtype)
            padded[: level.size] = level
            parts.append(padded)
        group[1] = levels[-1]
    return np.concatenate(parts), np.array(levels, np.int32)


def search_trees(cuts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Search trees of float32 pivots for groups of few cuts, see ei_trees.h.

    Writes into `groups` where each group's tree is and how many steps it has. Pivots are rounded
    in order to compare them with rounded features, which has to go the same way: not for those
    that a processor may be told to take for zero.
    """
    parts: list[np.ndarray] = [np.zeros(0, np.float32)]
    size = 0
    for group in groups:
        with np.errstate(over="ignore"):
            own = cuts[group[1] : group[1] + group[2]].astype(np.float32)
        steps = max(int(own.size).bit_length(), LEAST_STEPS)
        tiny = (np.abs(own) < np.finfo(np.float32).tiny) & (
            cuts[group[1] : group[1] + group[2]] != 0
        )
        if steps > MOST_STEPS or tiny.any():
            continue
        padded = np.full((1 << steps) - 1, np.inf, np.float32)
        padded[: own.size] = own
        tree = np.zeros(1 << steps, np.float32)
        for step in range(steps):
            span = 1 << (steps - step)
            tree[1 << step : 2 << step] = padded[span // 2 - 1 :: span]
        group[8], group[9] = size, steps
        parts.append(tree)
        size += tree.size
    return np.concatenate(parts)


def best_code_bits(runs: Mapping[int, tuple[int, int]]) -> int:
    """8 where few features have more than 255 cuts, so that rows of codes stay short; else 16."""
    wide = sum(-(-(end - first) // 0xFF) for first, end in runs.values())
    return 8 if wide <= MAX_COLUMNS_PER_FEATURE * max(len(runs), 8) else 16


def number_columns(
    feature: np.ndarray,
    rank: np.ndarray,
    right: np.ndarray,
    runs: Mapping[int, tuple[int, int]],
    bits: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns for nodes that compare a feature with its `rank`-th cut.

    `right` tells where a node sends missing values, `runs` where a feature's cuts lie. Returns
    the columns (as TreeEnsemble has them) and each node's column and rank in it.
    """
    most = (1 << bits) - 1
    chunk, within = np.divmod(rank, most)
    chunks = int(chunk.max(initial=0)) + 1
    keys, number = np.unique(
        (feature.astype(np.int64) * chunks + chunk) * 2 + right, return_inverse=True
    )
    columns = np.empty((len(keys), 5), np.int32)
    for c, key in enumerate(keys.tolist()):
        at, goes_right = divmod(key, 2)
        own, part = divmod(at, chunks)
        start, end = runs[own]
        first = start + part * most
        columns[c] = (own, first, min(first + most, end), goes_right, -1)
    return columns, number.ravel(), within


def floor32(cuts: np.ndarray) -> np.ndarray:
    """The largest float32 not above each cut: ``float32(x) <= cut`` compares with it as well."""
    with np.errstate(over="ignore"):
        rounded = cuts.astype(np.float32)
    return np.where(rounded > cuts, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def last_rounded_to(values: np.ndarray) -> np.ndarray:
    """The largest float64 that rounds to each of the float32 `values` or below."""
    with np.errstate(over="ignore", invalid="ignore"):
        following = np.nextafter(values, np.float32(np.inf))
    upper = following.astype(np.float64)
    upper[np.isinf(upper)] = 2.0**128
    lower = values.astype(np.float64)
    lower[np.isneginf(lower)] = -(2.0**128)
    middle = (lower + upper) / 2
    even = values.view(np.uint32) & 1 == 0
    result = np.where(even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isposinf(values), np.inf, result)
