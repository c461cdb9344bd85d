"""Functions of fixed-point numbers by Newton's method, in NumPy: the twin of ei_newton.h."""

from __future__ import annotations

import numpy as np

from edgeinfer.ops.fixed_point import divide_by_pot, high_mul, newton_reciprocal

_LOW, _HIGH = -(1 << 31), (1 << 31) - 1


def leading_zeros(x: np.ndarray) -> np.ndarray:
    """Zeros before the first one in 32 bits, int64."""
    lengths = np.frompyfunc(lambda v: int(v).bit_length(), 1, 1)(x.astype(np.int64) & 0xFFFFFFFF)
    return np.asarray(32 - np.asarray(lengths).astype(np.int64))


def shift_left(x: np.ndarray, exponent: np.ndarray | int) -> np.ndarray:
    """``x * 2**exponent`` of int32 values, saturating."""
    wide = x.astype(np.int64) << exponent
    return np.asarray(np.clip(wide, _LOW, _HIGH).astype(np.int32))


def wrap(x: np.ndarray) -> np.ndarray:
    """The low 32 bits of int64 values, as int32."""
    return np.asarray(x.astype(np.uint64).astype(np.uint32).view(np.int32))


def inverse_sqrt(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``1 / sqrt(x)`` of integers >= 0 as (multiplier, shift); 0 counts as 1."""
    value = x.astype(np.int64)
    right = np.full(value.shape, 11)
    while (large := value >= 1 << 29).any():
        value = np.where(large, value // 4, value)
        right = right + large
    pairs = (leading_zeros(np.maximum(value, 2)) - 1) // 2 - 1
    right = right - pairs
    value = wrap(value << (2 * pairs))
    half = divide_by_pot(value >> 1, np.array(1))
    y = np.full(value.shape, 1 << 28, np.int32)
    three_halves = np.array((1 << 28) + (1 << 27), np.int32)
    for _ in range(5):
        cube = shift_left(high_mul(high_mul(y, y), y), 6)
        left = high_mul(three_halves, y).astype(np.int64)
        y = shift_left(wrap(left - high_mul(half, cube)), 3)
    y = high_mul(y, np.array(1518500250, np.int32))
    y = wrap(y.astype(np.int64) << np.maximum(-right, 0))
    small = x <= 1
    multiplier = np.where(small, _HIGH, y).astype(np.int32)
    return multiplier, np.where(small, 0, -np.maximum(right, 0))


def fixed_log(x: np.ndarray) -> np.ndarray:
    """log(x) for x >= 1 with 12 bits before the point; the result has 5."""

    def constant(value: int) -> np.ndarray:
        return np.array(value, np.int32)

    sqrt_half, root, quarter = constant(1518500250), 1805811301, 1 << 23
    zeros_a = leading_zeros(x)
    r_a = shift_left(high_mul(shift_left(x, np.maximum(zeros_a - 1, 0)), sqrt_half), 1)
    up = np.minimum(shift_left(12 - zeros_a, 25).astype(np.int64) + quarter, _HIGH)
    zeros_b = leading_zeros(high_mul(x, sqrt_half)) - 1
    r_b = shift_left(x, np.maximum(zeros_b, 0))
    down = np.maximum(shift_left(12 - zeros_b, 25).astype(np.int64) - quarter, _LOW)
    power = np.maximum(up, down).astype(np.int32)
    r = np.minimum(r_a, r_b)
    total = r.astype(np.int64) + root
    p = ((total + 1) // 2).astype(np.int32)  # total is positive: both are
    apart = wrap(r.astype(np.int64) - root)
    q = wrap(2 * apart.astype(np.int64))
    square = high_mul(q, q)
    top = wrap(high_mul(q, r).astype(np.int64) + high_mul(high_mul(q, square), constant(117049297)))
    inner = wrap(q.astype(np.int64) + 1057819769 + high_mul(constant(127690142), square))
    bottom = wrap(high_mul(p, inner).astype(np.int64) + high_mul(constant(638450708), q))
    scaled = high_mul(divide_by_pot(top, np.array(6)), newton_reciprocal(bottom))
    logs = high_mul(power, constant(1488522236)).astype(np.int64) + scaled
    return shift_left(wrap(logs), 1)
