"""Searches: rows through decision trees, and the nearest of many points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeinfer.errors import InvalidInputError, InvalidParameterError
from edgeinfer.kernels._call import call, matrix
from edgeinfer.ops import NeighborSearch, Normalize, Op

FLOATS = ("float64", "float32")


def nearest(
    points: np.ndarray,
    queries: np.ndarray,
    k: int,
    metric: str = "euclidean",
    *,
    p: float = 2.0,
    isa: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `k` nearest of `points` to each query, nearest first.

    Parameters
    ----------
    points : float64 or float32 of shape (points, features)
    queries : float64 or float32 of shape (rows, features)
    k : how many, 1 to the number of points
    metric : {"euclidean", "sqeuclidean", "manhattan", "chebyshev", "minkowski", "cosine"}
    p : the power of a Minkowski distance

    Returns
    -------
    distances : (rows, k) in the dtype of `queries`. They are computed in float64, summed over the
        features in ascending order: the same bits on every instruction set, but for the powers of
        minkowski, which are the C library's.
    indices : int64 of shape (rows, k). Of equally distant points those are taken, and in the
        order, that scikit-learn's brute force takes on one thread.

    Raises
    ------
    InvalidInputError
        Shapes or dtypes that do not fit; a row whose distances are not finite.
    InvalidParameterError
        `k`, `metric` or `p` out of range.
    """
    points, queries = matrix("points", points, *FLOATS), matrix("queries", queries, *FLOATS)
    if points.shape[1] != queries.shape[1]:
        raise InvalidInputError(
            f"points have {points.shape[1]} features, queries {queries.shape[1]}"
        )
    if metric == "cosine":  # of vectors of length one it is 1 - x.y
        (queries,) = call(Normalize, queries, isa=isa, norm="l2")
    distances, indices = call(
        _search, queries, isa=isa, points=points, k=int(k), metric=metric, p=float(p)
    )
    return distances, indices


def _search(points: np.ndarray, k: int, metric: str, p: float) -> Op:
    points = np.array(points, order="C")
    if metric == "cosine":
        (points,) = Normalize("l2").reference(points)
    return NeighborSearch(points, k=k, metric=metric, p=p)


def tree_sums(
    x: np.ndarray,
    *,
    feature: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    value: np.ndarray,
    roots: Sequence[int] = (0,),
    missing_left: np.ndarray | None = None,
    isa: str | None = None,
) -> np.ndarray:
    """For each row the sum, tree by tree, of the values of the leaves it reaches.

    All trees lie in the same flat arrays; a node is named by its place in them. A row goes left
    where ``x[feature] <= threshold``.

    Parameters
    ----------
    x : float64 or float32 of shape (rows, features)
    feature : integers of shape (nodes,); of leaves ignored
    threshold : float64 of shape (nodes,), or float32: then features are rounded to float32 first
    left, right : integers of shape (nodes,), children of inner nodes, -1 for leaves
    value : float64 or float32 of shape (nodes, width); of inner nodes ignored
    roots : the root of each tree
    missing_left : bool of shape (nodes,), where NaN goes; by default to the right

    Returns
    -------
    (rows, width) in the dtype of `value`. Rows run through the trees on ranks of 8 or 16 bits,
    and reach the same leaves as by comparing floats; sums start at zero, in the order of `roots`:
    the same bits on every instruction set.

    Raises
    ------
    InvalidInputError
        Shapes or dtypes that do not fit.
    InvalidParameterError
        The nodes are no trees: a child or a feature that is not there, a cycle, two parents, a
        threshold that is NaN.
    """
    x = matrix("x", x, *FLOATS)
    value = matrix("value", value, *FLOATS)
    nodes = len(value)
    arrays = {"feature": feature, "threshold": threshold, "left": left, "right": right}
    if missing_left is not None:
        arrays["missing_left"] = missing_left
    kinds = {"threshold": "f", "missing_left": "b"}
    for name, array in arrays.items():
        kind = kinds.get(name, "iu")
        if not isinstance(array, np.ndarray) or array.shape != (nodes,):
            raise InvalidInputError(f"{name} has to be an array of shape ({nodes},)")
        if array.dtype.kind not in kind or (kind == "f" and array.dtype.name not in FLOATS):
            raise InvalidInputError(f"{name} cannot have dtype {array.dtype}")
    start = np.asarray(roots)
    if start.ndim != 1 or start.size == 0 or start.dtype.kind not in "iu":
        raise InvalidInputError("roots have to be a list of node numbers")
    missing = np.zeros(nodes, bool) if missing_left is None else missing_left
    (sums,) = call(
        _trees,
        x,
        isa=isa,
        feature=feature,
        threshold=threshold,
        left=left,
        right=right,
        value=value,
        roots=start,
        missing_left=missing,
        n_features=x.shape[1],
    )
    return sums


def _trees(
    *,
    feature: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    value: np.ndarray,
    roots: np.ndarray,
    missing_left: np.ndarray,
    n_features: int,
) -> Op:
    from edgeinfer.converters.trees import Forest, to_op

    feature, left, right, roots = (v.astype(np.int64) for v in (feature, left, right, roots))
    _check_trees(
        feature=feature,
        threshold=threshold,
        left=left,
        right=right,
        roots=roots,
        n_features=n_features,
    )
    forest = Forest(
        roots=roots,
        left=left,
        right=right,
        feature=np.where(left >= 0, feature, 0),
        cut=threshold,
        missing_left=missing_left,
        values=value,
        targets=np.zeros(roots.size, np.int32),
    )
    return to_op(forest, n_features, np.zeros(value.shape[1], value.dtype), allow_nan=True)


def _check_trees(
    *,
    feature: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    roots: np.ndarray,
    n_features: int,
) -> None:
    """Raise InvalidParameterError unless walks from the roots end and stay inside."""
    inner = left >= 0
    children = np.concatenate([left[inner], right[inner]])
    rules: list[tuple[Any, str]] = [
        (((left < 0) == (right < 0)).all(), "a node has one child"),
        ((children < left.size).all(), "a child is not there"),
        (((roots >= 0) & (roots < left.size)).all(), "a root is not there"),
        (((feature >= 0) & (feature < n_features))[inner].all(), "a feature is not there"),
        (not np.isnan(threshold[inner]).any(), "a threshold is NaN"),
    ]
    for holds, message in rules:
        if not holds:
            raise InvalidParameterError(f"these nodes are no trees: {message}")
    # Every node has one parent, roots have none: then nothing reached from a root is in a cycle.
    parents = np.bincount(children, minlength=left.size)
    parents[roots] += 1
    if parents.max() > 1 or np.unique(roots).size < roots.size:
        raise InvalidParameterError("these nodes are no trees: a node has two parents, or a cycle")
