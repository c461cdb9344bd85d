"""Compiles the one extension; everything declarative is in pyproject.toml."""

import os
import platform
import sys

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

CSRC = "src/edgeinfer/kernels/csrc"

# One translation unit per instruction set; each names its own target in its first lines,
# so no flag here raises the baseline of the others.
ISA_UNITS = {
    "x86_64": ["avx2", "avx512vnni"],
    "AMD64": ["avx2", "avx512vnni"],
    "aarch64": ["neon"],
    "arm64": ["neon"],
}

# -ffp-contract=off: no fused multiply-add that the source does not spell out, hence the same
# sums everywhere. The two -fno flags change no value, they only free the vectoriser from errno
# and from the floating-point exception flags. There is no -ffast-math here, ever.
compile_args = [
    "-std=gnu11",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wall",
    "-Wextra",
]
link_args: list[str] = []
if sys.platform.startswith("linux"):
    compile_args.append("-fopenmp")
    link_args.append("-fopenmp")
if os.environ.get("EDGEINFER_SANITIZE"):
    compile_args += ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined"]
    compile_args += ["-fno-sanitize-recover=undefined"]
    link_args += ["-fsanitize=address,undefined"]

units = ["portable", *ISA_UNITS.get(platform.machine(), [])]
extension = Extension(
    "edgeinfer.runtime._native",
    sources=[
        "src/edgeinfer/runtime/_native.pyx",
        f"{CSRC}/dispatch.c",
        f"{CSRC}/program.c",
        *(f"{CSRC}/isa/{unit}.c" for unit in units),
    ],
    depends=[
        os.path.join(folder, name)
        for folder, _, names in os.walk(CSRC)
        for name in names
        if name.endswith((".h", ".def"))
    ],
    include_dirs=[CSRC, numpy.get_include()],
    define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
    extra_compile_args=compile_args,
    extra_link_args=link_args,
)

setup(
    ext_modules=cythonize(
        [extension],
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "embedsignature": True,
        },
    )
)
