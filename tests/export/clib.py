"""Exported models as a shared library, called row by row."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeinfer.export.entries import Entry
from edgeinfer.export.layouts import Export
from edgeinfer.export.targets.build import WARNINGS
from tests.compilers import need, run

CANARY = 0x5A
GUARD = 64


class Library:
    """Several exports in one library, as several models would be in one firmware."""

    def __init__(
        self,
        exports: Sequence[Export],
        folder: Path,
        compiler: str = "gcc",
        language: str = "c",
        *flags: str,
    ) -> None:
        need(compiler)
        folder.mkdir(parents=True, exist_ok=True)
        dialect = ["-x", "c", "-std=c99"] if language == "c" else ["-x", "c++"]
        sources = []
        for export in exports:
            for name, text in export.files.items():
                if name.endswith((".h", ".c")):
                    (folder / name).write_text(text)
            sources.append(f'#include "{export.name}.c"\n')
        # One translation unit, so that the kernels are read and compiled once.
        whole = folder / "all.c"
        whole.write_text("".join(sources))
        image = folder / "library.so"
        built = ("-shared", "-fPIC", "-ffp-contract=off", *WARNINGS, *dialect)
        run(compiler, "-O0", *flags, *built, whole, "-o", image, "-lm")
        self.library = ctypes.CDLL(str(image))

    def call(
        self, export: Export, entry: Entry, arrays: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Status and results of every row; writing beside scratch or a result is an error."""
        function = getattr(self.library, f"{export.name}_{entry.name}")
        rows = len(arrays[0])
        scratch = np.full(export.scratch_bytes + GUARD, CANARY, np.uint8)
        results = [np.zeros((rows, a.count), a.dtype) for a in entry.outputs]
        guarded = [
            np.full(a.count * a.dtype.itemsize + GUARD, CANARY, np.uint8) for a in entry.outputs
        ]
        ready = [
            np.ascontiguousarray(x, a.dtype).reshape(rows, a.tensor.size)
            for x, a in zip(arrays, entry.inputs, strict=True)
        ]
        statuses = np.zeros(rows, np.int64)
        for row in range(rows):
            pointers = [ctypes.c_void_p(x[row].ctypes.data or scratch.ctypes.data) for x in ready]
            pointers += [ctypes.c_void_p(g.ctypes.data) for g in guarded]
            statuses[row] = function(*pointers, ctypes.c_void_p(scratch.ctypes.data))
            for result, guard in zip(results, guarded, strict=True):
                result[row] = guard[:-GUARD].view(result.dtype)
                assert (guard[-GUARD:] == CANARY).all(), f"{entry.name} wrote beside its result"
        assert (scratch[export.scratch_bytes :] == CANARY).all(), "wrote beside its scratch memory"
        shaped = [
            r[:, : a.tensor.size].reshape(rows, *a.tensor.shape)
            for r, a in zip(results, entry.outputs, strict=True)
        ]
        return statuses, shaped


def entry_of(export: Export, name: str) -> Entry:
    """The function `name` of an export."""
    return next(e for e in export.entries if e.name == name)
