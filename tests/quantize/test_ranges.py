"""The choice of ranges: what each way keeps and leaves, and which data are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeinfer.errors import CalibrationError, InvalidParameterError
from edgeinfer.quantize.ranges import BINS, check_ranges, check_rows, choose, histograms


def ranged(values: np.ndarray, ranges: str, **options: Any) -> tuple[float, float]:
    low, high = np.array([values.min()]), np.array([values.max()])
    counts = histograms(values[:, None], low, high)
    assert counts.shape == (1, BINS)
    assert counts.sum() == len(values)
    found = choose(ranges, counts, low, high, 255, **options)
    return float(found[0][0]), float(found[1][0])


def error(values: np.ndarray, low: float, high: float) -> float:
    """Mean squared error of 256 integers over the range, zero among them."""
    low, high = min(low, 0), max(high, 0)
    step = (high - low) / 255
    zero = np.rint(low / step)
    codes = np.clip(np.rint(values / step), zero, zero + 255)
    return float(np.square(codes * step - values).mean())


def test_minmax_keeps_everything() -> None:
    values = np.array([-3.0, 0.5, 9.0])
    assert ranged(values, "minmax") == (-3.0, 9.0)


def test_percentile_leaves_one_in_ten_thousand() -> None:
    values = np.concatenate([np.linspace(-1, 1, 100_000), [50.0, -40.0]])
    low, high = ranged(values, "percentile")
    assert -1.1 < low < -0.9
    assert 0.9 < high < 1.1
    even = np.linspace(0, 1, 100)
    low, high = ranged(even, "percentile")
    assert low == 0
    assert high == 1


@pytest.mark.parametrize("symmetric", [False, True])
def test_squared_error_is_smaller_than_that_of_everything(symmetric: bool) -> None:
    values = np.random.default_rng(0).laplace(size=400_000)
    values = np.append(values, [40.0])
    low, high = ranged(values, "mse", symmetric=symmetric)
    assert high < 30
    assert error(values, low, high) < 0.8 * error(values, values.min(), values.max())


def test_squared_error_clamps_nothing_of_an_even_spread() -> None:
    values = np.linspace(-2, 1, 10_001)
    low, high = ranged(values, "mse")
    assert low == pytest.approx(-2, abs=0.05)
    assert high == pytest.approx(1, abs=0.05)


def test_zeros_do_not_count() -> None:
    """Behind a ReLU most values are zero, which is exact in every range."""
    values = np.abs(np.random.default_rng(1).normal(size=5000))
    many = np.concatenate([values, np.zeros(500_000)])
    alone, among = ranged(np.append(values, 0), "mse"), ranged(many, "mse")
    assert among == pytest.approx(alone, rel=0.1)


def test_several_at_once() -> None:
    values = np.random.default_rng(2).normal(size=(4000, 3)) * [1, 10, 0.1]
    low, high = values.min(axis=0), values.max(axis=0)
    together = choose("mse", histograms(values, low, high), low, high, 255)
    for k in range(3):
        assert (together[0][k], together[1][k]) == pytest.approx(ranged(values[:, k], "mse"))


def test_one_value_only() -> None:
    for ranges in ("minmax", "percentile", "mse"):
        low, high = ranged(np.full(9, 2.0), ranges)
        assert low <= 2.0 <= high + 1e-9


def test_unknown() -> None:
    with pytest.raises(InvalidParameterError, match="minmax, percentile, mse"):
        check_ranges("entropy")


def test_rows_are_read_in_three_shapes() -> None:
    data = np.arange(24.0).reshape(2, 3, 4)
    for given in (data, data[:, None], data.reshape(2, 12), data.tolist()):
        np.testing.assert_array_equal(check_rows(given, (3, 4)), data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((0, 3)), "no rows"),
        (np.array([[1.0, np.nan, 2]]), "NaN or infinity"),
        (np.array([[1.0, np.inf, 2]]), "NaN or infinity"),
        (np.zeros((4, 2)), "rows of shape"),
        (np.zeros(3), "rows of shape"),
        (5.0, "rows of shape"),
        ([["a", "b", "c"]], "numbers"),
        ([[1, 2, 3], [1, 2]], "numbers"),
    ],
)
def test_refused_rows(data: Any, message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        check_rows(data, (3,))
