"""TensorFlow Lite's fixed-point functions, in NumPy: what tables are made with.

Numbers are int32 with some bits before the point: ``F4`` has four (and the sign), 27 after it.
"""

from __future__ import annotations

import numpy as np

from edgeinfer.ops.fixed_point import (
    divide_by_pot,
    high_mul,
    newton_reciprocal,
    quantize_multiplier,
    rescale_i32,
)

ONE = 0x7FFFFFFF

# exp(-2^k) for k = -2 .. 4, 31 bits after the point.
_EXP_OF_POWERS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)


def _saturate(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(x, -(1 << 31), ONE).astype(np.int64))


def _mul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return high_mul(a.astype(np.int32), b.astype(np.int32)).astype(np.int64)


def _exp_near_zero(a: np.ndarray) -> np.ndarray:
    """exp(a) for -1/4 <= a < 0: a polynomial around -1/8."""
    exp_eighth, third = np.array(1895147668), np.array(715827883)
    x = a + (1 << 28)
    x2 = _mul(x, x)
    x3 = _mul(x2, x)
    x4 = divide_by_pot(_mul(x2, x2).astype(np.int32), np.array(2)).astype(np.int64)
    inner = _mul(x4 + x3, third) + x2
    tail = divide_by_pot(inner.astype(np.int32), np.array(1)).astype(np.int64)
    return np.asarray(exp_eighth + _mul(exp_eighth, x + tail))


def exp_negative(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """exp(a) for a <= 0 with that many bits before the point; 31 bits after the point."""
    a = a.astype(np.int64)
    point = 31 - integer_bits
    quarter = 1 << (point - 2)
    part = (a & (quarter - 1)) - quarter
    result = _exp_near_zero(_saturate(part << integer_bits))
    rest = part - a
    for exponent, factor in _EXP_OF_POWERS:
        if exponent < integer_bits:
            bit = 1 << (point + exponent)
            result = np.where(rest & bit, _mul(result, np.array(factor)), result)
    return np.where(a == 0, ONE, result)


def logistic_f4(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-a)) for a in F4 (27 bits after the point), 31 bits after the point."""
    a = a.astype(np.int64)
    exps = exp_negative(-np.abs(a), 4).astype(np.int32)
    positive = newton_reciprocal(exps).astype(np.int64)
    return np.where(a > 0, positive, np.where(a == 0, 1 << 30, ONE - positive))


def tanh_f4(a: np.ndarray) -> np.ndarray:
    """tanh(a) for a in F4, 31 bits after the point."""
    a = a.astype(np.int64)
    # exp(-2|a|): twice a in F4 is a in F5.
    exps = exp_negative(-np.abs(a), 5).astype(np.int32)
    value = one_minus_over_one_plus(exps)
    return np.where(a == 0, 0, np.where(a < 0, -value, value))


def one_minus_over_one_plus(x: np.ndarray) -> np.ndarray:
    """(1 - x) / (1 + x) for 0 <= x < 1, by the division of `newton_reciprocal`."""
    half = ((x.astype(np.int64) + ONE + 1) // 2).astype(np.int32)
    estimate = 1515870810 + _mul(half, np.array(-1010580540))
    for _ in range(3):
        step = _mul(estimate, (1 << 29) - _mul(half, estimate))
        estimate = estimate + _saturate(step << 2)
    return _saturate((estimate - (1 << 29)) << 2)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """The largest integer whose rescaled value keeps within `integer_bits` before the point."""
    largest = ((1 << integer_bits) - 1) * 2.0 ** (31 - integer_bits)
    return int(np.floor(largest / 2.0**left_shift))


def bytes_of(dtype: str) -> np.ndarray:
    """Every value of a one-byte dtype, in the order of their bits as 0 .. 255."""
    return np.arange(256, dtype=np.uint8).view(dtype).astype(np.int64)


def sigmoid_table(scale: float, zero_point: int, tanh: bool) -> np.ndarray:
    """LOGISTIC or TANH of int8, all 256 of them, indexed by the bits of the input."""
    multiplier, shift = quantize_multiplier(scale * 2.0**27)
    x = bytes_of("int8") - zero_point
    radius = input_radius(4, shift)
    inside = np.clip(x, -radius, radius)
    scaled = rescale_i32(inside, np.array(multiplier), np.array(shift))
    if tanh:
        q = divide_by_pot(tanh_f4(scaled).astype(np.int32), np.array(24))
        y = np.where(x <= -radius, -128, np.where(x >= radius, 127, np.minimum(q, 127)))
    else:
        q = divide_by_pot(logistic_f4(scaled).astype(np.int32), np.array(23)) - 128
        y = np.where(x <= -radius, -128, np.where(x >= radius, 127, np.clip(q, -128, 127)))
    return y.astype(np.int8)


def softmax_exps(scale: float, beta: float) -> np.ndarray:
    """exp of each difference 0, -1, ... -255 for softmax of int8."""
    factor = min(beta * scale * (1 << 26), (1 << 31) - 1.0)
    multiplier, shift = quantize_multiplier(factor)
    lowest = -input_radius(5, shift)
    difference = -np.arange(256, dtype=np.int64)
    inside = np.maximum(difference, lowest)
    wrapped = (inside << shift).astype(np.int32) if shift >= 0 else inside.astype(np.int32)
    scaled = high_mul(wrapped, np.array(multiplier))
    return np.where(difference >= lowest, exp_negative(scaled, 5), 0).astype(np.int32)


def sigmoid_factor(scale: float, most_shift: int) -> tuple[int, int] | None:
    """Multiplier and right shift that make int16 of `scale` 1 / 12288 each; None if it is huge.

    Powers of two from 1/4096 up to ``2**most_shift / 4096`` are multiplied exactly.
    """
    fraction, exponent = np.frexp(scale)
    if fraction == 0.5 and 0 <= exponent - 1 + 12 <= most_shift:
        return 3 << int(exponent - 1 + 12), 0
    multiplier, shift = scale * 12288.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        shift += 1
        multiplier *= 2.0
    return (int(multiplier), shift) if multiplier < 1 << 16 else None


# Entries of the reference's table that are one more than the function rounded to nearest, by bit.
_ONE_MORE = 0x800000000000000000000000000000800011009020440005C0467BAEFA7BD110


def sigmoid_16() -> np.ndarray:
    """The logistic function at i / 24, 16 bits after the point, for i from 0 to 255."""
    values = np.floor(65536.0 / (1.0 + np.exp(-np.arange(256) / 24.0)) + 0.5)
    more = np.array([_ONE_MORE >> i & 1 for i in range(256)])
    return np.asarray(np.minimum(values + more, 65535).astype(np.uint16))


def log_softmax_parameters(scale: float) -> dict[str, object]:
    """What `QLogSoftmax` needs besides the exponentials."""
    factor = min(scale * (1 << 26), (1 << 31) - 1.0)
    multiplier, shift = quantize_multiplier(factor)
    lowest = -input_radius(5, shift)
    difference = -np.arange(256, dtype=np.int64)
    diffs = rescale_i32(np.maximum(difference, lowest), np.array(multiplier), np.array(shift))
    divisor, divisor_shift = quantize_multiplier((1 << (31 - shift)) / multiplier)
    return {
        "diffs": diffs.astype(np.int32),
        "divisor": divisor,
        "divisor_shift": divisor_shift,
        "diff_min": max(lowest, -(1 << 29)),
    }
