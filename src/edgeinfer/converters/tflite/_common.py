"""What several operators need: padding, fused activations, broadcasting, axes."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeinfer.converters.tflite._network import Call, Value, row_shape
from edgeinfer.converters.tflite._unsigned import flipped
from edgeinfer.ops import Move

INTEGERS = ("int8", "int16")
SAME, VALID = 0, 1
ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6", 4: "TANH", 5: "SIGN_BIT"}
_BOUNDS = {
    "NONE": (-np.inf, np.inf),
    "RELU": (0.0, np.inf),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}


def activation(call: Call) -> str:
    """Name of the operator's fused activation; refuses those that are not bounds."""
    number = call.op.options("FusedActivationFunction")
    name = ACTIVATIONS.get(number, f"activation {number}")
    if name not in _BOUNDS:
        raise call.op.unsupported(f"the fused activation {name} is not supported")
    return name


def float_bounds(name: str) -> tuple[float, float]:
    """Bounds of an activation in floats."""
    return _BOUNDS[name]


def quantize_value(value: float, scale: float, zero_point: int) -> int:
    """A bound as an integer: rounded in float32, half away from zero, as TensorFlow Lite does."""
    ratio = float(np.float32(value) / np.float32(scale))
    return zero_point + int(np.trunc(ratio + np.copysign(0.5, ratio)))


def integer_bounds(name: str, dtype: str, scale: float, zero_point: int) -> tuple[int, int]:
    """Bounds of an activation in the output's integers."""
    info = np.iinfo(dtype)
    low, high = _BOUNDS[name]
    least, most = int(info.min), int(info.max)
    if np.isfinite(low):
        least = max(least, quantize_value(low, scale, zero_point))
    if np.isfinite(high):
        most = min(most, quantize_value(high, scale, zero_point))
    return least, max(least, most)


def window_padding(
    call: Call, size: tuple[int, int], extent: tuple[int, int], strides: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Padding (top, bottom, left, right) of a convolution or pooling by its `Padding` option."""
    mode = call.op.options("Padding")
    if mode == VALID:
        return 0, 0, 0, 0
    if mode != SAME:
        raise call.op.damaged(f"unknown padding {mode}")
    sides = []
    for n, e, s in zip(size, extent, strides, strict=True):
        total = max((-(-n // s) - 1) * s + e - n, 0)
        sides += [total // 2, total - total // 2]
    return sides[0], sides[1], sides[2], sides[3]


def window_steps(call: Call, dilated: bool = True) -> tuple[tuple[int, int], tuple[int, int]]:
    """Strides and dilations, both (vertical, horizontal) and positive."""
    option = call.op.options
    strides = (option("StrideH", 1), option("StrideW", 1))
    dilations = (option("DilationHFactor", 1), option("DilationWFactor", 1)) if dilated else (1, 1)
    if not all(0 < n < 1 << 16 for n in (*strides, *dilations)):
        raise call.op.damaged("a stride or a dilation is not positive")
    return strides, dilations


def image_shape(call: Call, value: Value) -> tuple[int, int, int, int]:
    """A tensor's shape, which has to have four axes."""
    if value.rank != 4 or value.size == 0:
        raise call.op.unsupported(f"takes images of 4 axes, got the shape {list(value.shape)}")
    n, h, w, c = value.shape
    return n, h, w, c


def axis_of(call: Call, axis: int, rank: int) -> int:
    """An axis counted from the front, checked."""
    if not -rank <= axis < rank:
        raise call.op.damaged(f"there is no axis {axis} among {rank}")
    return axis % rank


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Element strides of an array of `shape`."""
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def move(
    call: Call, x: Value, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> str:
    """A strided copy of x of the full shape `shape`; nothing where it is the same values."""
    tensor = call.tensor(x)
    if shape == x.shape or (offset == 0 and prod(shape) == x.size):
        relevant = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
        expected = contiguous_strides(tuple(n for n, _ in relevant))
        if tuple(s for _, s in relevant) == expected and offset == 0:
            return call.network.reshape(tensor, row_shape(shape))
    result = call.emit(Move(tuple(shape), tuple(strides), offset), tensor)
    return call.network.reshape(result, row_shape(shape))


def broadcast_shape(call: Call, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of operands, by NumPy's rules."""
    try:
        return tuple(int(n) for n in np.broadcast_shapes(*shapes))
    except ValueError as err:
        raise call.op.damaged(f"shapes do not broadcast: {err}") from err


def broadcast(call: Call, x: Value, shape: tuple[int, ...]) -> str:
    """The graph's tensor of x with every axis as long as in `shape`, in rows of `shape`."""
    if x.data is not None:
        data = np.ascontiguousarray(np.broadcast_to(x.data, shape))
        call.network.spend(data.nbytes if data.size != x.size else 0)
        return call.network.tensor(Value(x.dtype, shape, data=data))
    padded = (1,) * (len(shape) - x.rank) + x.shape
    own = contiguous_strides(padded)
    strides = tuple(0 if n == 1 else s for n, s in zip(padded, own, strict=True))
    if padded == shape:
        return call.shaped(x, row_shape(shape))
    return move(call, x, shape, strides, 0)


def flip_sign(call: Call, tensor: str) -> str:
    """uint8 as int8 and back, 128 taken off or added: the same real values."""
    return flipped(call.network.builder, tensor)


def same_quantization(call: Call, *values: Value) -> None:
    """Refuse tensors of different scale or zero point where values are only moved."""
    labels = {(v.scale, v.zero_point) for v in values if v.scale}
    if len(labels) > 1:
        raise call.op.unsupported("its inputs have different scales or zero points")
