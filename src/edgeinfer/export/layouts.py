"""What is written where: two files and kernels, one header, or an Arduino library."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import edgeinfer
from edgeinfer.errors import InvalidParameterError
from edgeinfer.export import c99
from edgeinfer.export.arduino import arduino_files
from edgeinfer.export.entries import Entry, make_entries
from edgeinfer.export.names import Labels, check_name, comment
from edgeinfer.export.narrow import for_float32
from edgeinfer.export.readme import readme
from edgeinfer.export.sources import closure, headers_for, inlined, read
from edgeinfer.graph import Graph
from edgeinfer.target import FORESTS, OPTIMIZE, Target

LAYOUTS = ("c", "header", "arduino")
INPUTS = ("float32", "float64")


@dataclass(frozen=True)
class Export:
    """A model as C: the files by their path in the folder, and what they need of a device."""

    files: dict[str, str]
    name: str
    entries: tuple[Entry, ...]
    labels: Labels | None
    constant_bytes: int
    scratch_bytes: int


def print_c(
    graph: Graph,
    *,
    name: str = "model",
    layout: str = "c",
    methods: Sequence[str] | None = None,
    input_dtype: str | None = None,
    forest: str = "table",
    optimize: str = "size",
) -> Export:
    """`graph` as C; see `edgeinfer.export_c`."""
    check_name(name)
    for value, allowed, what in (
        (layout, LAYOUTS, "layout"),
        (forest, FORESTS, "forest"),
        (optimize, OPTIMIZE, "optimize"),
        (input_dtype, (None, *INPUTS), "input_dtype"),
    ):
        if value not in allowed:
            choices = ", ".join(str(a) for a in allowed if a)
            raise InvalidParameterError(f"unknown {what} {value!r}; there are: {choices}")
    if input_dtype is None:
        input_dtype = "float64" if graph.info.precision == "float64" else "float32"
    if input_dtype == "float32":
        graph = for_float32(graph)
    target = Target(host=False, alignment=8, optimize=optimize, forest=forest)
    entries = make_entries(graph, methods, target)
    entries = [dataclasses.replace(e, brief=_brief(graph, e)) for e in entries]
    labels = next((e.labels for e in entries if e.labels), None)

    unit = c99.Unit(name)
    linkage = "static inline " if layout == "header" else ""
    for entry in entries:
        c99.add_function(unit, entry, linkage)
    if labels:
        unit.functions.append(c99.labels_function(unit, labels, linkage))

    title = comment(f"{graph.info.estimator or 'network'}, {graph.info.precision}")
    banner = f"/* {title}. Written by edgeinfer {edgeinfer.__version__}; do not edit. */"
    families = headers_for(unit.kernels)
    types = c99.types_text(unit, graph, entries, labels)
    if layout == "header":
        files = {f"{name}.h": _single_header(unit, banner, graph, types, families)}
    else:
        files = {
            f"{name}.h": _header(unit, banner, graph, types, entries),
            f"{name}.c": _source(unit, banner, families),
        }
        files |= {header: read(header) for header in closure(families)}
    export = Export(files, name, tuple(entries), labels, unit.constant_bytes, unit.scratch_bytes)
    if layout == "arduino":
        files = arduino_files(export, graph)
    files["README.md"] = readme(export, graph, layout)
    return dataclasses.replace(export, files=files)


def _brief(graph: Graph, entry: Entry) -> str:
    who = graph.info.estimator or "the network"
    if entry.name == "encode":
        return "The codes that the *_codes functions take"
    via = " of encoded features" if entry.name != entry.method else ""
    return f"{entry.method} of {who}{via}"


def _sections(*parts: str) -> str:
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _width_check(unit: c99.Unit) -> str:
    """A compile-time refusal of compilers whose double is narrower (8-bit AVR)."""
    if not unit.uses_double:
        return ""
    return (
        f"/* This model computes in 64-bit double. */\n"
        f"typedef char {unit.name}_needs_64_bit_double[sizeof(double) == 8 ? 1 : -1];"
    )


def _header(
    unit: c99.Unit,
    banner: str,
    graph: Graph,
    types: str,
    entries: Sequence[Entry],
) -> str:
    guard = f"{unit.upper}_H"
    declarations = [f"{c99.describe(e)}\n{c99.declare(unit, e)};" for e in entries]
    if any(entry.labels for entry in entries):
        declarations.append(
            "/* The text of a label; NULL for a number that is none. */\n"
            f"const char *{unit.name}_class_name(int32_t label);"
        )
    return _sections(
        banner,
        f"#ifndef {guard}\n#define {guard}",
        "#include <stdint.h>",
        '#ifdef __cplusplus\nextern "C" {\n#endif',
        c99.feature_comment(graph),
        types,
        *declarations,
        "#ifdef __cplusplus\n}\n#endif",
        f"#endif /* {guard} */",
    )


def _source(unit: c99.Unit, banner: str, families: Sequence[str]) -> str:
    includes = "\n".join(f'#include "{header}"' for header in families)
    return _sections(
        banner,
        f'#include "{unit.name}.h"',
        f"#include <math.h>\n#include <stddef.h>\n\n{includes}",
        _width_check(unit),
        *unit.constants,
        *unit.functions,
    )


def _single_header(
    unit: c99.Unit, banner: str, graph: Graph, types: str, families: Sequence[str]
) -> str:
    guard = f"{unit.upper}_H"
    return _sections(
        banner,
        f"#ifndef {guard}\n#define {guard}",
        "#include <math.h>\n#include <stddef.h>\n#include <stdint.h>",
        c99.feature_comment(graph),
        types,
        inlined(families),
        _width_check(unit),
        *unit.constants,
        *unit.functions,
        f"#endif /* {guard} */",
    )
