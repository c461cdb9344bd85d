"""Blocks of space, batches and channels for one another; repeating, reversing."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeinfer.converters.tflite._common import (
    axis_of,
    broadcast,
    broadcast_shape,
    contiguous_strides,
    image_shape,
    move,
)
from edgeinfer.converters.tflite._network import Call, Value, operator, row_shape
from edgeinfer.ops import Pad

MAX_ELEMENTS = 1 << 24


def put_turned(
    call: Call, x: Value, split: tuple[int, ...], order: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    """Output 0: x seen in the shape `split`, its axes put in `order`, then seen in `shape`."""
    if x.data is not None:
        call.put_constant(0, x.data.reshape(split).transpose(order).reshape(shape))
        return
    own = contiguous_strides(split)
    turned = tuple(split[a] for a in order)
    view = Value(x.dtype, split, x.scale, x.zero_point, tensor=call.shaped(x, row_shape(split)))
    tensor = move(call, view, turned, tuple(own[a] for a in order), 0)
    call.put(0, tensor, shape)


@operator("DEPTH_TO_SPACE", version=2)
def depth_to_space(call: Call) -> None:
    x = call.input(0)
    n, h, w, c = image_shape(call, x)
    b = call.op.options("BlockSize")
    if b < 1 or c % (b * b):
        raise call.op.damaged(f"{c} channels do not make blocks of {b}")
    rest = c // (b * b)
    put_turned(call, x, (n, h, w, b, b, rest), (0, 1, 3, 2, 4, 5), (n, h * b, w * b, rest))


@operator("SPACE_TO_DEPTH", version=2)
def space_to_depth(call: Call) -> None:
    x = call.input(0)
    n, h, w, c = image_shape(call, x)
    b = call.op.options("BlockSize")
    if b < 1 or h % b or w % b:
        raise call.op.damaged(f"{h} x {w} does not divide into blocks of {b}")
    split = (n, h // b, b, w // b, b, c)
    put_turned(call, x, split, (0, 1, 3, 2, 4, 5), (n, h // b, w // b, c * b * b))


def blocks_of(call: Call, x: Value) -> tuple[tuple[int, ...], np.ndarray]:
    """The block of each spatial axis, and two widths per axis (paddings or crops)."""
    block = call.integers(1)
    widths = call.constant(2, "int32", "int64")
    if not 0 < len(block) <= x.rank - 1 or len(block) > 3 or widths.shape != (len(block), 2):
        raise call.op.damaged("blocks and paddings do not fit the input")
    if any(not 0 < b <= 4096 for b in block) or (widths < 0).any() or (widths > 1 << 20).any():
        raise call.op.damaged("a block or a padding is out of range")
    return block, widths


@operator("SPACE_TO_BATCH_ND", version=4)
def space_to_batch(call: Call) -> None:
    x = call.input(0)
    block, widths = blocks_of(call, x)
    spatial = len(block)
    if widths.any():
        pads = [(0, 0), *((int(a), int(b)) for a, b in widths), *[(0, 0)] * (x.rank - spatial - 1)]
        fill = x.zero_point[0] if x.quantized and x.dtype != "float32" else 0
        shape = tuple(n + a + b for n, (a, b) in zip(x.shape, pads, strict=True))
        if x.data is not None:
            x = Value(x.dtype, shape, data=np.pad(x.data, pads, constant_values=fill))
        else:
            before, after = zip(*pads, strict=True)
            op = Pad(before, after, np.array([fill], x.dtype))
            tensor = call.network.reshape(call.emit(op, call.shaped(x, x.shape)), row_shape(shape))
            x = Value(x.dtype, shape, x.scale, x.zero_point, tensor=tensor)
    sizes = x.shape[1 : 1 + spatial]
    if any(n % b for n, b in zip(sizes, block, strict=True)):
        raise call.op.damaged(f"{list(sizes)} do not divide into blocks of {list(block)}")
    rest = x.shape[1 + spatial :]
    split = [x.shape[0]]
    for n, b in zip(sizes, block, strict=True):
        split += [n // b, b]
    order = (
        *(2 + 2 * i for i in range(spatial)),
        0,
        *(1 + 2 * i for i in range(spatial)),
        *range(1 + 2 * spatial, 1 + 2 * spatial + len(rest)),
    )
    smaller = tuple(n // b for n, b in zip(sizes, block, strict=True))
    put_turned(call, x, (*split, *rest), order, (x.shape[0] * prod(block), *smaller, *rest))


@operator("BATCH_TO_SPACE_ND", version=4)
def batch_to_space(call: Call) -> None:
    x = call.input(0)
    block, crops = blocks_of(call, x)
    spatial, batch = len(block), x.shape[0]
    if batch % prod(block):
        raise call.op.damaged(f"{batch} images do not make blocks of {list(block)}")
    sizes, rest = x.shape[1 : 1 + spatial], x.shape[1 + spatial :]
    full = tuple(n * b for n, b in zip(sizes, block, strict=True))
    kept = tuple(int(n - a - b) for n, (a, b) in zip(full, crops, strict=True))
    if any(n < 0 for n in kept):
        raise call.op.damaged("crops more than there is")
    number = batch // prod(block)
    split = (*block, number, *sizes, *rest)
    order = [spatial]
    for i in range(spatial):
        order += [spatial + 1 + i, i]
    order += range(2 * spatial + 1, len(split))
    own = contiguous_strides(split)
    turned = tuple(split[a] for a in order)
    strides = tuple(own[a] for a in order)
    if x.data is not None:
        data = x.data.reshape(split).transpose(order).reshape(number, *full, *rest)
        cut = tuple(slice(int(a), int(a) + n) for (a, _), n in zip(crops, kept, strict=True))
        call.put_constant(0, data[(slice(None), *cut)])
        return
    view = Value(x.dtype, split, x.scale, x.zero_point, tensor=call.shaped(x, row_shape(split)))
    tensor = move(call, view, turned, strides, 0)
    shape = (number, *full, *rest)
    if crops.any():
        whole = Value(
            x.dtype,
            shape,
            x.scale,
            x.zero_point,
            tensor=call.network.reshape(tensor, row_shape(shape)),
        )
        own = contiguous_strides(shape)
        offset = sum(int(a) * s for (a, _), s in zip(crops, own[1:], strict=False))
        shape = (number, *kept, *rest)
        tensor = move(call, whole, shape, own, offset)
    call.put(0, tensor, shape)


@operator("BROADCAST_TO", version=3)
def broadcast_to(call: Call) -> None:
    x = call.input(0)
    shape = call.integers(1)
    if prod(shape) > MAX_ELEMENTS or broadcast_shape(call, x.shape, shape) != shape:
        raise call.op.damaged(f"{list(x.shape)} does not become {list(shape)}")
    if x.data is not None:
        call.put_constant(0, np.broadcast_to(x.data, shape))
    else:
        call.put(0, broadcast(call, x, shape), shape)


@operator("TILE", version=3)
def tile(call: Call) -> None:
    x = call.input(0)
    times = call.integers(1)
    if len(times) != x.rank or any(not 0 < t <= 1 << 20 for t in times):
        raise call.op.damaged(f"repeats {list(x.shape)} {list(times)} times")
    shape = tuple(n * t for n, t in zip(x.shape, times, strict=True))
    if prod(shape) > MAX_ELEMENTS:
        raise call.op.damaged(f"a result of {prod(shape)} values")
    if x.data is not None:
        call.put_constant(0, np.tile(x.data, times))
        return
    full: list[int] = []
    strides: list[int] = []
    for n, t, s in zip(x.shape, times, contiguous_strides(x.shape), strict=True):
        if t > 1:
            full.append(t)
            strides.append(0)
        full.append(n)
        strides.append(s)
    call.put(0, move(call, x, tuple(full), tuple(strides), 0), shape)


@operator("REVERSE_V2", version=3)
def reverse(call: Call) -> None:
    x = call.input(0)
    axes = {axis_of(call, a, x.rank) for a in call.integers(1)}
    if x.data is not None:
        call.put_constant(0, np.flip(x.data, tuple(axes)))
        return
    own = contiguous_strides(x.shape)
    strides = tuple(-s if a in axes else s for a, s in enumerate(own))
    offset = sum(own[a] * (x.shape[a] - 1) for a in axes) if x.size else 0
    call.put(0, move(call, x, x.shape, strides, offset), x.shape)
