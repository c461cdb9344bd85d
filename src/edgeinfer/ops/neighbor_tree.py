"""Nearest neighbours by scikit-learn's own tree, which decides who of equals is a neighbour."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, Op, array, require
from edgeinfer.ops._nearest import heap_of, ordered
from edgeinfer.ops.neighbors import METRICS, PANEL, NeighborSearch

METRICS_OF_TREES = ("euclidean", "manhattan", "chebyshev", "minkowski")
MAX_LEAVES = 1 << 28


@dataclass(frozen=True, eq=False)
class NeighborTree(Op):
    """NeighborSearch among points that lie in the leaves of a complete binary tree.

    `points` ``(points, features)`` are sorted by leaf, `indices` says which point each is, leaf i
    has those from ``starts[i]`` to ``starts[i + 1]``. Nodes are numbered level by level, so that
    node i has the children 2i + 1 and 2i + 2. A node is a box from `low` to `high` ``(nodes,
    features)``, or a ball around `low` with `radius` ``(nodes,)``. The nearer child is searched
    first, the left one of equals; points are offered in this order, and ties broken by it.
    """

    kind = "NeighborTree"

    points: np.ndarray = array("float64", "float32", ndim=2)
    indices: np.ndarray = array("int32", ndim=1)
    starts: np.ndarray = array("int32", ndim=1)
    low: np.ndarray = array("float64", ndim=2)
    high: np.ndarray | None = array("float64", ndim=2, optional=True)
    radius: np.ndarray | None = array("float64", ndim=1, optional=True)
    k: int = 5
    metric: str = "euclidean"
    p: float = 2.0
    weights: np.ndarray | None = array("float64", ndim=1, optional=True)

    def check(self) -> None:
        require(self.metric in METRICS_OF_TREES, f"a tree has no metric {self.metric!r}")
        self.in_order()
        count, features = self.points.shape
        leaves = self.starts.size - 1
        require(0 < leaves <= MAX_LEAVES, "a tree has leaves")
        require(leaves & (leaves - 1) == 0, "the leaves are not a power of two")
        require(self.starts[0] == 0 and self.starts[-1] == count, "leaves do not hold the points")
        require(bool((np.diff(self.starts.astype(np.int64)) >= 0).all()), "leaves overlap")
        shape = (2 * leaves - 1, features)
        require(self.low.shape == shape, f"bounds have to be of shape {shape}")
        require((self.high is None) != (self.radius is None), "nodes are boxes or balls")
        require(self.high is None or self.high.shape == shape, f"bounds have to be {shape}")
        require(self.radius is None or self.radius.shape == shape[:1], "one radius per node")
        require(self.high is None or self.weights is None, "boxes have no weights")

    def in_order(self) -> NeighborSearch:
        """The search among the same points in the order of their indices, without the tree."""
        count = len(self.points)
        ok = self.indices.shape == (count,) and np.array_equal(
            np.sort(self.indices), np.arange(count)
        )
        require(ok, "indices are not those of the points")
        points = np.empty_like(self.points)
        points[self.indices] = self.points
        return NeighborSearch(points, self.k, self.metric, self.p, self.weights)

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        features = self.points.shape[1]
        require(x.dtype in ("float64", "float32"), f"takes floating values, got {x}")
        require(x.shape == (features,), f"takes {features} features, got {x}")
        return TensorType(x.dtype, (self.k,)), TensorType("int64", (self.k,))

    def on_float32(self) -> Op:
        return self

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        search = replace(self.in_order(), points=self.points)
        distances, indices = search.reference(x)
        distances = distances.copy()
        for row, values in enumerate(x.astype(np.float64)):
            compared = search.compared(values)
            order = np.concatenate(
                [np.arange(self.starts[leaf], self.starts[leaf + 1]) for leaf in self._walk(values)]
            )
            offered = list(zip(compared[order].tolist(), self.indices[order].tolist(), strict=True))
            indices[row] = [index for _, index in ordered(heap_of(offered, self.k))]
        return distances, indices

    def _walk(self, x: np.ndarray) -> list[int]:
        """The leaves in the order in which they are searched for `x`."""
        apart = [self._apart(node, x) for node in range(len(self.low))]
        leaves, stack = self.starts.size - 1, [0]
        order = []
        while stack:
            node = stack.pop()
            if node >= leaves - 1:
                order.append(node - leaves + 1)
                continue
            left, right = 2 * node + 1, 2 * node + 2
            near_is_right = apart[left] > apart[right]
            stack += [left, right] if near_is_right else [right, left]
        return order

    def _apart(self, node: int, x: np.ndarray) -> float:
        """What stands for the distance of `x` to a node."""
        p = {"euclidean": 2.0, "manhattan": 1.0}.get(self.metric, self.p)
        if self.high is not None:
            apart = np.maximum(np.maximum(self.low[node] - x, x - self.high[node]), 0.0)
            return float(apart.max() if self.metric == "chebyshev" else self._sum(apart**p))
        assert self.radius is not None
        apart = np.abs(x - self.low[node])
        if self.metric == "chebyshev":
            distance = float(apart.max())
        else:
            weights = 1.0 if self.weights is None else self.weights
            distance = self._sum(weights * apart**p) ** (1 / p)
        return float(max(0.0, distance - self.radius[node]))

    @staticmethod
    def _sum(values: np.ndarray) -> float:
        total = 0.0
        for value in values.tolist():
            total += value
        return total

    def cost(self, x: TensorType) -> Cost:
        # A descent and some leaves around it.
        leaves = self.starts.size - 1
        visited = min(1.0, 8 / leaves)
        return Cost(self.points.size * visited, self.points.nbytes * visited)

    def lower(self, x: TensorType) -> Lowered:
        features = self.points.shape[1]
        counts = np.diff(self.starts).astype(np.int32)
        panels = -(-counts // PANEL)
        first = np.concatenate([[0], np.cumsum(panels)]).astype(np.int32)
        # Where each point lies when every leaf begins a panel.
        leaf = np.repeat(np.arange(counts.size), counts)
        place = first[leaf] * PANEL + np.arange(len(self.points)) - self.starts[leaf]
        indices = np.zeros(first[-1] * PANEL, np.int32)
        indices[place] = self.indices

        def leaf_panels(points: np.ndarray) -> np.ndarray:
            padded = np.zeros((indices.size, features), points.dtype)
            padded[place] = points
            return np.ascontiguousarray(padded.reshape(-1, PANEL, features).transpose(0, 2, 1))

        fields = (
            ("points", "ptr", leaf_panels(self.points)),
            ("indices", "ptr", indices),
            ("panels", "ptr", first),
            ("counts", "ptr", counts),
            ("low", "ptr", self.low),
            ("high", "ptr", self.high),
            ("radius", "ptr", self.radius),
            ("weights", "ptr", self.weights),
            ("p", "f64", self.p),
            ("n_leaves", "i32", counts.size),
            ("n_in", "i32", features),
            ("k", "i32", self.k),
            ("metric", "i32", METRICS.index(self.metric)),
            ("float32", "i32", self.points.dtype == np.float32),
        )
        widened = features * 8 if x.dtype == "float32" else 0
        return Lowered(
            f"neighbors_tree_{SUFFIX[x.dtype]}",
            Block("ei_neighbors_tree_params", fields),
            scratch_fixed=3 * 64,
            scratch_per_row=self.k * 12 + widened,
        )

    def explain(self, status: int) -> str:
        return self.in_order().explain(status)
