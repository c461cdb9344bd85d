"""A report as one page that needs nothing else: the table, and bars of the figures that differ."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from edgeinfer.measurement.report import Measurement, Report, duration, size

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .25rem .8rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1.5rem 0; } figcaption { font-weight: 600; margin-bottom: .3rem; }
p.note { color: #666; font-size: 13px; }
"""

_BARS: tuple[tuple[str, Callable[[Measurement], float], Callable[[float], str]], ...] = (
    ("one row, median", lambda m: m.latency.median_us, duration),
    ("time a row in batches", lambda m: 1e6 / m.throughput.rows_per_second, duration),
    ("file", lambda m: float(m.sizes.file_bytes), size),
    ("parameters in memory", lambda m: float(m.sizes.parameter_bytes), size),
    ("energy a row, operation model", lambda m: m.energy.total_nj, "{:.3g} nJ".format),
)


def page(report: Report, title: str) -> str:
    """The report as a complete HTML document."""
    titles, lines = report.table()
    head = "".join(f"<th>{escape(cell)}</th>" for cell in titles)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>\n" for line in lines
    )
    bars = ""
    if len(report.measurements) > 1:
        bars = "".join(_bars(report, *bar) for bar in _BARS)
    notes = "".join(f'<p class="note">{escape(note)}</p>\n' for note in report.notes())
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>"
        f"<h1>{escape(title)}</h1>\n<table><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table>\n{bars}{notes}</body></html>\n"
    )


def _bars(
    report: Report,
    title: str,
    value: Callable[[Measurement], float],
    show: Callable[[float], str],
) -> str:
    """A bar per model, as an inline picture; the length is the figure."""
    values = [value(m) for m in report.measurements]
    largest = max(values) or 1.0
    rows = []
    for place, (m, v) in enumerate(zip(report.measurements, values, strict=True)):
        y = 24 * place
        rows.append(
            f'<text x="0" y="{y + 15}">{escape(m.name)}</text>'
            f'<rect x="140" y="{y + 3}" width="{max(400 * v / largest, 1):.1f}" height="16" '
            f'fill="#3f8f6b"/>'
            f'<text x="{146 + 400 * v / largest:.1f}" y="{y + 15}">{escape(show(v))}</text>'
        )
    height = 24 * len(values)
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg width="680" height="{height}" font-size="13">{"".join(rows)}</svg></figure>\n'
    )
