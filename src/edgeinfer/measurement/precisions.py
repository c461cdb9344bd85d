"""A fitted estimator beside what edgeinfer makes of it in every precision: the demo's table."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgeinfer.api import convert
from edgeinfer.errors import EdgeInferError
from edgeinfer.measurement.latency import batch_of, batches, one_row
from edgeinfer.measurement.measure import measure
from edgeinfer.measurement.report import duration, percent, size
from edgeinfer.quantize.scheme import PRECISIONS
from edgeinfer.runtime.calls import one_thread
from edgeinfer.runtime.model import Model
from edgeinfer.verification.verify import verify

SOURCE = "scikit-learn"
BATCH_ROWS = 2000
MAX_PROBES = 10_000


@dataclass(frozen=True)
class Line:
    """One engine on one model: the estimator itself, or the model in one precision.

    `score` is accuracy or R2 on the test rows, `agreement` the share of them answered as the
    estimator answers, `verified` whether `verify` passed (None for the estimator itself). An
    engine that failed has `problem` and no figures.
    """

    model: str
    engine: str
    score: float = float("nan")
    agreement: float | None = None
    verified: bool | None = None
    probes: int = 0
    one_row_us: float = float("nan")
    rows_per_second: float = float("nan")
    bytes: int = 0
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def compare_precisions(
    name: str,
    estimator: Any,
    calibration: np.ndarray,
    test: tuple[np.ndarray, np.ndarray],
    *,
    precisions: Sequence[str] = PRECISIONS,
    seconds: float = 0.1,
    progress: Callable[[str], None] | None = None,
) -> list[Line]:
    """The estimator's line, then one per precision, each verified and measured on `test`.

    `calibration` are the rows from which integer precisions choose their ranges; `test` is
    (X, y). `seconds` is how long each engine is timed, twice. Everything runs on one thread.
    """
    tell = progress or (lambda what: None)
    X, y = test
    tell(f"{name}: {SOURCE}")
    lines = [_estimator_line(name, estimator, X, y, seconds)]
    for precision in precisions:
        tell(f"{name}: {precision}")
        try:
            model = convert(estimator, precision=precision, calibration=calibration)
            lines.append(_line(name, estimator, model, test, seconds))
        except EdgeInferError as err:
            lines.append(Line(name, precision, problem=str(err).splitlines()[0]))
    return lines


def _estimator_line(
    name: str, estimator: Any, X: np.ndarray, y: np.ndarray, seconds: float
) -> Line:
    with warnings.catch_warnings(), one_thread():
        warnings.simplefilter("ignore")
        batch = batch_of(X, BATCH_ROWS)
        estimator.predict(batch)
        return Line(
            name,
            SOURCE,
            float(estimator.score(X, y)),
            one_row_us=one_row(estimator.predict, X, seconds).median_us,
            rows_per_second=batches(estimator.predict, batch, seconds).rows_per_second,
            bytes=len(pickle.dumps(estimator)),
        )


def _line(
    name: str,
    estimator: Any,
    model: Model,
    test: tuple[np.ndarray, np.ndarray],
    seconds: float,
) -> Line:
    X, y = test
    checked = verify(model, estimator, X, max_probes=MAX_PROBES, raises=False)
    with one_thread():
        report = measure(
            model, X, source=estimator, labels=y, seconds=seconds, batch_rows=BATCH_ROWS
        )
    (m,) = report.measurements
    return Line(
        name,
        model.precision,
        float("nan") if m.score is None else m.score,
        m.agreement,
        checked.passed,
        checked.probes,
        m.latency.median_us,
        m.throughput.rows_per_second,
        m.sizes.file_bytes,
        "" if checked.passed else f"not verified: {checked.difference}",
    )


TITLES = (
    "model",
    "engine",
    "score",
    "agreement",
    "verified",
    "one row",
    "faster",
    "rows a second",
    "faster",
    "size",
)


def cells(line: Line, source: Line) -> tuple[str, ...]:
    """A line as text, one cell per title; `source` is the estimator's line of the same model."""
    if line.problem and line.verified is None:
        return (line.model, line.engine, "-", "-", "FAILED", "-", "-", "-", "-", "-")
    own = line is source
    verified = "" if own else "yes" if line.verified else "NO"
    if line.verified and line.probes:
        verified = f"yes, {line.probes} probes"
    return (
        line.model,
        line.engine,
        f"{line.score:.4f}",
        "" if own else percent(line.agreement) or "-",
        verified,
        duration(line.one_row_us),
        "" if own else f"{source.one_row_us / line.one_row_us:,.0f} x",
        f"{line.rows_per_second:,.0f}",
        "" if own else f"{line.rows_per_second / source.rows_per_second:,.1f} x",
        size(line.bytes),
    )


def as_table(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """All lines as text; the model is named in its first line only."""
    rows: list[tuple[str, ...]] = []
    source = lines[0]
    for line in lines:
        if line.engine == SOURCE:
            source = line
        text = cells(line, source)
        rows.append(text if line is source else ("", *text[1:]))
    return rows
