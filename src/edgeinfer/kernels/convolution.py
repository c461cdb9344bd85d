"""Convolutions of images ``(rows, height, width, channels)`` in three precisions."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.errors import InvalidInputError, InvalidParameterError
from edgeinfer.kernels._call import call, typed
from edgeinfer.ops import Conv2D, DepthwiseConv2D, Op, QConv2D, QDepthwiseConv2D
from edgeinfer.ops.fixed_point import quantize_multipliers

Pair = tuple[int, int]
Padding = tuple[int, int, int, int]


def conv2d_int8(
    x: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    scale: float | np.ndarray,
    x_zero_point: int = 0,
    y_zero_point: int = 0,
    strides: Pair = (1, 1),
    dilations: Pair = (1, 1),
    padding: Padding = (0, 0, 0, 0),
    low: int = -128,
    high: int = 127,
    depthwise: bool = False,
    isa: str | None = None,
) -> np.ndarray:
    """``clip(round(scale * (sum((x - x_zero_point) * w) + bias)) + y_zero_point, low, high)``.

    Parameters
    ----------
    x : int8 of shape (rows, height, width, channels)
    weights : int8 of shape (outputs, kernel height, kernel width, channels); with `depthwise`
        (kernel height, kernel width, outputs), where output ``c * multiplier + k`` is of channel c
    bias : int32 of shape (outputs,), optional
    scale : of the sums, one for all outputs or of shape (outputs,), in (0, 2^30)
    padding : rows above and below, columns left and right; they hold `x_zero_point`

    Returns
    -------
    int8 of shape (rows, out height, out width, outputs): the integers of TensorFlow Lite Micro's
    reference kernels, which round twice, on every instruction set. Sums have 32 bits.

    Raises
    ------
    InvalidInputError
        Shapes or dtypes that do not fit.
    InvalidParameterError
        Some x could make a sum leave 32 bits: refused where ``128 * abs(weights).sum() +
        abs(bias - x_zero_point * weights.sum())`` of an output reaches 2^31.
    """
    types = ("int8", "int8", "int32")
    operands = _checked(x, weights, bias, types, depthwise)
    values = _geometry(strides, dilations, padding)
    values |= {"x_zero": int(x_zero_point), "y_zero": int(y_zero_point)}
    values |= {"low": int(low), "high": int(high)}
    return _integer(operands, scale, depthwise, isa, values)


def conv2d_int16(
    x: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    scale: float | np.ndarray,
    strides: Pair = (1, 1),
    dilations: Pair = (1, 1),
    padding: Padding = (0, 0, 0, 0),
    low: int = -32768,
    high: int = 32767,
    depthwise: bool = False,
    isa: str | None = None,
) -> np.ndarray:
    """As `conv2d_int8`, for int16 x, int8 weights and an int64 bias; zero points are 0.

    Sums have 64 bits: refused where ``32768 * abs(weights).sum() + abs(bias)`` reaches 2^47. They
    are rounded once, with the upper 15 bits of the scale's multiplier, as TensorFlow Lite Micro's.
    """
    types = ("int16", "int8", "int64")
    operands = _checked(x, weights, bias, types, depthwise)
    values = _geometry(strides, dilations, padding) | {"low": int(low), "high": int(high)}
    return _integer(operands, scale, depthwise, isa, values)


def conv2d_float32(
    x: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    strides: Pair = (1, 1),
    dilations: Pair = (1, 1),
    padding: Padding = (0, 0, 0, 0),
    low: float = -float("inf"),
    high: float = float("inf"),
    depthwise: bool = False,
    isa: str | None = None,
) -> np.ndarray:
    """``clip(sum(x * weights) + bias, low, high)`` in float32, shapes as for `conv2d_int8`.

    A sum starts at the bias and runs over the kernel in memory order. Multiplication and addition
    are fused where the instruction set can (all but `portable`), so its bits may differ from those
    of `portable`, but depend on nothing beside the pixel. Its error is below
    ``(n + 1) * 2**-24`` times the sum of ``abs(x * weights)`` and ``abs(bias)``, for n weights of
    an output.
    """
    types = ("float32", "float32", "float32")
    x, weights, bias = _checked(x, weights, bias, types, depthwise)
    values = _geometry(strides, dilations, padding) | {"low": float(low), "high": float(high)}
    build = _depthwise if depthwise else _conv
    (y,) = call(build, x, isa=isa, weights=weights, bias=bias, **values)
    return y


def _checked(
    x: Any, weights: Any, bias: Any, types: tuple[str, str, str], depthwise: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, weights = typed("x", x, types[0]), typed("weights", weights, types[1])
    axes = 3 if depthwise else 4
    if x.ndim != 4 or weights.ndim != axes:
        raise InvalidInputError(
            f"x has to have 4 axes and weights {axes}, not {x.ndim} and {weights.ndim}"
        )
    outputs = weights.shape[2] if depthwise else weights.shape[0]
    if bias is None:
        bias = np.zeros(outputs, types[2])
    bias = typed("bias", bias, types[2])
    if bias.shape != (outputs,):
        raise InvalidInputError(f"bias has to be of shape ({outputs},), not {bias.shape}")
    return x, np.ascontiguousarray(weights), np.ascontiguousarray(bias)


def _geometry(strides: Pair, dilations: Pair, padding: Padding) -> dict[str, Any]:
    try:
        return {
            "strides": tuple(int(v) for v in strides),
            "dilations": tuple(int(v) for v in dilations),
            "padding": tuple(int(v) for v in padding),
        }
    except (TypeError, ValueError) as err:
        raise InvalidParameterError(f"strides, dilations and padding are integers: {err}") from err


def _integer(
    operands: tuple[np.ndarray, np.ndarray, np.ndarray],
    scale: float | np.ndarray,
    depthwise: bool,
    isa: str | None,
    values: dict[str, Any],
) -> np.ndarray:
    x, weights, bias = operands
    scales = np.asarray(scale, np.float64)
    if scales.shape not in ((), bias.shape):
        raise InvalidInputError(f"scale has to be of shape {bias.shape}, not {scales.shape}")
    if not bool(((scales > 0) & (scales < 2.0**30)).all()):
        raise InvalidParameterError("scale has to be above 0 and below 2^30")
    multiplier, shift = quantize_multipliers(np.broadcast_to(scales, bias.shape))
    values |= {"multiplier": multiplier, "shift": shift}
    build = _integer_depthwise if depthwise else _integer_conv
    (y,) = call(build, x, isa=isa, weights=weights, bias=bias, **values)
    return y


# Ops own what they are given, and parameters are the caller's.
def _own(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in values.items()}


def _conv(**values: Any) -> Op:
    return Conv2D(**_own(values))


def _depthwise(**values: Any) -> Op:
    return DepthwiseConv2D(**_own(values))


def _integer_conv(**values: Any) -> Op:
    return QConv2D(**_own(values))


def _integer_depthwise(**values: Any) -> Op:
    return QDepthwiseConv2D(**_own(values))
