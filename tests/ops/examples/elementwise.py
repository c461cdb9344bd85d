"""Examples of the elementwise ops: guards, arithmetic, functions, clipping, imputation."""

import numpy as np

from edgeinfer.ops import (
    Binary,
    BinaryConst,
    Cast,
    CheckFinite,
    Clip,
    Complement,
    Impute,
    SignIndex,
    Unary,
)
from edgeinfer.ops.scale import BINARY
from edgeinfer.ops.unary import UNARY
from tests.examples_of_ops import Example

SPECIAL = np.array([[0.0, -0.0, np.nan, np.inf, -np.inf, 1e-310, 3.5]])
RNG = np.random.default_rng(7)
FINITE = RNG.normal(size=(37, 7))
VALUES = np.vstack([SPECIAL, FINITE])
OTHERS = np.vstack([SPECIAL[:, ::-1], RNG.normal(size=(37, 7))])
POSITIVE = np.abs(FINITE) + 0.1

RTOL = {"float64": 1e-14, "float32": 2e-6}
LIBM_BINARY = {"pow", "atan2"}
LIBM_UNARY = {"exp", "exp2", "log", "tanh", "logistic", "log1p", "expm1", "sin", "cos", "erf"}


def _of(dtype: str) -> list[Example]:
    x, other = VALUES.astype(dtype), OTHERS.astype(dtype)
    rtol = RTOL[dtype]
    constant = np.array([1.5, -2.0, 0.25, 3.0, 1e-3, -0.0, 7.0], dtype)
    examples = [
        Example(CheckFinite("test"), (FINITE.astype(dtype),)),
        Example(
            CheckFinite("test", True, True),
            (np.where(FINITE > 1, np.nan, FINITE).astype(dtype),),
            note="nan",
        ),
        Example(Clip(-1.0, 0.75), (x,)),
        Example(Complement(), (x,)),
        Example(Complement(), (x[:, 0].copy(),), note="flat"),
        Example(Complement("logistic"), (x,), rtol, True, "logistic"),
        Example(Impute(np.nan, constant), (x,), note="nan"),
        Example(Impute(3.5, constant), (x,), note="value"),
        Example(SignIndex(0.0, False), (x,), note="above"),
        Example(SignIndex(0.25, True), (np.where(x > 1, dtype == "float64", x).astype(dtype),)),
        Example(Cast("float32" if dtype == "float64" else "float64"), (x,)),
    ]
    for fn in BINARY:
        libm = fn in LIBM_BINARY
        first = POSITIVE.astype(dtype) if libm else x
        second = (FINITE[:, ::-1] if libm else other).astype(dtype)
        examples += [
            Example(BinaryConst(fn, constant), (first,), rtol, libm, fn),
            Example(BinaryConst(fn, constant[:1]), (first,), rtol, libm, f"{fn}-one"),
            Example(Binary(fn), (first, second), rtol, libm, fn),
            Example(Binary(fn), (first, second[:, 1].copy()), rtol, libm, f"{fn}-column"),
        ]
    examples += [Example(Unary(fn), (x,), rtol, fn in LIBM_UNARY, fn) for fn in UNARY]
    return examples


EXAMPLES = [
    *_of("float64"),
    *_of("float32"),
    Example(Cast("float64"), (np.array([[0, -1, 1 << 53], [7, -(1 << 62), 3]], np.int64),)),
]
