"""Fixed-point rescaling, in NumPy: the twin of ei_fixed.h, and the choice of multipliers.

A factor is held as ``multiplier * 2**(shift - 31)``, as TensorFlow Lite Micro holds it.
"""

from __future__ import annotations

from math import frexp

import numpy as np

from edgeinfer.ops._base import require

MIN_SHIFT = -31
MAX_SHIFT = 30
MAX_SHIFT_64 = 14
MAX_SUM_64 = 1 << 47
"""64-bit sums stay below this, so that their product with a reduced multiplier fits."""


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """``(multiplier, shift)`` of a factor >= 0, the multiplier in [2^30, 2^31) or 0.

    A factor below 2^-32 is 0, as in TensorFlow Lite.
    """
    require(0.0 <= factor < float("inf"), f"a rescaling factor is finite and >= 0, not {factor}")
    if factor == 0.0:
        return 0, 0
    fraction, shift = frexp(factor)
    multiplier = int(np.floor(fraction * (1 << 31) + 0.5))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < MIN_SHIFT:
        return 0, 0
    return multiplier, shift


def quantize_multipliers(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`quantize_multiplier` of each factor: two int32 arrays."""
    pairs = [quantize_multiplier(float(f)) for f in np.ravel(factors)]
    multiplier, shift = zip(*pairs, strict=True)
    return np.array(multiplier, np.int32), np.array(shift, np.int32)


def check_rescaling(multiplier: np.ndarray, shift: np.ndarray, max_shift: int) -> None:
    """Raise GraphError unless every pair is one that the kernels can shift by."""
    require(multiplier.shape == shift.shape, "multiplier and shift differ in number")
    require(bool((multiplier >= 0).all()), "a multiplier is negative")
    low, high = int(shift.min(initial=0)), int(shift.max(initial=0))
    require(low >= MIN_SHIFT and high <= max_shift, f"a shift is outside {MIN_SHIFT}..{max_shift}")


def _wrap32(x: np.ndarray) -> np.ndarray:
    """The low 32 bits of int64 values, as int32."""
    return x.astype(np.uint64).astype(np.uint32).view(np.int32)


def high_mul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The high half of 2ab of int32 values, rounded to nearest, a tie up; saturating."""
    product = a.astype(np.int64) * b.astype(np.int64)
    result = (product + (1 << 30)) >> 31
    return np.asarray(np.minimum(result, np.iinfo(np.int32).max).astype(np.int32))


def divide_by_pot(x: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """``x / 2**exponent`` of int32 values, to nearest, a tie away from zero."""
    wide = x.astype(np.int64)
    mask = (np.int64(1) << exponent.astype(np.int64)) - 1
    threshold = (mask >> 1) + (wide < 0)
    return np.asarray(((wide >> exponent) + ((wide & mask) > threshold)).astype(np.int32))


def rescale_i32(x: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """int32 sums times their factor; the arrays broadcast."""
    left, right = np.maximum(shift, 0).astype(np.int64), np.maximum(-shift, 0)
    return divide_by_pot(high_mul(_wrap32(x.astype(np.int64) << left), multiplier), right)


def rescale_i64(x: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """int64 sums (below 2^47) times their factor with its reduced multiplier, as int32."""
    wide = multiplier.astype(np.int64)
    reduced = np.where(wide < 0x7FFF0000, (wide + (1 << 15)) >> 16, 0x7FFF)
    right = 15 - shift.astype(np.int64)
    return _wrap32((x.astype(np.int64) * reduced + (np.int64(1) << (right - 1))) >> right)


def newton_reciprocal(x: np.ndarray) -> np.ndarray:
    """``1 / (1 + x)`` for x in [0, 1), both with 31 bits after the point: three Newton steps."""
    one = 0x7FFFFFFF
    total = x.astype(np.int64) + one
    half = ((total + np.where(total >= 0, 1, -1)) // 2).astype(np.int32)  # total >= 0 here
    # Two bits before the point: 48/17 and 32/17, as Newton's division starts.
    estimate = 1515870810 + high_mul(half, np.array(-1010580540, np.int32)).astype(np.int64)
    for _ in range(3):
        product = high_mul(half, estimate.astype(np.int32)).astype(np.int64)
        error = (1 << 29) - product
        step = high_mul(estimate.astype(np.int32), error.astype(np.int32)).astype(np.int64)
        estimate = estimate + np.clip(step << 2, -(1 << 31), one)
    return np.asarray(np.clip(estimate << 1, -(1 << 31), one).astype(np.int32))
