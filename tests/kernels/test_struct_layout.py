"""Parameter blocks are laid out by NumPy as by the C compiler: sizes, offsets, and every field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeinfer.ops import Block
from edgeinfer.runtime._native import KERNELS
from tests.compilers import CSRC, need, run
from tests.examples_of_ops import all_examples

BLOCKS: dict[str, Block] = {
    lowered.block.struct: lowered.block
    for example in all_examples()
    for lowered in example.lowered()
}


def _program() -> str:
    """A C program that prints, per struct, its size and the place and size of each field.

    Each struct is also initialised with as many values as NumPy has fields, which the compiler
    refuses if there are more or fewer.
    """
    lines = ["#include <stdio.h>", '#include "ei_all.h"', "int main(void) {"]
    for struct, block in BLOCKS.items():
        zeros = ", ".join("0" for _ in block.fields)
        lines.append(f"  {{ static const {struct} one = {{{zeros}}}; (void)one; }}")
        lines.append(f'  printf("{struct} . 0 %zu\\n", sizeof({struct}));')
        for name, _, _ in block.fields:
            lines.append(
                f'  printf("{struct} {name} %zu %zu\\n", offsetof({struct}, {name}), '
                f"sizeof((({struct} *)0)->{name}));"
            )
    return "\n".join([*lines, "  return 0;", "}", ""])


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_blocks_are_laid_out_as_in_c(compiler: str, tmp_path: Path) -> None:
    path = need(compiler)
    source, binary = tmp_path / "layout.c", tmp_path / "layout"
    source.write_text(_program())
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
    run(path, "-std=c99", *warnings, "-I", CSRC, source, "-o", binary, "-lm")
    rows = [line.split() for line in run(binary).stdout.decode().splitlines()]
    have = {(struct, field): (int(offset), int(size)) for struct, field, offset, size in rows}
    want = {}
    for struct, block in BLOCKS.items():
        dtype: np.dtype = block.dtype
        want[struct, "."] = (0, dtype.itemsize)
        for name in dtype.names or ():
            field, offset = dtype.fields[name][:2]
            want[struct, name] = (offset, field.itemsize)
    assert have == want


def test_every_struct_of_the_list_is_compared() -> None:
    missing = sorted({struct for _, struct in KERNELS.values()} - set(BLOCKS))
    if missing:
        pytest.skip(f"no example yet makes: {', '.join(missing)}")
