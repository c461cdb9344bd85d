"""What a verification found, as data and as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """The first place where model and source disagree.

    `row` counts in the data, or among the probes if `probe`; `column` is None for one value a row.
    `where` names the op at which the difference arises, as far as the graphs tell.
    """

    method: str
    row: int
    probe: bool
    column: int | None
    expected: Any
    found: Any
    where: str

    def __str__(self) -> str:
        rows = "probe row" if self.probe else "row"
        column = "" if self.column is None else f", column {self.column}"
        return (
            f"{self.method}, {rows} {self.row}{column}: the source gives {self.expected!r}, "
            f"the model {self.found!r}; {self.where}"
        )


@dataclass(frozen=True)
class MethodResult:
    """How well one method agrees.

    `agreement` and `probe_agreement` are the fractions of rows that are equal (labels) or within
    the limit (values); None without probes. `max_error` is absolute, `relative_error` (largest)
    and `rms_error` are relative to the source's scale on the data; None for labels. `limit` is
    what had to hold, in words.
    """

    method: str
    kind: str
    agreement: float
    probe_agreement: float | None
    max_error: float | None
    relative_error: float | None
    rms_error: float | None
    limit: str
    passed: bool


@dataclass(frozen=True)
class Verification:
    """The outcome of `edgeinfer.verify`: true when every method kept its promise.

    `rows` are the rows of X, `probes` the rows made at thresholds, `thresholds` how many of those
    there were. `not_probed` says which thresholds have no probes and why.
    """

    estimator: str
    precision: str
    rows: int
    probes: int
    thresholds: int
    methods: tuple[MethodResult, ...]
    not_probed: tuple[str, ...] = ()
    difference: Difference | None = None

    def __bool__(self) -> bool:
        return self.passed

    @property
    def passed(self) -> bool:
        """Whether every method kept its promise."""
        return all(m.passed for m in self.methods)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        result = asdict(self)
        if self.difference is not None:
            result["difference"] |= {
                "expected": str(self.difference.expected),
                "found": str(self.difference.found),
            }
        return {"passed": self.passed, **result}

    def header(self) -> str:
        """What was compared, in one line."""
        return (
            f"{self.estimator or 'model'}, {self.precision}: {self.rows} rows and "
            f"{self.probes} probe rows at {self.thresholds} thresholds"
        )

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Column titles, and one line of text per method."""
        titles = ("method", "agreement", "at thresholds", "max error", "promised", "")
        lines: list[tuple[str, ...]] = [
            (
                m.method,
                f"{100 * m.agreement:.2f} %",
                "-" if m.probe_agreement is None else f"{100 * m.probe_agreement:.2f} %",
                "-" if m.max_error is None else f"{m.max_error:.2g}",
                m.limit,
                "ok" if m.passed else "FAILED",
            )
            for m in self.methods
        ]
        return titles, lines

    def __str__(self) -> str:
        titles, lines = self.table()
        widths = [max(len(line[i]) for line in (titles, *lines)) for i in range(len(titles))]
        text = [self.header()]
        for line in (titles, *lines):
            text.append("  " + "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)))
        text += [f"  not probed: {reason}" for reason in self.not_probed]
        if self.difference is not None:
            text.append(f"  first difference: {self.difference}")
        return "\n".join(line.rstrip() for line in text)
