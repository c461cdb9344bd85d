"""edgeinfer convert: a trained model becomes an .edge file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgeinfer.api import convert
from edgeinfer.cli._io import as_source_takes, feature_names, read_data, read_source
from edgeinfer.cli._options import EXISTING, NEW, PRECISION, json_option, trust_option
from edgeinfer.cli._show import print_json, print_table, progress
from edgeinfer.measurement.report import size


@click.command("convert", short_help="Convert a trained model into an .edge file.")
@click.argument("source", type=EXISTING)
@click.option("-o", "--output", type=NEW, help="Where to write; default: SOURCE with .edge.")
@click.option("--precision", type=PRECISION, default="float32", show_default=True)
@click.option(
    "--calibration",
    type=EXISTING,
    metavar="X.npy|X.csv",
    help="Typical rows, from which int16 and int8 choose their ranges and tell the loss.",
)
@click.option(
    "--exact/--no-exact",
    default=True,
    show_default=True,
    help="Neighbours in integers: keep the original points to re-rank, which keeps the answers.",
)
@trust_option
@json_option
def command(
    *,
    source: Path,
    output: Path | None,
    precision: str,
    calibration: Path | None,
    exact: bool,
    trust: bool,
    as_json: bool,
) -> None:
    """Convert SOURCE, a fitted scikit-learn estimator, pipeline or a network, into an .edge file.

    SOURCE is a .skops file (checked when it is read), with --trust a .joblib or .pkl file, or a
    .tflite network, which keeps the types it has.

    \b
    edgeinfer convert model.skops -o model.edge
    edgeinfer convert model.joblib --trust --precision int8 --calibration X.npy
    """
    path = output or source.with_suffix(".edge")
    with progress() as step:
        step(f"reading {source.name}")
        estimator = read_source(source, trust)
        data: Any = None
        if calibration is not None:
            step(f"reading {calibration.name}")
            data = as_source_takes(read_data(calibration, feature_names(estimator)), estimator)
        step(f"converting to {precision}")
        model = convert(estimator, precision=precision, calibration=data, exact=exact)
        model.save(path)
    info = model.graph.info
    written = path.stat().st_size
    if as_json:
        print_json(
            {
                "path": str(path),
                "estimator": info.estimator,
                "library": info.library,
                "precision": info.precision,
                "bytes": written,
                "source_bytes": source.stat().st_size,
                "methods": list(model.graph.methods),
                "report": model.report,
            }
        )
        return
    click.echo(
        f"{path}: {info.estimator} in {info.precision}, {size(written)} "
        f"(the source has {size(source.stat().st_size)})"
    )
    outputs = model.report.get("outputs") if precision.startswith("int") else None
    if outputs:
        rows = model.report["calibration_rows"]
        lines = [
            (
                method,
                f"{100 * values['agreement']:.2f} %" if "max_abs_error" not in values else "-",
                f"{values['max_abs_error']:.3g}" if "max_abs_error" in values else "-",
                f"{values['mean_abs_error']:.3g}" if "mean_abs_error" in values else "-",
            )
            for method, values in outputs.items()
        ]
        print_table(
            ("method", "agreement", "max error", "mean error"),
            lines,
            title=f"loss against float64 on {rows} calibration rows",
        )
