"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and the poolings."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from edgeinfer.converters.tflite._common import (
    activation,
    contiguous_strides,
    float_bounds,
    image_shape,
    integer_bounds,
    move,
    window_padding,
    window_steps,
)
from edgeinfer.converters.tflite._network import Call, Value, operator
from edgeinfer.converters.tflite._zero_points import centred, more_channels, more_rows
from edgeinfer.ops import (
    Concat,
    Conv2D,
    DepthwiseConv2D,
    Pool2D,
    QConv2D,
    QDepthwiseConv2D,
    Rescale,
)
from edgeinfer.ops.fixed_point import quantize_multipliers

# The factor 1 as Rescale takes it, above zero and below.
ONE, ONE_SHIFT = (1 << 30,) * 2, (1, 1)


def weights_of(call: Call, number: int, rank: int) -> Value:
    """The weights: constant, float32 (or float16 before), or int8 with one zero point or none."""
    value = call.input(number, "float32", "int8")
    if value.data is None:
        raise call.op.unsupported("weights have to be a constant of the file")
    if value.rank != rank or value.size == 0:
        raise call.op.damaged(f"weights of shape {list(value.shape)}")
    if value.dtype == "int8" and any(value.zero_point):
        zero = value.zero_point[0]
        if len(value.zero_point) != 1 or not -128 <= zero <= 127:
            raise call.op.unsupported("weights with several zero points, or one beyond int8")
    return value


def bias_of(call: Call, number: int, outputs: int, *dtypes: str) -> np.ndarray | None:
    """The bias, None where it is left out."""
    value = call.optional(number)
    if value is None:
        return None
    if value.data is None:
        raise call.op.unsupported("the bias has to be a constant of the file")
    if value.dtype not in dtypes:
        raise call.op.unsupported(f"the bias is {value.dtype}; it can be {', '.join(dtypes)}")
    if value.size != outputs:
        raise call.op.damaged(f"{value.size} biases for {outputs} outputs")
    return value.data.reshape(-1)


def integer_fields(
    call: Call,
    x: Value,
    weights: Value,
    outputs: int,
    axis: int,
    *,
    product_in_float: bool = False,
    wide_bias: bool = False,
) -> dict[str, object]:
    """How the sums of an integer layer become its output; see QConv2D.

    `product_in_float`: the two scales are multiplied in float32, as FULLY_CONNECTED does.
    `wide_bias`: without a bias of its own, int16 has sums of 64 bits.
    """
    if x.dtype == "int8":
        bias = bias_of(call, 2, outputs, "int32")
    else:
        bias = bias_of(call, 2, outputs, "int32", "int64")
        if wide_bias:
            bias = None if bias is None else bias.astype(np.int64)
            bias = np.zeros(outputs, np.int64) if bias is None else bias
    if bias is None:
        bias = np.zeros(outputs, np.int32)
    info = call.output()
    x_scale, x_zero = call.quant(x)
    y_scale, y_zero = call.quant(info)
    scales = np.array(weights.scale, np.float32)
    if scales.size not in (1, outputs) or (scales.size > 1 and weights.axis != axis):
        raise call.op.unsupported(f"{scales.size} scales of weights for {outputs} outputs")
    if product_in_float and scales.size == 1:
        products = (np.float32(x_scale) * scales).astype(np.float64)
    else:
        products = float(np.float32(x_scale)) * scales.astype(np.float64)
    factors = np.broadcast_to(products / float(np.float32(y_scale)), (outputs,))
    multiplier, shift = quantize_multipliers(factors)
    low, high = integer_bounds(activation(call), x.dtype, y_scale, y_zero)
    return {
        "bias": bias,
        "multiplier": multiplier,
        "shift": shift,
        "x_zero": x_zero,
        "y_zero": y_zero,
        "y_scale": y_scale,
        "low": low,
        "high": high,
    }


def float_fields(call: Call, outputs: int) -> dict[str, object]:
    """Bias and bounds of a float layer."""
    bias = bias_of(call, 2, outputs, "float32")
    low, high = float_bounds(activation(call))
    return {
        "bias": np.zeros(outputs, np.float32) if bias is None else bias,
        "low": low,
        "high": high,
    }


def matched_weights(call: Call, x: Value, weights: Value) -> np.ndarray:
    """Weights in the arithmetic of x: floats with floats, int8 with integers.

    In a hybrid network (float32 activations, int8 weights) the weights become floats. TensorFlow
    Lite rounds the activations of each call to int8 there instead; it gains speed and loses
    accuracy, so the answers differ by that rounding and ours are the nearer to the network.
    """
    assert weights.data is not None
    if (x.dtype == "float32") == (weights.dtype == "float32"):
        return weights.data
    if x.dtype != "float32":
        raise call.op.unsupported(f"{x.dtype} activations with {weights.dtype} weights")
    if not weights.scale:
        raise call.op.damaged("int8 weights without a scale")
    shape = [1] * weights.rank
    shape[weights.axis if len(weights.scale) > 1 else 0] = -1
    values = weights.data.astype(np.float32)
    if any(weights.zero_point):
        values = values - np.array(weights.zero_point, np.float32).reshape(shape)
    return values * np.array(weights.scale, np.float32).reshape(shape)


@operator("CONV_2D", version=8)
def conv_2d(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    weights = weights_of(call, 1, 4)
    values = matched_weights(call, x, weights)
    n, h, w, _ = image_shape(call, x)
    outputs, kh, kw, _ = weights.shape
    strides, dilations = window_steps(call)
    extent = ((kh - 1) * dilations[0] + 1, (kw - 1) * dilations[1] + 1)
    window = (strides, dilations, window_padding(call, (h, w), extent, strides))
    op: Conv2D | QConv2D
    if x.dtype == "float32":
        op = Conv2D(*window, weights=values, **float_fields(call, outputs))  # type: ignore[arg-type]
    else:
        fields = integer_fields(call, x, weights, outputs, 0)
        if any(weights.zero_point):
            one_group(call, x, weights)
            x, values = more_channels(call, x, centred(weights))
        op = QConv2D(*window, weights=values, **fields)  # type: ignore[arg-type]
    tensor = grouped(call, x, op)
    call.put(0, tensor, (n, *call.network.builder.types[tensor].shape[1:]))


def one_group(call: Call, x: Value, weights: Value) -> None:
    """Refuse weights with a zero point that do not read all channels of x."""
    if weights.shape[-1] != x.shape[-1]:
        raise call.op.unsupported("weights with a zero point, for a part of the channels")


def grouped(call: Call, x: Value, op: Conv2D | QConv2D) -> str:
    """The convolution; with weights for a part of the channels, one of each group of them."""
    if isinstance(op, QConv2D):
        op = op.settled()
    depth, outputs = op.weights.shape[3], op.weights.shape[0]
    groups = x.shape[3] // depth
    if groups * depth != x.shape[3] or outputs % groups:
        raise call.op.damaged(f"weights of {depth} channels for images of {x.shape[3]}")
    if groups == 1:
        return call.emit(op, call.shaped(x, x.shape))
    size = outputs // groups
    shape = (*x.shape[:3], depth)
    parts = []
    for first in range(groups):
        chosen = slice(first * size, (first + 1) * size)
        values = {name: value[chosen] for name, value in op.constants().items()}
        channels = move(call, x, shape, contiguous_strides(x.shape), first * depth)
        channels = call.network.reshape(channels, shape)
        parts.append(call.emit(replace(op, **values), channels))  # type: ignore[arg-type]
    return call.emit(Concat(3), *parts)


@operator("DEPTHWISE_CONV_2D", version=7)
def depthwise_conv_2d(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    weights = weights_of(call, 1, 4)
    values = matched_weights(call, x, weights)
    n, h, w, _ = image_shape(call, x)
    one, kh, kw, outputs = weights.shape
    if one != 1:
        raise call.op.damaged("weights of a depthwise convolution start with 1")
    strides, dilations = window_steps(call)
    extent = ((kh - 1) * dilations[0] + 1, (kw - 1) * dilations[1] + 1)
    window = (strides, dilations, window_padding(call, (h, w), extent, strides))
    data = values.reshape(kh, kw, outputs)
    op: DepthwiseConv2D | QDepthwiseConv2D
    if x.dtype == "float32":
        op = DepthwiseConv2D(*window, weights=data, **float_fields(call, outputs))  # type: ignore[arg-type]
    else:
        fields = integer_fields(call, x, weights, outputs, 3, wide_bias=x.dtype == "int16")
        if any(weights.zero_point):
            values = centred(weights).reshape(kh, kw, outputs)
            x, data, times = more_rows(call, x, values, dilations[0])
            if times > 1:
                top, bottom, left, right = window[2]
                pads = (top * times, bottom * times, left, right)
                window = ((strides[0] * times, strides[1]), (1, dilations[1]), pads)
        op = QDepthwiseConv2D(*window, weights=data, **fields)  # type: ignore[arg-type]
    tensor = call.emit(op, call.shaped(x, x.shape))
    call.put(0, tensor, (n, *call.network.builder.types[tensor].shape[1:]))


@operator("FULLY_CONNECTED", version=12)
def fully_connected(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    weights = weights_of(call, 1, 2)
    values = matched_weights(call, x, weights)
    if call.op.options("WeightsFormat"):
        raise call.op.unsupported("shuffled weights")
    outputs, inputs = weights.shape
    if x.size == 0 or x.size % inputs:
        raise call.op.damaged(f"{x.size} values do not divide into rows of {inputs}")
    batch = x.size // inputs
    point = values.reshape(outputs, 1, 1, inputs)
    row = call.shaped(x, (1, batch, inputs))
    rows = Value(x.dtype, (1, 1, batch, inputs), x.scale, x.zero_point, tensor=row)
    window = ((1, 1), (1, 1), (0, 0, 0, 0))
    op: Conv2D | QConv2D
    if x.dtype == "float32":
        op = Conv2D(*window, weights=point, **float_fields(call, outputs))  # type: ignore[arg-type]
    else:
        fields = integer_fields(
            call, x, weights, outputs, 0, product_in_float=True, wide_bias=x.dtype == "int16"
        )
        if any(weights.zero_point):
            values = centred(weights).reshape(outputs, 1, 1, inputs)
            rows, point = more_channels(call, rows, values)
        op = QConv2D(*window, weights=point, **fields)  # type: ignore[arg-type]
    tensor = call.emit(op, call.shaped(rows, (1, batch, point.shape[3])))
    if call.op.options("KeepNumDims"):
        if x.shape[-1] != inputs:
            raise call.op.damaged(f"keeps its axes, but the last has not {inputs} values")
        call.put(0, tensor, (*x.shape[:-1], outputs))
    else:
        call.put(0, tensor, (batch, outputs))


@operator("AVERAGE_POOL_2D", "MAX_POOL_2D", version=3)
def pool_2d(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    n, h, w, _ = image_shape(call, x)
    strides, _ = window_steps(call, dilated=False)
    kernel = (call.op.options("FilterHeight"), call.op.options("FilterWidth"))
    padding = window_padding(call, (h, w), kernel, strides)
    low, high = float_bounds(activation(call))
    if x.dtype != "float32":
        low, high = integer_bounds(activation(call), x.dtype, *call.quant(call.output()))
    fn = "average" if call.op.name.startswith("AVERAGE") else "max"
    image = call.shaped(x, x.shape)
    halves = any(padding) or prod(kernel) % 2 == 0
    if call.network.unsigned and fn == "average" and halves:
        # The average of two codes that lies between them is the upper one: not below zero, then.
        scale, _ = call.quant(x)
        wide = Pool2D(strides, (1, 1), padding, fn, kernel, low + 128.0, high + 128.0)
        image = call.emit(Rescale("int16", -128, 0, ONE, ONE_SHIFT, 0, 255, scale), image)
        back = Rescale("int8", 0, -128, ONE, ONE_SHIFT, -128, 127, scale)
        tensor = call.emit(back, call.emit(wide, image))
    else:
        op = Pool2D(strides, (1, 1), padding, fn, kernel, float(low), float(high))
        tensor = call.emit(op, image)
    call.put(0, tensor, (n, *call.network.builder.types[tensor].shape[1:]))
