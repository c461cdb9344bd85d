"""edgeinfer export: a model as C99 for a microcontroller."""

from __future__ import annotations

from pathlib import Path

import click

from edgeinfer.api import export_c, load
from edgeinfer.cli._options import EXISTING, json_option
from edgeinfer.cli._show import print_json, print_table
from edgeinfer.export.layouts import INPUTS, LAYOUTS
from edgeinfer.target import FORESTS, OPTIMIZE


@click.command("export", short_help="Write a model as portable C99.")
@click.argument("model", type=EXISTING)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="A folder; a name that ends in .zip makes an archive.",
)
@click.option("--name", default="model", show_default=True, help="What every symbol begins with.")
@click.option("--layout", type=click.Choice(LAYOUTS), default="c", show_default=True)
@click.option("--method", "methods", multiple=True, help="Which methods; default: all.")
@click.option("--input", "input_dtype", type=click.Choice(INPUTS), help="Type of the features.")
@click.option("--forest", type=click.Choice(FORESTS), default="table", show_default=True)
@click.option("--optimize", type=click.Choice(OPTIMIZE), default="size", show_default=True)
@json_option
def command(
    *,
    model: Path,
    output: Path,
    name: str,
    layout: str,
    methods: tuple[str, ...],
    input_dtype: str | None,
    forest: str,
    optimize: str,
    as_json: bool,
) -> None:
    """Write MODEL as C99: no malloc, no global state, constants in flash.

    \b
    edgeinfer export model.edge -o firmware/
    edgeinfer export model.edge -o digits.zip --layout arduino --name digits
    """
    export = export_c(
        load(model),
        output,
        name=name,
        layout=layout,
        methods=methods or None,
        input_dtype=input_dtype,
        forest=forest,
        optimize=optimize,
    )
    functions = [f"{name}_{entry.name}" for entry in export.entries]
    if as_json:
        print_json(
            {
                "path": str(output),
                "layout": layout,
                "files": sorted(export.files),
                "functions": functions,
                "constant_bytes": export.constant_bytes,
                "scratch_bytes": export.scratch_bytes,
            }
        )
        return
    click.echo(f"written: {output} ({len(export.files)} files, {', '.join(functions)})")
    print_table(
        ("memory", "bytes"),
        [
            ("constants (flash)", str(export.constant_bytes)),
            (f"{name.upper()}_SCRATCH_BYTES", str(export.scratch_bytes)),
            ("static RAM", "0"),
        ],
    )
