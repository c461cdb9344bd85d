"""edgeinfer predict: a model's answers for rows in a file."""

from __future__ import annotations

from pathlib import Path

import click

from edgeinfer.api import load
from edgeinfer.cli._io import call, feature_names, named_arrays, read_data, write_result
from edgeinfer.cli._options import EXISTING, NEW, json_option
from edgeinfer.cli._show import print_json, progress
from edgeinfer.measurement.size import main_method
from edgeinfer.runtime.calls import caller


@click.command("predict", short_help="Answers of a model for rows in a file.")
@click.argument("model", type=EXISTING)
@click.argument("data", type=EXISTING, metavar="X.npy|X.csv")
@click.option("-o", "--output", type=NEW, help=".npy, .npz or .csv; default: .csv on the screen.")
@click.option("--method", help="predict_proba, transform ...; default: predict, if there is one.")
@json_option
def command(
    model: Path, data: Path, output: Path | None, method: str | None, as_json: bool
) -> None:
    """Run MODEL on the rows of a file.

    \b
    edgeinfer predict model.edge X.csv
    edgeinfer predict model.edge X.npy -o probabilities.npy --method predict_proba
    """
    loaded = load(model)
    method = method or main_method(loaded)
    function = caller(loaded, method)
    X = read_data(data, feature_names(loaded))
    with progress() as step:
        step(f"{method} of {len(X)} rows")
        arrays = named_arrays(call(function, X), method)
    if output is not None or not as_json:
        write_result(output, arrays)
    if as_json:
        print_json({"rows": len(X), **({} if output else {"results": arrays})})
