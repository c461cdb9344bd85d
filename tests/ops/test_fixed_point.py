"""Fixed-point rescaling against integers without bounds, and the kernels against both."""

import numpy as np
import pytest

from edgeinfer.errors import GraphError
from edgeinfer.ops.fixed_point import (
    divide_by_pot,
    high_mul,
    quantize_multiplier,
    quantize_multipliers,
    rescale_i32,
    rescale_i64,
)

LOW, HIGH = -(2**31), 2**31 - 1
EDGES = [LOW, LOW + 1, -(2**30) - 1, -(2**30), -3, -2, -1, 0, 1, 2, 3, 2**30 - 1, 2**30, HIGH]


def exact_high_mul(a: int, b: int) -> int:
    """As the reference says it: nudge by the sign, divide truncating, saturate."""
    if a == b == LOW:
        return HIGH
    product = a * b
    nudged = product + (2**30 if product >= 0 else 1 - 2**30)
    return abs(nudged) // 2**31 * (1 if nudged >= 0 else -1)


def exact_divide(x: int, exponent: int) -> int:
    """To nearest, a tie away from zero."""
    magnitude = (2 * abs(x) + (1 << exponent)) // (2 << exponent)
    return magnitude if x >= 0 else -magnitude


def wrap(x: int) -> int:
    return (x - LOW) % 2**32 + LOW


def cases(rng: np.random.Generator, count: int, bits: int) -> list[int]:
    spread = [int(rng.integers(-(2**b), 2**b)) for b in range(1, bits) for _ in range(count // 30)]
    return [*(e for e in EDGES if abs(e) < 2 ** (bits - 1)), *spread]


def test_high_mul_and_divide() -> None:
    rng = np.random.default_rng(0)
    numbers = [*EDGES, *(int(v) for v in rng.integers(LOW, HIGH, 200))]
    a, b = (
        m.ravel() for m in np.meshgrid(np.array(numbers, np.int32), np.array(numbers, np.int32))
    )
    want = [exact_high_mul(int(x), int(y)) for x, y in zip(a, b, strict=True)]
    np.testing.assert_array_equal(high_mul(a, b), want)
    for exponent in range(32):
        have = divide_by_pot(np.array(numbers, np.int32), np.int32(exponent))
        assert have.tolist() == [exact_divide(x, exponent) for x in numbers], exponent


def test_by_hand() -> None:
    half = quantize_multiplier(0.5)
    assert half == (1 << 30, 0)
    assert quantize_multiplier(1.0) == (1 << 30, 1)
    assert quantize_multiplier(0.75) == (3 << 29, 0)
    assert quantize_multiplier(0.0) == (0, 0)
    assert quantize_multiplier(2.0**-32) == (1 << 30, -31)
    assert quantize_multiplier(2.0**-33) == (0, 0)
    assert quantize_multiplier(1 - 2.0**-40) == (1 << 30, 1)  # rounds up into the next power
    x = np.array([5, -5, 6, 7, -7, 2147483647, -2147483648], np.int64)
    # The first rounding (of 2.5 and -2.5) is a tie up.
    assert rescale_i32(x, *map(np.int32, half)).tolist() == [3, -2, 3, 4, -3, 2**30, -(2**30)]
    # A quarter: 1.25 is 1.5's half, rounded at the high product's last bit, then away from zero.
    quarter = np.int32(1 << 30), np.int32(-1)
    assert rescale_i32(np.array([5, -5, 6, -6, 7]), *quarter).tolist() == [2, -1, 2, -2, 2]
    assert rescale_i64(np.array([5, -5, 6, -6, 7]), *quarter).tolist() == [1, -1, 2, -1, 2]
    with pytest.raises(GraphError):
        quantize_multiplier(-1.0)
    with pytest.raises(GraphError):
        quantize_multiplier(float("inf"))


def test_multipliers_are_near() -> None:
    factors = np.random.default_rng(1).lognormal(-3, 3, 500)
    multiplier, shift = quantize_multipliers(factors)
    np.testing.assert_allclose(multiplier * 2.0 ** (shift - 31.0), factors, rtol=2**-31)
    assert ((multiplier >= 1 << 30) & (multiplier >= 0)).all()


def test_rescale_against_big_integers() -> None:
    rng = np.random.default_rng(2)
    for shift in range(-31, 15):
        multiplier = int(rng.integers(1 << 30, 1 << 31))
        for m in (multiplier, 1 << 30, HIGH, 0x7FFF0000, 0x7FFEFFFF, 0):
            x = np.array(cases(rng, 60, 32))
            have = rescale_i32(x, np.int32(m), np.int32(shift)).tolist()
            want = [
                exact_divide(exact_high_mul(wrap(int(v) << max(shift, 0)), m), max(-shift, 0))
                for v in x
            ]
            assert have == want, (m, shift)
            wide = np.array([v for v in cases(rng, 60, 47) if abs(v) < 2**47])
            reduced = (m + 2**15) >> 16 if m < 0x7FFF0000 else 0x7FFF
            right = 15 - shift
            want = [wrap((int(v) * reduced + (1 << (right - 1))) >> right) for v in wide]
            assert rescale_i64(wide, np.int32(m), np.int32(shift)).tolist() == want, (m, shift)
