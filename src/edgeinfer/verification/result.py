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
    what had to hold, in words. `sqnr`: signal to quantization noise in decibels, of networks that
    were quantized here.
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
    sqnr: float | None = None


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
        probes = f" and {self.probes} probe rows at {self.thresholds} thresholds"
        return (
            f"{self.estimator or 'model'}, {self.precision}: {self.rows} rows"
            f"{probes if self.thresholds else ''}"
        )

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Column titles, and one line of text per method."""
        cells: dict[str, list[str]] = {
            "method": [m.method for m in self.methods],
            "agreement": [_percent(m.agreement) for m in self.methods],
            "at thresholds": [_percent(m.probe_agreement) for m in self.methods],
            "SQNR": ["-" if m.sqnr is None else f"{m.sqnr:.1f} dB" for m in self.methods],
            "max error": [
                "-" if m.max_error is None else f"{m.max_error:.2g}" for m in self.methods
            ],
            "rms of span": [_percent(m.rms_error) for m in self.methods],
            "promised": [m.limit for m in self.methods],
            "": ["ok" if m.passed else "FAILED" for m in self.methods],
        }
        left_out = {"SQNR", "rms of span"}
        if any(m.sqnr is not None for m in self.methods):
            left_out = {"at thresholds"}
        shown = {title: lines for title, lines in cells.items() if title not in left_out}
        return tuple(shown), list(zip(*shown.values(), strict=True))

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


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
