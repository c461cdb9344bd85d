"""The README of an exported folder: how to call the model, and what memory it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeinfer.export.entries import Entry
from edgeinfer.export.names import comment, plural
from edgeinfer.graph import Graph

if TYPE_CHECKING:
    from edgeinfer.export.layouts import Export

_USE = {
    "c": "Add `{name}.c` to your build and keep the headers beside it.",
    "header": "Include `{name}.h` in one source file; every function in it is `static inline`.",
    "arduino": (
        "Zip this folder and add it with *Sketch > Include Library > Add .ZIP Library*, or copy "
        "it into `libraries/`. Then open *File > Examples > {name}*."
    ),
}


def readme(export: Export, graph: Graph, layout: str) -> str:
    """The text of README.md."""
    name, upper = export.name, export.name.upper()
    who = comment(graph.info.estimator or "network")
    lines = [
        f"# {name}",
        "",
        f"{who} in {graph.info.precision}, written by edgeinfer as C99: no malloc, no global "
        "state, constants only in flash.",
        "",
        _USE[layout].format(name=name),
        "",
        "```c",
        f'#include "{name}.h"',
        "",
        *_example(export, export.entries[0]),
        "```",
        "",
        "## Memory",
        "",
        "| what | bytes |",
        "|---|---:|",
        f"| constants (flash) | {export.constant_bytes} |",
        f"| scratch, owned by the caller (`{upper}_SCRATCH_BYTES`) | {export.scratch_bytes} |",
        "| static RAM | 0 |",
    ]
    for entry in export.entries:
        for argument in (*entry.inputs, *entry.outputs):
            size = argument.count * argument.dtype.itemsize
            lines.append(f"| `{argument.name}` of `{name}_{entry.name}` | {size} |")
    lines += [
        "",
        "The code itself comes on top; `edgeinfer bench model.edge --target cortex-m4 --data "
        "X.npy` tells it, with the stack and the instructions per call, from an emulated core.",
        "",
        "## Functions",
        "",
        "| function | computes |",
        "|---|---|",
        *(f"| `{name}_{entry.name}` | {comment(entry.brief)} |" for entry in export.entries),
        "",
        f"Each answers `{upper}_OK`, or why it refused the row (see `{name}_status` in the "
        "header). Integers are bit-identical to what the Python model gives for the same "
        "float32 features; floats are within its precision's bound.",
        "",
    ]
    return "\n".join(lines)


def _example(export: Export, entry: Entry) -> list[str]:
    name, upper = export.name, export.name.upper()
    lines = [f"static {name}_scratch scratch;"]
    for argument in entry.inputs:
        lines.append(
            f"{argument.c_type} {argument.name}[{argument.count}];  "
            f"/* {plural(argument.count, 'value')} to be filled */"
        )
    for argument in entry.outputs:
        lines.append(f"{argument.c_type} {argument.name}[{argument.count}];")
    arguments = ", ".join(a.name for a in (*entry.inputs, *entry.outputs))
    lines += ["", f"if ({name}_{entry.name}({arguments}, &scratch) == {upper}_OK) {{"]
    if entry.labels:
        lines.append(f"  puts({name}_class_name({entry.outputs[0].name}[0]));")
    else:
        lines.append("  /* the result is there */")
    return [*lines, "}"]
