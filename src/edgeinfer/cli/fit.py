"""edgeinfer fit: the best of a model's forms that a microcontroller has room for."""

from __future__ import annotations

from pathlib import Path

import click

from edgeinfer.api import export_c
from edgeinfer.cli._io import as_source_takes, feature_names, read_column, read_data, read_source
from edgeinfer.cli._options import EXISTING, Fraction, data_option, json_option, trust_option
from edgeinfer.cli._show import print_json, print_table, progress
from edgeinfer.cli._target import TARGET, bytes_of
from edgeinfer.measurement.fit import Candidate, Limits, fit
from edgeinfer.target import OPTIMIZE


@click.command("fit", short_help="The best form of a model that fits a microcontroller.")
@click.argument("source", type=EXISTING)
@data_option
@click.option("--labels", type=EXISTING, metavar="Y.npy|Y.csv", help="True classes or targets.")
@click.option("--target", type=TARGET, default="cortex-m4", show_default=True)
@click.option("--flash", help="At most this much code and constants, such as 32k.")
@click.option("--ram", help="At most this much static memory, scratch and stack, such as 8k.")
@click.option("--max-loss", type=Fraction(), help="At most this much worse, such as 0.5%.")
@click.option(
    "--optimize",
    type=click.Choice(OPTIMIZE),
    default="speed",
    show_default=True,
    help="Of those that lose equally little: the fastest or the smallest, as measured.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the best is written: model.edge and the C. Default: SOURCE without its ending.",
)
@trust_option
@json_option
def command(
    *,
    source: Path,
    data_path: Path,
    labels: Path | None,
    target: str,
    flash: str | None,
    ram: str | None,
    max_loss: float | None,
    optimize: str,
    output: Path | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Try precisions and layouts of SOURCE on an emulated target, and write the best that fits.

    \b
    edgeinfer fit model.skops --data X.npy --labels y.npy --target cortex-m4 \\
        --flash 32k --ram 8k --max-loss 0.5%
    """
    limits = Limits(
        None if flash is None else bytes_of(flash),
        None if ram is None else bytes_of(ram),
        max_loss,
    )
    with progress() as step:
        step("reading")
        estimator = read_source(source, trust)
        X = as_source_takes(read_data(data_path, feature_names(estimator)), estimator)
        truth = None if labels is None else read_column(labels)
        best, tried = fit(
            *(estimator, X, target),
            labels=truth,
            limits=limits,
            optimize=optimize,
            progress=step,
        )
    folder = output or source.with_suffix("")
    if best is not None and best.model is not None:
        folder.mkdir(parents=True, exist_ok=True)
        best.model.save(folder / "model.edge")
        export_c(best.model, folder, forest=best.forest, optimize=optimize)
    if as_json:
        print_json(
            {
                "target": target,
                "best": None if best is None else best.to_dict(),
                "path": None if best is None else str(folder),
                "tried": [candidate.to_dict() for candidate in tried],
            }
        )
    else:
        _print(tried, best, target)
        if best is not None:
            click.echo(f"written: {folder}")
    if best is None:
        raise click.exceptions.Exit(1)


def _print(tried: list[Candidate], best: Candidate | None, target: str) -> None:
    lines = []
    for c in tried:
        report = c.report
        figures = ("", "", "")
        if report is not None:
            count = report.instructions
            figures = (
                str(report.flash_bytes),
                str(report.ram_bytes + (report.stack_bytes or 0)),
                "" if count is None else f"{count:.0f}",
            )
        verdict = "best" if c is best else ("fits" if c.fits else "; ".join(c.missed))
        loss = "" if c.loss is None else f"{c.loss:.3%}"
        lines.append((f"{c.precision}, {c.forest}", *figures, loss, verdict))
    titles = (f"tried on {target}", "flash B", "RAM B", "instructions", "loss", "")
    print_table(titles, lines)
    if best is None:
        click.echo("nothing fits; the limits that were missed stand behind each line")
