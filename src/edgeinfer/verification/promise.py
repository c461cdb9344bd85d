"""What each precision promises, and what `verify` therefore asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeinfer.graph import Graph

RTOL: Mapping[str, float] = {"float64": 1e-10, "float32": 1e-5}
"""Largest error of a value, relative to it or to the largest value of its output."""

QUANTIZED: Mapping[str, tuple[float, float]] = {"int16": (0.01, 0.01), "int8": (0.05, 0.05)}
"""Models with quantized tensors: fraction of labels that may differ, and root mean square error
of values relative to the span of the source's values."""

ROUNDED: Mapping[str, tuple[float, float]] = {"int16": (0.001, 1e-5), "int8": (0.005, 1e-3)}
"""The same for models that reach the same leaves and neighbours, and add up rounded values."""

EXACT_METHODS = frozenset({"apply"})
"""Answers that no precision changes: which leaf a row reaches."""


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


EQUAL = Promise(0.0)


def limits_of(graph: Graph) -> tuple[float, float] | None:
    """The fractions that an integer model of this graph may lose; None if it is exact."""
    precision = graph.info.precision
    if precision not in QUANTIZED:
        return None
    if any(t.qparams is not None for t in graph.types.values()):
        return QUANTIZED[precision]
    # Integer constants of several bytes are indices; values of leaves and points are what counts.
    values = (
        constant
        for node in graph.nodes
        for name, constant in node.op.constants().items()
        if name in ("values", "points")
    )
    return ROUNDED[precision] if any(v.dtype.kind in "iu" for v in values) else None


def promise_of(graph: Graph, max_loss: float | None, tolerance: float | None) -> Promise:
    """What a model of this graph promises.

    `max_loss` replaces the fraction of labels that may differ, `tolerance` the bound of values;
    either makes no difference to what the other bounds.
    """
    limits = limits_of(graph)
    if limits is not None:
        labels, values = limits
        return Promise(
            None,
            labels if max_loss is None else max_loss,
            values if tolerance is None else tolerance,
        )
    rtol = RTOL.get(graph.info.precision, RTOL["float32"]) if tolerance is None else tolerance
    if max_loss:
        return Promise(None, max_loss, rtol)
    return Promise(rtol)
