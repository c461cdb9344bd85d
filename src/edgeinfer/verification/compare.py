"""One method of the model against the same method of the source, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.verification.promise import Promise
from edgeinfer.verification.result import MethodResult


def as_arrays(result: Any) -> list[np.ndarray]:
    """What a method returned as a list of arrays whose first axis is the rows."""
    if isinstance(result, dict):
        return [np.asarray(part) for part in result.values()]
    if isinstance(result, (list, tuple)):
        return [np.asarray(part) for part in result]
    if hasattr(result, "toarray"):
        result = result.toarray()
    return [np.asarray(result)]


class Comparison:
    """Collects the answers to one method, first those on the data, then those on the probes."""

    def __init__(self, method: str, promise: Promise, labels: bool) -> None:
        self.method = method
        self.promise = promise
        self.labels = labels
        self.found: list[list[np.ndarray]] = []
        self.expected: list[list[np.ndarray]] = []
        self.probe: list[np.ndarray] = []

    def add(self, found: Any, expected: Any, rows: int, probe: bool) -> str | None:
        """Take the answers for some rows; the reason, if they cannot even be compared."""
        have, want = as_arrays(found), as_arrays(expected)
        if self.method == "kneighbors":
            have, want = _by_distance(have), _by_distance(want)
        if len(have) != len(want):
            return f"the source gives {len(want)} arrays, the model {len(have)}"
        for h, w in zip(have, want, strict=True):
            if h.shape != w.shape:
                return f"the source gives shape {w.shape}, the model {h.shape}"
        self.found.append(have)
        self.expected.append(want)
        self.probe.append(np.full(rows, probe))
        return None

    def finish(self) -> tuple[MethodResult, int | None]:
        """The result, and the first row that breaks an exact promise (or differs, if it failed)."""
        probe = np.concatenate(self.probe)
        good = np.ones(len(probe), bool)
        labels = self.labels
        largest = relative = rms = 0.0
        for number in range(len(self.expected[0])):
            have, want = self.part(number)
            if self.labels or want.dtype.kind != "f":
                good &= _rows(_equal(have, want))
                labels = labels or len(self.expected[0]) == 1
                continue
            error, scale = self._error(have, want, probe)
            # NaN against a number, one infinity against another: no error but a difference.
            relative = max(relative, float(np.max(error / scale, initial=0.0)))
            largest = max(largest, float(error.max(initial=0.0)))
            rms = max(rms, _rms(error[~probe]) / scale)
            rtol = self.promise.value_loss if self.promise.rtol is None else self.promise.rtol
            with np.errstate(invalid="ignore"):
                within = error <= rtol * np.maximum(np.nan_to_num(np.abs(want)), scale)
            good &= _rows(within | (error == 0))
        agreement = float(good[~probe].mean())
        at_probes = float(good[probe].mean()) if probe.any() else None
        if not self.promise.lossy:
            passed = bool(good.all())
        elif labels:
            passed = agreement >= 1 - self.promise.label_loss
        else:
            passed = rms <= self.promise.value_loss
        result = MethodResult(
            self.method,
            "labels" if labels else "values",
            agreement,
            at_probes,
            None if labels else largest,
            None if labels else relative,
            None if labels else rms,
            self.promise.labels() if labels else self.promise.values(),
            passed,
        )
        bad = np.flatnonzero(~good)
        return result, int(bad[0]) if len(bad) else None

    def part(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """All answers in array `number`: the model's, the source's."""
        have = np.concatenate([answers[number] for answers in self.found])
        return have, np.concatenate([answers[number] for answers in self.expected])

    def worst_column(self, row: int) -> tuple[int | None, Any, Any]:
        """In a row that differs: the column (None if there is one value), expected, found."""
        offset, choice = 0, None
        for number in range(len(self.expected[0])):
            have, want = (np.atleast_1d(part[row]) for part in self.part(number))
            have, want = have.ravel(), want.ravel()
            if self.labels or want.dtype.kind != "f":
                distance = np.where(_equal(have, want), 0.0, np.inf)
            else:
                distance = _distance(have, want)
            column = int(distance.argmax())
            if choice is None or distance[column] > choice[0]:
                choice = (distance[column], offset + column, want[column], have[column])
            offset += len(want)
        assert choice is not None
        return (choice[1] if offset > 1 else None), _plain(choice[2]), _plain(choice[3])

    def _error(
        self, have: np.ndarray, want: np.ndarray, probe: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Absolute errors, and the scale of the source's values on the data."""
        if self.method == "predict_log_proba" and self.promise.lossy:
            # The logarithm of a small probability has no bound; the probability has.
            with np.errstate(over="ignore"):
                have, want = np.exp(have), np.exp(want)
        known = want[~probe]
        known = known[np.isfinite(known)]
        if not len(known):
            scale = 1.0
        elif self.promise.lossy:
            scale = float(known.max() - known.min()) or float(np.abs(known).max())
        else:
            scale = float(np.abs(known).max())
        return _distance(have, want), scale or 1.0


def _by_distance(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Distances and indices of neighbours; of equal distances, which have no order, by index."""
    if len(arrays) != 2 or arrays[0].ndim != 2 or arrays[0].shape != arrays[1].shape:
        return arrays
    distances, indices = arrays
    order = np.lexsort((indices, distances), axis=1)
    return [np.take_along_axis(a, order, axis=1) for a in (distances, indices)]


def _distance(have: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Absolute difference: 0 where both are the same infinity or NaN, inf where only one is."""
    have, want = have.astype(np.float64), want.astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.abs(have - want)
    error = np.where((have == want) | (np.isnan(have) & np.isnan(want)), 0.0, error)
    return np.where(np.isnan(error), np.inf, error)


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(error**2))) if error.size else 0.0


def _equal(have: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Elementwise equality of labels of any kind; text never equals a number."""
    if (have.dtype.kind in "US") != (want.dtype.kind in "US") and "O" not in (
        have.dtype.kind,
        want.dtype.kind,
    ):
        return np.zeros(have.shape, bool)
    both_nan = (have != have) & (want != want)
    return np.asarray((have == want) | both_nan, dtype=bool)


def equal_rows(have: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Which rows of two arrays are the same, value by value; NaN equals NaN."""
    return _rows(_equal(have, want))


def _rows(elements: np.ndarray) -> np.ndarray:
    """Whether all elements of each row hold."""
    return np.asarray(elements.reshape(len(elements), -1).all(axis=1), dtype=bool)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
