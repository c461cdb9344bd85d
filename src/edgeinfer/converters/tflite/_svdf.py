"""SVDF: a dense layer whose weights reach back over the last steps, which the state remembers."""

from __future__ import annotations

import numpy as np

from edgeinfer.converters.tflite._common import activation, contiguous_strides, float_bounds, move
from edgeinfer.converters.tflite._convolution import bias_of, matched_weights, weights_of
from edgeinfer.converters.tflite._network import Call, Value, operator, row_shape
from edgeinfer.converters.tflite._variables import carried
from edgeinfer.ops import QSVDF, BinaryConst, Clip, Concat, Conv2D, Reduce
from edgeinfer.ops.fixed_point import quantize_multiplier

_STATE = 4


@operator("SVDF", version=4)
def svdf(call: Call) -> None:
    """Its state goes from run to run: an input and an output of the network, as a variable is."""
    x = call.input(0, "float32", "int8")
    feature, time = weights_of(call, 1, 2), call.input(2, "float32", "int8", "int16")
    rank = call.op.options("Rank")
    filters, inputs = feature.shape
    if time.data is None or time.rank != 2 or time.shape[0] != filters or any(time.zero_point):
        raise call.op.unsupported("weights over time that are no constant matrix")
    if rank < 1 or filters % rank or x.size != inputs:
        raise call.op.unsupported(f"{filters} filters of rank {rank}, an input {list(x.shape)}")
    memory, units = time.shape[1], filters // rank
    info = call.graph.tensors[call.op.inputs[_STATE]]
    kind = "float32" if x.dtype == "float32" else time.dtype
    if info.type != kind.upper() or info.shape != (1, filters * memory):
        raise call.op.damaged("its state does not fit its weights")
    key = f"svdf_{call.op.inputs[_STATE]}"
    state = carried(call.network, key, info, np.zeros(info.shape, kind))
    if x.dtype == "float32":
        y, after = of_floats(call, (x, feature, time, state), rank)
    else:
        y, after = of_integers(call, (x, feature, time, state), rank)
    shape = (1, filters * memory)
    after = call.network.reshape(after, row_shape(shape))
    call.network.variables[key] = Value(kind, shape, info.scale, info.zero_point, tensor=after)
    call.put(0, y, (1, units))


def of_floats(call: Call, given: tuple[Value, Value, Value, Value], rank: int) -> tuple[str, str]:
    """The output and the state after this step, from ops that are there anyway."""
    x, feature, time, state = given
    filters, inputs = feature.shape
    memory = time.shape[1]
    units = filters // rank
    kernel = matched_weights(call, x, feature).reshape(filters, 1, 1, inputs)
    window = ((1, 1), (1, 1), (0, 0, 0, 0))
    product = Conv2D(*window, weights=kernel, bias=np.zeros(filters, np.float32))
    newest = call.emit(product, call.shaped(x, (1, 1, inputs)))
    after = call.network.reshape(newest, (filters, 1))
    if memory > 1:
        view = Value("float32", (filters, memory), tensor=call.shaped(state, (filters, memory)))
        older = move(call, view, (filters, memory - 1), contiguous_strides(view.shape), 1)
        older = call.network.reshape(older, (filters, memory - 1))
        after = call.emit(Concat(1), older, after)
    weights = matched_weights(call, x, time).reshape(-1)
    flat = call.network.reshape(after, (filters * memory,))
    products = call.emit(BinaryConst("mul", weights), flat)
    y = call.emit(Reduce("sum"), call.network.reshape(products, (units, rank * memory)))
    bias = bias_of(call, 3, units, "float32")
    if bias is not None:
        y = call.emit(BinaryConst("add", bias), y)
    low, high = float_bounds(activation(call))
    if np.isfinite(low) or np.isfinite(high):
        y = call.emit(Clip(float(low), float(high)), y)
    return y, after


def of_integers(call: Call, given: tuple[Value, Value, Value, Value], rank: int) -> tuple[str, str]:
    """As TensorFlow Lite Micro prepares it; the bounds of the activation are those of int8."""
    x, feature, time, state = given
    filters, inputs = feature.shape
    if feature.dtype != "int8" or time.dtype not in ("int8", "int16"):
        raise call.op.unsupported(f"weights of {feature.dtype} and {time.dtype}")
    if any(feature.zero_point) or call.output_dtype() != "int8" or any(state.zero_point):
        raise call.op.unsupported("a zero point of the weights or the state, or another output")
    (x_scale, x_zero), (y_scale, y_zero) = call.quant(x), call.quant(call.output())
    (f_scale, _), (t_scale, _), (s_scale, _) = (call.quant(v) for v in (feature, time, state))
    if activation(call) == "RELU6" or activation(call) == "RELU_N1_TO_1":
        raise call.op.unsupported(f"the fused activation {activation(call)}")
    units = filters // rank
    bias = bias_of(call, 3, units, "int32")
    assert feature.data is not None
    assert time.data is not None
    op = QSVDF(
        feature.data,
        time.data,
        np.zeros(units, np.int32) if bias is None else bias,
        rank,
        x_zero,
        y_zero,
        (
            *quantize_multiplier(x_scale * f_scale / s_scale),
            *quantize_multiplier(s_scale * t_scale / y_scale),
        ),
        y_scale,
        s_scale,
    )
    y, after = call.network.builder.emit_many(
        op, call.shaped(x, (inputs,)), call.shaped(state, time.shape)
    )
    return y, after
