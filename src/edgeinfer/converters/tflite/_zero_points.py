"""Weights that have a zero point of their own, for kernels that take int8 weights without one.

A weight less its zero point has nine bits. What does not fit into int8 is added by reading the
inputs it belongs to once more: a few channels of a convolution, the rows of a depthwise one. The
sums are the same, so are the integers.
"""

from __future__ import annotations

import numpy as np

from edgeinfer.converters.tflite._common import contiguous_strides, move
from edgeinfer.converters.tflite._network import Call, Value
from edgeinfer.ops import Concat

MOST_RUNS = 8
"""More runs of channels than this are read as one, from the first to the last."""

MAX_WEIGHTS = 1 << 22


def centred(weights: Value) -> np.ndarray:
    """The weights less their zero point, in int16."""
    assert weights.data is not None
    zero = weights.zero_point[0] if weights.zero_point else 0
    return np.asarray(weights.data.astype(np.int16) - np.int16(zero))


def parts_of(weights: np.ndarray) -> list[np.ndarray]:
    """int8 arrays that add up to `weights`, at least one."""
    parts: list[np.ndarray] = []
    rest = weights
    while not parts or rest.any():
        part = np.clip(rest, -128, 127).astype(np.int8)
        parts.append(part)
        rest = rest - part
    return parts


def runs_of(used: np.ndarray) -> list[tuple[int, int]]:
    """Ranges ``(first, end)`` of the places where `used` is true."""
    places = np.flatnonzero(used)
    if not places.size:
        return []
    breaks = np.flatnonzero(np.diff(places) > 1)
    first = [int(places[0]), *(int(places[i + 1]) for i in breaks)]
    end = [*(int(places[i]) + 1 for i in breaks), int(places[-1]) + 1]
    runs = list(zip(first, end, strict=True))
    return runs if len(runs) <= MOST_RUNS else [(first[0], end[-1])]


def more_channels(call: Call, x: Value, weights: np.ndarray) -> tuple[Value, np.ndarray]:
    """An image and int8 weights ``(outputs, kh, kw, channels)`` with the sums of `weights` on x."""
    first, *rest = parts_of(weights)
    if not rest:
        return x, first
    tensors, kernels = [call.shaped(x, x.shape)], [first]
    own = contiguous_strides(x.shape)
    for part in rest:
        for start, end in runs_of(np.asarray(part.any(axis=(0, 1, 2)))):
            shape = (*x.shape[:-1], end - start)
            again = move(call, x, shape, own, start)
            tensors.append(call.network.reshape(again, shape))
            kernels.append(part[..., start:end])
    kernel = np.ascontiguousarray(np.concatenate(kernels, axis=3))
    tensor = call.emit(Concat(len(x.shape) - 1), *tensors)
    shape = (*x.shape[:-1], kernel.shape[3])
    return Value(x.dtype, shape, x.scale, x.zero_point, tensor=tensor), kernel


def more_rows(
    call: Call, x: Value, weights: np.ndarray, dilation: int
) -> tuple[Value, np.ndarray, int]:
    """An image whose rows come several times, a depthwise kernel for it, and how many times.

    The kernel is dense: its vertical `dilation` is in it as rows of zeros.
    """
    parts = parts_of(weights)
    times = len(parts)
    if times == 1:
        return x, parts[0], 1
    kh, kw, outputs = weights.shape
    if ((kh - 1) * dilation + 1) * times * kw * outputs > MAX_WEIGHTS:
        raise call.op.unsupported(f"weights with a zero point and a dilation of {dilation}")
    kernel = np.zeros(((kh - 1) * dilation + 1, times, kw, outputs), np.int8)
    kernel[::dilation] = np.stack(parts, axis=1)
    n, h, w, c = x.shape
    own = contiguous_strides(x.shape)
    tensor = move(call, x, (n, h, times, w, c), (own[0], own[1], 0, own[2], own[3]), 0)
    shape = (n, h * times, w, c)
    tensor = call.network.reshape(tensor, shape)
    repeated = Value(x.dtype, shape, x.scale, x.zero_point, tensor=tensor)
    return repeated, kernel.reshape(-1, kw, outputs), times
