"""Reductions over axes, matrix products, functions of one operand."""

from __future__ import annotations

from math import pi, prod, sqrt

import numpy as np

from edgeinfer.converters.tflite import numbers
from edgeinfer.converters.tflite._bytes import byte_function, word_function
from edgeinfer.converters.tflite._common import (
    axis_of,
    broadcast,
    broadcast_shape,
    contiguous_strides,
    move,
)
from edgeinfer.converters.tflite._convolution import matched_weights
from edgeinfer.converters.tflite._network import Call, Value, operator
from edgeinfer.ops import (
    BatchMatMul,
    Binary,
    BinaryConst,
    Clip,
    Convert,
    CumSum,
    Place,
    QBatchMatMul,
    QL2Norm,
    QLogSoftmax,
    QReduce,
    Reduce,
    Softmax,
    TopK,
    Unary,
    Whole,
)
from edgeinfer.ops.fixed_point import quantize_multiplier

_REDUCTIONS = {
    "MEAN": "sum",
    "SUM": "sum",
    "REDUCE_MAX": "max",
    "REDUCE_MIN": "min",
    "REDUCE_PROD": "prod",
}


@operator("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", version=4)
def reduction(call: Call) -> None:
    product = call.op.name == "REDUCE_PROD"
    x = call.input(0, "float32", *(() if product else ("int8", "int16")))
    axes, kept, count = reduced(call, x)
    fn = _REDUCTIONS[call.op.name]
    if x.dtype == "float32":
        tensor = call.emit(Reduce(fn), rows_of_axes(call, x, axes))
        if call.op.name == "MEAN":
            tensor = call.emit(BinaryConst("div", np.array([count], np.float32)), tensor)
        call.put(0, tensor, kept)
        return
    run = axes == list(range(axes[0], axes[0] + len(axes))) if axes else True
    if run and axes:
        outer, inner = prod(x.shape[: axes[0]]), prod(x.shape[axes[-1] + 1 :])
        tensor = call.shaped(x, (outer, count, inner))
    else:
        tensor = call.network.reshape(rows_of_axes(call, x, axes), (x.size // count, count, 1))
    call.put(0, call.emit(integer_reduction(call, fn, x, count), tensor), kept)


@operator("REDUCE_ANY", "REDUCE_ALL", version=2)
def truth_of_axes(call: Call) -> None:
    x = call.input(0, "bool")
    axes, kept, _ = reduced(call, x)
    numbers = call.emit(Convert("float32"), rows_of_axes(call, x, axes))
    found = call.emit(Reduce("max" if call.op.name == "REDUCE_ANY" else "min"), numbers)
    call.put(0, call.emit(Convert("uint8", True), found), kept)


def reduced(call: Call, x: Value) -> tuple[list[int], tuple[int, ...], int]:
    """The axes that are reduced, the shape that is left, and how many values become one."""
    axes = sorted({axis_of(call, a, x.rank) for a in call.integers(1)}) if x.rank else []
    keep = bool(call.op.options("KeepDims"))
    kept = tuple(1 if a in axes else n for a, n in enumerate(x.shape) if keep or a not in axes)
    count = prod(x.shape[a] for a in axes)
    if count == 0 or x.size == 0:
        raise call.op.unsupported("a reduction over nothing")
    return axes, kept, count


def rows_of_axes(call: Call, x: Value, axes: list[int]) -> str:
    """x with the reduced axes last, as one axis: shape ``(others, count)``."""
    order = [a for a in range(x.rank) if a not in axes] + axes
    own = contiguous_strides(x.shape)
    shape = tuple(x.shape[a] for a in order)
    tensor = move(call, x, shape, tuple(own[a] for a in order), 0)
    count = prod(x.shape[a] for a in axes)
    return call.network.reshape(tensor, (x.size // count, count))


def integer_reduction(call: Call, fn: str, x: Value, count: int) -> QReduce:
    """The op of a reduction of integers; the mean's division is in the multiplier."""
    (x_scale, x_zero), (y_scale, y_zero) = call.quant(x), call.quant(call.output())
    if fn != "sum":
        if (x_scale, x_zero) != (y_scale, y_zero):
            raise call.op.unsupported("its output has another scale or zero point")
        return QReduce(fn, 0, 0, 0, y_zero, y_scale)
    multiplier, shift = quantize_multiplier(x_scale / y_scale)
    if call.op.name == "MEAN":
        power = min(count.bit_length() - 1, 32, 31 + shift)
        multiplier = (multiplier << power) // count
        shift -= power
    return QReduce(fn, x_zero, multiplier, shift, y_zero, y_scale)


@operator("ARG_MAX", "ARG_MIN", version=3)
def place(call: Call) -> None:
    x = call.input(0, "float32", "int8", "uint8", "int16", "int32")
    axis = axis_of(call, (*call.integers(1), 0)[0], x.rank)
    if x.size == 0:
        raise call.op.unsupported("the largest of nothing")
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])
    view = (prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :]))
    tensor = call.emit(Place(call.op.name == "ARG_MIN"), call.shaped(x, view))
    if call.output_dtype() == "int64":
        tensor = call.emit(Convert("int64"), tensor)
    call.put(0, tensor, shape)


@operator("CUMSUM", version=1)
def running_sum(call: Call) -> None:
    x = call.input(0, "float32", "int32", "int64")
    axis = axis_of(call, (*call.integers(1), 0)[0], x.rank)
    view = (prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :]))
    op = CumSum(bool(call.op.options("Exclusive")), bool(call.op.options("Reverse")))
    call.put(0, call.emit(op, call.shaped(x, view)), x.shape)


@operator("TOPK_V2", version=3)
def largest(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16", "int32")
    counts = call.constant(1, "int32", "int16").reshape(-1)
    if x.rank == 0 or counts.size != 1:
        raise call.op.damaged("takes the largest of nothing")
    rows = call.shaped(x, (x.size // max(x.shape[-1], 1), x.shape[-1]))
    values, places = call.network.builder.emit_many(TopK(int(counts[0])), rows)
    shape = (*x.shape[:-1], int(counts[0]))
    call.put(0, values, shape)
    call.put(1, places, shape)


_UNARY = {
    "EXP": "exp",
    "LOG": "log",
    "SQRT": "sqrt",
    "RSQRT": "rsqrt",
    "ABS": "abs",
    "NEG": "neg",
    "FLOOR": "floor",
    "CEIL": "ceil",
    "ROUND": "rint",
    "SIN": "sin",
    "COS": "cos",
    "RELU": "relu",
    "SQUARE": "square",
}


@operator("SIGN", version=2)
def sign(call: Call) -> None:
    x = call.input(0, "float32", "int32")
    if x.dtype == "int32":
        call.put(0, whole_function(call, x), x.shape)
        return
    call.put(0, call.emit(Unary("sign"), call.tensor(x)), x.shape)


def whole_function(call: Call, x: Value) -> str:
    """ABS, NEG or SIGN of integers that have no scale; the least of them stays what it is."""
    tensor = broadcast(call, x, x.shape)

    def whole(value: int) -> str:
        number = np.array(value, x.dtype)
        return broadcast(call, Value(x.dtype, (), data=number), x.shape)

    if call.op.name == "SIGN":
        return call.emit(Whole("min"), call.emit(Whole("max"), tensor, whole(-1)), whole(1))
    opposite = call.emit(Whole("sub"), whole(0), tensor)
    return opposite if call.op.name == "NEG" else call.emit(Whole("max"), tensor, opposite)


@operator(*_UNARY, "RELU6", "RELU_N1_TO_1", version=3)
def unary(call: Call) -> None:
    wide = ("int32", "int64") if call.op.name in ("ABS", "NEG") else ()
    x = call.input(0, "float32", "int8", "int16", *wide)
    if x.dtype in wide:
        call.put(0, whole_function(call, x), x.shape)
        return
    if x.dtype != "float32":
        (byte_function if x.dtype == "int8" else word_function)(call, x)
        return
    tensor = call.tensor(x)
    name = call.op.name
    if name == "RELU6":
        tensor = call.emit(Clip(0.0, 6.0), tensor)
    elif name == "RELU_N1_TO_1":
        tensor = call.emit(Clip(-1.0, 1.0), tensor)
    elif name == "RSQRT":
        root = call.emit(Unary("sqrt"), tensor)
        one = broadcast(call, Value("float32", (), data=np.ones((), np.float32)), x.shape)
        tensor = call.emit(Binary("div"), one, root)
    elif name == "SQUARE":
        tensor = call.emit(Binary("mul"), tensor, tensor)
    else:
        tensor = call.emit(Unary(_UNARY[name]), tensor)
    call.put(0, tensor, x.shape)


@operator("LEAKY_RELU", version=2)
def leaky_relu(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    if x.dtype != "float32":
        (byte_function if x.dtype == "int8" else word_function)(call, x)
        return
    alpha = float(call.op.options("Alpha", 0.0))
    tensor = call.tensor(x)
    scaled = call.emit(BinaryConst("mul", np.array([alpha], np.float32)), tensor)
    if alpha <= 1:
        call.put(0, call.emit(Binary("max"), tensor, scaled), x.shape)
    else:
        call.put(0, call.emit(Binary("min"), tensor, scaled), x.shape)


@operator("POW", version=3)
def power(call: Call) -> None:
    a, b = call.input(0, "float32"), call.input(1, "float32")
    shape = broadcast_shape(call, a.shape, b.shape)
    if b.data is not None and b.size > 0 and (b.data == 2).all():
        tensor = broadcast(call, a, shape)
        call.put(0, call.emit(Binary("mul"), tensor, tensor), shape)
        return
    call.put(0, call.emit(Binary("pow"), *(broadcast(call, v, shape) for v in (a, b))), shape)


@operator("ELU", "HARD_SWISH", "GELU", version=2)
def smooth_rectifier(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    if x.dtype != "float32":
        (byte_function if x.dtype == "int8" else word_function)(call, x)
        return
    tensor = call.tensor(x)

    def constant(value: float) -> np.ndarray:
        return np.array([value], np.float32)

    if call.op.name == "ELU":
        below = call.emit(BinaryConst("min", constant(0.0)), tensor)
        below = call.emit(BinaryConst("sub", constant(1.0)), call.emit(Unary("exp"), below))
        tensor = call.emit(Binary("add"), call.emit(Unary("relu"), tensor), below)
    elif call.op.name == "GELU":
        half = call.emit(BinaryConst("mul", constant(0.5)), tensor)
        if call.op.options("Approximate"):
            square = call.emit(Binary("mul"), tensor, tensor)
            cube = call.emit(Binary("mul"), square, tensor)
            bent = call.emit(BinaryConst("mul", constant(0.044715)), cube)
            inner = call.emit(Binary("add"), tensor, bent)
            scaled = call.emit(BinaryConst("mul", constant(sqrt(2 / pi))), inner)
            part = call.emit(Unary("tanh"), scaled)
        else:
            scaled = call.emit(BinaryConst("mul", constant(sqrt(0.5))), tensor)
            part = call.emit(Unary("erf"), scaled)
        gate = call.emit(BinaryConst("add", constant(1.0)), part)
        tensor = call.emit(Binary("mul"), half, gate)
    else:
        gate = call.emit(BinaryConst("add", constant(3.0)), tensor)
        gate = call.emit(Clip(0.0, 6.0), gate)
        product = call.emit(Binary("mul"), tensor, gate)
        tensor = call.emit(BinaryConst("mul", constant(1 / 6)), product)
    call.put(0, tensor, x.shape)


@operator("LOG_SOFTMAX", version=2)
def log_softmax(call: Call) -> None:
    x = call.input(0, "float32", "int8")
    if x.dtype == "float32":
        call.put(0, call.emit(Softmax(log=True), call.shaped(x, x.shape)), x.shape)
        return
    if call.quant(call.output()) != (1 / 16, 127):
        raise call.op.unsupported("its output has to have the scale 1/16 and zero point 127")
    scale, _ = call.quant(x)
    exps = numbers.softmax_exps(scale, 1.0)
    op = QLogSoftmax(exps, **numbers.log_softmax_parameters(scale))  # type: ignore[arg-type]
    call.put(0, call.emit(op, call.shaped(x, x.shape)), x.shape)


@operator("L2_NORMALIZATION", version=2)
def l2_normalization(call: Call) -> None:
    if call.op.options("FusedActivationFunction"):
        raise call.op.unsupported("a fused activation")
    x = call.input(0, "float32", "int8")
    if x.dtype == "int8":
        if call.quant(call.output()) != (1 / 128, 0):
            raise call.op.unsupported("its output has to have the scale 1/128 and zero point 0")
        op = QL2Norm(call.quant(x)[1])
        call.put(0, call.emit(op, call.shaped(x, x.shape)), x.shape)
        return
    rows = call.shaped(x, (x.size // x.shape[-1], x.shape[-1]))
    squares = call.emit(Reduce("sum"), call.emit(Binary("mul"), rows, rows))
    least = call.emit(BinaryConst("max", np.array([1e-6], np.float32)), squares)
    norms = Value("float32", (x.size // x.shape[-1], 1), tensor=call.emit(Unary("sqrt"), least))
    full = (x.size // x.shape[-1], x.shape[-1])
    spread = call.network.reshape(broadcast(call, norms, full), full)
    call.put(0, call.emit(Binary("div"), rows, spread), x.shape)


@operator("BATCH_MATMUL", version=4)
def batch_matmul(call: Call) -> None:
    a, b = (call.input(i, "float32", "int8", "int16") for i in range(2))
    if a.dtype == "float32" and b.dtype == "int8" and b.data is not None:
        b = Value("float32", b.shape, data=matched_weights(call, a, b))
    if a.dtype != b.dtype:
        raise call.op.unsupported(f"multiplies {a.dtype} with {b.dtype}")
    if a.rank < 2 or b.rank < 2:
        raise call.op.damaged("takes matrices")
    parts = []
    for x, transposed in ((a, call.op.options("AdjX")), (b, call.op.options("AdjY"))):
        shape, own = x.shape, contiguous_strides(x.shape)
        if transposed:
            shape = (*shape[:-2], shape[-1], shape[-2])
            own = (*own[:-2], own[-1], own[-2])
        parts.append((x, shape, own))
    batch = broadcast_shape(call, parts[0][1][:-2], parts[1][1][:-2])
    tensors = []
    for x, shape, own in parts:
        if x.data is not None:
            matrix = np.swapaxes(x.data, -1, -2) if shape[-2:] != x.shape[-2:] else x.data
            if own != contiguous_strides(x.shape):
                matrix = np.swapaxes(x.data, -1, -2)
            data = np.ascontiguousarray(np.broadcast_to(matrix, (*batch, *shape[-2:])))
            call.network.spend(data.nbytes)
            tensor = call.tensor(Value(x.dtype, data.shape, data=data))
        else:
            padded = (1,) * (len(batch) - len(shape) + 2) + shape
            strides = (0,) * (len(padded) - len(own)) + own
            full = (*batch, *shape[-2:])
            spread = tuple(
                0 if n == 1 and m != 1 else s for n, m, s in zip(padded, full, strides, strict=True)
            )
            tensor = move(call, x, full, spread, 0)
        tensors.append(call.network.reshape(tensor, (prod(batch), *shape[-2:])))
    out = (*batch, parts[0][1][-2], parts[1][1][-1])
    call.put(0, call.emit(_product(call, a, b), *tensors), out)


def _product(call: Call, a: Value, b: Value) -> BatchMatMul | QBatchMatMul:
    if a.dtype == "float32":
        return BatchMatMul()
    (a_scale, a_zero), (b_scale, b_zero) = call.quant(a), call.quant(b)
    y_scale, y_zero = call.quant(call.output())
    # The reference multiplies the two scales in float32.
    product = float(np.float32(a_scale) * np.float32(b_scale))
    factor = quantize_multiplier(product / y_scale)
    return QBatchMatMul((a_zero, b_zero, y_zero), *factor, y_scale)
