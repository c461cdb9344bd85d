"""Functions of one int8: a table of all 256 results, computed as TensorFlow Lite Micro would."""

from __future__ import annotations

import numpy as np

from edgeinfer.converters.tflite import numbers
from edgeinfer.converters.tflite._common import quantize_value
from edgeinfer.converters.tflite._elementwise import byte_table
from edgeinfer.converters.tflite._network import Call, Value
from edgeinfer.ops.fixed_point import quantize_multiplier, rescale_i32


def _rescaled(codes: np.ndarray, factor: float) -> np.ndarray:
    multiplier, shift = quantize_multiplier(factor)
    return rescale_i32(codes, np.array(multiplier), np.array(shift)).astype(np.int64)


def byte_function(call: Call, x: Value) -> None:
    """Output 0 as a function of an int8 input, by the operator's name."""
    (x_scale, x_zero), (y_scale, y_zero) = call.quant(x), call.quant(call.output())
    codes = numbers.bytes_of("int8")
    name = call.op.name
    if name in ("RELU", "RELU6", "RELU_N1_TO_1"):
        y = _relu(name, codes - x_zero, x_scale, y_scale, y_zero)
    elif name == "LEAKY_RELU":
        alpha = float(np.float32(call.op.options("Alpha", 0.0)))
        centered = codes - x_zero
        below = _rescaled(centered, x_scale * alpha / y_scale)
        above = _rescaled(centered, x_scale / y_scale)
        y = np.where(centered >= 0, above, below) + y_zero
    elif name == "ELU":
        real = (codes - x_zero).astype(np.float32) * np.float32(x_scale)
        value = np.where(real < 0, np.expm1(real), real)
        ratio = value / np.float32(y_scale) + np.float32(y_zero)
        y = np.trunc(ratio + np.copysign(np.float32(0.5), ratio)).astype(np.int64)
    else:
        raise call.op.unsupported("int8 is not supported")
    call.put(0, byte_table(call, x, np.clip(y, -128, 127).astype(np.int8)), x.shape)


def _relu(
    name: str, centered: np.ndarray, x_scale: float, y_scale: float, y_zero: int
) -> np.ndarray:
    low, high = {"RELU": (0.0, np.inf), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}[name]
    least = max(-128, quantize_value(low, y_scale, y_zero))
    most = 127 if np.isinf(high) else min(127, quantize_value(high, y_scale, y_zero))
    return np.asarray(np.clip(_rescaled(centered, x_scale / y_scale) + y_zero, least, most))
