"""Which precision and layout of a model fit a microcontroller, and which of those is best."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeinfer.api import convert
from edgeinfer.errors import EdgeInferError, InvalidParameterError
from edgeinfer.export.targets.toolchain import ToolchainError
from edgeinfer.measurement.target import TargetReport, measure_target
from edgeinfer.quantize.scheme import PRECISIONS
from edgeinfer.runtime.model import Model
from edgeinfer.target import FORESTS, OPTIMIZE

TARGET_ROWS = 100
"""Rows that are run on the target; the loss is taken on all of them, on the host."""


@dataclass(frozen=True)
class Candidate:
    """One thing that was tried: what it costs, or why it could not be."""

    precision: str
    forest: str
    model: Model | None = None
    report: TargetReport | None = None
    loss: float | None = None
    missed: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether it is within all limits."""
        return not self.missed

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        report = self.report
        return {
            "precision": self.precision,
            "forest": self.forest,
            "flash_bytes": None if report is None else report.flash_bytes,
            "ram_bytes": None if report is None else report.ram_bytes,
            "stack_bytes": None if report is None else report.stack_bytes,
            "instructions": None if report is None else report.instructions,
            "loss": self.loss,
            "fits": self.fits,
            "missed": list(self.missed),
        }


@dataclass(frozen=True)
class Limits:
    """What a candidate may take; None: anything. `loss` is a share of rows, or of R2."""

    flash: int | None = None
    ram: int | None = None
    loss: float | None = None

    def missed(self, report: TargetReport, loss: float) -> tuple[str, ...]:
        """The limits a candidate is beyond, with its figures."""
        found = []
        if self.flash is not None and report.flash_bytes > self.flash:
            found.append(f"flash {report.flash_bytes} of {self.flash} B")
        ram = report.ram_bytes + (report.stack_bytes or 0)
        if self.ram is not None and ram > self.ram:
            found.append(f"RAM with stack {ram} of {self.ram} B")
        if self.loss is not None and loss > self.loss:
            found.append(f"loss {loss:.3%} of {self.loss:.3%}")
        if report.agreement < 1.0:
            found.append(f"agreement with the host {report.agreement:.2%}")
        return tuple(found)


def fit(
    source: Any,
    X: Any,
    target: str = "cortex-m4",
    *,
    labels: np.ndarray | None = None,
    limits: Limits | None = None,
    optimize: str = "speed",
    progress: Callable[[str], None] = lambda what: None,
) -> tuple[Candidate | None, list[Candidate]]:
    """Try precisions and layouts of `source` on `target`; the best that fits, and all tried.

    The loss is how much worse the exported model is than `source`: with `labels` in accuracy (or
    R2) on them, without in the share of rows it answers otherwise (or 1 - R2 against `source`).
    Best is what loses least, then takes the fewest instructions, then the least flash; with
    `optimize` "size" flash counts before instructions.

    Raises ToolchainError where the target cannot be emulated here, InvalidParameterError for a
    source without `predict` and an unknown `optimize`.
    """
    if optimize not in OPTIMIZE:
        raise InvalidParameterError(f"unknown optimize {optimize!r}; there are: size, speed")
    if not hasattr(source, "predict"):
        raise InvalidParameterError("fit needs a source with predict")
    rows = np.asarray(X)
    limits = limits or Limits()
    want = np.asarray(source.predict(X))
    tried = []
    for precision, forest, model in _models(source, X):
        progress(f"{precision}, {forest}")
        if isinstance(model, str):
            tried.append(Candidate(precision, forest, missed=(model,)))
            continue
        loss = _loss(want, np.asarray(model.predict(rows)), labels)
        try:
            report = measure_target(
                model, rows[:TARGET_ROWS], target, forest=forest, optimize=optimize
            )
        except ToolchainError as err:
            if "region" not in str(err):
                raise
            tried.append(Candidate(precision, forest, model, None, loss, ("no such machine",)))
            continue
        missed = limits.missed(report, loss)
        tried.append(Candidate(precision, forest, model, report, loss, missed))
    good = [c for c in tried if c.fits and c.report is not None]
    return (min(good, key=lambda c: _cost(c, optimize)) if good else None), tried


def _cost(candidate: Candidate, optimize: str) -> tuple[float, ...]:
    report = candidate.report
    assert report is not None
    assert candidate.loss is not None
    figures = (report.instructions or 0.0, float(report.flash_bytes))
    return (max(candidate.loss, 0.0), *(figures if optimize == "speed" else figures[::-1]))


def _models(source: Any, X: Any) -> Iterator[tuple[str, str, Model | str]]:
    """Precision, layout, and the model or why there is none."""
    for precision in reversed(PRECISIONS):
        try:
            model = convert(source, precision=precision, calibration=X)
        except EdgeInferError as err:
            yield precision, "table", str(err).splitlines()[0]
            continue
        trees = any(node.op.kind == "TreeEnsemble" for node in model.graph.nodes)
        for forest in FORESTS if trees else FORESTS[:1]:
            yield precision, forest, model


def _loss(want: np.ndarray, have: np.ndarray, labels: np.ndarray | None) -> float:
    if want.dtype.kind == "f" and want.ndim == 1 and not _are_classes(want, labels):
        truth = want if labels is None else np.asarray(labels, np.float64)
        before = 1.0 if labels is None else _r2(truth, want)
        return before - _r2(truth, have.astype(np.float64))
    if labels is None:
        return float((want != have).mean())
    return float((want == labels).mean() - (have == labels).mean())


def _are_classes(want: np.ndarray, labels: np.ndarray | None) -> bool:
    return labels is not None and bool(np.isin(want, labels).all())


def _r2(truth: np.ndarray, have: np.ndarray) -> float:
    spread = float(((truth - truth.mean()) ** 2).sum())
    return 1.0 - float(((truth - have) ** 2).sum()) / max(spread, 1e-300)
