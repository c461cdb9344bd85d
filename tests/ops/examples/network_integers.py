"""Examples of the ops on integers that networks have besides convolutions."""

from functools import partial

import numpy as np

from edgeinfer.converters.tflite._elementwise import softmax_tables
from edgeinfer.converters.tflite._indexing import integer_places
from edgeinfer.converters.tflite.numbers import log_softmax_parameters, sigmoid_16, softmax_exps
from edgeinfer.ops import (
    Convert,
    Divide,
    Place,
    QBatchMatMul,
    QBilinear,
    QBinary,
    QInverseRoot,
    QL2Norm,
    QLogSoftmax,
    QSigmoid16,
    QSoftmax,
    QSoftmax16,
    Rescale,
    Take,
    Whole,
)
from edgeinfer.ops.fixed_point import quantize_multiplier
from edgeinfer.ops.integers import CONVERTED, QUOTIENTS, RESCALES, WHOLE
from tests.examples_of_ops import Example

RNG = np.random.default_rng(12)


def _any(dtype: str, *shape: int) -> np.ndarray:
    if dtype == "float32":
        return RNG.normal(size=shape).astype(dtype) * np.float32(50)
    info = np.iinfo(dtype)
    x = RNG.integers(info.min, info.max, size=shape, endpoint=True).astype(dtype)
    x.reshape(-1)[:2] = info.min, info.max
    return x


def _binary(dtype: str, fn: str) -> Example:
    zeros = (3, -9, 11) if dtype == "int8" else (0, 0, 0)
    factors = {
        "sqdiff": (0.5, 0.31, 0.004 / (1 << 14) * 60 if dtype == "int8" else 2.0**-14),
        "div": (0.0, 0.0, 37.0),
        "prelu": (1.3, 0.0, 0.01),
    }[fn]
    pairs = [quantize_multiplier(f) for f in factors]
    info = np.iinfo(dtype)
    op = QBinary(
        fn,
        zeros if fn != "prelu" or dtype == "int8" else (0, 5, 0),
        tuple(m for m, _ in pairs),
        tuple(s for _, s in pairs),
        7 if fn == "sqdiff" and dtype == "int8" else 0,
        int(info.min) + 3,
        int(info.max),
        0.25,
    )
    other = "int8" if fn == "prelu" else dtype
    return Example(op, (_any(dtype, 5, 267), _any(other, 5, 267)), note=fn)


def _rescale(source: str, target: str, below: float) -> Example:
    info = np.iinfo(target)
    reach = min(float(info.max), 1e8) / np.iinfo(source).max
    pairs = [quantize_multiplier(abs(f) * reach) for f in (1.1, below)]
    signs = (1, -1 if below < 0 else 1)
    op = Rescale(
        target,
        -7 if source == "int8" else 0,
        3,
        tuple(m * s for (m, _), s in zip(pairs, signs, strict=True)),
        tuple(s for _, s in pairs),
        int(info.min) + 1,
        int(info.max),
        0.5,
    )
    return Example(op, (_any(source, 4, 90),), note=f"{target}-{below}")


def _convert(source: str, target: str, truth: bool = False) -> Example:
    x = _any(source, 3, 40)
    if source == "float32":
        x[0, :8] = [np.nan, np.inf, -np.inf, -0.0, 2.0**63, -(2.0**63), 0.99999994, -0.5]
    else:
        x[0, :2] = 0, 1
    return Example(Convert(target, truth), (x,), 0.0, note=f"{target}{'-truth' if truth else ''}")


def _places(dtype: str, least: bool) -> Example:
    x = _any(dtype, 3, 2, 6, 5)
    x[0, 0, 3] = x[0, 0, 1]
    if dtype == "float32":
        x[1, 0, 2], x[2, 1, 0] = np.nan, np.nan
    return Example(Place(least), (x,), note=f"{'least' if least else 'most'}")


def _dividends(dtype: str) -> np.ndarray:
    x = _any(dtype, 4, 70)
    x[0, :40] = RNG.integers(-20, 20, 40)
    x[1, 0] = np.iinfo(dtype).min
    return x


def _divisors(dtype: str) -> np.ndarray:
    x = RNG.integers(-9, 9, (4, 70)).astype(dtype)
    x[x == 0] = 9
    x[1, 0], x[2, 0] = -1, np.iinfo(dtype).max
    return x


TABLE = RNG.normal(size=(9, 2, 3)).astype(np.float32)
BYTES = partial(_any, "int8")

EXAMPLES = [
    *(_binary("int8", fn) for fn in ("sqdiff", "div", "prelu")),
    *(_binary("int16", fn) for fn in ("sqdiff", "prelu")),
    *(_rescale(a, b, below) for a, b in sorted(RESCALES) for below in (1.1, -0.3)),
    *(
        Example(Whole(fn), (_any(dtype, 4, 70), _any(dtype, 4, 70)), note=fn)
        for dtype in ("int8", "uint8", "int16", "int32", "int64")
        for fn in (WHOLE if dtype in ("int32", "int64") else ("max", "min"))
    ),
    *(
        Example(Divide(fn), (_dividends(dtype), _divisors(dtype)), note=fn)
        for dtype in ("int32", "int64")
        for fn in QUOTIENTS
    ),
    *(
        Example(
            QInverseRoot(*quantize_multiplier(f), 0.5), (_any("int16", 4, 70),), note=f"{f:.0f}"
        )
        for f in (3.0, 900.0, 40000.0)
    ),
    *(_convert(a, b) for a in CONVERTED for b in CONVERTED),
    *(_convert(a, "uint8", True) for a in CONVERTED),
    *(
        _places(dtype, least)
        for dtype in ("float32", "int8", "uint8", "int16", "int32")
        for least in (False, True)
    ),
    *(
        Example(Take((2, 3), TABLE.reshape(-1)), (RNG.integers(0, 9, (4, 5)).astype(dtype),))
        for dtype in ("int32", "int64")
    ),
    Example(Take((), np.arange(9, dtype=np.int8)), (np.array([[8, 0]], np.int32),), note="scalar"),
    Example(QSoftmax(softmax_exps(0.1, 1.0), "int16"), (BYTES(4, 3, 150),), note="int16"),
    *(
        Example(QSoftmax16(*softmax_tables(), *quantize_multiplier(f)), (_any("int16", 4, 3, n),))
        for f, n in ((2.6, 9), (0.02, 300), (900.0, 1))
    ),
    *(
        Example(
            QSigmoid16(fn, *factor, sigmoid_16()), (_any("int16", 4, 700),), note=f"{fn}{factor}"
        )
        for fn in ("logistic", "tanh")
        for factor in ((3, 0), (20000, 12), (32767, 0))
    ),
    *(
        Example(
            QLogSoftmax(softmax_exps(scale, 1.0), **log_softmax_parameters(scale)),  # type: ignore[arg-type]
            (BYTES(5, 2, n),),
            note=f"{scale}-{n}",
        )
        for scale, n in ((0.1, 12), (0.003, 1), (0.5, 4095), (0.02, 300))
    ),
    *(
        Example(QL2Norm(zero), (BYTES(6, 2, n),), note=f"{zero}-{n}")
        for zero, n in ((-128, 40), (5, 1))
    ),
    Example(QL2Norm(0), (np.zeros((2, 5), np.int8),), note="nothing"),
    *(
        Example(
            QBatchMatMul(zeros, *quantize_multiplier(factor), 0.1),
            (_any(dtype, 3, 2, 4, 9), _any(dtype, 3, 2, 9, 5)),
        )
        for dtype, zeros, factor in (
            ("int8", (3, -128, 7), 0.002),
            ("int16", (0, 0, 0), 1e-5),
        )
    ),
    *(
        Example(
            QBilinear(integer_places(4, 7, align, centers), integer_places(5, 3, align, centers)),
            (_any(dtype, 3, 2, 4, 5, 3),),
            note=f"{align}-{centers}",
        )
        for dtype in ("int8", "int16")
        for align, centers in ((False, False), (True, False), (False, True))
    ),
]
