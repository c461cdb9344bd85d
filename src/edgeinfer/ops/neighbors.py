"""Nearest neighbours: the search, and what classifiers and regressors make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import (
    SUFFIX,
    Block,
    Cost,
    Lowered,
    Op,
    array,
    packed,
    require,
    require_float,
)
from edgeinfer.ops._expanded import ORDERS, expanded
from edgeinfer.ops._nearest import nearest
from edgeinfer.ops._neighbor_codes import (
    GROUP,
    KEPT,
    MAX_FEATURES,
    MIN_VALUES,
    Codes,
    code_points,
)
from edgeinfer.target import Target

METRICS = ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "minkowski", "cosine")
METRICS_OF_CODES = ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine")
EUCLIDEAN = ("euclidean", "sqeuclidean")
PANEL = 8
"""Points that lie side by side (EI_POINTS in ei_neighbors.h)."""

MAX_POINTS = 1 << 30
MAX_K_BY_CODES = 64
ROWS_BY_CODES = 256


def point_panels(points: np.ndarray) -> np.ndarray:
    """``(points, features)`` as ``(panels, features, PANEL)``, the last panel padded with zeros."""
    count, features = points.shape
    panels = -(-count // PANEL)
    padded = np.zeros((panels * PANEL, features), points.dtype)
    padded[:count] = points
    return np.ascontiguousarray(padded.reshape(panels, PANEL, features).transpose(0, 2, 1))


def _padded(norms: np.ndarray) -> np.ndarray:
    """As many as panels have places."""
    return np.pad(norms, (0, -norms.size % PANEL))


@dataclass(frozen=True, eq=False)
class NeighborSearch(Op):
    """The `k` nearest of `points` ``(points, features)``: distances and indices (int64) of each.

    Computed in float64 whatever `points` are stored in; a distance is summed over the features in
    ascending order. ``minkowski`` is ``sum(weights * |x - y| ** p) ** (1 / p)``; ``cosine`` is
    ``1 - x.y`` cut to 0..2, for rows and points of length one. Ties: see `nearest`.

    With `norms`, the squares of the points, Euclidean distances are ``|x|^2 - 2 x.y + |y|^2``,
    rounded as the matrix product of BLAS rounds them, see ei_expanded.h; `order` says how the
    square of a row is summed.

    A row with fewer than `k` points at a finite distance is refused.
    """

    kind = "NeighborSearch"

    points: np.ndarray = array("float64", "float32", ndim=2)
    k: int = 5
    metric: str = "euclidean"
    p: float = 2.0
    weights: np.ndarray | None = array("float64", ndim=1, optional=True)
    norms: np.ndarray | None = array("float64", ndim=1, optional=True)
    order: str = ""

    def check(self) -> None:
        count, features = self.points.shape
        require(0 < features <= 1 << 24, f"cannot search points of {features} features")
        require(0 < count <= MAX_POINTS, f"cannot search {count} points")
        require(0 < self.k <= count, f"expected 0 < n_neighbors <= {count} points, got {self.k}")
        require(self.metric in METRICS, f"unknown metric {self.metric!r}")
        require(0.0 < self.p < np.inf, "the power of a Minkowski distance is positive and finite")
        if self.weights is not None:
            require(self.metric == "minkowski", "weights belong to a Minkowski distance")
            require(self.weights.shape == (features,), f"needs {features} weights")
        require((self.norms is not None) == (self.order != ""), "norms go with their order")
        require(self.order in ORDERS, f"unknown order {self.order!r}")
        if self.norms is not None:
            require(self.metric in EUCLIDEAN, "norms belong to Euclidean distances")
            require(self.norms.shape == (count,), f"needs {count} norms")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        dtype = require_float(self.kind, x)
        features = self.points.shape[1]
        require(x.shape == (features,), f"takes {features} features, got {x}")
        return TensorType(dtype, (self.k,)), TensorType("int64", (self.k,))

    def on_float32(self) -> Op:
        return self

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        distances = np.empty((len(x), self.k), x.dtype)
        indices = np.empty((len(x), self.k), np.int64)
        for row, values in enumerate(x.astype(np.float64)):
            with np.errstate(all="ignore"):
                compared = self.compared(values)
                found = indices[row] = nearest(compared, self.k)
                kept = compared[found]
                if not np.isfinite(kept).all():
                    raise ValueError(self.explain(2))
                if self.metric == "euclidean":
                    kept = np.sqrt(kept)
                elif self.metric == "minkowski":
                    kept = kept ** (1.0 / self.p)
                distances[row] = kept
        return distances, indices

    def compared(self, x: np.ndarray) -> np.ndarray:
        """What stands for the distance of `x` to each point while they are compared."""
        if self.norms is not None:
            return expanded(x, self.points, self.norms, self.order)
        values = np.zeros(len(self.points))
        for i, column in enumerate(self.points.T.astype(np.float64)):
            if self.metric == "cosine":
                values += x[i] * column
                continue
            apart = np.abs(x[i] - column)
            if self.metric == "chebyshev":
                values = np.maximum(values, apart)
            elif self.metric == "manhattan":
                values += apart
            elif self.metric == "minkowski":
                weight = 1.0 if self.weights is None else self.weights[i]
                values += weight * apart**self.p
            else:
                values += apart * apart
        return np.clip(1.0 - values, 0.0, 2.0) if self.metric == "cosine" else values

    def cost(self, x: TensorType) -> Cost:
        return Cost(float(self.points.size), float(self.points.nbytes))

    def codes(self) -> Codes | None:
        """The points in codes, if a search by codes finds the neighbours faster."""
        count, features = self.points.shape
        if self.metric not in EUCLIDEAN or self.k > MAX_K_BY_CODES:
            return None
        if self.points.size < MIN_VALUES or not count >= GROUP or features > MAX_FEATURES:
            return None
        codes = packed(self.points, code_points)
        return codes if codes is not None and codes.candidates < KEPT / 2 else None

    def lower(self, x: TensorType) -> Lowered:
        codes = self.codes()
        return self._lower_all(x) if codes is None else self._lower_codes(codes, x)

    def lower_for(self, target: Target, x: TensorType) -> Lowered:
        return self._lower_all(x)

    def _largest(self) -> float:
        return 0.0 if self.norms is None else float(self.norms.max())

    def _lower_codes(self, codes: Codes, x: TensorType) -> Lowered:
        count, features = self.points.shape
        fours = codes.codes.shape[1]
        fields = (
            ("points", "ptr", self.points),
            ("codes", "ptr", codes.codes),
            ("norms", "ptr", codes.norms),
            ("starts", "ptr", codes.starts),
            ("centre", "ptr", codes.centre),
            ("squares", "ptr", self.norms),
            ("largest", "f64", self._largest()),
            ("scale", "f64", codes.scale),
            ("error", "f64", codes.error),
            ("n_points", "i32", count),
            ("n_in", "i32", features),
            ("n_codes", "i32", fours),
            ("k", "i32", self.k),
            ("metric", "i32", METRICS.index(self.metric)),
            ("float32", "i32", self.points.dtype == np.float32),
            ("order", "i32", ORDERS.index(self.order)),
        )
        widened = features * 8 if x.dtype == "float32" else 0
        # Its codes, what is known of it (40 bytes), its limit, its candidates, its heap.
        per_row = fours * 4 + 40 + 4 + KEPT * 8 + self.k * 12
        return Lowered(
            f"neighbors_codes_{SUFFIX[x.dtype]}",
            Block("ei_neighbors_codes_params", fields),
            scratch_fixed=KEPT * 8 + self.k * 12 + 7 * 64,
            scratch_per_row=per_row + widened,
            rows=ROWS_BY_CODES,
        )

    def _lower_all(self, x: TensorType) -> Lowered:
        count, features = self.points.shape
        fields = (
            ("points", "ptr", packed(self.points, point_panels)),
            ("weights", "ptr", self.weights),
            ("norms", "ptr", None if self.norms is None else packed(self.norms, _padded)),
            ("largest", "f64", self._largest()),
            ("p", "f64", self.p),
            ("n_points", "i32", count),
            ("n_in", "i32", features),
            ("k", "i32", self.k),
            ("metric", "i32", METRICS.index(self.metric)),
            ("float32", "i32", self.points.dtype == np.float32),
            ("order", "i32", ORDERS.index(self.order)),
        )
        widened = features * 8 if x.dtype == "float32" else 0
        return Lowered(
            f"neighbors_{SUFFIX[x.dtype]}",
            Block("ei_neighbors_params", fields),
            scratch_fixed=self.k * 12 + 5 * 64,
            scratch_per_row=self.k * 12 + 8 + widened,
        )

    def explain(self, status: int) -> str:
        return (
            "distances of a row of X to the fitted points are beyond float64, so that its nearest "
            "neighbours cannot be told"
        )


@dataclass(frozen=True, eq=False)
class NeighborSearchInt(Op):
    """The `k` nearest of points that are given as integers: distances (float32) and indices.

    ``point = offset + scale * code`` with one scale and an offset per feature that cancels; rows
    come in the same codes. The integers are compared, so equal codes are equal distances; ties as
    in NeighborSearch. ``cosine`` is half the squared distance of rows and points of length one.
    """

    kind = "NeighborSearchInt"

    codes: np.ndarray = array("int8", "int16", ndim=2)
    scale: float = 1.0
    k: int = 5
    metric: str = "euclidean"

    def check(self) -> None:
        count, features = self.codes.shape
        widest = MAX_FEATURES if self.codes.dtype == np.int8 else 1 << 20
        require(0 < features <= widest, f"cannot search codes of {features} features")
        require(0 < count <= MAX_POINTS, f"cannot search {count} points")
        require(0 < self.k <= count, f"expected 0 < n_neighbors <= {count} points, got {self.k}")
        require(self.metric in METRICS_OF_CODES, f"no metric {self.metric!r} in integers")
        require(0.0 < self.scale < np.inf, "a scale is positive and finite")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        features = self.codes.shape[1]
        dtype = self.codes.dtype.name
        require(x.dtype == dtype and x.shape == (features,), f"takes {dtype}[{features}], got {x}")
        return TensorType("float32", (self.k,)), TensorType("int64", (self.k,))

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        indices = np.empty((len(x), self.k), np.int64)
        values = np.empty((len(x), self.k))
        for row, code in enumerate(x.astype(np.int64)):
            apart = np.abs(self.codes - code)
            if self.metric == "chebyshev":
                compared = apart.max(axis=1)
            else:
                compared = (apart if self.metric == "manhattan" else apart * apart).sum(axis=1)
            indices[row] = nearest(compared.astype(np.float64), self.k)
            values[row] = compared[indices[row]]
        squared = self.scale * self.scale * values
        distances = {
            "euclidean": self.scale * np.sqrt(values),
            "sqeuclidean": squared,
            "cosine": 0.5 * squared,
        }.get(self.metric, self.scale * values)
        return distances.astype(np.float32), indices

    def cost(self, x: TensorType) -> Cost:
        return Cost(float(self.codes.size), float(self.codes.nbytes))

    def lower(self, x: TensorType) -> Lowered:
        count, features = self.codes.shape
        fields = (
            ("codes", "ptr", self.codes),
            ("scale", "f64", self.scale),
            ("n_points", "i32", count),
            ("n_in", "i32", features),
            ("k", "i32", self.k),
            ("metric", "i32", METRICS.index(self.metric)),
        )
        return Lowered(
            f"neighbors_{SUFFIX[x.dtype]}",
            Block("ei_neighbors_int_params", fields),
            scratch_fixed=self.k * 12 + 2 * 64,
            scratch_per_row=self.k * 12,
        )


class _OfNeighbors(Op):
    """Base of what is made of ``(indices, distances)`` and a table of one row per point."""

    def _infer(self, indices: TensorType, distances: TensorType) -> int:
        """The number of neighbours."""
        require(indices.dtype == "int64" and len(indices.shape) == 1, "indices are int64, 1-D")
        require(0 < indices.size < 1 << 24, "needs at least one neighbour")
        require_float(self.kind, distances)
        require(distances.shape == indices.shape, f"{indices} and {distances} do not fit")
        return indices.size

    def _check_labels(self, labels: np.ndarray, classes: int) -> None:
        require(labels.size > 0, "needs the label of at least one point")
        require(len(labels) <= MAX_POINTS, "too many points")
        require(0 < classes <= 1 << 24, f"cannot vote on {classes} classes")
        require(bool(labels.min() >= 0 and labels.max() < classes), "a label is not a class")

    def explain(self, status: int) -> str:
        return "an index of a neighbour lies outside the table of the points"


def _block(table: np.ndarray, outputs: int, classes: int, k: int, weighted: bool) -> Block:
    fields: tuple[tuple[str, str, Any], ...] = (
        ("table", "ptr", table),
        ("n_points", "i32", len(table)),
        ("n_outputs", "i32", outputs),
        ("n_classes", "i32", classes),
        ("k", "i32", k),
        ("weighted", "i32", weighted),
    )
    return Block("ei_neighbors_table_params", fields)


def _vote_weights(distances: np.ndarray, weighted: bool) -> np.ndarray:
    """1, or 1 / distance; in a row with a distance of zero, 1 there and 0 elsewhere."""
    if not weighted:
        return np.ones_like(distances)
    with np.errstate(divide="ignore", over="ignore"):
        weights = 1 / distances
    zero = np.isinf(weights)
    rows = zero.any(axis=1)
    weights[rows] = zero[rows]
    return weights


@dataclass(frozen=True, eq=False)
class NeighborVote(_OfNeighbors):
    """Class index with most votes, int64: shape () for one output, else (outputs,).

    `labels` ``(points, outputs)`` are class indices below `classes`. Of equals the lowest wins.
    `weighted`: a vote counts 1 / distance, summed as NumPy sums a contiguous row.
    """

    kind = "NeighborVote"

    labels: np.ndarray = array("int32", ndim=2)
    classes: int = 2
    weighted: bool = False
    flat: bool = True

    def check(self) -> None:
        self._check_labels(self.labels, self.classes)
        require(not self.flat or self.labels.shape[1] == 1, "only one output can be flat")

    def infer(self, indices: TensorType, distances: TensorType) -> tuple[TensorType, ...]:
        self._infer(indices, distances)
        return (TensorType("int64", () if self.flat else (self.labels.shape[1],)),)

    def reference(self, indices: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, ...]:
        weights = _vote_weights(distances, self.weighted)
        # Each row contiguous over the neighbours: NumPy then sums it in pairs, as the kernel does.
        votes = np.zeros((len(indices), self.labels.shape[1], self.classes))
        for o, labels in enumerate(self.labels.T):
            for c in range(self.classes):
                share = np.where(labels[indices] == c, weights, weights.dtype.type(0))
                votes[:, o, c] = np.ascontiguousarray(share).sum(axis=1)
        best = votes.argmax(axis=-1).astype(np.int64)
        return (best[:, 0] if self.flat else best,)

    def lower(self, indices: TensorType, distances: TensorType) -> Lowered:
        k, dtype = indices.size, distances.dtype
        block = _block(self.labels, self.labels.shape[1], self.classes, k, self.weighted)
        if not self.weighted:
            return Lowered("neighbors_vote", block, scratch_fixed=4 * self.classes)
        scratch = 2 * k * np.dtype(dtype).itemsize
        return Lowered(f"neighbors_weighted_vote_{SUFFIX[dtype]}", block, scratch_fixed=scratch)


@dataclass(frozen=True, eq=False)
class NeighborProba(_OfNeighbors):
    """Share of the votes that each of `classes` has, for one output; votes as in NeighborVote."""

    kind = "NeighborProba"

    labels: np.ndarray = array("int32", ndim=1)
    classes: int = 2
    weighted: bool = False

    def check(self) -> None:
        self._check_labels(self.labels, self.classes)

    def infer(self, indices: TensorType, distances: TensorType) -> tuple[TensorType, ...]:
        self._infer(indices, distances)
        return (TensorType(distances.dtype, (self.classes,)),)

    def reference(self, indices: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, ...]:
        weights = _vote_weights(distances, self.weighted)
        proba = np.zeros((len(indices), self.classes), distances.dtype)
        for i in range(indices.shape[1]):
            proba[np.arange(len(indices)), self.labels[indices[:, i]]] += weights[:, i]
        return (proba / proba.sum(axis=1, keepdims=True),)

    def lower(self, indices: TensorType, distances: TensorType) -> Lowered:
        k, dtype = indices.size, distances.dtype
        block = _block(self.labels, 1, self.classes, k, self.weighted)
        scratch = k * np.dtype(dtype).itemsize
        return Lowered(f"neighbors_proba_{SUFFIX[dtype]}", block, scratch_fixed=scratch)


@dataclass(frozen=True, eq=False)
class NeighborMean(_OfNeighbors):
    """Mean of the neighbours' `targets` ``(points, outputs)``, or weighted by 1 / distance.

    In the dtype of the targets, which with weights is that of the distances.
    """

    kind = "NeighborMean"

    targets: np.ndarray = array("float64", "float32", ndim=2)
    weighted: bool = False
    flat: bool = True

    def check(self) -> None:
        require(self.targets.size > 0, "needs the target of at least one point")
        require(len(self.targets) <= MAX_POINTS, "too many points")
        require(not self.flat or self.targets.shape[1] == 1, "only one output can be flat")

    def infer(self, indices: TensorType, distances: TensorType) -> tuple[TensorType, ...]:
        self._infer(indices, distances)
        dtype = self.targets.dtype.name
        require(not self.weighted or distances.dtype == dtype, f"weights are not {dtype}")
        return (TensorType(dtype, () if self.flat else (self.targets.shape[1],)),)

    def reference(self, indices: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, ...]:
        found = self.targets[indices]
        if not self.weighted:
            mean = found.mean(axis=1)
        else:
            weights = _vote_weights(distances, True)
            mean = (found * weights[:, :, None]).sum(axis=1) / weights.sum(axis=1)[:, None]
        return (mean[:, 0] if self.flat else mean,)

    def lower(self, indices: TensorType, distances: TensorType) -> Lowered:
        k, dtype = indices.size, self.targets.dtype.name
        block = _block(self.targets, self.targets.shape[1], 0, k, self.weighted)
        scratch = 2 * k * np.dtype(dtype).itemsize
        return Lowered(f"neighbors_mean_{SUFFIX[dtype]}", block, scratch_fixed=scratch)
