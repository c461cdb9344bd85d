"""Many exported models in one image: one compilation and one start of the emulator for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeinfer.export.entries import Argument, Entry
from edgeinfer.export.layouts import Export, print_c
from edgeinfer.export.targets.build import build, offsets, pack_rows, unpack_results
from edgeinfer.export.targets.machines import Machine
from edgeinfer.export.targets.run import run
from edgeinfer.graph import TensorType
from edgeinfer.measurement.target import compare_answers, host_answers
from edgeinfer.runtime.model import Model

_WHICH = 8
"""Bytes before a row that say which function it is for."""


@dataclass(frozen=True)
class Call:
    """A method of a model, the rows it is given, and how it is exported."""

    name: str
    model: Model
    method: str
    rows: np.ndarray
    options: dict[str, str]


Part = tuple[Export, Entry, list[np.ndarray]]


def _typed(call: Call, number: int) -> Part:
    export = print_c(call.model.graph, name=f"m{number}", methods=[call.method], **call.options)  # type: ignore[arg-type]
    entry = next(e for e in export.entries if e.name == call.method)
    return export, entry, [call.rows.astype(entry.inputs[0].dtype)]


def _dispatcher(parts: Sequence[Part]) -> str:
    """all.c: every model, and the function that calls the one a row is for."""
    lines = ['#include "all.h"']
    lines += [f'#include "{export.name}.c"' for export, _, _ in parts]
    lines += [
        "int32_t all_run(const uint8_t *row, uint8_t *result, void *scratch) {",
        "  switch (row[0] | row[1] << 8) {",
    ]
    for number, (export, entry, _) in enumerate(parts):
        sides = (("const ", "row", entry.inputs, _WHICH), ("", "result", entry.outputs, 0))
        arguments = [
            f"({const}{a.c_type} *)({const}void *)({base} + {before + place})"
            for const, base, tensors, before in sides
            for a, place in zip(tensors, offsets(tensors)[0], strict=True)
        ]
        call = f"{export.name}_{entry.name}({', '.join(arguments)}, scratch)"
        lines.append(f"    case {number}: return (int32_t){call};")
    return "\n".join([*lines, "    default: return -1;", "  }", "}", ""])


def write_sources(parts: Sequence[Part], folder: Path) -> dict[str, str]:
    """Write what all.c includes into `folder`; all.c itself and the headers by their names."""
    scratch = max(export.scratch_bytes for export, _, _ in parts)
    files = {name: text for export, _, _ in parts for name, text in export.files.items()}
    for export, _, _ in parts:  # read by all.c, not compiled themselves
        (folder / f"{export.name}.c").write_text(files[f"{export.name}.c"])
    sources = {name: text for name, text in files.items() if name.endswith(".h")}
    sources["all.h"] = (
        "#include <stdint.h>\n"
        f"typedef union {{ unsigned char bytes[{max(scratch, 8)}]; double d; }} all_scratch;\n"
        "int32_t all_run(const uint8_t *row, uint8_t *result, void *scratch);\n"
    )
    sources["all.c"] = _dispatcher(parts)
    return sources


def parts_of(calls: Sequence[Call]) -> list[Part]:
    """Every call's export, its function, and the rows as the function takes them."""
    return [_typed(call, number) for number, call in enumerate(calls)]


def run_all(
    calls: Sequence[Call], machine: Machine, folder: Path, compiler: str | None, level: str
) -> dict[str, tuple[float, float]]:
    """Agreement and largest error of every call on a machine."""
    parts = parts_of(calls)
    row_bytes = _WHICH + max(offsets(entry.inputs)[1] for _, entry, _ in parts)
    result_bytes = max(offsets(entry.outputs)[1] for _, entry, _ in parts)
    packed = []
    for number, (_, entry, arrays) in enumerate(parts):
        rows = np.zeros((len(arrays[0]), row_bytes), np.uint8)
        rows[:, 0], rows[:, 1] = number % 256, number // 256
        own = np.frombuffer(pack_rows(entry, arrays), np.uint8).reshape(len(rows), -1)
        rows[:, _WHICH : _WHICH + own.shape[1]] = own
        packed.append(rows)
    whole = replace(parts[0][0], name="all", files=write_sources(parts, folder))
    entry = replace(
        parts[0][1],
        name="run",
        inputs=(Argument("row", TensorType("uint8", (row_bytes,))),),
        outputs=(Argument("result", TensorType("uint8", (result_bytes,))),),
    )
    rows = np.concatenate(packed)
    image = build(
        whole, entry, rows.tobytes(), machine, folder, compiler=compiler, optimize=f"-{level}"
    )
    outcome = run(image, machine, len(rows))
    answers, first = {}, 0
    for call, (_, own, arrays) in zip(calls, parts, strict=True):
        last = first + len(arrays[0])
        have = unpack_results(own, outcome.results[first:last])
        want = host_answers(call.model, call.method, arrays)
        answers[call.name] = compare_answers(want, have, outcome.statuses[first:last])
        first = last
    return answers
