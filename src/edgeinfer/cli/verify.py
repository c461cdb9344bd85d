"""edgeinfer verify: does the model still answer as its source does?"""

from __future__ import annotations

from pathlib import Path

import click

from edgeinfer.api import load
from edgeinfer.cli._io import as_source_takes, feature_names, read_data, read_source
from edgeinfer.cli._options import EXISTING, Fraction, data_option, json_option, trust_option
from edgeinfer.cli._show import print_json, print_table, progress
from edgeinfer.verification.verify import MAX_PROBES, verify


@click.command("verify", short_help="Compare a model with its source.")
@click.argument("model", type=EXISTING)
@click.argument("source", type=EXISTING)
@data_option
@click.option(
    "--max-loss",
    type=Fraction(),
    help="Share of labels that may differ, as 0.005 or 0.5%. Default: none; for quantized "
    "networks and linear models 1% in int16, 5% in int8.",
)
@click.option(
    "--tolerance",
    type=Fraction(),
    help="Largest relative error of a value. Default: 1e-10 in float64, 1e-5 in float32; "
    "quantized: root mean square error over the span, 1% in int16, 5% in int8.",
)
@click.option(
    "--max-probes",
    type=click.IntRange(min=0),
    default=MAX_PROBES,
    show_default=True,
    help="About how many rows to make at thresholds.",
)
@trust_option
@json_option
def command(
    *,
    model: Path,
    source: Path,
    data_path: Path,
    max_loss: float | None,
    tolerance: float | None,
    max_probes: int,
    trust: bool,
    as_json: bool,
) -> int:
    """Compare MODEL with SOURCE on given rows, and at, just below and just above every threshold.

    SOURCE is the file MODEL was converted from, or another .edge file. A .tflite file is run by
    LiteRT and TensorFlow Lite Micro, whichever are installed. The exit status is 1 if they differ
    by more than the precision promises.
    """
    with progress() as step:
        step("reading")
        loaded = load(model)
        estimator = read_source(source, trust)
        X = read_data(data_path, feature_names(estimator))
        result = verify(
            loaded,
            estimator,
            as_source_takes(X, estimator),
            max_loss=max_loss,
            tolerance=tolerance,
            max_probes=max_probes,
            raises=False,
            progress=step,
        )
    if as_json:
        print_json(result.to_dict())
        return 0 if result.passed else 1
    titles, lines = result.table()
    print_table(titles, lines, title=result.header())
    for reason in result.not_probed:
        click.echo(f"not probed: {reason}")
    if result.passed:
        click.echo("the model keeps its promise")
        return 0
    click.echo("error: the model does not keep its promise", err=True)
    if result.difference is not None:
        click.echo(f"first difference: {result.difference}", err=True)
    return 1
