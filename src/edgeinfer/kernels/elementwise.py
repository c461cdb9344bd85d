"""Elementwise functions, softmax and argmax."""

from __future__ import annotations

import numpy as np

from edgeinfer.errors import InvalidInputError
from edgeinfer.kernels._call import call, typed
from edgeinfer.ops import ArgMax, Binary, Softmax, Unary

FLOATS = ("float64", "float32")


def _rows(name: str, x: np.ndarray) -> np.ndarray:
    x = typed(name, x, *FLOATS)
    if x.ndim == 0:
        raise InvalidInputError(f"{name} needs a first axis: its rows")
    return x


def unary(fn: str, x: np.ndarray, *, isa: str | None = None) -> np.ndarray:
    """``fn(x)`` for every value of a float64 or float32 array of shape ``(rows, ...)``.

    `fn`: abs, exp, exp2, ident, log, logistic, neg, relu, sqrt, tanh ... (`ops.unary.UNARY`).
    Same shape and dtype come back. Functions of the C library are within two units in the last
    place, others exact.

    Raises InvalidInputError, InvalidParameterError.
    """
    (y,) = call(Unary, _rows("x", x), isa=isa, fn=fn)
    return y


def binary(fn: str, a: np.ndarray, b: np.ndarray, *, isa: str | None = None) -> np.ndarray:
    """``fn(a, b)`` for every pair of values; `b` may have one value per row of `a`, shape (rows,).

    `fn`: add, sub, mul, div, max, min, pow, gt ... (`ops.scale.BINARY`). `a` and `b` have one
    dtype, float64 or float32, and as many rows; the result has the shape of `a`. A NaN on either
    side of max and min is the answer, as in NumPy.

    Raises InvalidInputError, InvalidParameterError.
    """
    a, b = _rows("a", a), _rows("b", b)
    if a.dtype != b.dtype or len(a) != len(b):
        raise InvalidInputError(f"cannot combine {a.dtype} {a.shape} with {b.dtype} {b.shape}")
    (y,) = call(Binary, a, b, isa=isa, fn=fn)
    return y


def softmax(x: np.ndarray, *, log: bool = False, isa: str | None = None) -> np.ndarray:
    """``exp(x - max) / sum(exp(x - max))`` over the last axis, or its logarithm.

    `x` is float64 or float32 of shape ``(rows, ..., n)``, n > 0. The largest value is subtracted
    first, so nothing overflows; the sum is in index order.

    Raises InvalidInputError, InvalidParameterError.
    """
    (y,) = call(Softmax, _rows("x", x), isa=isa, log=log)
    return y


def argmax(x: np.ndarray, *, isa: str | None = None) -> np.ndarray:
    """Index of the first largest value of the last axis, int64; a NaN counts as largest.

    `x` is float64 or float32 of shape ``(rows, ..., n)``, n > 0.

    Raises InvalidInputError, InvalidParameterError.
    """
    (y,) = call(ArgMax, _rows("x", x), isa=isa)
    return y
