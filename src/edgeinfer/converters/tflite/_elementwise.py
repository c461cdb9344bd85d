"""Element by element: arithmetic, functions of one operand, softmax, quantization."""

from __future__ import annotations

import numpy as np

from edgeinfer.converters.tflite import numbers
from edgeinfer.converters.tflite._bytes import table_513
from edgeinfer.converters.tflite._common import (
    activation,
    broadcast,
    broadcast_shape,
    flip_sign,
    float_bounds,
    integer_bounds,
    same_quantization,
)
from edgeinfer.converters.tflite._network import Call, Value, graph_dtype, operator, row_shape
from edgeinfer.ops import (
    Binary,
    BinaryConst,
    Clip,
    Convert,
    Dequantize,
    Divide,
    QBinary,
    QSigmoid16,
    QSoftmax,
    QSoftmax16,
    Quantize,
    Rescale,
    Softmax,
    Table8,
    Unary,
    Whole,
)
from edgeinfer.ops.fixed_point import quantize_multiplier, rescale_i32

_BINARY = {
    "ADD": "add",
    "SUB": "sub",
    "MUL": "mul",
    "DIV": "div",
    "MAXIMUM": "max",
    "MINIMUM": "min",
    "SQUARED_DIFFERENCE": "sqdiff",
}


@operator(*_BINARY, version=7)
def binary(call: Call) -> None:
    a, b = call.input(0), call.input(1)
    if a.dtype != b.dtype:
        raise call.op.unsupported(f"operands of {a.dtype} and {b.dtype}")
    shape = broadcast_shape(call, a.shape, b.shape)
    fn = _BINARY[call.op.name]
    clips = call.op.name in ("ADD", "SUB", "MUL", "DIV")
    if a.dtype == "float32":
        if fn == "sqdiff":
            difference = float_binary(call, "sub", a, b, shape)
            tensor = call.emit(Binary("mul"), difference, difference)
        else:
            tensor = float_binary(call, fn, a, b, shape)
        low, high = float_bounds(activation(call)) if clips else (-np.inf, np.inf)
        if np.isfinite(low) or np.isfinite(high):
            tensor = call.emit(Clip(float(low), float(high)), tensor)
        call.put(0, tensor, shape)
        return
    if a.dtype in ("int32", "int64"):
        if clips and activation(call) != "NONE":
            raise call.op.unsupported(f"a fused activation of {a.dtype}")
        call.put(0, whole_binary(call, fn, a, b, shape), shape)
        return
    if a.dtype not in ("int8", "int16"):
        raise call.op.unsupported(f"operands of {a.dtype}")
    op: QBinary | Whole
    if fn in ("max", "min"):
        same_quantization(call, a, b)
        op = Whole(fn)
    elif fn == "div" and a.dtype != "int8":
        raise call.op.unsupported(f"operands of {a.dtype}")
    else:
        op = integer_binary(call, fn, a, b, activation(call) if clips else "NONE")
    call.put(0, call.emit(op, broadcast(call, a, shape), broadcast(call, b, shape)), shape)


def whole_binary(call: Call, fn: str, a: Value, b: Value, shape: tuple[int, ...]) -> str:
    """``fn(a, b)`` of integers that have no scale."""
    tensors = [broadcast(call, v, shape) for v in (a, b)]
    if fn == "sqdiff":
        difference = call.emit(Whole("sub"), *tensors)
        return call.emit(Whole("mul"), difference, difference)
    return call.emit(Divide("trunc") if fn == "div" else Whole(fn), *tensors)


@operator("FLOOR_DIV", "FLOOR_MOD", version=3)
def rounded_down(call: Call) -> None:
    """A quotient rounded down, and what it leaves."""
    a, b = (call.input(i, "float32", "int32", "int64") for i in range(2))
    if a.dtype != b.dtype:
        raise call.op.unsupported(f"operands of {a.dtype} and {b.dtype}")
    shape = broadcast_shape(call, a.shape, b.shape)
    quotient = call.op.name == "FLOOR_DIV"
    if a.dtype != "float32":
        op = Divide("floor" if quotient else "mod")
        tensor = call.emit(op, broadcast(call, a, shape), broadcast(call, b, shape))
    elif quotient:
        tensor = call.emit(Unary("floor"), float_binary(call, "div", a, b, shape))
    else:
        tensor = float_binary(call, "mod", a, b, shape)
    call.put(0, tensor, shape)


@operator("ATAN2", version=1)
def angle(call: Call) -> None:
    a, b = call.input(0, "float32"), call.input(1, "float32")
    if a.shape != b.shape:
        raise call.op.damaged("operands of different shapes")
    call.put(0, float_binary(call, "atan2", a, b, a.shape), a.shape)


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


def integer_binary(call: Call, fn: str, a: Value, b: Value, bounds: str) -> QBinary:
    """The op of arithmetic of integers, as TensorFlow Lite Micro prepares it."""
    (a_scale, a_zero), (b_scale, b_zero) = call.quant(a), call.quant(b)
    y_scale, y_zero = call.quant(call.output())
    left_shift = 0
    if fn == "mul":
        pairs = [(0, 0), (0, 0), quantize_multiplier(a_scale * b_scale / y_scale)]
    elif fn == "div":
        divisor = np.float32(b_scale) * np.float32(y_scale)
        pairs = [(0, 0), (0, 0), quantize_multiplier(float(np.float32(a_scale) / divisor))]
    elif fn == "prelu":
        product = a_scale * b_scale / y_scale
        pairs = [quantize_multiplier(a_scale / y_scale), (0, 0), quantize_multiplier(product)]
    else:
        left_shift = 15 if a.dtype == "int16" else 20
        twice = 2 * max(a_scale, b_scale)
        rest = twice
        if fn == "sqdiff":
            left_shift = 0 if a.dtype == "int16" else 7
            # The reference multiplies the shift with the scale in float32.
            rest = twice * twice * (1 << left_shift) * y_scale
            rest /= float(np.float32(1 << 2 * left_shift) * np.float32(y_scale))
        pairs = [
            quantize_multiplier(a_scale / twice),
            quantize_multiplier(b_scale / twice),
            quantize_multiplier(rest / ((1 << left_shift) * y_scale)),
        ]
    low, high = integer_bounds(bounds, a.dtype, y_scale, y_zero)
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


@operator("ADD_N", version=1)
def add_n(call: Call) -> None:
    parts = [call.input(i, "float32", "int32") for i in range(call.arity)]
    if not parts or len({(part.shape, part.dtype) for part in parts}) != 1:
        raise call.op.damaged("adds tensors of different shapes")
    total = call.tensor(parts[0])
    for part in parts[1:]:
        op = Binary("add") if part.dtype == "float32" else Whole("add")
        total = call.emit(op, total, call.tensor(part))
    call.put(0, total, parts[0].shape)


@operator("PRELU", version=1)
def prelu(call: Call) -> None:
    x, alpha = call.input(0, "float32", "int8", "int16"), call.input(1)
    shape = broadcast_shape(call, x.shape, alpha.shape)
    tensor, slope = broadcast(call, x, shape), broadcast(call, alpha, shape)
    if x.dtype != "float32":
        op = integer_binary(call, "prelu", x, alpha, "NONE")
        call.put(0, call.emit(op, tensor, slope), shape)
        return
    below = call.emit(BinaryConst("min", np.zeros(1, np.float32)), tensor)
    scaled = call.emit(Binary("mul"), below, slope)
    call.put(0, call.emit(Binary("add"), call.emit(Unary("relu"), tensor), scaled), shape)


def byte_table(call: Call, x: Value, values: np.ndarray) -> str:
    """A function of one byte: `values` are the results in the order of the input's bits."""
    info = call.output()
    scale, zero = call.quant(info) if len(info.scale) == 1 else (0.0, 0)
    return call.emit(Table8(np.ascontiguousarray(values), scale, zero), call.tensor(x))


@operator("LOGISTIC", "TANH", version=3)
def sigmoid(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    tanh = call.op.name == "TANH"
    if x.dtype == "float32":
        tensor = call.emit(Unary("tanh" if tanh else "logistic"), call.tensor(x))
        call.put(0, tensor, x.shape)
        return
    expected = (1 / 128, 0) if tanh else (1 / 256, -128)
    if x.dtype == "int16":
        expected = (1 / 32768, 0)
    y_scale, y_zero = call.quant(call.output())
    if y_zero != expected[1] or abs(y_scale / expected[0] - 1) > 1e-6:
        raise call.op.unsupported(f"its output has to have the scale and zero point {expected}")
    if x.dtype == "int8":
        tensor = byte_table(call, x, numbers.sigmoid_table(*call.quant(x), tanh))
    else:
        x_scale, x_zero = call.quant(x)
        found = numbers.sigmoid_factor(x_scale, 1 if tanh else 0)
        if x_zero or found is None:
            raise call.op.unsupported("its input has another zero point than 0 or a huge scale")
        fn = "tanh" if tanh else "logistic"
        tensor = call.emit(QSigmoid16(fn, *found, numbers.sigmoid_16()), call.tensor(x))
    call.put(0, tensor, x.shape)


@operator("SOFTMAX", version=3)
def softmax(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    beta = float(call.op.options("Beta", 1.0))
    if not 0 < beta < np.inf:
        raise call.op.unsupported(f"beta is {beta}")
    if x.dtype == "float32":
        tensor = call.tensor(x)
        if beta != 1.0:
            tensor = call.emit(BinaryConst("mul", np.array([beta], np.float32)), tensor)
        call.put(0, call.emit(Softmax(), tensor), x.shape)
        return
    dtype = call.output_dtype()
    expected = {
        ("int8", "int8"): (1 / 256, -128),
        ("int8", "int16"): (1 / 65536, -32768),
        ("int16", "int16"): (1 / 32768, 0),
    }.get((x.dtype, dtype))
    scale, zero = call.quant(call.output())
    if expected is None or zero != expected[1] or abs(scale / expected[0] - 1) > 0.001:
        raise call.op.unsupported(f"an output of {dtype}, scale {scale}, zero point {zero}")
    op: QSoftmax | QSoftmax16
    x_scale, _ = call.quant(x)
    if x.dtype == "int8":
        op = QSoftmax(numbers.softmax_exps(x_scale, beta), dtype)
    else:
        multiplier, shift = quantize_multiplier(x_scale * beta / (10.0 / 65535.0))
        op = QSoftmax16(*softmax_tables(), multiplier, shift)
    call.put(0, call.emit(op, call.shaped(x, x.shape)), x.shape)


def softmax_tables() -> tuple[np.ndarray, np.ndarray]:
    """exp from -10 to 0 and 1 / (1 + x) from 0 to 1, as tables of int16."""
    one = np.float32
    out = (float(one(2 / 65535) * one(-32768)), float(one(2 / 65535) * one(32767)))
    step = one(10.0) / one(65535.0)
    exps = table_513(np.exp, float(step * one(-65535)), 0.0, out)
    reciprocal = table_513(lambda x: 1 / (1 + x), 0.0, float(one(1 / 65535) * one(65535)), out)
    return exps, reciprocal


@operator("QUANTIZE", version=3)
def quantize(call: Call) -> None:
    x = call.input(0, "float32", "int8", "uint8", "int16", "int32")
    scale, zero = call.quant(call.output())
    dtype = call.output_dtype()
    if x.dtype == "float32":
        if dtype not in ("int8", "int16", "uint8"):
            raise call.op.unsupported(f"from {x.dtype} to {dtype}")
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
    x_scale, x_zero = call.quant(x)
    multiplier, shift = quantize_multiplier(x_scale / scale)
    if x.dtype in ("int8", "uint8") and dtype in ("int8", "uint8"):
        codes = numbers.bytes_of(x.dtype) - x_zero
        y = rescale_i32(codes, np.array(multiplier), np.array(shift)).astype(np.int64) + zero
        info = np.iinfo(dtype)
        call.put(0, byte_table(call, x, np.clip(y, info.min, info.max).astype(dtype)), x.shape)
        return
    if dtype not in ("int8", "int16", "int32") or x.dtype == "uint8":
        raise call.op.unsupported(f"from {x.dtype} to {dtype}")
    info = np.iinfo(dtype)
    bounds = (int(info.min), int(info.max))
    rescale = Rescale(dtype, x_zero, zero, (multiplier,) * 2, (shift,) * 2, *bounds, scale)
    call.put(0, call.emit(rescale, call.tensor(x)), x.shape)


_NUMBERS = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")


@operator("CAST", version=7)
def cast(call: Call) -> None:
    x = call.input(0, *_NUMBERS, "complex64")
    dtype = call.output_dtype()
    if x.dtype == "complex64" and (x.data is not None or dtype != "float32"):
        raise call.op.unsupported(f"from complex64 to {dtype}")
    if x.dtype == "complex64":  # the real part
        call.put(0, call.tensor(x), x.shape)
        return
    if dtype not in _NUMBERS:
        raise call.op.unsupported(f"from {x.dtype} to {dtype}")
    tensor = call.tensor(x)
    if dtype == "bool":
        tensor = call.emit(Convert("uint8", True), tensor)
    elif dtype != graph_dtype(x.dtype):
        tensor = call.emit(Convert(dtype), tensor)
    call.put(0, tensor, x.shape)


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


@operator("DENSIFY")
def densify(call: Call) -> None:
    """A sparse constant, which reading the file has expanded."""
    x = call.input(0)
    if x.data is None:
        raise call.op.unsupported("its input has to be a constant")
    call.put_value(0, x)
