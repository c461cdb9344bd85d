"""Examples of values by computed places."""

from itertools import product

import numpy as np

from edgeinfer.ops import CumSum, Gather, TopK, UpdateSlice
from tests.examples_of_ops import Example

RNG = np.random.default_rng(18)


def _any(dtype: str, *shape: int) -> np.ndarray:
    if dtype == "float32":
        return RNG.normal(size=shape).astype(dtype)
    return RNG.integers(-100, 100, size=shape).astype(dtype)


def _gather(dtype: str, index: str, sizes: tuple[int, ...], m: int) -> Example:
    x = _any(dtype, 3, 2, 4, int(np.prod(sizes)), 5)
    place = np.stack([RNG.integers(0, n, (3, 2, m)) for n in sizes], axis=-1)
    return Example(Gather(sizes), (x, place.astype(index)), note=f"{len(sizes)}-{index}")


def _update(dtype: str, index: str) -> Example:
    x, update = _any(dtype, 3, 4, 5, 6), _any(dtype, 3, 2, 5, 3)
    start = np.array([[1, 0, 2], [-7, 3, 90], [2, 0, 3]], index)
    return Example(UpdateSlice(), (x, update, start), note=index)


def _top(dtype: str, n: int, count: int) -> Example:
    x = RNG.integers(-9, 9, (4, 3, n)).astype(dtype)  # with ties
    if dtype == "float32" and n > 1:
        x[1, 2, 1], x[2, :, ::2], x[3, 0] = np.nan, np.nan, np.inf
    return Example(TopK(count), (x,), note=f"{n}-{count}")


EXAMPLES = [
    *(
        _gather(dtype, index, sizes, m)
        for dtype, index, sizes, m in (
            ("float32", "int32", (7,), 9),
            ("int8", "int64", (3, 4), 1),
            ("int16", "int32", (3, 5, 3), 6),
        )
    ),
    *(_update(d, i) for d, i in (("float32", "int32"), ("int8", "int64"), ("int16", "int32"))),
    Example(
        UpdateSlice(),
        (_any("float32", 2, 9), _any("float32", 2, 4), np.array([[3], [9]], np.int32)),
        note="flat",
    ),
    *(
        _top(dtype, n, count)
        for dtype in ("float32", "int8", "int16", "int32")
        for n, count in ((1, 1), (40, 5), (17, 17), (30, 29))
    ),
    *(
        Example(CumSum(*how), (_any(dtype, 3, 2, 9, 4),), note=f"{how}")
        for dtype in ("float32", "int32", "int64")
        for how in product((False, True), repeat=2)
    ),
]
