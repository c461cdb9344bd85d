"""Examples of comparisons and choices."""

import numpy as np

from edgeinfer.ops import Choose, Compare, QCompare, Where
from edgeinfer.ops.fixed_point import quantize_multiplier
from edgeinfer.ops.logic import COMPARED, COMPARISONS
from tests.examples_of_ops import Example

RNG = np.random.default_rng(16)
CHOICE = np.array([1, 0, 7], np.uint8)
MASK = RNG.integers(0, 2, (3, 5, 40)).astype(np.uint8)
FLOATS = np.array([[0.0, -0.0, np.nan, np.inf, 1.0, 2.0]], np.float32)


def _any(dtype: str, *shape: int) -> np.ndarray:
    if dtype == "float32":
        return RNG.normal(size=shape).astype(dtype)
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max, size=shape, endpoint=True, dtype=dtype)


def _compare(fn: str, dtype: str) -> Example:
    a, b = _any(dtype, 3, 150), _any(dtype, 3, 150)
    same = RNG.integers(0, 2, a.shape) > 0
    return Example(Compare(fn), (a, np.where(same, a, b)), note=fn)


def _scaled(fn: str, scales: tuple[float, float]) -> Example:
    pairs = [quantize_multiplier(s) for s in scales]
    op = QCompare(fn, (-5, 30), tuple(m for m, _ in pairs), tuple(s for _, s in pairs))
    return Example(op, (_any("int8", 3, 150), _any("int8", 3, 150)), note=f"{fn}-{scales[0]}")


EXAMPLES = [
    *(
        Example(Compare(fn), (FLOATS, FLOATS[:, [0, 0, 2, 3, 5, 4]].copy()), note=f"{fn}-odd")
        for fn in COMPARISONS
    ),
    *(_compare(fn, dtype) for dtype in COMPARED for fn in COMPARISONS),
    *(_scaled(fn, scales) for fn in COMPARISONS for scales in ((0.01, 0.03), (0.0001, 0.00007))),
    *(Example(Choose(), (CHOICE, _any(d, 3, 2, 4), _any(d, 3, 2, 4))) for d in ("float32", "int8")),
    *(
        Example(Where(), (MASK, _any(d, 3, 5, 40), _any(d, 3, 5, 40)))
        for d in ("float32", "int8", "int16", "int64")
    ),
]
