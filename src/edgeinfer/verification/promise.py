"""What each precision promises, and what `verify` therefore asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeinfer.graph import Graph

RTOL: Mapping[str, float] = {"float64": 1e-10, "float32": 1e-5}
"""Largest error of a value, relative to it or to the largest value of its output."""

LOSS: Mapping[str, tuple[float, float]] = {"int16": (0.01, 0.01), "int8": (0.05, 0.05)}
"""For models that were quantized: fraction of labels that may differ, and root mean square error
of values relative to the span of the source's values."""

EXACT_IN_INTEGERS = 1e-5
"""An integer model without a quantized tensor (trees on ranks, neighbours) keeps labels, and
values as float32 does."""


@dataclass(frozen=True)
class Promise:
    """`rtol` for an exact model; for one with a stated loss the allowed fractions instead."""

    rtol: float | None
    label_loss: float = 0.0
    value_loss: float = 0.0

    @property
    def lossy(self) -> bool:
        """Whether the precision has a loss, which limits bound, rather than an exact answer."""
        return self.rtol is None

    def labels(self) -> str:
        """The promise for labels in words."""
        return f"{100 * (1 - self.label_loss):g} % equal" if self.lossy else "equal"

    def values(self) -> str:
        """The promise for values in words."""
        if self.lossy:
            return f"rms error {100 * self.value_loss:g} % of span"
        return f"within {self.rtol:g}"


def is_lossy(graph: Graph) -> bool:
    """Whether the graph computes with quantized values, or says that thresholds were merged."""
    if any(t.qparams is not None for t in graph.types.values()):
        return True
    return any("merged" in key and bool(value) for key, value in graph.info.report.items())


def promise_of(graph: Graph, max_loss: float | None, tolerance: float | None) -> Promise:
    """What a model of this graph promises.

    `max_loss` replaces the fraction of labels that may differ, `tolerance` the bound of values;
    either makes no difference to what the other bounds.
    """
    precision = graph.info.precision
    if precision in LOSS and is_lossy(graph):
        labels, values = LOSS[precision]
        return Promise(
            None,
            labels if max_loss is None else max_loss,
            values if tolerance is None else tolerance,
        )
    rtol = RTOL.get(precision, EXACT_IN_INTEGERS) if tolerance is None else tolerance
    if max_loss:
        return Promise(None, max_loss, rtol)
    return Promise(rtol)
