"""Nearest neighbours, by all distances or by the tree that the estimator was fitted with."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import labels_of, labels_of_columns, regressor
from edgeinfer.graph import Method, Option
from edgeinfer.ops import (
    NeighborMean,
    NeighborProba,
    NeighborSearch,
    NeighborTree,
    NeighborVote,
    Normalize,
    Op,
)
from edgeinfer.ops._expanded import ORDERS, products, squares_of

METRICS = {
    "euclidean": "euclidean",
    "l2": "euclidean",
    "sqeuclidean": "sqeuclidean",
    "manhattan": "manhattan",
    "cityblock": "manhattan",
    "l1": "manhattan",
    "chebyshev": "chebyshev",
    "infinity": "chebyshev",
    "minkowski": "minkowski",
    "cosine": "cosine",
}
EUCLIDEAN = ("euclidean", "sqeuclidean")
MAX_EXPANDED = 256
"""Features of which BLAS makes one sum; more are split, in a way that depends on the processor."""

SMALLEST_NORM = 1e-200
SAMPLE = 64
MAX_DENSE = 1 << 28
"""Values of a sparse training set that is converted as a dense one."""


def _neighbors(est: Any, ctx: Context, x: str) -> tuple[str, str, Methods]:
    """The tensors of indices and distances, and `kneighbors`."""
    ctx.check_input(est, x)
    metric, p, weights = _metric(est, ctx)
    points = _points(est, ctx)
    if not 0 < est.n_neighbors <= len(points):
        raise ctx.unsupported(
            est, f"wants {est.n_neighbors} neighbours, but was fitted on {len(points)} points"
        )
    if metric == "cosine":
        x = ctx.emit(Normalize("l2"), x)
        norms = np.sqrt(np.einsum("ij,ij->i", points, points))
        points = points / np.where(norms == 0, 1.0, norms)[:, None]
    norms, order = None, ""
    if est._tree is None and metric in EUCLIDEAN and isinstance(est._fit_X, np.ndarray):
        norms, order = squares_of_brute_force(points)
    search = NeighborSearch(
        _compact(points), int(est.n_neighbors), metric, p, weights, norms, order
    )
    op: Op = search if est._tree is None else _tree(est, ctx, search)
    distances, indices = ctx.emit_many(op, x)
    options = Option("n_neighbors", indices, "k"), Option("return_distance", indices)
    methods = {"kneighbors": Method((distances, indices), "tuple", options=options)}
    return indices, distances, methods


def _metric(est: Any, ctx: Context) -> tuple[str, float, np.ndarray | None]:
    """Metric, power and weights in the terms of NeighborSearch."""
    name = est.effective_metric_
    metric = METRICS.get(name) if isinstance(name, str) else None
    if metric is None:
        shown = repr(name) if isinstance(name, str) else getattr(name, "__name__", repr(name))
        raise ctx.unsupported(
            est, f"the metric {shown} has no translation; there are: {', '.join(METRICS)}"
        )
    params = dict(est.effective_metric_params_)
    p, weights = 2.0, None
    if metric == "minkowski":
        p = float(params.pop("p", 2))
        weights = params.pop("w", None)
        if weights is not None:
            weights = np.ascontiguousarray(weights, dtype=np.float64)
    if params:
        raise ctx.unsupported(
            est, f"metric_params {', '.join(map(str, params))} have no translation for {name}"
        )
    return metric, p, weights


def _points(est: Any, ctx: Context) -> np.ndarray:
    """The training set as float64."""
    points = est._fit_X
    if hasattr(points, "toarray"):
        if points.shape[0] * points.shape[1] > MAX_DENSE:
            raise ctx.unsupported(
                est, f"was fitted on sparse data, too large as a dense array: {points.shape}"
            )
        points = points.toarray()
    return np.ascontiguousarray(points, dtype=np.float64)


def squares_of_brute_force(points: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The squares of the points as brute force computes them, and the order of their sums.

    None where the installed BLAS rounds otherwise than `NeighborSearch` can, which is tried.
    """
    from scipy.linalg.blas import dgemm
    from sklearn.metrics._pairwise_distances_reduction import _base

    points = np.ascontiguousarray(points)
    if points.shape[1] > MAX_EXPANDED or not np.isfinite(points).all():
        return None, ""
    norms = np.asarray(_base._sqeuclidean_row_norms64(points, 1))
    if not np.isfinite(norms).all() or not norms.max() > SMALLEST_NORM:
        return None, ""
    sample = points[:: -(-len(points) // SAMPLE)]
    some = norms[:: -(-len(points) // SAMPLE)]
    # As many rows and points as brute force takes at once; fewer may go another way in BLAS.
    chunk = np.resize(sample, (256, points.shape[1]))
    found = dgemm(-2.0, chunk.T, chunk.T, trans_a=1).T[:8]
    if not np.array_equal(found, [-2.0 * products(row, chunk) for row in chunk[:8]]):
        return None, ""
    for order in ORDERS[1:]:
        if np.array_equal(squares_of(sample, order), some):
            return norms, order
    return None, ""


def _compact(points: np.ndarray) -> np.ndarray:
    """As float32 where that holds every value."""
    with np.errstate(over="ignore"):
        narrow = points.astype(np.float32)
    return narrow if np.array_equal(narrow, points) else points


def _tree(est: Any, ctx: Context, search: NeighborSearch) -> NeighborTree:
    """The search by the tree of the estimator."""
    _, order, nodes, bounds = (np.asarray(a) for a in est._tree.get_arrays())
    leaves = (len(nodes) + 1) // 2
    expected = np.arange(len(nodes)) >= leaves - 1
    if not np.array_equal(nodes["is_leaf"].astype(bool), expected):
        raise ctx.unsupported(est, "its tree has leaves of less than two points")
    balls = len(bounds) == 1
    starts = np.append(nodes["idx_start"][leaves - 1 :], nodes["idx_end"][-1])
    return NeighborTree(
        search.points[order],
        order.astype(np.int32),
        starts.astype(np.int32),
        np.ascontiguousarray(bounds[0]),
        None if balls else np.ascontiguousarray(bounds[1]),
        np.ascontiguousarray(nodes["radius"]) if balls else None,
        search.k,
        search.metric,
        search.p,
        search.weights,
    )


def _weighted(est: Any, ctx: Context) -> bool:
    """Whether votes count by distance."""
    if est.weights in (None, "uniform"):
        return False
    if est.weights == "distance":
        return True
    raise ctx.unsupported(
        est, "weights is a function, which cannot be translated; use 'uniform' or 'distance'"
    )


@converter("sklearn", "NearestNeighbors")
def nearest_neighbors(est: Any, ctx: Context, x: str) -> Methods:
    return _neighbors(est, ctx, x)[2]


@converter("sklearn", "KNeighborsClassifier")
def k_neighbors_classifier(est: Any, ctx: Context, x: str) -> Methods:
    weighted = _weighted(est, ctx)
    indices, distances, methods = _neighbors(est, ctx, x)
    several = est.outputs_2d_
    classes = list(est.classes_) if several else [est.classes_]
    labels = np.asarray(est._y, dtype=np.int32).reshape(-1, len(classes))
    vote = NeighborVote(labels, max(len(c) for c in classes), weighted, not several)
    index = ctx.emit(vote, indices, distances)
    probas = tuple(
        ctx.emit(
            NeighborProba(np.ascontiguousarray(labels[:, k]), len(c), weighted), indices, distances
        )
        for k, c in enumerate(classes)
    )
    return {
        "predict": labels_of_columns(ctx, index, classes)
        if several
        else labels_of(ctx, index, classes[0]),
        "predict_proba": Method(probas, "list" if several else "array"),
        **methods,
    }


@converter("sklearn", "KNeighborsRegressor")
def k_neighbors_regressor(est: Any, ctx: Context, x: str) -> Methods:
    weighted = _weighted(est, ctx)
    indices, distances, methods = _neighbors(est, ctx, x)
    targets = np.asarray(est._y)
    if targets.dtype.kind not in "fiub":
        raise ctx.unsupported(est, "its targets are not numbers, which have no mean")
    # A mean of float32 is one in float32; weights are float64, and so is what they multiply.
    if weighted or targets.dtype != np.float32:
        targets = targets.astype(np.float64)
    flat = targets.ndim == 1
    op = NeighborMean(np.ascontiguousarray(targets.reshape(len(targets), -1)), weighted, flat)
    return {**regressor(ctx.emit(op, indices, distances)), **methods}
