"""What values a tensor takes: observed on calibration data, or known from the model itself."""

from __future__ import annotations

import numpy as np

from edgeinfer.errors import CalibrationError
from edgeinfer.graph import Graph


class Calibration:
    """Ranges of the tensors of a float64 graph."""

    def __init__(self, graph: Graph, data: np.ndarray | None) -> None:
        self.graph = graph
        self.data = data
        self._values: dict[str, np.ndarray] = {}

    def values(self, tensor: str) -> np.ndarray | None:
        """The tensor on the calibration data, shape ``(rows, *shape)``; None without data."""
        if self.data is None:
            return None
        if tensor not in self._values:
            (name,) = self.graph.inputs
            feeds = {name: self.data}
            self._values.update(self.graph.evaluate(feeds, [tensor]))
        return self._values[tensor]

    def range(self, tensor: str) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest value of each feature of `tensor`, two arrays of its shape.

        Raises CalibrationError when there is neither data nor a range the model knows.
        """
        shape = self.graph.types[tensor].shape
        values = self.values(tensor)
        if values is not None:
            with np.errstate(all="ignore"):
                finite = np.where(np.isfinite(values), values, np.nan)
            low, high = np.nanmin(finite, axis=0), np.nanmax(finite, axis=0)
            return np.nan_to_num(low), np.nan_to_num(high)
        if tensor in self.graph.ranges:
            low_value, high_value = self.graph.ranges[tensor]
            return np.full(shape, low_value), np.full(shape, high_value)
        raise CalibrationError(
            "integer precision needs to know what values the data takes, and this model has no "
            "scaler whose statistics would tell; give some rows: "
            "convert(..., calibration=X), or --calibration X.npy on the command line"
        )
