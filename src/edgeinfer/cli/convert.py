"""edgeinfer convert: a trained model becomes an .edge file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from edgeinfer.api import convert
from edgeinfer.cli._io import as_source_takes, feature_names, read_data, read_source
from edgeinfer.cli._options import EXISTING, NEW, PRECISION, json_option, trust_option
from edgeinfer.cli._show import print_json, print_table, progress
from edgeinfer.measurement.report import size
from edgeinfer.quantize.ranges import RANGES

NAME, REASON = 40, 60
"""How much of a layer's name, and of why it stayed in floats, fits in the table."""


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
@click.option(
    "--ranges",
    type=click.Choice(RANGES),
    default="minmax",
    show_default=True,
    help="How int16 and int8 choose ranges: all the data has, most of it, or the smallest error.",
)
@click.option(
    "--keep-float",
    multiple=True,
    metavar="LAYER",
    help="A layer to leave in floats, by the number or name in the report; may be repeated.",
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
    ranges: str,
    keep_float: tuple[str, ...],
    trust: bool,
    as_json: bool,
) -> None:
    """Convert SOURCE, a fitted scikit-learn estimator, pipeline or a network, into an .edge file.

    SOURCE is a .skops file (checked when it is read), with --trust a .joblib or .pkl file, or a
    .tflite network, which keeps the types it has or, of floats, is quantized to int8 or int16.

    \b
    edgeinfer convert model.skops -o model.edge
    edgeinfer convert model.joblib --trust --precision int8 --calibration X.npy
    edgeinfer convert net.tflite --precision int8 --calibration X.npy --ranges mse
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
        model = convert(
            estimator,
            precision=precision,
            calibration=data,
            exact=exact,
            ranges=ranges,
            keep_float=keep_float,
            progress=step,
        )
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
    if precision.startswith("int"):
        show_loss(model.report)


def show_loss(report: Mapping[str, Any]) -> None:
    """Tables of what an integer precision cost: the outputs, then the layers."""
    outputs = report.get("outputs", {})
    rows = report.get("calibration_rows", 0)
    lines = [
        (
            name,
            _agreement(values),
            f"{values['max_abs_error']:.3g}" if "max_abs_error" in values else "-",
            f"{values['mean_abs_error']:.3g}" if "mean_abs_error" in values else "-",
            f"{values['r2']:.6f}" if "r2" in values else "-",
        )
        for name, values in outputs.items()
    ]
    layers = report.get("layers", [])
    if lines:
        print_table(
            ("output" if layers else "method", "agreement", "max error", "mean error", "R2"),
            lines,
            title=f"loss against floats on {rows} calibration rows",
        )
    if layers:
        print_table(
            ("layer", "name", "precision", "alone dB", "so far dB", "outputs dB", ""),
            [_layer(line) for line in layers],
            title="signal to quantization noise: of the layer on exact inputs, after all layers so "
            "far, of the outputs with this layer alone in integers",
        )


def _agreement(values: Mapping[str, float]) -> str:
    """Equal answers, or the same largest value, in percent."""
    share = values.get("top_agreement", values.get("agreement"))
    if share is None or ("max_abs_error" in values and "top_agreement" not in values):
        return "-"
    return f"{100 * share:.2f} %"


def _layer(line: Mapping[str, Any]) -> tuple[str, ...]:
    name = line["name"]
    short = name if len(name) <= NAME else "…" + name[1 - NAME :]
    return (
        f"{line['number']} {line['operator']}",
        short,
        line["precision"],
        *(f"{line[k]:.1f}" if k in line else "-" for k in ("sqnr_alone", "sqnr", "sqnr_outputs")),
        line.get("reason", "")[:REASON],
    )
