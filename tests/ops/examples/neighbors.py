"""Examples of nearest neighbours and of what is made of them."""

import numpy as np

from edgeinfer.ops import (
    NeighborMean,
    NeighborProba,
    NeighborSearch,
    NeighborSearchInt,
    NeighborVote,
)
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


def _by_codes(dtype: str, stored: str) -> Example:
    points = RNG.normal(size=(1400, 13)).astype(stored)
    x = RNG.normal(size=(9, 13)).astype(dtype)
    return Example(NeighborSearch(points, 5), (x,), RTOL[dtype], note=f"codes-{stored}")


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
    *(e for dtype in RTOL for weighted in (False, True) for e in _of_neighbors(dtype, weighted)),
]
