"""The files of an Arduino library around an exported model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import edgeinfer
from edgeinfer.errors import InvalidParameterError
from edgeinfer.export.entries import Argument, Entry
from edgeinfer.export.names import comment
from edgeinfer.graph import Graph

if TYPE_CHECKING:
    from edgeinfer.export.layouts import Export


def arduino_files(export: Export, graph: Graph) -> dict[str, str]:
    """The library: sources under src/, a sketch under examples/, and its descriptions.

    Raises InvalidParameterError for a name that the library specification does not allow.
    """
    name = export.name
    if name.lower().startswith("arduino"):
        raise InvalidParameterError(f"a library's name cannot begin with Arduino, as {name!r} does")
    files = {f"src/{path}": text for path, text in export.files.items()}
    files["library.properties"] = _properties(name, graph)
    files["keywords.txt"] = _keywords(export)
    files[f"examples/{name}/{name}.ino"] = _sketch(export)
    return files


def _properties(name: str, graph: Graph) -> str:
    who = comment(graph.info.estimator or "network")
    return (
        f"name={name}\n"
        f"version={edgeinfer.__version__}\n"
        "author=edgeinfer\n"
        "maintainer=edgeinfer\n"
        f"sentence={who} ({graph.info.precision}), exported by edgeinfer.\n"
        "paragraph=A trained model as plain C99 without malloc and without global state.\n"
        "category=Data Processing\n"
        "url=https://github.com/edgeinfer/edgeinfer\n"
        "architectures=*\n"
        f"includes={name}.h\n"
    )


def _keywords(export: Export) -> str:
    name = export.name
    functions = [f"{name}_{entry.name}\tKEYWORD2" for entry in export.entries]
    if export.labels:
        functions.append(f"{name}_class_name\tKEYWORD2")
    types = [f"{name}_status\tKEYWORD1", f"{name}_scratch\tKEYWORD1"]
    constants = [f"{name.upper()}_SCRATCH_BYTES\tLITERAL1", f"{name.upper()}_OK\tLITERAL1"]
    return "\n".join([*types, *functions, *constants]) + "\n"


def _read(argument: Argument) -> str:
    """The lines that fill an input from the serial port, number by number."""
    is_float = argument.c_type in ("float", "double")
    value = "Serial.parseFloat()" if is_float else "Serial.parseInt()"
    return (
        f"  for (size_t i = 0; i < {argument.count}; i++) {{\n"
        "    while (!Serial.available()) {\n    }\n"
        f"    {argument.name}[i] = ({argument.c_type}){value};\n"
        "  }"
    )


def _show(entry: Entry, export: Export) -> str:
    """The lines that print the results."""
    if entry.labels:
        return f"  Serial.println({export.name}_class_name({entry.outputs[0].name}[0]));"
    lines = []
    for argument in entry.outputs:
        decimals = ", 6" if argument.c_type in ("float", "double") else ""
        cast = "(long)" if argument.c_type == "int64_t" else ""
        lines.append(
            f"  for (size_t i = 0; i < {argument.count}; i++) {{\n"
            f"    Serial.print({cast}{argument.name}[i]{decimals});\n"
            "    Serial.print(' ');\n  }\n  Serial.println();"
        )
    return "\n".join(lines)


def _sketch(export: Export) -> str:
    """Reads the features of a row over the serial port and prints the answer."""
    name, upper, entry = export.name, export.name.upper(), export.entries[0]
    tensors = [f"static {a.c_type} {a.name}[{a.count}];" for a in (*entry.inputs, *entry.outputs)]
    arguments = ", ".join(a.name for a in (*entry.inputs, *entry.outputs))
    count = sum(a.count for a in entry.inputs)
    return "\n".join(
        [
            f"// Send {count} numbers, separated by spaces or commas; the answer comes back.",
            "#include <Arduino.h>",
            f"#include <{name}.h>",
            "",
            f"static {name}_scratch scratch;",
            *tensors,
            "",
            "void setup() {",
            "  Serial.begin(115200);",
            "  Serial.setTimeout(10000);",
            "  while (!Serial) {\n  }",
            "}",
            "",
            "void loop() {",
            *(_read(a) for a in entry.inputs),
            f"  const {name}_status status = {name}_{entry.name}({arguments}, &scratch);",
            f"  if (status != {upper}_OK) {{",
            '    Serial.print("refused, status ");',
            "    Serial.println((int)status);",
            "    return;",
            "  }",
            _show(entry, export),
            "}",
            "",
        ]
    )
