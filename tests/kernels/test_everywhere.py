"""The kernels answer the same whoever compiles them, and on another processor.

NEON runs under qemu; the sanitizers see every read and write of every kernel, in exactly sized
arrays.
"""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from edgeinfer.runtime.program import available_isas
from tests.compilers import need, need_flags
from tests.examples_of_ops import all_examples
from tests.kernels.golden import build, compare

SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.mark.parametrize("isa", ["neon", "neondot"])
def test_neon_under_qemu(isa: str, tmp_path: Path) -> None:
    """Both the NEON kernels and the portable ones, compiled for aarch64."""
    compiler, qemu = need("aarch64-linux-gnu-gcc"), need("qemu-aarch64")
    runner = build(compiler, tmp_path, isa, "-O2", "-static")
    assert compare([qemu, runner], 2) >= 2 * len(all_examples())


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_kernel_leaves_its_arrays(compiler: str, tmp_path: Path) -> None:
    """Under the address and undefined behaviour sanitizers, with the best instruction set here."""
    best = available_isas()[-1]
    isa = None if best == "portable" else best
    path = need(compiler)
    need_flags(path, tmp_path, *SANITIZE)
    runner = build(path, tmp_path, isa, "-O1", "-g", *SANITIZE)
    compare([runner], 1 if isa is None else 2)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="AVX2 is x86-64's")
def test_clang_compiles_the_same_answers(tmp_path: Path) -> None:
    """Another compiler's vectoriser changes no bit."""
    if "avx2" not in available_isas():
        pytest.skip("this processor has no AVX2")
    compare([build(need("clang"), tmp_path, "avx2", "-O3")], 2)
