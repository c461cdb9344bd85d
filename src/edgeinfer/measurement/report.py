"""Figures of one or several models, as data and as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edgeinfer.measurement.energy import OperationModel
from edgeinfer.measurement.latency import Latency, Throughput
from edgeinfer.measurement.size import Sizes


@dataclass(frozen=True)
class Measurement:
    """Figures of one model and method; what was not measured is None.

    `agreement` is the share of rows answered as the source answers them, `relative_error` the
    largest error of values relative to the source's largest value. `score` is the accuracy of a
    classifier or the R2 of a regressor on given labels. `energy` is the operation model,
    `rapl_uj_per_row` the processor's counter.
    """

    name: str
    estimator: str
    precision: str
    latency: Latency
    throughput: Throughput
    sizes: Sizes
    energy: OperationModel
    rapl_uj_per_row: float | None = None
    agreement: float | None = None
    relative_error: float | None = None
    score: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data; a counter the host does not have is "not available"."""
        result = asdict(self) | {"energy": self.energy.to_dict()}
        if self.rapl_uj_per_row is None:
            result["rapl_uj_per_row"] = NOT_AVAILABLE
        return result


NOT_AVAILABLE = "not available"


@dataclass(frozen=True)
class Report:
    """Measurements side by side, and the machine they were taken on."""

    measurements: tuple[Measurement, ...]
    machine: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return {
            "machine": dict(self.machine),
            "measurements": [m.to_dict() for m in self.measurements],
        }

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Column titles (the models' names), and one line of text per figure."""
        titles = ("", *(m.name for m in self.measurements))
        lines = []
        for title, show in _LINES:
            cells = [show(m) for m in self.measurements]
            if any(cell is not None for cell in cells):
                lines.append((title, *("-" if cell is None else cell for cell in cells)))
        return titles, lines

    def notes(self) -> tuple[str, ...]:
        """How the figures are meant, to be read beneath the table."""
        machine = ", ".join(f"{key} {value}" for key, value in self.machine.items())
        energy = self.measurements[0].energy
        notes = [
            f"Measured on: {machine}.",
            "Energy, operation model: multiply-adds and bytes moved, weighed with "
            f"{energy.source}. For comparing precisions; not a measurement.",
        ]
        if all(m.rapl_uj_per_row is None for m in self.measurements):
            notes.append("Energy, processor's counter (RAPL): not available on this machine.")
        return tuple(notes)

    def __str__(self) -> str:
        titles, lines = self.table()
        widths = [max(len(line[i]) for line in (titles, *lines)) for i in range(len(titles))]
        text = []
        for first, *others in (titles, *lines):
            cells = [first.ljust(widths[0])]
            cells += [cell.rjust(w) for cell, w in zip(others, widths[1:], strict=True)]
            text.append("  ".join(cells))
        return "\n".join([*text, *self.notes()])


def duration(microseconds: float) -> str:
    """A time for people: 850 ns, 12.3 ms."""
    for unit, scale in (("ns", 1e-3), ("us", 1.0), ("ms", 1e3), ("s", 1e6)):
        if microseconds < 999.5 * scale or unit == "s":
            return f"{microseconds / scale:.3g} {unit}"
    raise AssertionError


def size(count: float) -> str:
    """A number of bytes for people: 12.3 kB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError


def percent(share: float | None, digits: int = 2) -> str | None:
    """A share for people."""
    return None if share is None else f"{100 * share:.{digits}f} %"


_LINES: tuple[tuple[str, Callable[[Measurement], str | None]], ...] = (
    ("precision", lambda m: m.precision),
    ("score on the labels", lambda m: None if m.score is None else f"{m.score:.4f}"),
    ("agreement with the source", lambda m: percent(m.agreement)),
    (
        "largest error of values",
        lambda m: None if m.relative_error is None else f"{m.relative_error:.1e}",
    ),
    ("one row, median", lambda m: duration(m.latency.median_us)),
    ("one row, 99 % below", lambda m: duration(m.latency.p99_us)),
    ("rows a second in batches", lambda m: f"{m.throughput.rows_per_second:,.0f}"),
    ("processor time a row", lambda m: duration(m.throughput.cpu_us_per_row)),
    ("file", lambda m: size(m.sizes.file_bytes)),
    ("parameters in memory", lambda m: size(m.sizes.parameter_bytes)),
    ("working memory, one row", lambda m: size(m.sizes.row_arena_bytes)),
    ("working memory, batch", lambda m: size(m.sizes.arena_bytes)),
    ("multiply-adds a row", lambda m: f"{m.sizes.macs_per_row:,.0f}"),
    ("energy a row, operation model", lambda m: f"{m.energy.total_nj:.3g} nJ"),
    (
        "energy a row, processor's counter",
        lambda m: None if m.rapl_uj_per_row is None else f"{m.rapl_uj_per_row:.3g} uJ",
    ),
)
