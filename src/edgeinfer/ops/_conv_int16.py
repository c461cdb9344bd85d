"""Convolutions of int16 in vectors: what isa/conv_int16.h reads beside the weights."""

from __future__ import annotations

import numpy as np

from edgeinfer.ops._rescaling import blocks_of_64_bit_sums

BLOCK = 32
"""Channels of a block of a depthwise convolution."""


def pack_depthwise_i16(
    weights: np.ndarray, bias: np.ndarray, multiplier: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """All parameters of a depthwise convolution in blocks of 32 channels, int8.

    A block is two of `rescaling_blocks`, then the weights ``(taps, channels)`` as int16: for every
    two taps, two vectors of 16 channels with two taps each. Channels come as the interleaving of
    taps leaves them: of every eight the first four in the one half, the others in the other. A
    number of channels that divides 32 is there over and over.
    """
    taps, channels = weights.shape
    pairs, count = -(-taps // 2), -(-channels // BLOCK)
    index = np.arange(count * BLOCK)
    index = index % channels if BLOCK % channels == 0 else np.minimum(index, channels - 1)
    index = index.reshape(count, 4, 2, 4).transpose(0, 2, 1, 3).reshape(count, BLOCK)
    padded = np.zeros((pairs * 2, channels), np.int16)
    padded[:taps] = weights
    pairs_of = padded[:, index].reshape(pairs, 2, count, BLOCK).transpose(2, 0, 3, 1)
    starts, factors, shifts = (row[index].reshape(-1, 16) for row in (bias, multiplier, shift))
    head = blocks_of_64_bit_sums(starts, factors, shifts).reshape(count, -1)
    body = np.ascontiguousarray(pairs_of).reshape(count, -1).view(np.int8)
    return np.ascontiguousarray(np.concatenate([head, body], axis=1))
