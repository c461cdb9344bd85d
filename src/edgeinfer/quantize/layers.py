"""Layers as users name them, and their signal to quantization noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from edgeinfer.errors import InvalidParameterError

EXACT = 200.0
"""Decibels said of what has no noise."""


class Noise:
    """Sums of squares of a signal and of its error."""

    def __init__(self) -> None:
        self.signal = 0.0
        self.error = 0.0

    def add(self, want: np.ndarray, have: np.ndarray) -> None:
        """Take in more of the signal, and what became of it."""
        want = want.astype(np.float64)
        self.signal += float(np.square(want).sum())
        self.error += float(np.square(want - have).sum())

    @property
    def ratio(self) -> float:
        """Error by signal."""
        return self.error / max(self.signal, 1e-300) if self.error else 0.0

    @property
    def decibels(self) -> float:
        """Signal to noise, at most `EXACT`."""
        if not self.error:
            return EXACT
        decibels = 10 * np.log10(max(self.signal, 1e-300) / self.error)
        return round(float(np.clip(decibels, -EXACT, EXACT)), 2)


def chosen_layers(
    layers: Sequence[tuple[str, str]], wanted: str | int | Iterable[str | int]
) -> list[int]:
    """Numbers of the layers that are wanted by number or name; `layers` are kinds and names.

    Raises InvalidParameterError for what is not there, with a list of what is.
    """
    found: list[int] = []
    for entry in [wanted] if isinstance(wanted, (str, int)) else wanted:
        text = str(entry).strip()
        hits = [n for n, (_, name) in enumerate(layers) if name == text]
        if not hits and text.isdecimal() and int(text) < len(layers):
            hits = [int(text)]
        if not hits:
            listed = "".join(f"\n  {n}: {kind} {name}" for n, (kind, name) in enumerate(layers))
            raise InvalidParameterError(
                f"keep_float: there is no layer {entry!r}; the layers, by number and name:"
                f"{listed or ' none'}"
            )
        found += hits
    return found
