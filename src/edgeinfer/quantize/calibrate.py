"""What values a tensor takes: observed on calibration data, or known from the model itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.errors import CalibrationError
from edgeinfer.graph import Graph

CHUNK = 256
"""Rows observed at a time: a network's tensors of all calibration rows may not fit in memory."""


@dataclass
class Observed:
    """Per value of a row: smallest, largest and mean of the finite values seen."""

    low: np.ndarray
    high: np.ndarray
    total: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Observed:
        finite = np.isfinite(values)
        return cls(
            np.where(finite, values, np.inf).min(axis=0),
            np.where(finite, values, -np.inf).max(axis=0),
            np.where(finite, values, 0.0).sum(axis=0),
            finite.sum(axis=0),
        )

    def add(self, other: Observed) -> None:
        """Take in what was seen in more rows."""
        self.low = np.minimum(self.low, other.low)
        self.high = np.maximum(self.high, other.high)
        self.total = self.total + other.total
        self.count = self.count + other.count


class Calibration:
    """Ranges of the tensors of a float64 graph.

    The data run through the graph once, whichever and however many tensors are asked for.
    """

    def __init__(self, graph: Graph, data: np.ndarray | None) -> None:
        self.graph = graph
        self.data = data
        self._values: dict[str, np.ndarray] = {}
        self._observed: dict[str, Observed] | None = None

    def values(self, tensor: str) -> np.ndarray | None:
        """The tensor on the calibration data, shape ``(rows, *shape)``; None without data."""
        if self.data is None:
            return None
        if tensor not in self._values:
            (name,) = self.graph.inputs
            feeds = {name: self.data}
            self._values.update(self.graph.evaluate(feeds, [tensor]))
        return self._values[tensor]

    def observed(self, tensor: str) -> Observed | None:
        """What was seen of a floating tensor; None without data.

        Raises CalibrationError for data that the model refuses.
        """
        if self.data is None:
            return None
        if self._observed is None:
            self._observed = {}
            for first in range(0, len(self.data), CHUNK):
                self._observe(self.data[first : first + CHUNK], self._observed)
        return self._observed[tensor]

    def _observe(self, rows: np.ndarray, seen: dict[str, Observed]) -> None:
        (name,) = self.graph.inputs
        values = {name: rows}
        last_use = {n: i for i, node in enumerate(self.graph.nodes) for n in node.inputs}
        for number, node in enumerate(self.graph.nodes):
            try:
                with np.errstate(all="ignore"):
                    results = node.op.reference(*(values[n] for n in node.inputs))
            except ValueError as err:
                raise CalibrationError(f"the calibration data: {err}") from err
            values.update(zip(node.outputs, results, strict=True))
            for done in (*node.inputs, *node.outputs):
                if last_use.get(done, -1) <= number and done in values:
                    self._take(done, values.pop(done), seen)
        for left, array in values.items():
            self._take(left, array, seen)

    @staticmethod
    def _take(tensor: str, values: np.ndarray, seen: dict[str, Observed]) -> None:
        if values.dtype.kind != "f":
            return
        new = Observed.of(values)
        if tensor in seen:
            seen[tensor].add(new)
        else:
            seen[tensor] = new

    def range(self, tensor: str) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest value of each feature of `tensor`, two arrays of its shape.

        Raises CalibrationError when there is neither data nor a range the model knows.
        """
        shape = self.graph.types[tensor].shape
        seen = self.observed(tensor)
        if seen is not None:
            none = seen.count == 0
            return np.where(none, 0.0, seen.low), np.where(none, 0.0, seen.high)
        if tensor in self.graph.ranges:
            low_value, high_value = self.graph.ranges[tensor]
            return np.full(shape, low_value), np.full(shape, high_value)
        raise CalibrationError(
            "integer precision needs to know what values the data takes, and this model has no "
            "scaler whose statistics would tell of all its layers; give some rows: "
            "convert(..., calibration=X), or --calibration X.npy on the command line"
        )

    def mean(self, tensor: str) -> np.ndarray | None:
        """Mean of each feature; None without data."""
        seen = self.observed(tensor)
        return None if seen is None else seen.total / np.maximum(seen.count, 1)
