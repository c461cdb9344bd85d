"""Functions of one int8: a table of all 256 results, computed as TensorFlow Lite Micro would.

Functions that it has in floats only are tables of rounded floats, as LiteRT makes them; those of
int16 are tables of 513 entries with straight lines between.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import erf, pi, sqrt

import numpy as np

from edgeinfer.converters.tflite import numbers
from edgeinfer.converters.tflite._common import quantize_value
from edgeinfer.converters.tflite._network import Call, Value
from edgeinfer.ops import Dequantize, QInverseRoot, Quantize, Rescale, Table8, Table16, Unary
from edgeinfer.ops._newton import inverse_sqrt
from edgeinfer.ops.fixed_point import divide_by_pot, quantize_multiplier, rescale_i32

Function = Callable[[np.ndarray], np.ndarray]


def _rescaled(codes: np.ndarray, factor: float) -> np.ndarray:
    multiplier, shift = signed_multiplier(factor)
    return rescale_i32(codes, np.array(multiplier), np.array(shift)).astype(np.int64)


def signed_multiplier(factor: float) -> tuple[int, int]:
    """`quantize_multiplier` of a factor of either sign."""
    multiplier, shift = quantize_multiplier(abs(factor))
    return (-multiplier if factor < 0 else multiplier), shift


def _gelu(x: np.ndarray, approximate: bool) -> np.ndarray:
    if approximate:
        inner = np.float32(sqrt(2 / pi)) * (x + np.float32(0.044715) * x * x * x)
        return np.asarray(np.float32(0.5) * x * (1 + np.tanh(inner)))
    errors = np.asarray(np.frompyfunc(erf, 1, 1)(x.astype(float) * sqrt(0.5)))
    return np.asarray(np.float32(0.5) * x * (1 + errors.astype(np.float32)))


def _logarithm(x: np.ndarray, lowest: np.float32) -> np.ndarray:
    """Where there is none, the lowest number of the output, as LiteRT has it."""
    return np.where(x > 0, np.log(np.maximum(x, np.float32(1e-45))), lowest)


def float_function(call: Call) -> Function | None:
    """The operator as a function of float32 arrays, for tables of it."""
    name = call.op.name
    if name == "GELU":
        return partial(_gelu, approximate=bool(call.op.options("Approximate")))
    if name == "LOG":
        scale, zero = call.quant(call.output())
        lowest = np.iinfo(call.output_dtype()).min - zero
        return partial(_logarithm, lowest=np.float32(scale) * np.float32(lowest))
    functions: dict[str, Function] = {
        "EXP": np.exp,
        "SQRT": np.sqrt,
        "RSQRT": lambda x: 1 / np.sqrt(x),
        "SQUARE": np.square,
        "NEG": np.negative,
        "SIN": np.sin,
        "COS": np.cos,
        "FLOOR": np.floor,
        "CEIL": np.ceil,
        "ROUND": np.rint,
        "ELU": lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x),
        "HARD_SWISH": lambda x: x * np.clip(x + 3, 0, 6) / 6,
        "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
        "TANH": np.tanh,
    }
    return functions.get(name)


def table_of(function: Function, x: Value, y: tuple[float, int]) -> np.ndarray:
    """All 256 results of a function of floats, rounded half away from zero."""
    (x_scale,), (x_zero,) = x.scale, x.zero_point
    real = np.float32(x_scale) * (numbers.bytes_of("int8") - x_zero).astype(np.float32)
    with np.errstate(all="ignore"):
        scaled = function(real).astype(np.float32) * (np.float32(1) / np.float32(y[0]))
    half = np.copysign(np.float32(0.5), scaled)
    rounded = np.nan_to_num(np.trunc(scaled + half), nan=0.0, posinf=1e6, neginf=-1e6)
    return np.asarray(np.clip(rounded.astype(np.int64) + y[1], -128, 127).astype(np.int8))


def table_513(function: Function, low: float, high: float, out: tuple[float, float]) -> np.ndarray:
    """A function of floats from `low` to `high` as 513 int16, its results from `out` on.

    Each entry is moved half way to where the middle of the line to the next would lie right.
    """
    one = np.float32
    first, step = one(low), (one(high) - one(low)) / one(512)
    factor = one(65536) / (one(out[1]) - one(out[0]))

    def rounded(x: np.ndarray) -> np.ndarray:
        half = np.nextafter(one(0.5), one(0))
        return np.asarray(np.trunc(x + np.copysign(half, x)).astype(np.float32))

    place = np.arange(512, dtype=np.float32)
    with np.errstate(all="ignore"):
        at = function(first + place * step).astype(np.float32)
        middle = function(first + place * step + step / one(2)).astype(np.float32)
        after = function(first + (place + one(1)) * step).astype(np.float32)
        value = rounded(at * factor)
        between = rounded((after * factor + value) / one(2))
        error = between - rounded(middle * factor)
        entries = value - rounded(error / one(2))
        last = rounded(function(np.array([high], np.float32)).astype(np.float32) * factor)
    table = np.nan_to_num(np.concatenate([entries, last]), nan=0.0, posinf=1e9, neginf=-1e9)
    return np.asarray(np.clip(table, -32768, 32767).astype(np.int16))


def put_bytes(call: Call, x: Value, y: np.ndarray) -> None:
    """Output 0 is an int8 by table: `y` in the order of the input's bits, not yet clipped."""
    scale, zero = call.quant(call.output())
    table = np.clip(y, -128, 127).astype(np.int8)
    call.put(0, call.emit(Table8(table, scale, zero), call.tensor(x)), x.shape)


def byte_function(call: Call, x: Value) -> None:
    """Output 0 as a function of an int8 input, by the operator's name."""
    (x_scale, x_zero), (y_scale, y_zero) = call.quant(x), call.quant(call.output())
    if call.output_dtype() != "int8":
        raise call.op.unsupported(f"from int8 to {call.output_dtype()}")
    centered = numbers.bytes_of("int8") - x_zero
    name = call.op.name
    if name in ("RELU", "RELU6", "RELU_N1_TO_1"):
        y = _relu(name, centered, x_scale, y_scale, y_zero)
    elif name == "LEAKY_RELU":
        alpha = float(np.float32(call.op.options("Alpha", 0.0)))
        below = _rescaled(centered, x_scale * alpha / y_scale)
        above = _rescaled(centered, x_scale / y_scale)
        y = np.where(centered >= 0, above, below) + y_zero
    elif name == "ABS":
        size = np.abs(centered)
        y = (size if x_scale == y_scale else _rescaled(size, x_scale / y_scale)) + y_zero
    elif name == "RSQRT":
        y = _inverse_root(centered, x_scale, y_scale) + y_zero
    elif name == "HARD_SWISH":
        y = _hard_swish(call, centered, x_scale, y_scale) + y_zero
    else:
        function = float_function(call)
        if function is None:
            raise call.op.unsupported("int8 is not supported")
        y = table_of(function, x, (y_scale, y_zero))
    put_bytes(call, x, y)


def _inverse_root(centered: np.ndarray, x_scale: float, y_scale: float) -> np.ndarray:
    """Where the input is not above zero, where TensorFlow Lite stops, the largest number."""
    multiplier, shift = inverse_sqrt(np.maximum(centered, 1))
    # 20 more bits between the root and the scales.
    root = rescale_i32(np.ones(256, np.int32), multiplier, shift + 20)
    m, s = quantize_multiplier(1.0 / (sqrt(x_scale) * y_scale))
    y = rescale_i32(root, np.array(m), np.array(s - 20)).astype(np.int64)
    return np.where(centered > 0, y, 1 << 10)


def _int16_multiplier(multiplier: int) -> int:
    return 32767 if multiplier >= (1 << 31) - 1 - (1 << 15) else (multiplier + (1 << 15)) >> 16


def _high_mul_16(a: np.ndarray, b: int) -> np.ndarray:
    """The high half of 2ab of int16 values, to nearest, a tie away from zero; saturating."""
    product = a * b
    nudge = np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    moved = product + nudge
    return np.asarray(np.minimum(np.sign(moved) * (np.abs(moved) >> 15), 32767))


def _hard_swish(call: Call, centered: np.ndarray, x_scale: float, y_scale: float) -> np.ndarray:
    one = np.float32
    fine = (one(1) / one(128)) * one(x_scale)
    y_multiplier, y_shift = quantize_multiplier(float(fine / one(y_scale)))
    r_multiplier, r_shift = quantize_multiplier(float(fine / (one(3) / one(32768))))
    if y_shift > 0:
        raise call.op.unsupported("its output is far finer than its input")
    wide = ((centered * 128) & 0xFFFF ^ 0x8000) - 0x8000
    out = _high_mul_16(wide, _int16_multiplier(y_multiplier))
    gate = wide
    if r_shift > 0:
        gate = np.clip(gate << (r_shift - 1), -32768, 32767)
    gate = _high_mul_16(gate, _int16_multiplier(r_multiplier))
    if r_shift > 0:
        gate = np.clip(gate << 1, -32768, 32767)
    elif r_shift < 0:
        gate = divide_by_pot(gate.astype(np.int32), np.array(-r_shift)).astype(np.int64)
    gate = (gate + (1 << 15)) >> 1
    product = gate * out
    product = np.sign(product) * (np.abs(product) >> 15)
    return divide_by_pot(product.astype(np.int32), np.array(-y_shift)).astype(np.int64)


def _relu(
    name: str, centered: np.ndarray, x_scale: float, y_scale: float, y_zero: int
) -> np.ndarray:
    low, high = {"RELU": (0.0, np.inf), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}[name]
    least = max(-128, quantize_value(low, y_scale, y_zero))
    most = 127 if np.isinf(high) else min(127, quantize_value(high, y_scale, y_zero))
    return np.asarray(np.clip(_rescaled(centered, x_scale / y_scale) + y_zero, least, most))


BY_FLOATS = {
    "SQRT": "sqrt",
    "FLOOR": "floor",
    "CEIL": "ceil",
    "ROUND": "rint",
    "SIN": "sin",
    "COS": "cos",
}
"""Functions of int16 that rise too fast for lines between 513 entries, as operators of floats."""


def word_function(call: Call, x: Value) -> None:
    """Output 0 as a function of an int16 input, by the operator's name."""
    (x_scale, x_zero), (y_scale, y_zero) = call.quant(x), call.quant(call.output())
    if x_zero or y_zero or call.output_dtype() != "int16":
        raise call.op.unsupported("int16 has the zero point 0")
    name = call.op.name
    factor = x_scale / y_scale
    low, high = -32768, 32767
    if name in ("RELU", "RELU6", "RELU_N1_TO_1"):
        above, below = factor, factor
        low = -32768 if name.endswith("1") else 0
        if name != "RELU":
            bound = 6.0 if name == "RELU6" else 1.0
            high = min(32767, quantize_value(bound, y_scale, 0))
        if name.endswith("1"):
            low = max(-32768, quantize_value(-1.0, y_scale, 0))
    elif name == "LEAKY_RELU":
        above = factor
        below = x_scale * float(np.float32(call.op.options("Alpha", 0.0))) / y_scale
    elif name == "ABS":
        above, below = factor, -factor
    elif name == "NEG":
        above = below = -factor
    elif name == "RSQRT":
        product = quantize_multiplier(1.0 / (sqrt(x_scale) * y_scale))
        call.put(0, call.emit(QInverseRoot(*product, y_scale), call.tensor(x)), x.shape)
        return
    elif name in BY_FLOATS:
        widened = Dequantize(np.array([x_scale], np.float32), np.array([0], np.int32))
        real = call.emit(Unary(BY_FLOATS[name]), call.emit(widened, call.tensor(x)))
        narrowed = Quantize("int16", np.array([y_scale], np.float32), np.array([0], np.int32))
        call.put(0, call.emit(narrowed, real), x.shape)
        return
    else:
        function = float_function(call)
        if function is None:
            raise call.op.unsupported("int16 is not supported")
        one = np.float32
        table = table_513(
            function,
            float(one(x_scale) * one(-32768)),
            float(one(x_scale) * one(32767)),
            (float(one(y_scale) * one(-32768)), float(one(y_scale) * one(32767))),
        )
        call.put(0, call.emit(Table16(table, y_scale), call.tensor(x)), x.shape)
        return
    pairs = [signed_multiplier(above), signed_multiplier(below)]
    multipliers, shifts = zip(*pairs, strict=True)
    op = Rescale("int16", 0, 0, multipliers, shifts, low, high, y_scale)
    call.put(0, call.emit(op, call.tensor(x)), x.shape)
