"""Values taken by index: GATHER, MIRROR_PAD, resizing of images; and TRANSPOSE_CONV."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeinfer.converters.tflite._common import (
    axis_of,
    broadcast,
    image_shape,
    same_quantization,
    window_steps,
)
from edgeinfer.converters.tflite._convolution import (
    float_fields,
    integer_fields,
    matched_weights,
    weights_of,
)
from edgeinfer.converters.tflite._network import Call, Value, operator
from edgeinfer.converters.tflite._zero_points import centred, more_channels
from edgeinfer.ops import (
    Binary,
    BinaryConst,
    Compare,
    Conv2D,
    Gather,
    Pad,
    QBilinear,
    QConv2D,
    Select,
    Take,
    UpdateSlice,
    Where,
)

MAX_INDICES = 1 << 22


def put_selected(call: Call, x: Value, index: np.ndarray) -> None:
    """Output 0 is the values of x at the flat positions `index`, in its shape."""
    if x.data is not None:
        call.put_constant(0, x.data.reshape(-1)[index])
        return
    call.put(0, selected(call, x, index), index.shape)


def selected(call: Call, x: Value, index: np.ndarray) -> str:
    """The graph's tensor of those values, in one axis."""
    if index.size > MAX_INDICES:
        raise call.op.unsupported(f"{index.size} values taken by index are too many")
    flat = np.ascontiguousarray(index.reshape(-1)).astype(np.int32)
    call.network.spend(flat.nbytes)
    return call.emit(Select(flat), call.shaped(x, (x.size,)))


def positions(x: Value) -> np.ndarray:
    """The flat position of each value, in the shape of x."""
    return np.arange(x.size).reshape(x.shape)


@operator("GATHER", version=7)
def gather(call: Call) -> None:
    x, place = call.input(0), call.input(1, "int32", "int64")
    axis = axis_of(call, call.op.options("Axis"), x.rank)
    batch = int(call.op.options("BatchDims", 0))
    if batch < 0:
        batch += place.rank
    if not 0 <= batch <= min(axis, place.rank) or x.shape[:batch] != place.shape[:batch]:
        raise call.op.damaged(f"{batch} batch dimensions")
    if place.data is None and x.data is not None and axis == 0:
        embedding(call, x, place, axis)
        return
    index = place.data
    if index is None or batch:
        batches, outer = prod(x.shape[:batch]), prod(x.shape[batch:axis])
        view = (batches, outer, x.shape[axis], prod(x.shape[axis + 1 :]))
        rows = call.shaped(place, (batches, place.size // max(batches, 1), 1))
        tensor = call.emit(Gather((x.shape[axis],)), call.shaped(x, view), rows)
        call.put(0, tensor, (*x.shape[:axis], *place.shape[batch:], *x.shape[axis + 1 :]))
        return
    if index.size and not 0 <= index.min() <= index.max() < x.shape[axis]:
        raise call.op.damaged("an index lies outside of its input")
    put_selected(call, x, np.take(positions(x), index, axis=axis))


def embedding(call: Call, table: Value, place: Value, axis: int) -> None:
    """Rows of a constant table by an index that is computed."""
    if table.data is None or axis or not table.rank:
        raise call.op.unsupported("a table that is computed")
    rows = np.ascontiguousarray(table.data)
    shape = (*place.shape, *rows.shape[1:])
    tensor = call.emit(Take(rows.shape[1:], rows.reshape(-1)), call.tensor(place))
    call.put(0, tensor, shape)


@operator("GATHER_ND", version=5)
def gather_nd(call: Call) -> None:
    """Runs of x by the numbers of its first axes that stand along the last axis of the index."""
    x, place = call.input(0), call.input(1, "int32", "int64")
    if place.rank == 0 or not 0 < place.shape[-1] <= x.rank:
        raise call.op.damaged(f"an index of shape {list(place.shape)}")
    axes = place.shape[-1]
    shape = (*place.shape[:-1], *x.shape[axes:])
    if place.data is not None:
        parts = tuple(place.data[..., a] for a in range(axes))
        bounds = zip(parts, x.shape, strict=False)
        if any(i.size and not 0 <= i.min() <= i.max() < n for i, n in bounds):
            raise call.op.damaged("an index lies outside of its input")
        put_selected(call, x, positions(x)[parts])
        return
    view = (1, 1, prod(x.shape[:axes]), prod(x.shape[axes:]))
    index = call.shaped(place, (1, prod(place.shape[:-1]), axes))
    call.put(0, call.emit(Gather(x.shape[:axes]), call.shaped(x, view), index), shape)


@operator("DYNAMIC_UPDATE_SLICE", version=4)
def dynamic_update(call: Call) -> None:
    x, update, start = call.input(0), call.input(1), call.input(2, "int32", "int64")
    if x.dtype != update.dtype:
        raise call.op.damaged(f"writes {update.dtype} over {x.dtype}")
    same_quantization(call, x, update)
    tensors = [call.shaped(v, v.shape) for v in (x, update, start)]
    call.put(0, call.emit(UpdateSlice(), *tensors), x.shape)


@operator("ONE_HOT", version=1)
def one_hot(call: Call) -> None:
    """One value where the index says, another elsewhere: a comparison and a choice."""
    x = call.input(0, "int32", "int64")
    depth = call.constant(1, "int32").reshape(-1)
    on, off = (call.input(i, "float32", "int8", "int32", "int64", "bool") for i in (2, 3))
    if depth.size != 1 or not 0 < depth[0] <= MAX_INDICES or on.size != 1 or off.size != 1:
        raise call.op.damaged("the depth or the values are not single numbers")
    count = int(depth[0])
    axis = axis_of(call, call.op.options("Axis", -1), x.rank + 1)
    shape = (*x.shape[:axis], count, *x.shape[axis:])
    if prod(shape) > MAX_INDICES:
        raise call.op.unsupported(f"{prod(shape)} values are too many")
    wide = Value(x.dtype, (*x.shape[:axis], 1, *x.shape[axis:]), tensor=call.tensor(x))
    numbers = np.arange(count, dtype=x.dtype).reshape(-1, *(1,) * (x.rank - axis))
    places = Value(x.dtype, numbers.shape, data=numbers)
    here = call.emit(Compare("eq"), *(broadcast(call, v, shape) for v in (wide, places)))
    flat = [Value(v.dtype, (1,), tensor=v.tensor, data=_flat(v)) for v in (on, off)]
    call.put(0, call.emit(Where(), here, *(broadcast(call, v, shape) for v in flat)), shape)


def _flat(value: Value) -> np.ndarray | None:
    return None if value.data is None else value.data.reshape(1)


@operator("EMBEDDING_LOOKUP", version=4)
def embedding_lookup(call: Call) -> None:
    place, table = call.input(0, "int32"), call.input(1)
    if table.dtype == "int8" and call.output_dtype() == "float32" and table.data is not None:
        values = matched_weights(call, Value("float32", ()), table)
        table = Value("float32", table.shape, data=values)
    embedding(call, table, place, 0)


@operator("MIRROR_PAD", version=2)
def mirror_pad(call: Call) -> None:
    x = call.input(0)
    widths = call.constant(1, "int32", "int64")
    reflect = call.op.options("Mode") == 0
    limits = np.array(x.shape) - reflect
    if widths.shape != (x.rank, 2) or (widths < 0).any() or (widths > limits[:, None]).any():
        raise call.op.damaged("the paddings do not fit the input")
    pairs = [(int(before), int(after)) for before, after in widths]
    index = np.pad(positions(x), pairs, mode="reflect" if reflect else "symmetric")
    put_selected(call, x, index)


def new_size(call: Call) -> tuple[int, int]:
    """Height and width that an image is resized to."""
    size = call.integers(1)
    if len(size) != 2 or not all(0 < n <= 4096 for n in size):
        raise call.op.damaged(f"the new size {size}")
    return size[0], size[1]


@operator("RESIZE_NEAREST_NEIGHBOR", version=4)
def resize_nearest(call: Call) -> None:
    x = call.input(0)
    shape = image_shape(call, x)
    align = bool(call.op.options("AlignCorners"))
    centers = bool(call.op.options("HalfPixelCenters"))
    picks = []
    for old, new in zip(shape[1:3], new_size(call), strict=True):
        factor = np.float32(old) / np.float32(new)
        if align and new > 1:
            factor = np.float32(old - 1) / np.float32(new - 1)
        place = (np.arange(new, dtype=np.float32) + np.float32(0.5 if centers else 0)) * factor
        pick = np.floor(place + np.float32(0.5)) if align else np.floor(place)
        picks.append(np.clip(pick.astype(np.int64), 0, old - 1))
    put_selected(call, x, positions(x)[:, picks[0]][:, :, picks[1]])


@operator("RESIZE_BILINEAR", version=4)
def resize_bilinear(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16")
    shape = image_shape(call, x)
    align = bool(call.op.options("AlignCorners"))
    centers = bool(call.op.options("HalfPixelCenters"))
    if x.dtype != "float32":
        pairs = zip(shape[1:3], new_size(call), strict=True)
        rows, columns = (integer_places(old, new, align, centers) for old, new in pairs)
        tensor = call.emit(QBilinear(rows, columns), call.shaped(x, shape))
        call.put(0, tensor, (shape[0], rows.size // 3, columns.size // 3, shape[3]))
        return
    sides = []
    for old, new in zip(shape[1:3], new_size(call), strict=True):
        factor = np.float32(old) / np.float32(new)
        if align and new > 1:
            factor = np.float32(old - 1) / np.float32(new - 1)
        place = np.arange(new, dtype=np.float32) * factor
        if centers:
            place = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * factor - np.float32(0.5)
        low = np.maximum(np.floor(place).astype(np.int64), 0)
        high = np.clip(np.ceil(place).astype(np.int64), 0, old - 1)
        sides.append((low, high, place - low.astype(np.float32)))
    (y0, y1, v), (x0, x1, u) = sides
    all_places = positions(x)
    out = (shape[0], len(v), len(u), shape[3])
    total = None
    corners = (
        (y0, x0, (1 - v)[:, None] * (1 - u)),
        (y1, x0, v[:, None] * (1 - u)),
        (y0, x1, (1 - v)[:, None] * u),
        (y1, x1, v[:, None] * u),
    )
    for rows, columns, weight in corners:
        part = selected(call, x, all_places[:, rows][:, :, columns])
        spread = np.broadcast_to(weight[None, :, :, None], out).astype(np.float32)
        call.network.spend(spread.nbytes)
        part = call.emit(BinaryConst("mul", np.ascontiguousarray(spread).reshape(-1)), part)
        total = part if total is None else call.emit(Binary("add"), total, part)
    assert total is not None
    call.put(0, total, out)


def integer_places(old: int, new: int, align: bool, centers: bool) -> np.ndarray:
    """For each row of the result: the rows around it, and the distance from the first in 1/1024."""
    factor = (1024 * old + new // 2) // new
    if align and new > 1:
        factor = (1024 * (old - 1) + (new - 1) // 2) // (new - 1)
    place = np.arange(new) * factor
    if centers:
        place = place + factor // 2 - 512
    # C divides towards zero.
    low = np.maximum(np.sign(place) * (np.abs(place) // 1024), 0)
    above = place + 1023
    high = np.minimum(np.sign(above) * (np.abs(above) // 1024), old - 1)
    return np.stack([low, high, place - 1024 * low], axis=1).astype(np.int32).reshape(-1)


@operator("TRANSPOSE_CONV", version=5)
def transpose_conv(call: Call) -> None:
    """A convolution of the input with zeros between its pixels, the kernel turned round."""
    x = call.input(2, "float32", "int8", "int16")
    weights = weights_of(call, 1, 4)
    values = matched_weights(call, x, weights)
    n, h, w, c = image_shape(call, x)
    outputs, kh, kw, inputs = weights.shape
    size = call.integers(0)
    if len(size) != 4 or size[0] != n or size[3] != outputs or inputs != c or n != 1:
        raise call.op.damaged(f"an output of shape {list(size)}")
    strides, _ = window_steps(call, dilated=False)
    pads: list[int] = []
    for old, new, k, s in zip((h, w), size[1:3], (kh, kw), strides, strict=True):
        same = call.op.options("Padding") == 0
        total = max((-(-new // s) - 1) * s + k - new, 0) if same else 0
        before = k - 1 - total // 2
        after = new + k - 1 - ((old - 1) * s + 1) - before
        if before < 0 or after < 0 or new > 4096:
            raise call.op.unsupported(f"an output of shape {list(size)}")
        pads += [before, after]
    zero = x.zero_point[0] if x.quantized and x.dtype != "float32" else 0
    between = (strides[0] - 1, strides[1] - 1, 0)
    spread = Pad((0, 0, 0), (0, 0, 0), np.array([zero], x.dtype), between)
    tensor = call.emit(spread, call.shaped(x, (h, w, c)))
    tensor = call.network.reshape(
        tensor, (1, (h - 1) * strides[0] + 1, (w - 1) * strides[1] + 1, c)
    )
    if any(weights.zero_point) and x.dtype != "float32":
        values = centred(weights)
        image = Value(x.dtype, call.network.builder.types[tensor].shape, tensor=tensor)
        image, values = more_channels(call, image, values)
        tensor = call.tensor(image)
    turned = np.ascontiguousarray(values[:, ::-1, ::-1])
    window = ((1, 1), (1, 1), (pads[0], pads[1], pads[2], pads[3]))
    op: Conv2D | QConv2D
    # The bias is input 3 here; the helpers look for it at 2.
    shifted = ShiftedCall(call)
    if x.dtype == "float32":
        op = Conv2D(*window, weights=turned, **float_fields(shifted, outputs))  # type: ignore[arg-type]
    else:
        fields = integer_fields(shifted, x, weights, outputs, 0, wide_bias=x.dtype == "int16")
        op = QConv2D(*window, weights=turned, **fields)  # type: ignore[arg-type]
    call.put(0, call.emit(op, tensor), (n, *size[1:]))


class ShiftedCall(Call):
    """The same call with its bias where a convolution has it."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.network, call.graph, call.op, call.values)

    def optional(self, number: int) -> Value | None:
        return super().optional(3 if number == 2 else number)
