"""edgeinfer inspect: what is in an .edge file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edgeinfer.api import load
from edgeinfer.cli._options import EXISTING, json_option
from edgeinfer.cli._show import print_json, print_table
from edgeinfer.graph import TensorType
from edgeinfer.measurement.report import size
from edgeinfer.measurement.size import layers, sizes


@click.command("inspect", short_help="Show what is in an .edge file.")
@click.argument("model", type=EXISTING)
@json_option
def command(model: Path, as_json: bool) -> None:
    """Show the operations of MODEL, their kernels and sizes, its methods and its inputs."""
    loaded = load(model)
    info = loaded.graph.info
    ops = layers(loaded)
    totals = sizes(loaded)
    if as_json:
        print_json(
            {
                "path": str(model),
                "estimator": info.estimator,
                "library": info.library,
                "precision": info.precision,
                "inputs": {n: _type(t) for n, t in loaded.graph.inputs.items()},
                "feature_names": info.feature_names,
                "classes": [loaded.graph.labels[i] for i in info.classes or ()],
                "methods": {
                    name: {t: _type(loaded.graph.types[t]) for t in method.tensors}
                    for name, method in loaded.graph.methods.items()
                },
                "layers": [layer.to_dict() for layer in ops],
                "report": info.report,
                **totals.to_dict(),
            }
        )
        return
    click.echo(f"{info.estimator or 'model'} in {info.precision}, from {info.library or '?'}")
    for name, tensor in loaded.graph.inputs.items():
        click.echo(f"input {name}: {tensor}")
    print_table(
        ("operation", "reads", "gives", "kernel", "parameters", "multiply-adds a row"),
        [
            (
                layer.op,
                ", ".join(layer.inputs),
                ", ".join(layer.outputs) or "(guard)",
                layer.kernel,
                size(layer.parameter_bytes),
                f"{layer.macs:,.0f}",
            )
            for layer in ops
        ],
    )
    for table in info.classes or ():
        labels = [str(label) for label in loaded.graph.labels[table]]
        click.echo(f"classes: {', '.join(labels[:20])}{' ...' if len(labels) > 20 else ''}")
    click.echo(f"methods: {', '.join(loaded.graph.methods)}")
    click.echo(
        f"file {size(totals.file_bytes)}, parameters {size(totals.parameter_bytes)}, "
        f"working memory for one row {size(totals.row_arena_bytes)}, "
        f"for a block of {totals.block_rows} rows {size(totals.arena_bytes)}"
    )


def _type(tensor: TensorType) -> dict[str, Any]:
    q = tensor.qparams
    quantization = None if q is None else {"scale": q.scale, "zero_point": q.zero_point}
    return {"dtype": tensor.dtype, "shape": tensor.shape, "quantization": quantization}
