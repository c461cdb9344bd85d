"""Golden cases: examples as bytes for `runner.c`, and its answers as arrays.

The runner is plain C, so it can be compiled by any compiler for any processor. What it answers is
compared with the answers of the portable kernels of this build.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeinfer.ops import Lowered
from edgeinfer.runtime._native import KERNELS
from edgeinfer.runtime.program import run_op
from tests.compilers import CSRC, run
from tests.examples_of_ops import Example, all_examples
from tests.oracle import assert_bits_equal, assert_close


@dataclass(frozen=True)
class Case:
    """One kernel call: `table` is 0 for the portable kernels, 1 for the instruction set's."""

    example: Example
    lowered: Lowered
    table: int
    rows: int

    def __str__(self) -> str:
        return f"{self.example}, {self.lowered.kernel}, {self.rows} rows, table {self.table}"

    @property
    def inputs(self) -> list[np.ndarray]:
        return [np.ascontiguousarray(x[: self.rows]) for x in self.example.inputs]

    def outputs(self) -> list[np.ndarray]:
        """Empty arrays for the answers."""
        types = self.example.op.infer(*self.example.types)
        return [np.empty((self.rows, *t.shape), t.dtype) for t in types]

    def encoded(self) -> bytes:
        """The case as the runner reads it."""
        packed, _ = self.lowered.block.pack()
        pointers = list(self.lowered.block.arrays())
        inputs, outputs = self.inputs, self.outputs()
        scratch = self.lowered.scratch_fixed + self.lowered.scratch_per_row * self.rows
        head = (
            self.table,
            KERNELS[self.lowered.kernel][0],
            self.rows,
            scratch,
            packed.nbytes,
            len(pointers),
            len(inputs),
            len(outputs),
        )
        parts = [struct.pack("<8i", *head), packed.tobytes()]
        for name, value in pointers:
            offset = packed.dtype.fields[name][1]
            parts += [struct.pack("<2i", offset, value.nbytes), value.tobytes()]
        for x in inputs:
            parts += [struct.pack("<i", x.nbytes), x.tobytes()]
        parts += [struct.pack("<i", y.nbytes) for y in outputs]
        return b"".join(parts)


def cases(tables: int) -> Iterator[Case]:
    """Every example, in every lowering, with all its rows and with one."""
    for example in all_examples():
        for lowered in example.lowered():
            for rows in sorted({1, len(example.inputs[0])}):
                for table in range(tables):
                    yield Case(example, lowered, table, rows)


def build(compiler: str, folder: Path, isa: str | None = None, *flags: str) -> Path:
    """The runner, with the portable kernels and those of `isa`."""
    binary = folder / "runner"
    units = [CSRC / "isa" / f"{name}.c" for name in ("portable", isa) if name]
    chosen = [f"-DRUNNER_ISA=ei_table_{isa}"] if isa else []
    run(
        compiler,
        "-std=gnu11",
        "-ffp-contract=off",
        "-fno-math-errno",
        "-fno-trapping-math",
        *flags,
        *chosen,
        "-I",
        CSRC,
        Path(__file__).with_name("runner.c"),
        *units,
        "-o",
        binary,
        "-lm",
    )
    return binary


def compare(command: list[str | Path], tables: int) -> int:
    """Run every case; the answers have to be those of this build's portable kernels.

    Integers bit for bit, and floats as well unless the C library had a hand in them. Returns the
    number of cases.
    """
    todo = list(cases(tables))
    answer = run(*command, input=b"".join(case.encoded() for case in todo)).stdout
    place = 0
    expected: dict[tuple[int, int], tuple[np.ndarray, ...]] = {}
    for case in todo:
        (status,) = struct.unpack_from("<i", answer, place)
        place += 4
        assert status == 0, f"{case}: status {status}"
        key = (id(case.example), case.rows)
        if key not in expected:
            expected[key] = run_op(case.example.op, *case.inputs, isa="portable")
        for y, want in zip(case.outputs(), expected[key], strict=False):
            have = np.frombuffer(answer, y.dtype, y.size, place).reshape(y.shape)
            place += y.nbytes
            if want.dtype.kind == "f" and not case.example.same_bits:
                assert_close(have, want, case.example.rtol, str(case))
            else:
                assert_bits_equal(have, want, str(case))
    assert place == len(answer)
    return len(todo)
