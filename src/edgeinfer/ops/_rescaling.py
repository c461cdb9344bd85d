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
    """Blocks for `rescale_i64` of sums held in 32 bits without their bias; shapes as above.

    ``((sum + bias) * reduced + half) >> (15 - shift)`` is the upper half of a 64-bit product with
    the reduced multiplier shifted left, shifted right by what is above 32. The bias is part of what
    is added. Where the multiplier would leave 32 bits the sum is shifted left as well.
    """
    reduced, total, left, right = _shifts(multiplier, shift)
    up = 32 + right - total
    add = (bias * reduced + (np.int64(1) << (total - 1))) << up
    return rescaling_blocks(0 * bias, reduced << (up - left), left, right, add)


def sums_fit(
    absolute: np.ndarray, bias: np.ndarray, multiplier: np.ndarray, shift: np.ndarray
) -> bool:
    """Whether sums of int16 can be rescaled with `blocks_of_64_bit_sums`, one value per output.

    `absolute` is of each output the sum of its weights' absolute values. The sums, shifted left,
    have to stay below 2^31, the products below 2^63.
    """
    reduced, total, left, right = _shifts(multiplier, shift)
    sums = 32768.0 * absolute
    half = 2.0 ** (total - 1)
    products = ((sums + np.abs(bias.astype(np.float64))) * reduced + half) * 2.0 ** (
        32 + right - total
    )
    return bool((sums * 2.0**left < 2.0**31).all() and (products < 2.0**62).all())


def _shifts(multiplier: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, ...]:
    """Reduced multiplier, its whole shift to the right, and the vectors' left and right, int64."""
    wide = multiplier.astype(np.int64)
    reduced = np.where(wide < 0x7FFF0000, (wide + (1 << 15)) >> 16, 0x7FFF)
    total = 15 - shift.astype(np.int64)
    return reduced, total, np.maximum(16 - total, 0), np.maximum(total - 32, 0)
