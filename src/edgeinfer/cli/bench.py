"""edgeinfer bench: what a model costs on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgeinfer.api import load
from edgeinfer.cli._io import (
    as_source_takes,
    feature_names,
    read_column,
    read_data,
    read_source,
)
from edgeinfer.cli._options import EXISTING, NEW, data_option, json_option, trust_option
from edgeinfer.cli._show import print_json, print_table, progress
from edgeinfer.cli._target import bench_target, target_options
from edgeinfer.measurement.html import page
from edgeinfer.measurement.measure import BATCH_ROWS, measure


@click.command("bench", short_help="Latency, throughput, sizes and energy proxies.")
@click.argument("models", type=EXISTING, nargs=-1, required=True, metavar="MODEL...")
@data_option
@click.option("--source", type=EXISTING, help="What the model was converted from: agreement.")
@click.option(
    "--labels",
    type=EXISTING,
    metavar="Y.npy|Y.csv",
    help="True classes or targets of the rows: accuracy or R2.",
)
@click.option("--method", help="Default: predict, or what the model has instead.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=0.5,
    show_default=True,
    help="How long to time each model, twice.",
)
@click.option(
    "--batch", type=click.IntRange(min=1), default=BATCH_ROWS, show_default=True, help="Rows."
)
@target_options
@click.option("--html", type=NEW, help="Also write the report as a page.")
@trust_option
@json_option
def command(
    *,
    models: tuple[Path, ...],
    data_path: Path,
    source: Path | None,
    labels: Path | None,
    method: str | None,
    seconds: float,
    batch: int,
    target: str | None,
    html: Path | None,
    trust: bool,
    as_json: bool,
    **on_target: Any,
) -> None:
    """Measure MODEL on this machine; several models stand side by side.

    \b
    edgeinfer bench model.edge --data X.npy
    edgeinfer bench float32.edge int8.edge --data X.npy --source model.skops --html report.html
    edgeinfer bench model.edge --data X.npy --target cortex-m4 --clock 64MHz
    """
    if target is not None:
        for path in models:
            bench_target(path, data_path, target, method, as_json=as_json, **on_target)
        return
    with progress() as step:
        step("reading")
        loaded = {path.stem: load(path) for path in models}
        if len(loaded) < len(models):
            loaded = {str(path): load(path) for path in models}
        first = next(iter(loaded.values()))
        X: Any = read_data(data_path, feature_names(first))
        estimator = None if source is None else read_source(source, trust)
        if estimator is not None:
            X = as_source_takes(X, estimator)
        report = measure(
            loaded,
            X,
            source=estimator,
            labels=None if labels is None else read_column(labels),
            method=method,
            seconds=seconds,
            batch_rows=batch,
            progress=step,
        )
    if html is not None:
        title = f"{first.graph.info.estimator or 'model'}: {', '.join(loaded)}"
        html.write_text(page(report, title), encoding="utf-8")
    if as_json:
        print_json(report.to_dict())
        return
    titles, lines = report.table()
    print_table(titles, lines)
    for note in report.notes():
        click.echo(note)
    if html is not None:
        click.echo(f"written: {html}")
