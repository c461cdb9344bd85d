"""Examples of nearest neighbours and of what is made of them."""

import numpy as np

from edgeinfer.ops import (
    NeighborMean,
    NeighborProba,
    NeighborSearch,
    NeighborSearchInt,
    NeighborTree,
    NeighborVote,
)
from edgeinfer.ops._expanded import squares_of
from edgeinfer.ops.neighbors import METRICS, METRICS_OF_CODES
from tests.examples_of_ops import Example

RNG = np.random.default_rng(17)
RTOL = {"float64": 1e-14, "float32": 1e-6}
INDICES = RNG.integers(0, 30, (9, 5))
DISTANCES = np.sort(RNG.random((9, 5)), axis=1)
DISTANCES[0, :2] = 0.0
LABELS = RNG.integers(0, 4, (30, 2)).astype(np.int32)


def _search(dtype: str, stored: str, metric: str) -> Example:
    points, x = RNG.random((30, 4)).astype(stored), RNG.random((9, 4)).astype(dtype)
    weights = np.array([0.5, 0.0, 1.0, 2.0]) if metric == "minkowski" else None
    op = NeighborSearch(points, 5, metric, 3.0, weights)
    note = f"{metric}-{stored}"
    return Example(op, (x,), RTOL[dtype], libm=metric == "minkowski", note=note)


def _expanded(dtype: str, order: str, count: int) -> Example:
    points, x = RNG.random((count, 35)), RNG.random((9, 35)).astype(dtype)
    op = NeighborSearch(points, 5, norms=squares_of(points, order), order=order)
    return Example(op, (x,), RTOL[dtype], note=f"{order}-{count}")


def _by_codes(dtype: str, stored: str) -> Example:
    points = RNG.normal(size=(1400, 13)).astype(stored)
    x = RNG.normal(size=(9, 13)).astype(dtype)
    return Example(NeighborSearch(points, 5), (x,), RTOL[dtype], note=f"codes-{stored}")


def _tree(dtype: str, balls: bool, metric: str) -> Example:
    """Points at random, hence nodes that are looser than a real tree's, but as sound."""
    points = np.sort(RNG.random(61))[:, None] * [1.0, 0.5, 0.0] + 0.1 * RNG.random((61, 3))
    starts = np.array([0, 15, 15, 40, 61], np.int32)
    ranges = [(0, 61), (0, 15), (15, 61), (0, 15), (15, 15), (15, 40), (40, 61)]
    inside = [points[first:last] if last > first else points[:1] for first, last in ranges]
    low = np.array([p.mean(axis=0) if balls else p.min(axis=0) for p in inside])
    high = None if balls else np.array([p.max(axis=0) for p in inside])
    radius = None
    if balls:
        radius = np.array([2 * np.abs(p - c).max() for p, c in zip(inside, low, strict=True)])
    op = NeighborTree(
        points, RNG.permutation(61).astype(np.int32), starts, low, high, radius, 5, metric, 3.0
    )
    x = RNG.random((9, 3)).astype(dtype)
    libm = metric == "minkowski"
    note = f"{'balls' if balls else 'boxes'}-{metric}"
    return Example(op, (x,), RTOL[dtype], libm, note)


def _of_neighbors(dtype: str, weighted: bool) -> list[Example]:
    inputs = INDICES, DISTANCES.astype(dtype)
    targets = RNG.normal(size=(30, 2)).astype(dtype)
    ops = (
        NeighborVote(LABELS, 4, weighted, flat=False),
        NeighborProba(np.ascontiguousarray(LABELS[:, 0]), 4, weighted),
        NeighborMean(targets, weighted, flat=False),
    )
    note = "weighted" if weighted else ""
    return [Example(op, inputs, RTOL[dtype], note=note) for op in ops]


EXAMPLES = [
    *(_search("float64", "float64", metric) for metric in METRICS),
    *(_search("float32", stored, "euclidean") for stored in RTOL),
    _search("float64", "float32", "manhattan"),
    *(
        _expanded(dtype, order, count)
        for dtype, order, count in (
            ("float64", "avx2", 30),
            ("float32", "avx512", 30),
            ("float64", "avx512", 1400),
        )
    ),
    *(_by_codes(dtype, stored) for dtype in RTOL for stored in RTOL),
    *(
        Example(
            NeighborSearchInt(RNG.integers(-128, 128, (30, 4)).astype(dtype), 0.1, 5, metric),
            (RNG.integers(-128, 128, (9, 4)).astype(dtype),),
            1e-6,
            note=metric,
        )
        for dtype in ("int8", "int16")
        for metric in METRICS_OF_CODES
    ),
    *(
        _tree("float64", balls, metric)
        for balls in (False, True)
        for metric in ("euclidean", "manhattan", "chebyshev", "minkowski")
    ),
    _tree("float32", False, "euclidean"),
    *(e for dtype in RTOL for weighted in (False, True) for e in _of_neighbors(dtype, weighted)),
]
