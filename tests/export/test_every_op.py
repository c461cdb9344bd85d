"""Every op, exported alone: all of them in one library, as models in one firmware."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeinfer.errors import InvalidInputError
from edgeinfer.export.layouts import Export, print_c
from edgeinfer.runtime.program import compile_program
from tests.examples_of_ops import Example, all_examples
from tests.export.clib import Library, entry_of
from tests.oracle import assert_close

LIBM_RTOL = {"float64": 1e-12, "float32": 1e-5}
VARIANTS = [
    ("gcc", "c", {}),
    ("gcc", "c", {"optimize": "size", "forest": "inline"}),  # only trees differ by that
    ("clang", "c", {"optimize": "speed", "forest": "inline"}),
    ("g++", "c++", {"input_dtype": "float32"}),
]


def _exports(options: dict[str, str]) -> list[tuple[Example, Export]]:
    return [
        (example, print_c(example.graph(), name=f"op{i}", **options))  # type: ignore[arg-type]
        for i, example in enumerate(all_examples())
        if options.get("optimize") != "size" or example.op.kind == "SmallTrees"
    ]


@pytest.mark.parametrize(("compiler", "language", "options"), VARIANTS)
def test_answers_as_the_host_does(
    compiler: str, language: str, options: dict[str, str], tmp_path: Path
) -> None:
    pairs = _exports(options)
    library = Library([export for _, export in pairs], tmp_path, compiler, language)
    for example, export in pairs:
        graph = example.graph()
        program = compile_program(graph, graph.methods["run"].tensors)
        entry = entry_of(export, "run")
        with np.errstate(over="ignore"):
            inputs = [x.astype(a.dtype) for x, a in zip(example.inputs, entry.inputs, strict=True)]
        statuses, have = library.call(export, entry, inputs)
        wide = [x.astype(e.dtype) for x, e in zip(inputs, example.inputs, strict=True)]
        for row, status in enumerate(statuses):
            try:
                want = program.run(*(x[row : row + 1] for x in wide))
            except InvalidInputError:
                assert status != 0, f"{example}: the host refuses row {row}"
                continue
            assert status == 0, f"{example}: the host takes row {row}"
            for h, w in zip(have, want, strict=True):
                where = f"{example} row {row}, {compiler}"
                rounded = h.dtype != w.dtype  # a float64 that is handed over as float32
                exact = w.dtype.kind != "f" or (example.same_bits and not rounded)
                rtol = 0.0 if exact else LIBM_RTOL[h.dtype.name]
                assert_close(h[row : row + 1].astype(w.dtype), w, rtol, where)


def test_all_headers_in_one_translation_unit(tmp_path: Path) -> None:
    """Layout `header`: every op's header included in one file, as C and as C++."""
    from edgeinfer.export.targets.build import WARNINGS
    from tests.compilers import need, run

    lines = []
    for i, example in enumerate(all_examples()):
        export = print_c(example.graph(), name=f"op{i}", layout="header")
        (tmp_path / f"op{i}.h").write_text(export.files[f"op{i}.h"])
        lines.append(f'#include "op{i}.h"')
        lines.append(f"int use{i}(void); int use{i}(void) {{ return (int)op{i}_run(")
        entry = entry_of(export, "run")
        lines.append("NULL, " * (len(entry.inputs) + len(entry.outputs)) + "NULL); }")
    source = tmp_path / "all.c"
    source.write_text("\n".join(lines) + "\n")
    for compiler, dialect in (("gcc", "-std=c99"), ("clang", "-std=c99"), ("g++", "-xc++")):
        need(compiler)
        run(compiler, dialect, *WARNINGS, "-c", source, "-o", tmp_path / "all.o")
