"""Integer convolutions for small targets: weights and parameters as ei_conv_small.h reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeinfer.ops._base import Block
from edgeinfer.ops._window import Geometry

if TYPE_CHECKING:
    from edgeinfer.ops.conv import IntegerConv


def pack_pairs(weights: np.ndarray) -> np.ndarray:
    """``(outputs, depth)`` in pairs of outputs, in groups of four inputs.

    A group is ``a0 b0 a2 b2 a1 b1 a3 b3``; the last pair and the last group end in zeros.
    """
    outputs, inputs = weights.shape
    pairs, groups = -(-outputs // 2), -(-inputs // 4)
    padded = np.zeros((pairs * 2, groups * 4), weights.dtype)
    padded[:outputs, :inputs] = weights
    split = padded.reshape(pairs, 2, groups, 2, 2)  # pair, output, group, second half, odd
    return np.ascontiguousarray(split.transpose(0, 2, 4, 3, 1)).reshape(-1)


def pack_quads(weights: np.ndarray) -> np.ndarray:
    """``(taps, channels)`` as ``(quads of channels, taps, 4)``, then ``(channels left, taps)``."""
    taps, channels = weights.shape
    whole = channels - channels % 4
    quads = weights[:, :whole].reshape(taps, -1, 4).transpose(1, 0, 2)
    return np.concatenate([quads.reshape(-1), weights[:, whole:].T.reshape(-1)])


def small_block(op: IntegerConv, g: Geometry, weights: np.ndarray, depth: int) -> Block:
    """The parameters of the compact int8 kernels."""
    plain = op.is_small("int8") and bool((op.shift < 0).all())
    numbers = {
        "in_h": g.in_h,
        "in_w": g.in_w,
        "in_c": g.in_c,
        "out_h": g.out_h,
        "out_w": g.out_w,
        "out_c": op.bias.size,
        "kernel_h": g.kernel_h,
        "kernel_w": g.kernel_w,
        "stride_h": g.stride_h,
        "stride_w": g.stride_w,
        "dilation_h": g.dilation_h,
        "dilation_w": g.dilation_w,
        "pad_top": g.top,
        "pad_left": g.left,
        "images": g.images,
        "repeat": g.repeat,
        "depth": depth,
        "plain": plain,
        "x_zero": op.x_zero,
        "y_zero": op.y_zero,
        "low": op.low,
        "high": op.high,
    }
    fields = (
        ("weights", "ptr", weights),
        ("bias", "ptr", op.folded()),
        ("multiplier", "ptr", op.multiplier),
        ("shift", "ptr", (-op.shift if plain else op.shift).astype(np.int8)),
        *((name, "i32", value) for name, value in numbers.items()),
    )
    return Block("ei_conv_small_params", fields)
