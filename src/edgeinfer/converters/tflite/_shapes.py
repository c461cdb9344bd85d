"""Operators that only move values: reshaping, slicing, joining, padding."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeinfer.converters.tflite._common import axis_of, contiguous_strides, move
from edgeinfer.converters.tflite._network import Call, Value, operator, row_shape
from edgeinfer.converters.tflite._spectrum import put_complex_view
from edgeinfer.converters.tflite._unsigned import requantized
from edgeinfer.ops import Concat, Pad, Table8


def put_view(call: Call, x: Value, shape: tuple[int, ...]) -> None:
    """Output 0 is x in another shape."""
    if x.dtype == "complex64":
        put_complex_view(call, x, shape)
    elif x.data is not None:
        call.put_constant(0, x.data.reshape(shape))
    else:
        call.put(0, call.tensor(x), shape)


@operator("RESHAPE", version=2)
def reshape(call: Call) -> None:
    x = call.input(0)
    if call.optional(1) is not None:
        wanted = list(call.integers(1))
    else:
        given = call.op.options("NewShapeAsNumpy", None)
        wanted = [int(n) for n in given] if isinstance(given, np.ndarray) else []
        if wanted == [0]:
            wanted = []
    if wanted.count(-1) > 1 or any(n < -1 for n in wanted):
        raise call.op.damaged(f"the new shape {wanted} makes no sense")
    if -1 in wanted:
        known = prod(n for n in wanted if n != -1)
        if known == 0 or x.size % known:
            raise call.op.damaged(f"{x.size} values have no shape {wanted}")
        wanted[wanted.index(-1)] = x.size // known
    if prod(wanted) != x.size:
        raise call.op.damaged(f"{x.size} values have no shape {wanted}")
    put_view(call, x, tuple(wanted))


@operator("SQUEEZE", version=2)
def squeeze(call: Call) -> None:
    x = call.input(0)
    given = call.op.options("SqueezeDimsAsNumpy", None)
    axes = [int(a) for a in given] if isinstance(given, np.ndarray) else []
    chosen = {axis_of(call, a, x.rank) for a in axes} or {
        a for a, n in enumerate(x.shape) if n == 1
    }
    if any(x.shape[a] != 1 for a in chosen):
        raise call.op.damaged("squeezes an axis that is longer than one")
    put_view(call, x, tuple(n for a, n in enumerate(x.shape) if a not in chosen))


@operator("EXPAND_DIMS", version=1)
def expand_dims(call: Call) -> None:
    x = call.input(0)
    (axis,) = call.integers(1)[:1] or (0,)
    axis = axis_of(call, axis, x.rank + 1)
    put_view(call, x, (*x.shape[:axis], 1, *x.shape[axis:]))


@operator("TRANSPOSE", version=5)
def transpose(call: Call) -> None:
    x = call.input(0)
    order = [axis_of(call, a, x.rank) for a in call.integers(1)]
    if sorted(order) != list(range(x.rank)):
        raise call.op.damaged(f"{order} is no order of {x.rank} axes")
    if x.data is not None:
        call.put_constant(0, x.data.transpose(order))
        return
    own = contiguous_strides(x.shape)
    shape = tuple(x.shape[a] for a in order)
    call.put(0, move(call, x, shape, tuple(own[a] for a in order), 0), shape)


def put_slice(
    call: Call, number: int, x: Value, slices: list[tuple[int, int, int]], shape: tuple[int, ...]
) -> None:
    """Output `number` is x with (start, step, count) taken of each axis, seen as `shape`."""
    if x.data is not None:
        index = np.ix_(*(start + step * np.arange(n) for start, step, n in slices))
        call.put_constant(number, x.data[index].reshape(shape))
        return
    own = contiguous_strides(x.shape)
    full = tuple(n for _, _, n in slices)
    offset = sum(start * s for (start, _, n), s in zip(slices, own, strict=True) if n)
    strides = tuple(step * s for (_, step, _), s in zip(slices, own, strict=True))
    call.put(number, move(call, x, full, strides, offset if prod(full) else 0), shape)


@operator("STRIDED_SLICE", version=8)
def strided_slice(call: Call) -> None:
    x = call.input(0)
    begin, end, steps = (call.integers(i) for i in (1, 2, 3))
    if not len(begin) == len(end) == len(steps):
        raise call.op.damaged("begin, end and strides differ in number")
    option = call.op.options
    begins, ends, ellipses, new_axes, shrunk = (
        option(f"{name}Mask") for name in ("Begin", "End", "Ellipsis", "NewAxis", "ShrinkAxis")
    )
    if ellipses & (ellipses - 1):
        raise call.op.damaged("more than one ellipsis in a slice")
    entries = range(len(begin))
    taken = sum(not ((ellipses | new_axes) >> i) & 1 for i in entries)
    if taken > x.rank:
        raise call.op.damaged(f"slices {taken} axes of {x.rank}")
    slices: list[tuple[int, int, int]] = []
    shape: list[int] = []

    def whole(count: int) -> None:
        for n in x.shape[len(slices) : len(slices) + count]:
            slices.append((0, 1, n))
            shape.append(n)

    for i in entries:
        bit = 1 << i
        if ellipses & bit:
            whole(x.rank - taken)
            continue
        if new_axes & bit:
            shape.append(1)
            continue
        n, step = x.shape[len(slices)], steps[i]
        if step == 0:
            raise call.op.damaged("a slice with the step 0")
        if shrunk & bit:
            one = 0 if begins & bit else begin[i]
            slices.append((axis_of(call, one, n), 1, 1))
            continue
        start = None if begins & bit else begin[i]
        stop = None if ends & bit else end[i]
        if stop is not None and option("Offset"):
            stop += begin[i]
        chosen = range(*slice(start, stop, step).indices(n))
        slices.append((chosen.start, step, len(chosen)))
        shape.append(len(chosen))
    whole(x.rank - len(slices))
    put_slice(call, 0, x, slices, tuple(shape))


@operator("SLICE", version=6)
def slice_(call: Call) -> None:
    x = call.input(0)
    begin, size = call.integers(1), call.integers(2)
    if not len(begin) == len(size) == x.rank:
        raise call.op.damaged("begin and size do not fit the input")
    counts = [n - b if s == -1 else s for n, b, s in zip(x.shape, begin, size, strict=True)]
    if any(b < 0 or c < 0 or b + c > n for n, b, c in zip(x.shape, begin, counts, strict=True)):
        raise call.op.damaged("a slice reaches outside of its input")
    put_slice(call, 0, x, [(b, 1, c) for b, c in zip(begin, counts, strict=True)], tuple(counts))


def split_at(call: Call, x: Value, axis: int, sizes: list[int]) -> None:
    """The outputs are parts of x along `axis`."""
    if len(sizes) != len(call.op.outputs):
        raise call.op.damaged(f"{len(call.op.outputs)} outputs for {len(sizes)} parts")
    start = 0
    for number, size in enumerate(sizes):
        slices = [(start, 1, size) if a == axis else (0, 1, n) for a, n in enumerate(x.shape)]
        put_slice(call, number, x, slices, tuple(n for _, _, n in slices))
        start += size


@operator("SPLIT", version=4)
def split(call: Call) -> None:
    x = call.input(1)
    (axis,) = call.integers(0)[:1] or (0,)
    axis = axis_of(call, axis, x.rank)
    parts = len(call.op.outputs)
    if not parts or x.shape[axis] % parts:
        raise call.op.damaged(f"{x.shape[axis]} values do not split into {parts} parts")
    split_at(call, x, axis, [x.shape[axis] // parts] * parts)


@operator("SPLIT_V", version=2)
def split_v(call: Call) -> None:
    x = call.input(0)
    sizes = list(call.integers(1))
    (axis,) = call.integers(2)[:1] or (0,)
    axis = axis_of(call, axis, x.rank)
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = x.shape[axis] - sum(s for s in sizes if s != -1)
    if any(s < 0 for s in sizes) or sum(sizes) != x.shape[axis]:
        raise call.op.damaged(f"{x.shape[axis]} values do not split into {sizes}")
    split_at(call, x, axis, sizes)


@operator("UNPACK", version=4)
def unpack(call: Call) -> None:
    x = call.input(0)
    axis = axis_of(call, call.op.options("Axis"), x.rank)
    if len(call.op.outputs) != x.shape[axis]:
        raise call.op.damaged(f"{len(call.op.outputs)} outputs for {x.shape[axis]} parts")
    for number in range(x.shape[axis]):
        slices = [(number, 1, 1) if a == axis else (0, 1, n) for a, n in enumerate(x.shape)]
        put_slice(call, number, x, slices, (*x.shape[:axis], *x.shape[axis + 1 :]))


def join(call: Call, parts: list[Value], axis: int) -> None:
    """Output 0 is the parts side by side along `axis`."""
    if call.network.unsigned:
        parts = [rescaled(call, part) for part in parts]
    first = parts[0]
    for part in parts:
        same = part.rank == first.rank and all(
            a == axis or n == m
            for a, (n, m) in enumerate(zip(part.shape, first.shape, strict=False))
        )
        if not same or part.dtype != first.dtype:
            raise call.op.damaged("the tensors it joins do not fit")
        if (part.scale, part.zero_point) != (first.scale, first.zero_point):
            raise call.op.unsupported("joins tensors of different scales or zero points")
    if all(part.data is not None for part in parts):
        call.put_constant(0, np.concatenate([part.data for part in parts], axis=axis))
        return
    shape = (*first.shape[:axis], sum(p.shape[axis] for p in parts), *first.shape[axis + 1 :])
    tensors = [call.shaped(part, part.shape) for part in parts if part.size]
    call.put(0, call.emit(Concat(axis), *tensors), shape)


def rescaled(call: Call, part: Value) -> Value:
    """What is joined in the scale and zero point of the output, which uint8 need not have."""
    info = call.output()
    alike = (part.scale, part.zero_point) == (info.scale, info.zero_point)
    if part.dtype != "int8" or alike or not part.quantized:
        return part
    table = requantized(call.quant(part), call.quant(info))
    if part.data is not None:
        data = table[part.data.view(np.uint8)]
        return Value("int8", part.shape, info.scale, info.zero_point, data=data)
    tensor = call.emit(Table8(table, *call.quant(info)), call.tensor(part))
    return Value("int8", part.shape, info.scale, info.zero_point, tensor=tensor)


@operator("CONCATENATION", version=4)
def concatenation(call: Call) -> None:
    if call.op.options("FusedActivationFunction"):
        raise call.op.unsupported("a fused activation")
    parts = [call.input(i) for i in range(call.arity)]
    if not parts or parts[0].rank == 0:
        raise call.op.damaged("joins nothing")
    join(call, parts, axis_of(call, call.op.options("Axis"), parts[0].rank))


@operator("PACK", version=4)
def pack(call: Call) -> None:
    parts = [call.input(i) for i in range(call.arity)]
    if not parts:
        raise call.op.damaged("joins nothing")
    axis = axis_of(call, call.op.options("Axis"), parts[0].rank + 1)
    wider = []
    for part in parts:
        shape = (*part.shape[:axis], 1, *part.shape[axis:])
        data = None if part.data is None else part.data.reshape(shape)
        wider.append(
            Value(part.dtype, shape, part.scale, part.zero_point, 0, part.tensor, data, part.handle)
        )
    join(call, wider, axis)


def pad_widths(call: Call, x: Value) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Values before and after along each axis."""
    widths = call.constant(1, "int32", "int64")
    if widths.shape != (x.rank, 2) or (widths < 0).any() or (widths > 1 << 20).any():
        raise call.op.damaged("the paddings do not fit the input")
    return tuple(int(n) for n in widths[:, 0]), tuple(int(n) for n in widths[:, 1])


@operator("PAD", "PADV2", version=4)
def pad(call: Call) -> None:
    x = call.input(0, "float32", "int8", "int16", "int32")
    before, after = pad_widths(call, x)
    zero = x.zero_point[0] if x.quantized and x.dtype != "float32" else 0
    fill = np.array([zero], x.dtype)
    if call.op.name == "PADV2":
        fill = call.constant(2, x.dtype).reshape(-1)
    shape = tuple(b + n + a for b, n, a in zip(before, x.shape, after, strict=True))
    call.put(0, call.emit(Pad(before, after, fill), call.shaped(x, x.shape)), shape)


_ = row_shape
