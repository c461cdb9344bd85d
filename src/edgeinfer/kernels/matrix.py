"""Matrix products in four precisions."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.errors import InvalidInputError, InvalidParameterError
from edgeinfer.kernels._call import call, matrix, typed
from edgeinfer.ops import Dense, DenseInt, Op
from edgeinfer.ops.dense_int import fold_zero_point


def matmul_int8(
    a: np.ndarray,
    b: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    a_zero_point: int = 0,
    isa: str | None = None,
) -> np.ndarray:
    """``(a - a_zero_point) @ b + bias`` exactly, in 32-bit accumulators.

    Parameters
    ----------
    a : int8 of shape (rows, inputs)
    b : int8 of shape (inputs, outputs)
    bias : int32 of shape (outputs,), optional
    a_zero_point : the value of `a` that stands for zero, -128 to 127

    Returns
    -------
    int32 of shape (rows, outputs): the same on every instruction set.

    Raises
    ------
    InvalidInputError
        Shapes or dtypes that do not fit.
    InvalidParameterError
        Some `a` could make a sum leave 32 bits: refused where
        ``384 * abs(b).sum(axis=0) + abs(bias)`` reaches 2^31, with weights of full scale at
        44,000 inputs. No input whatever overflows in what is accepted.
    """
    a, b, bias = _checked(a, b, bias, ("int8", ("int8",), "int32"))
    return _integer(a, b, bias, a_zero_point, isa)


def matmul_int16(
    a: np.ndarray,
    b: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    a_zero_point: int = 0,
    isa: str | None = None,
) -> np.ndarray:
    """``(a - a_zero_point) @ b + bias`` exactly, in 64-bit accumulators.

    Parameters
    ----------
    a : int16 of shape (rows, inputs)
    b : int16 or int8 of shape (inputs, outputs); an int16 -32768 is refused, as two products of
        it do not fit the 32 bits in which pairs of products are added
    bias : int64 of shape (outputs,), optional
    a_zero_point : the value of `a` that stands for zero, -32768 to 32767

    Returns
    -------
    int64 of shape (rows, outputs): the same on every instruction set.

    Raises
    ------
    InvalidInputError
        Shapes or dtypes that do not fit.
    InvalidParameterError
        Some `a` could make a sum reach 2^47 (the limit of 64-bit sums that can still be rescaled):
        with int16 weights of full scale at 131,000 inputs, with int8 weights at a million.
    """
    a, b, bias = _checked(a, b, bias, ("int16", ("int16", "int8"), "int64"))
    return _integer(a, b, bias, a_zero_point, isa)


def matmul_float32(
    a: np.ndarray,
    b: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    activation: str = "linear",
    isa: str | None = None,
) -> np.ndarray:
    """``activation(a @ b + bias)`` in float32.

    Parameters
    ----------
    a : float32 of shape (rows, inputs)
    b : float32 of shape (inputs, outputs)
    bias : float32 of shape (outputs,), optional
    activation : {"linear", "relu"}

    Returns
    -------
    float32 of shape (rows, outputs). A sum runs over the inputs in ascending order with separate
    multiplications and additions, then the bias is added: the same bits on every instruction set,
    whatever rows are beside. Its error is below ``inputs * 2**-24 * (abs(a) @ abs(b))``.

    Raises
    ------
    InvalidInputError, InvalidParameterError
    """
    a, b, bias = _checked(a, b, bias, ("float32", ("float32",), "float32"))
    (product,) = call(_dense, a, isa=isa, b=b, bias=bias, activation=activation)
    return product


def matmul_float64(
    a: np.ndarray,
    b: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    activation: str = "linear",
    isa: str | None = None,
) -> np.ndarray:
    """``activation(a @ b + bias)`` in float64; otherwise as `matmul_float32`.

    The error of a sum is below ``inputs * 2**-53 * (abs(a) @ abs(b))``.
    """
    a, b, bias = _checked(a, b, bias, ("float64", ("float64",), "float64"))
    (product,) = call(_dense, a, isa=isa, b=b, bias=bias, activation=activation)
    return product


def _checked(
    a: Any, b: Any, bias: Any, types: tuple[str, tuple[str, ...], str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The operands, if they fit each other and the `types` of a, of b, and of bias."""
    a_type, b_types, bias_type = types
    a, b = matrix("a", a, a_type), matrix("b", b, *b_types)
    if a.shape[1] != b.shape[0]:
        raise InvalidInputError(f"cannot multiply {a.shape} by {b.shape}")
    outputs = b.shape[1]
    if outputs == 0:
        raise InvalidInputError("b has no columns")
    if bias is None:
        return a, b, np.zeros(outputs, bias_type)
    bias = typed("bias", bias, bias_type)
    if bias.shape != (outputs,):
        raise InvalidInputError(f"bias has to be of shape ({outputs},), not {bias.shape}")
    return a, b, bias


def _integer(
    a: np.ndarray, b: np.ndarray, bias: np.ndarray, zero_point: int, isa: str | None
) -> np.ndarray:
    limits = np.iinfo(a.dtype)
    if not limits.min <= zero_point <= limits.max:
        raise InvalidParameterError(f"a_zero_point has to be a value of {a.dtype}")
    (sums,) = call(_sums, a, isa=isa, b=b, bias=bias, zero_point=int(zero_point))
    return sums


def _sums(b: np.ndarray, bias: np.ndarray, zero_point: int) -> Op:
    weights = np.ascontiguousarray(b.T)
    return DenseInt(weights, fold_zero_point(bias, weights, np.array([zero_point])))


def _dense(b: np.ndarray, bias: np.ndarray, activation: str) -> Op:
    return Dense(np.ascontiguousarray(b.T), bias.copy(), activation)
