"""Which range of values integers shall stand for: all that was seen, most of it, or the best.

* ``minmax``: everything that the calibration data has.
* ``percentile``: all but one value in 10,000 at either end.
* ``mse``: the range with the smallest mean squared error, rounding and clamping added up. Outliers
  cost a clamped value each, but would cost every other value resolution.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.errors import CalibrationError, InvalidParameterError

RANGES = ("minmax", "percentile", "mse")
BINS = 2048
TAIL = 1e-4
"""The share of values that a percentile leaves out at either end."""

CANDIDATES = 64
NARROWEST = 0.1
"""The narrowest range that is tried, as a share of the widest."""


def check_ranges(ranges: str) -> str:
    """`ranges`, if there is such a way to choose them; else InvalidParameterError."""
    if ranges not in RANGES:
        raise InvalidParameterError(f"unknown ranges {ranges!r}; there are: {', '.join(RANGES)}")
    return ranges


def check_rows(data: Any, shape: tuple[int, ...], where: str = "the calibration data") -> Any:
    """Calibration data as floats of shape ``(rows, *shape)``; CalibrationError for all others.

    Rows may also be flat, or have a leading axis of one as in a network's file.
    """
    try:
        array = np.asarray(data)
        if array.dtype.kind not in "fiub":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as err:
        raise CalibrationError(f"{where} cannot be read as numbers: {err}") from err
    size = int(np.prod(shape, dtype=np.int64))
    if array.ndim == 0 or array.shape[1:] not in (shape, (1, *shape), (size,)):
        raise CalibrationError(f"{where} has to be rows of shape {shape}, got {array.shape}")
    if not len(array):
        raise CalibrationError(f"{where} has no rows")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise CalibrationError(f"{where} has NaN or infinity in it")
    return array.reshape(len(array), *shape)


def histograms(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Counts of ``(rows, n)`` values in `BINS` bins from low to high, each of shape (n,)."""
    n = values.shape[1]
    width = np.where(high > low, high - low, 1.0)
    place = ((values - low) / width * BINS).astype(np.int64)
    np.clip(place, 0, BINS - 1, out=place)
    place += np.arange(n) * BINS
    return np.bincount(place.reshape(-1), minlength=n * BINS).reshape(n, BINS)


def choose(
    ranges: str,
    counts: np.ndarray | None,
    low: np.ndarray,
    high: np.ndarray,
    levels: int,
    *,
    symmetric: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """The range of each of n histograms `counts`, shape ``(n, BINS)``, between `low` and `high`.

    `levels` integers are spread over it; `symmetric`: zero has to be in their middle.
    """
    if ranges == "minmax" or counts is None:
        return low, high
    width = (high - low) / BINS
    if ranges == "percentile":
        share = np.cumsum(counts, axis=1) / np.maximum(counts.sum(axis=1), 1)[:, None]
        first = (share <= TAIL).sum(axis=1)
        last = BINS - (share >= 1 - TAIL).sum(axis=1)
        return low + first * width, np.minimum(high, low + (last + 1) * width)
    centres = low[:, None] + (np.arange(BINS) + 0.5) * width[:, None]
    # Zero is an integer whatever the range: the many zeros behind a ReLU have no rounding error.
    rounded = np.where(np.abs(centres) < width[:, None], 0, counts).sum(axis=1)
    shares = np.linspace(1.0, NARROWEST, CANDIDATES)
    lows = np.minimum(low, 0)[:, None] * shares
    highs = np.maximum(high, 0)[:, None] * shares
    if symmetric:
        far = np.maximum(-lows, highs)
        cost = _clamped(counts, centres, highs=far) + _clamped(counts, centres, lows=-far)
        cost += rounded[:, None] * (2 * far / levels) ** 2 / 12
        best = np.take_along_axis(far, cost.argmin(axis=1)[:, None], axis=1)[:, 0]
        return np.maximum(low, -best), np.minimum(high, best)
    above, below = _clamped(counts, centres, highs=highs), _clamped(counts, centres, lows=lows)
    steps = (highs[:, None, :] - lows[:, :, None]) / levels
    total = below[:, :, None] + above[:, None, :] + rounded[:, None, None] * steps**2 / 12
    best = total.reshape(len(total), -1).argmin(axis=1)
    at = np.arange(len(total))
    return np.maximum(low, lows[at, best // CANDIDATES]), np.minimum(
        high, highs[at, best % CANDIDATES]
    )


def _clamped(
    counts: np.ndarray,
    centres: np.ndarray,
    *,
    lows: np.ndarray | None = None,
    highs: np.ndarray | None = None,
) -> np.ndarray:
    """Sum of squared errors of the values clamped at each candidate, shape ``(n, CANDIDATES)``."""
    limits = highs if highs is not None else lows
    assert limits is not None
    result = np.empty(limits.shape)
    for k in range(limits.shape[1]):
        beyond = centres - limits[:, k : k + 1]
        beyond = np.maximum(beyond, 0) if highs is not None else np.minimum(beyond, 0)
        result[:, k] = (counts * beyond * beyond).sum(axis=1)
    return result
