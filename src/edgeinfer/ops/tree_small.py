"""Trees as small targets walk them; the exporter makes these ops of a `TreeEnsemble`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, Op, array, require
from edgeinfer.ops.check import CheckFinite
from edgeinfer.ops.tree_ensemble import TreeEnsemble
from edgeinfer.ops.tree_inline import can_inline, source
from edgeinfer.target import Target

CODE_DTYPES = ("uint8", "uint16")
VALUES = {"uint16": "int32", "int32": "int32", "float64": "float64"}
"""Type of the values -> type of their sums."""
LEFT, RIGHT = 1, 2
"""Which columns a group of RankCodes makes."""
EXACT_SUM = 1 << 23
"""Integer sums below this stay apart as float32, also when divided: the largest is the same."""


def float_keys(values: np.ndarray) -> np.ndarray:
    """int32 that order as the float32 `values` do; -0.0 becomes 0.0, as comparing has it."""
    bits = (np.asarray(values, np.float32) + np.float32(0)).view(np.int32)
    return np.asarray(bits ^ ((bits >> 31).view(np.uint32) >> 1).view(np.int32))


def _raw_keys(x: np.ndarray) -> np.ndarray:
    """The keys of features as the kernels make them: -0.0 lies right below 0.0."""
    bits = np.ascontiguousarray(x).view(np.int32)
    return np.asarray(bits ^ ((bits >> 31).view(np.uint32) >> 1).view(np.int32))


@dataclass(frozen=True, eq=False)
class RankCodes(Op):
    """Features as codes: how many of a feature's keys lie below its own key.

    `keys` (see `float_keys`) ascend within each group; `groups` is (groups, 4) of feature, first
    key, number of keys, and which columns are made: 1 one in which a missing feature (NaN) is the
    smallest code, 2 one in which it is the largest, 3 both, in this order.
    """

    kind = "RankCodes"

    dtype: str
    keys: np.ndarray = array("int32", ndim=1)
    groups: np.ndarray = array("uint16", ndim=2)

    def check(self) -> None:
        require(self.dtype in CODE_DTYPES, f"codes are uint8 or uint16, not {self.dtype!r}")
        require(self.groups.shape[1] == 4 and len(self.groups) > 0, "groups have four entries")
        _, first, count, kinds = self.groups.T.astype(np.int64)
        require(bool((first + count <= self.keys.size).all()), "a group's keys are not there")
        require(bool((count < np.iinfo(self.dtype).max).all()), "more keys than codes")
        require(bool(((kinds >= 1) & (kinds <= 3)).all()), "a group makes no column")

    @property
    def n_columns(self) -> int:
        """Number of codes."""
        return int((1 + (self.groups[:, 3] == 3)).sum())

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "float32" and len(x.shape) == 1, f"takes float32 features, not {x}")
        require(int(self.groups[:, 0].max()) < x.size, "a group's feature is not there")
        return (TensorType(self.dtype, (self.n_columns,)),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        keys = _raw_keys(x)
        codes = []
        for feature, first, count, kinds in self.groups.tolist():
            rank = np.searchsorted(self.keys[first : first + count], keys[:, feature], side="left")
            missing = np.isnan(x[:, feature])
            if kinds & LEFT:
                codes.append(np.where(missing, 0, rank))
            if kinds & RIGHT:
                codes.append(np.where(missing, np.iinfo(self.dtype).max, rank))
        return (np.stack(codes, axis=1).astype(self.dtype),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("keys", "ptr", self.keys),
            ("groups", "ptr", self.groups),
            ("n_features", "i32", x.size),
            ("n_groups", "i32", len(self.groups)),
            ("n_columns", "i32", self.n_columns),
        )
        return Lowered(f"rank_f32_{SUFFIX[self.dtype]}", Block("ei_rank_params", fields))


@dataclass(frozen=True, eq=False)
class SmallTrees(Op):
    """A `TreeEnsemble` in words: see ei_trees_small.h for what a word holds.

    Input: float32 features (`keys` set), which are guarded here: infinity is refused, and NaN
    unless `allow_nan`; or codes. Output: ``sums * scale / divisor``
    of shape ``(outputs,)``, or with `vote` the place of the first largest sum, int32.

    Parameters
    ----------
    nodes : words; `wide`: two per node
    sizes : (trees,) nodes of each tree, at least one
    targets : (trees,) the output a tree adds to, for rows of one value; all to the first without
    keys : what a rank stands for, for float features; the first `n_left` are of nodes that send
        a missing feature left
    starts : entries of the rows behind the `n_pure` ones; without: a row is the value of its number
    classes : output of each entry; entry 0 belongs to the pure rows
    values : value of each entry
    """

    kind = "SmallTrees"

    nodes: np.ndarray = array("uint32", ndim=1)
    sizes: np.ndarray = array("uint16", ndim=1)
    values: np.ndarray = array("uint16", "int32", "float64", ndim=1)
    base: np.ndarray = array("int32", "float64", ndim=1)
    targets: np.ndarray | None = array("uint8", ndim=1, optional=True)
    keys: np.ndarray | None = array("int32", ndim=1, optional=True)
    starts: np.ndarray | None = array("uint16", ndim=1, optional=True)
    classes: np.ndarray | None = array("uint8", ndim=1, optional=True)
    n_columns: int = 1
    n_pure: int = 0
    first_leaf: int = 1
    wide: bool = False
    rank_shift: int = 8
    left_shift: int = 16
    right_shift: int = 24
    scale: float = 1.0
    divisor: float = 1.0
    vote: bool = False
    n_left: int = 0
    allow_nan: bool = False

    # Soundness --------------------------------------------------------------------------------

    def check(self) -> None:
        require(self.base.dtype.name == VALUES[self.values.dtype.name], "base has another type")
        require(0 < self.base.size <= 256, "between 1 and 256 outputs")
        require(not self.vote or self.values.dtype.kind != "f", "only integers vote")
        require(self.scale > 0 and self.divisor > 0, "scale and divisor have to be positive")
        require(0 < self.n_columns <= 1 << 16, "columns a node can name")
        shifts = (self.rank_shift, self.left_shift, self.right_shift)
        if self.wide:
            require(shifts == (16, 0, 16), "wide nodes have halves of words")
        else:
            require(0 < shifts[0] < shifts[1] < shifts[2] < 32, "parts of a word are out of order")
        require(self.sizes.size > 0 and int(self.sizes.min()) > 0, "every tree needs a node")
        require(int(self.sizes.sum(dtype=np.int64)) == len(self._test), "trees do not cover nodes")
        require(0 < self.first_leaf < 1 << 16, "impossible first leaf")
        require(int(self.sizes.max()) <= self.first_leaf, "a node has a leaf's number")
        self._check_rows()
        self._check_nodes()
        if self.values.dtype.kind != "f":
            peak = int(np.abs(self.values.astype(np.int64)).max()) * self.sizes.size
            peak += int(np.abs(self.base.astype(np.int64)).max())
            require(peak < 1 << 31, "the sums do not fit 32 bits")

    def _check_rows(self) -> None:
        if self.starts is None:
            require(self.classes is None and self.n_pure == 0, "rows of one value have no entries")
            require(self.values.size > 0, "there have to be leaf values")
            if self.targets is not None:
                require(self.targets.size == self.sizes.size, "every tree needs a target")
                require(int(self.targets.max()) < self.base.size, "an output is not there")
            return
        require(self.targets is None, "targets belong to rows of one value")
        require(self.classes is not None, "entries need the output they add to")
        assert self.classes is not None
        require(self.classes.size == self.values.size > 0, "one output per entry")
        require(int(self.classes.max()) < self.base.size, "an output is not there")
        require(0 <= self.n_pure <= self.base.size, "a pure row has no output")
        starts = self.starts.astype(np.int64)
        require(starts.size > 0, "rows need a beginning")
        require(bool((np.diff(starts) >= 0).all()), "a row ends before it begins")
        require(int(starts.max()) <= self.values.size, "a row's entries are not there")

    def _check_nodes(self) -> None:
        column, rank, left, right = self.parts
        require(int(column.max()) < self.n_columns, "a node reads an unknown column")
        if self.keys is not None:
            require(bool(rank.max() < self.keys.size), "a node compares with an unknown key")
        sizes = self.sizes.astype(np.int64)
        first = np.repeat(np.cumsum(sizes) - sizes, sizes)
        own = np.arange(len(column)) - first
        size = np.repeat(sizes, sizes)
        for child in (left, right):
            inner = child < self.first_leaf
            # Children come after their parents, so a walk ends.
            require(bool((child > own)[inner].all()), "a child comes before its parent")
            require(bool((child < size)[inner].all()), "a child lies outside its tree")
            require(
                bool((child[~inner] - self.first_leaf < self.n_rows).all()), "a leaf has no row"
            )

    @property
    def n_rows(self) -> int:
        """Rows of values that leaves may stand for."""
        return self.values.size if self.starts is None else self.n_pure + self.starts.size - 1

    @property
    def _test(self) -> np.ndarray:
        return self.nodes[:: 1 + self.wide]

    @cached_property
    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Column, rank, left and right child of every node."""
        require(self.nodes.size % (1 + self.wide) == 0, "half a node")
        test = self._test.astype(np.int64)
        following = self.nodes[self.wide :: 1 + self.wide].astype(np.int64)
        ranks = (1 << (16 if self.wide else self.left_shift - self.rank_shift)) - 1
        children = (1 << (self.right_shift - self.left_shift)) - 1
        return (
            test & ((1 << self.rank_shift) - 1),
            test >> self.rank_shift & ranks,
            following >> self.left_shift & children,
            following >> self.right_shift,
        )

    @property
    def majority(self) -> int:
        """What no other sum can reach once one is above it, whatever the trees left over add.

        Half of all that all trees can add to all sums together, if nothing is ever subtracted.
        """
        never = int(np.iinfo(np.int32).max)
        if self.values.dtype.kind == "f" or self.starts is None or self.n_pure == 0:
            return never
        assert self.classes is not None
        values = self.values.astype(np.int64)
        if int(values.min()) < 0 or int(self.base.min()) < 0:
            return never
        starts = self.starts.astype(np.int64)
        before = np.concatenate([[0], np.cumsum(values)])
        rows = before[starts[1:]] - before[starts[:-1]]
        most = max(int(rows.max(initial=0)), int(values[0]))
        total = int(self.base.sum(dtype=np.int64)) + most * self.sizes.size
        return min(total // 2, never)

    # What it computes -------------------------------------------------------------------------

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.shape == (self.n_columns,), f"takes {self.n_columns} columns, got {x}")
        wanted = CODE_DTYPES if self.keys is None else ("float32",)
        require(x.dtype in wanted, f"takes {' or '.join(wanted)}, not {x.dtype}")
        if self.vote:
            return (TensorType("int32", ()),)
        dtype = "float64" if self.values.dtype.kind == "f" else "float32"
        return (TensorType(dtype, (self.base.size,)),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        if self.keys is not None:
            CheckFinite("SmallTrees", self.allow_nan).reference(x)
        column, rank, left, right = self.parts
        missing = np.isnan(x) if x.dtype.kind == "f" else np.zeros(x.shape, bool)
        compared = x.astype(np.int64) if self.keys is None else _raw_keys(x).astype(np.int64)
        limits = rank if self.keys is None else self.keys.astype(np.int64)[rank]
        sums = np.repeat(self.base[None], len(x), axis=0)
        first = 0
        for tree, size in enumerate(self.sizes.tolist()):
            for row, own in enumerate(compared):
                at = 0
                while at < self.first_leaf:
                    node = first + at
                    goes_left = own[column[node]] <= limits[node]
                    if missing[row, column[node]]:
                        goes_left = rank[node] < self.n_left
                    at = int(left[node] if goes_left else right[node])
                self._add(sums[row], at - self.first_leaf, tree)
            first += size
        if self.vote:
            return (np.argmax(sums, axis=1).astype(np.int32),)
        if self.values.dtype.kind == "f":
            return (sums * self.scale / self.divisor,)
        return (sums.astype(np.float32) * np.float32(self.scale) / np.float32(self.divisor),)

    def _add(self, sums: np.ndarray, row: int, tree: int) -> None:
        if self.starts is None:
            sums[0 if self.targets is None else self.targets[tree]] += self.values[row]
        elif row < self.n_pure:
            sums[row] += self.values[0]
        else:
            assert self.classes is not None
            start, end = self.starts[row - self.n_pure : row - self.n_pure + 2].tolist()
            for entry in range(start, end):
                sums[self.classes[entry]] += self.values[entry]

    def explain(self, status: int) -> str:
        return CheckFinite("SmallTrees", self.allow_nan).explain(status)

    def cost(self, x: TensorType) -> Cost:
        depth = float(np.log2(self.sizes.astype(np.float64) + 1).sum())
        return Cost(depth, sum(float(c.nbytes) for c in self.constants().values()))

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("nodes", "ptr", self.nodes),
            ("sizes", "ptr", self.sizes),
            ("targets", "ptr", self.targets),
            ("keys", "ptr", self.keys),
            ("starts", "ptr", self.starts),
            ("classes", "ptr", self.classes),
            ("values", "ptr", self.values),
            ("base", "ptr", self.base if self.base.any() else None),
            ("scale", "f64", self.scale),
            ("divisor", "f64", self.divisor),
            ("n_trees", "i32", self.sizes.size),
            ("n_columns", "i32", self.n_columns),
            ("n_out", "i32", self.base.size),
            ("n_pure", "i32", self.n_pure),
            ("first_leaf", "i32", self.first_leaf),
            ("wide", "i32", self.wide),
            ("rank_shift", "i32", self.rank_shift),
            ("left_shift", "i32", self.left_shift),
            ("right_shift", "i32", self.right_shift),
            ("negative", "i32", bool(self.keys is not None and (self.keys < 0).any())),
            ("vote", "i32", self.vote),
            ("majority", "i32", self.majority),
            ("n_left", "i32", self.n_left),
            ("allow_nan", "i32", self.allow_nan),
        )
        kernel = f"trees_small_{SUFFIX[x.dtype]}_{SUFFIX[self.values.dtype.name]}"
        block = Block("ei_trees_small_params", fields)
        return Lowered(kernel, block, self.base.nbytes)

    def lower_for(self, target: Target, x: TensorType) -> Lowered:
        low = self.lower(x)
        if target.forest != "inline" or self.keys is not None or not can_inline(self):
            return low
        return replace(low, source=lambda name: source(self, x.dtype, name, target.optimize))


# From a TreeEnsemble ---------------------------------------------------------------------------


def _bits(count: int) -> int:
    """Bits that `count` different numbers take, at least one."""
    return max(int(count - 1).bit_length(), 1)


@dataclass(frozen=True)
class _Rows:
    """Distinct rows of leaf values, sparse; `of_leaf` says which one a row of the ensemble is."""

    of_leaf: np.ndarray
    values: np.ndarray
    base: np.ndarray
    starts: np.ndarray | None = None
    classes: np.ndarray | None = None
    n_pure: int = 0

    @property
    def count(self) -> int:
        """How many there are."""
        return self.values.size if self.starts is None else self.n_pure + self.starts.size - 1


def _sparse_rows(op: TreeEnsemble) -> _Rows | None:
    """The leaf values, each less what is usual for its output; None where that does not fit."""
    exact = op.values.dtype.kind == "f"
    if op.values.dtype == np.float32 or op.base.size > 256:
        return None
    values: Any = op.values.astype(np.float64 if exact else np.int64)
    width = values.shape[1]
    usual = np.zeros(width, values.dtype)
    if not exact:
        # Differences from the smallest are not negative and fit 16 bits where the values do.
        usual = values.min(axis=0)
        largest = int((values - usual).max())
        if width > 1 and (op.targets != 0).any():
            return None
    base: Any = op.base.astype(values.dtype)
    for target in op.targets.tolist():
        base[target : target + width] += usual
    base = np.asarray(base + 0)
    moved = values - usual
    kind = np.float64 if exact else (np.uint16 if largest <= 0xFFFF else np.int32)
    if not exact and (largest >= 1 << 31 or np.abs(base).max() >= 1 << 31):
        return None
    base = base.astype(VALUES[np.dtype(kind).name])
    if width == 1:
        distinct, of_leaf = np.unique(moved[:, 0], return_inverse=True)
        return _Rows(of_leaf.ravel(), distinct.astype(kind), base)
    if (op.targets != 0).any():
        return None
    return _entries(moved, base, np.dtype(kind))


def _entries(moved: np.ndarray, base: np.ndarray, kind: np.dtype[np.generic]) -> _Rows | None:
    """Rows as lists of entries. The commonest value that stands alone makes the pure rows."""
    counts = (moved != 0).sum(axis=1)
    alone = moved[counts == 1]
    full = moved.dtype.type(0)
    if len(alone):
        singles, often = np.unique(alone[alone != 0], return_counts=True)
        full = singles[often.argmax()]
    width = moved.shape[1]
    of_leaf = np.empty(len(moved), np.int64)
    starts, classes, values = [1], [0], [full]
    known: dict[bytes, int] = {}
    n_pure = width if len(alone) else 0
    for leaf, row in enumerate(moved):
        if counts[leaf] == 1 and row[row != 0][0] == full:
            of_leaf[leaf] = int(np.flatnonzero(row)[0])
            continue
        key = row.tobytes()
        if key not in known:
            known[key] = n_pure + len(starts) - 1
            used = np.flatnonzero(row)
            classes += used.tolist()
            values += row[used].tolist()
            starts.append(len(values))
        of_leaf[leaf] = known[key]
    if len(values) > 0xFFFF:
        return None
    return _Rows(
        of_leaf,
        np.array(values).astype(kind),
        base,
        np.array(starts, np.uint16),
        np.array(classes, np.uint8),
        n_pure,
    )


def small_trees(op: TreeEnsemble, allow_nan: bool) -> SmallTrees | None:
    """`op` with its guard for float32 features, its second output left out; None if it has no such
    form (categories, float64 cuts, float32 values, too many of something).
    """
    if op.cuts.dtype != np.float32 or (op.columns[:, 4] >= 0).any():
        return None
    rows = _sparse_rows(op)
    if rows is None:
        return None
    own = np.arange(len(op.nodes))
    test, left = op.nodes.T.astype(np.int64)
    inner = left != own
    feature, first, end, goes_right, _ = op.columns.T.astype(np.int64)
    column, rank = test & 0xFFFF, test >> 16
    # A rank beyond the cuts is never exceeded: every float lies on the left.
    place = np.minimum(first[column] + rank, max(op.cuts.size - 1, 0))
    beyond = rank >= (end - first)[column]
    key = np.full(len(op.nodes), np.iinfo(np.int32).max, np.int64)
    if op.cuts.size:
        key = np.where(beyond, key, float_keys(op.cuts).astype(np.int64)[place])
    # Keys of nodes that send missing features left come first. One number orders by both.
    side = goes_right[column] * allow_nan
    both, key_rank = np.unique(key[inner] + (side[inner] << 33), return_inverse=True)
    if not inner.any():
        both = np.array([0])
    n_left = int((both < 1 << 32).sum())
    keys = both.copy()
    keys[n_left:] -= 1 << 33
    trees, number = [], np.cumsum(inner) - 1
    sizes = []
    for start, stop in zip(op.roots[:-1].tolist(), op.roots[1:].tolist(), strict=True):
        inside = inner[start:stop].nonzero()[0] + start
        sizes.append(max(len(inside), 1))
        trees.append((start, inside))
    first_leaf = max(sizes)
    if max(first_leaf + rows.count, keys.size, op.n_features) > 1 << 16:
        return None
    parts = np.zeros((sum(sizes), 4), np.int64)
    at = 0
    for (start, inside), size in zip(trees, sizes, strict=True):
        if not len(inside):
            leaf = first_leaf + rows.of_leaf[op.leaves[start]]
            parts[at] = (0, 0, leaf, leaf)
        else:
            before = number[inside[0]]
            for side in (0, 1):
                child = left[inside] + side
                as_leaf = first_leaf + rows.of_leaf[op.leaves[child]]
                parts[at : at + size, 2 + side] = np.where(
                    inner[child], number[child] - before, as_leaf
                )
            parts[at : at + size, 0] = feature[column[inside]]
            parts[at : at + size, 1] = key_rank[number[inside]]
        at += size
    packed = _pack(op, rows, parts, np.array(sizes, np.uint16), keys, first_leaf)
    return replace(packed, n_left=n_left, allow_nan=allow_nan)


def _words(parts: np.ndarray, widths: list[int]) -> tuple[np.ndarray, bool, tuple[int, int, int]]:
    """Nodes as words, whether there are two of them for each, and where their parts begin."""
    column, rank, left, right = parts.T
    if sum(widths) + widths[2] > 32:
        nodes = np.stack([column | rank << 16, left | right << 16], axis=1).reshape(-1)
        return nodes.astype(np.uint32), True, (16, 0, 16)
    # The right child ends the word, so that it needs no mask.
    shifts = (32 - 2 * widths[2] - widths[1], 32 - 2 * widths[2], 32 - widths[2])
    nodes = column | rank << shifts[0] | left << shifts[1] | right << shifts[2]
    return nodes.astype(np.uint32), False, shifts


def _pack(  # noqa: PLR0917
    op: TreeEnsemble,
    rows: _Rows,
    parts: np.ndarray,
    sizes: np.ndarray,
    keys: np.ndarray,
    first_leaf: int,
) -> SmallTrees:
    """The nodes as words, one per node where all parts fit."""
    widths = [_bits(op.n_features), _bits(keys.size), _bits(first_leaf + rows.count)]
    nodes, wide, shifts = _words(parts, widths)
    spread = op.targets if (op.targets != 0).any() else None
    return SmallTrees(
        nodes=nodes,
        sizes=sizes,
        values=rows.values,
        base=rows.base,
        targets=None if spread is None else spread.astype(np.uint8),
        keys=keys.astype(np.int32),
        starts=rows.starts,
        classes=rows.classes,
        n_columns=op.n_features,
        n_pure=rows.n_pure,
        first_leaf=first_leaf,
        wide=wide,
        rank_shift=shifts[0],
        left_shift=shifts[1],
        right_shift=shifts[2],
        scale=op.scale,
        divisor=op.divisor,
    )


def can_vote(op: SmallTrees) -> bool:
    """Whether the largest sum is the largest output: for integers that stay apart as float32."""
    if op.values.dtype.kind == "f":
        return False
    base = op.base.astype(np.int64)
    highest = int(base.max()) + int(op.values.astype(np.int64).max()) * op.sizes.size
    return max(highest, int(np.abs(base).max())) <= EXACT_SUM


def on_codes(op: SmallTrees) -> tuple[RankCodes, SmallTrees] | None:
    """The same in two ops: features as ranks among the keys of all nodes, and trees on those.

    The guard is not in them. None where there are more keys than codes of 16 bits.
    """
    assert op.keys is not None
    feature, rank, left, right = op.parts
    distinct = np.unique(op.keys)
    if distinct.size >= 0xFFFF or op.n_columns > 0x7FFF:
        return None
    to_right = (rank >= op.n_left) & op.allow_nan
    features, often = np.unique(feature, return_counts=True)
    # What is read most comes first, where instructions reach it that are half as long.
    features = features[np.argsort(-often, kind="stable")]
    groups = np.zeros((len(features), 4), np.uint16)
    groups[:, 0] = features
    groups[:, 2] = distinct.size
    for goes_right, kind in ((False, LEFT), (True, RIGHT)):
        used = np.isin(features, feature[to_right == goes_right])
        groups[:, 3] |= np.where(used, kind, 0).astype(np.uint16)
    # Columns come group by group, the left one before the right one.
    before = np.cumsum(1 + (groups[:, 3] == LEFT + RIGHT)) - 1 - (groups[:, 3] == LEFT + RIGHT)
    place = np.empty(int(features.max()) + 1, np.int64)
    place[features] = np.arange(len(features))
    group = place[feature]
    column = before[group] + (to_right & (groups[group, 3] == LEFT + RIGHT))
    codes = np.searchsorted(distinct, op.keys)[rank]
    n_columns = int(column.max()) + 1
    widths = [_bits(n_columns), _bits(distinct.size), _bits(op.first_leaf + op.n_rows)]
    nodes, wide, shifts = _words(np.stack([column, codes, left, right], axis=1), widths)
    ranks = RankCodes("uint8" if distinct.size < 0xFF else "uint16", distinct, groups)
    trees = replace(
        op,
        nodes=nodes,
        wide=wide,
        rank_shift=shifts[0],
        left_shift=shifts[1],
        right_shift=shifts[2],
        keys=None,
        n_columns=ranks.n_columns,
        n_left=0,
        allow_nan=False,
    )
    return ranks, trees
