"""Blocks of what 16 channels are rescaled with, as isa/rescaling_blocks.h describes them."""

from __future__ import annotations

import numpy as np


def rescaling_blocks(
    bias: np.ndarray, multiplier: np.ndarray, left: np.ndarray, right: np.ndarray, add: np.ndarray
) -> np.ndarray:
    """int8 of shape (count, 448); all arguments have shape (count, 16), `add` is int64.

    A block is 16 biases, multipliers, the multipliers of odd channels (where the even ones are),
    shifts to the left and to the right, and what is added to the 64-bit products of even and of odd
    channels.
    """
    odd = np.repeat(multiplier[:, 1::2], 2, axis=1)
    words = np.stack([bias, multiplier, odd, left, right], axis=1).astype(np.int32)
    sums = np.concatenate([add[:, ::2], add[:, 1::2]], axis=1)
    parts = [words.reshape(len(words), -1), np.ascontiguousarray(sums).view(np.int32)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1)).view(np.int8)


def blocks_of_64_bit_sums(
    bias: np.ndarray, multiplier: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Blocks for `rescale_i64` of sums that fit 32 bits, every shift below 0; shapes as above.

    ``(sum * reduced + half) >> (15 - shift)`` is the upper half of a 64-bit product with the
    reduced multiplier shifted left, shifted right by what is above 32.
    """
    wide = multiplier.astype(np.int64)
    reduced = np.where(wide < 0x7FFF0000, (wide + (1 << 15)) >> 16, 0x7FFF)
    total = 15 - np.minimum(shift, -1).astype(np.int64)
    right = np.maximum(total - 32, 0)
    add = np.int64(1) << (31 + right)
    return rescaling_blocks(bias, reduced << (32 + right - total), 0 * right, right, add)
