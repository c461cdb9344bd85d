"""Element by element: arithmetic, functions of one operand, softmax, quantization."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeinfer.converters.tflite import numbers
from edgeinfer.converters.tflite._common import (
    activation,
    broadcast,
    broadcast_shape,
    flip_sign,
    float_bounds,
    integer_bounds,
)
from edgeinfer.converters.tflite._network import Call, Value, operator, row_shape
from edgeinfer.ops import (
    Binary,
    BinaryConst,
    Clip,
    Dequantize,
    Move,
    QBinary,
    QSoftmax,
    Quantize,
    Softmax,
    Table8,
    Unary,
)
from edgeinfer.ops.fixed_point import quantize_multiplier, rescale_i32

_BINARY = {
    "ADD": "add",
    "SUB": "sub",
    "MUL": "mul",
    "DIV": "div",
    "MAXIMUM": "max",
    "MINIMUM": "min",
}


@operator("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", version=7)
def binary(call: Call) -> None:
    a, b = call.input(0), call.input(1)
    if a.dtype != b.dtype:
        raise call.op.unsupported(f"operands of {a.dtype} and {b.dtype}")
    shape = broadcast_shape(call, a.shape, b.shape)
    fn = _BINARY[call.op.name]
    clips = call.op.name in ("ADD", "SUB", "MUL", "DIV")
    if a.data is not None and b.data is not None:
        raise call.op.unsupported("both operands are constants")
    if a.dtype == "float32":
        tensor = float_binary(call, fn, a, b, shape)
        low, high = float_bounds(activation(call)) if clips else (-np.inf, np.inf)
        if np.isfinite(low) or np.isfinite(high):
            tensor = call.emit(Clip(float(low), float(high)), tensor)
        call.put(0, tensor, shape)
        return
    if a.dtype not in ("int8", "int16") or fn not in ("add", "sub", "mul"):
        raise call.op.unsupported(f"operands of {a.dtype}")
    op = integer_binary(call, fn, a, b)
    call.put(0, call.emit(op, broadcast(call, a, shape), broadcast(call, b, shape)), shape)


def float_binary(call: Call, fn: str, a: Value, b: Value, shape: tuple[int, ...]) -> str:
    """``fn(a, b)`` of floats, b a constant of one value or of the last axis where it can be."""
    if a.data is not None and fn in ("add", "mul", "max", "min"):
        a, b = b, a
    last = shape[-1] if shape else 1
    if b.data is not None and a.shape == shape:
        data = b.data
        if data.size == 1 or (data.size == last == (data.shape or (1,))[-1]):
            return call.emit(BinaryConst(fn, data.reshape(-1)), call.shaped(a, row_shape(shape)))
        if data.size == a.size:
            flat = call.shaped(a, (a.size,))
            return call.emit(BinaryConst(fn, data.reshape(-1)), flat)
    return call.emit(Binary(fn), broadcast(call, a, shape), broadcast(call, b, shape))


def integer_binary(call: Call, fn: str, a: Value, b: Value) -> QBinary:
    """The op of ADD, SUB or MUL of integers, as TensorFlow Lite Micro prepares it."""
    (a_scale, a_zero), (b_scale, b_zero) = call.quant(a), call.quant(b)
    y_scale, y_zero = call.quant(call.output())
    left_shift = 0
    if fn == "mul":
        pairs = [(0, 0), (0, 0), quantize_multiplier(a_scale * b_scale / y_scale)]
    else:
        left_shift = 15 if a.dtype == "int16" else 20
        twice = 2 * max(a_scale, b_scale)
        pairs = [
            quantize_multiplier(a_scale / twice),
            quantize_multiplier(b_scale / twice),
            quantize_multiplier(twice / ((1 << left_shift) * y_scale)),
        ]
    low, high = integer_bounds(activation(call), a.dtype, y_scale, y_zero)
    return QBinary(
        fn,
        (a_zero, b_zero, y_zero),
        tuple(m for m, _ in pairs),
        tuple(s for _, s in pairs),
        left_shift,
        low,
        high,
        y_scale,
    )


def byte_table(call: Call, x: Value, values: np.ndarray) -> str:
    """A function of one byte: `values` are the results in the order of the input's bits."""
    info = call.output()
    scale, zero = call.quant(info) if len(info.scale) == 1 else (0.0, 0)
    return call.emit(Table8(np.ascontiguousarray(values), scale, zero), call.tensor(x))


@operator("LOGISTIC", "TANH", version=3)
def sigmoid(call: Call) -> None:
    x = call.input(0, "float32", "int8")
    tanh = call.op.name == "TANH"
    if x.dtype == "float32":
        tensor = call.emit(Unary("tanh" if tanh else "logistic"), call.tensor(x))
    else:
        tensor = byte_table(call, x, numbers.sigmoid_table(*call.quant(x), tanh))
    call.put(0, tensor, x.shape)


@operator("SOFTMAX", version=3)
def softmax(call: Call) -> None:
    x = call.input(0, "float32", "int8")
    beta = float(call.op.options("Beta", 1.0))
    if not 0 < beta < np.inf:
        raise call.op.unsupported(f"beta is {beta}")
    if x.dtype == "float32":
        tensor = call.tensor(x)
        if beta != 1.0:
            tensor = call.emit(BinaryConst("mul", np.array([beta], np.float32)), tensor)
        call.put(0, call.emit(Softmax(), tensor), x.shape)
        return
    scale, zero = call.quant(call.output())
    if zero != -128 or abs(scale * 256 - 1) > 0.001 or call.output_dtype() != "int8":
        raise call.op.unsupported("its output has to have the scale 1/256 and zero point -128")
    exps = numbers.softmax_exps(call.quant(x)[0], beta)
    call.put(0, call.emit(QSoftmax(exps), call.shaped(x, x.shape)), x.shape)


@operator("QUANTIZE", version=3)
def quantize(call: Call) -> None:
    x = call.input(0, "float32", "int8", "uint8")
    scale, zero = call.quant(call.output())
    dtype = call.output_dtype()
    if x.dtype == "float32":
        unsigned = dtype == "uint8"
        kind = "int8" if unsigned else dtype
        op = Quantize(
            kind,
            np.array([scale], np.float32),
            np.array([zero - 128 if unsigned else zero], np.int32),
        )
        tensor = call.emit(op, call.tensor(x))
        call.put(0, flip_sign(call, tensor) if unsigned else tensor, x.shape)
        return
    if dtype not in ("int8", "uint8"):
        raise call.op.unsupported(f"from {x.dtype} to {dtype}")
    x_scale, x_zero = call.quant(x)
    multiplier, shift = quantize_multiplier(x_scale / scale)
    codes = numbers.bytes_of(x.dtype) - x_zero
    y = rescale_i32(codes, np.array(multiplier), np.array(shift)).astype(np.int64) + zero
    info = np.iinfo(dtype)
    call.put(0, byte_table(call, x, np.clip(y, info.min, info.max).astype(dtype)), x.shape)


@operator("DEQUANTIZE", version=6)
def dequantize(call: Call) -> None:
    x = call.input(0, "int8", "int16", "uint8", "float16")
    if x.dtype == "float16":
        if x.data is None:
            raise call.op.unsupported("float16 has to be a constant")
        call.put_constant(0, x.data.astype(np.float32))
        return
    scale, zero = call.quant(x)
    if x.data is not None:
        values = (x.data.astype(np.int32) - zero).astype(np.float32) * np.float32(scale)
        call.put_constant(0, values)
        return
    tensor = call.tensor(x)
    if x.dtype == "uint8":
        tensor, zero = flip_sign(call, tensor), zero - 128
    op = Dequantize(np.array([scale], np.float32), np.array([zero], np.int32))
    call.put(0, call.emit(op, tensor), x.shape)


_ = (Callable, Move)
