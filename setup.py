"""Compiles the one extension; everything declarative is in pyproject.toml.

Environment: EDGEINFER_SANITIZE=1 builds under the address and undefined behaviour sanitizers,
EDGEINFER_SYMBOLS=1 keeps the symbols, for profilers and debuggers.
"""

import os
import platform
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

CSRC = "src/edgeinfer/kernels/csrc"

# One translation unit per instruction set; each names its own target in its first lines,
# so no flag here raises the baseline of the others.
ISA_UNITS = {
    "x86_64": ["avx2", "avx512vnni", "avx512vbmi"],
    "AMD64": ["avx2", "avx512vnni", "avx512vbmi"],
    "aarch64": ["neon", "neondot"],
    "arm64": ["neon", "neondot"],
}

# -ffp-contract=off: no fused multiply-add that the source does not spell out, hence the same
# sums everywhere. The two -fno flags change no value, they only free the vectoriser from errno
# and from the floating-point exception flags. There is no -ffast-math here, ever.
COMPILE_ARGS = [
    "-std=gnu11",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wall",
    "-Wextra",
]
SANITIZE = ["-fsanitize=address,undefined"]


class BuildExtension(build_ext):
    """Asks the compiler what it can do before it is told to do it."""

    def build_extensions(self) -> None:
        if self.compiler.compiler_type == "msvc":
            sys.exit(
                "edgeinfer builds with gcc or clang, on Linux and macOS: the kernels of an "
                "instruction set are chosen by target pragmas, which Microsoft's compiler does not "
                "have. On Windows use the Linux subsystem (WSL)."
            )
        compile_args, link_args = list(COMPILE_ARGS), []
        if os.environ.get("EDGEINFER_SANITIZE"):
            compile_args += ["-O1", "-g1", "-fno-omit-frame-pointer", *SANITIZE]
            compile_args += ["-fno-sanitize-recover=undefined"]
            link_args += SANITIZE
        elif not os.environ.get("EDGEINFER_SYMBOLS"):
            # Python's own flags often say -g: symbols would be three quarters of the file.
            compile_args.append("-g0")
            if sys.platform.startswith("linux"):
                link_args.append("-Wl,--strip-all")
        # Without OpenMP (Apple's clang, a clang without libomp) big batches use one thread.
        if self._links(["-fopenmp"]):
            compile_args.append("-fopenmp")
            link_args.append("-fopenmp")
        for extension in self.extensions:
            extension.extra_compile_args = compile_args
            extension.extra_link_args = link_args
        self._compile_side_by_side()
        super().build_extensions()

    def _compile_side_by_side(self) -> None:
        """A compiler per processor: the instruction sets are large files of their own."""
        compile_all = self.compiler.compile

        def compile_each(sources: list[str], **options: Any) -> list[str]:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                parts = pool.map(lambda source: compile_all([source], **options), sources)
                return [built for part in parts for built in part]

        self.compiler.compile = compile_each

    def _links(self, flags: list[str]) -> bool:
        """Whether a program can be built with `flags`."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text(
                "#include <omp.h>\nint main(void) { return omp_get_max_threads(); }\n"
            )
            try:
                objects = self.compiler.compile([str(source)], folder, extra_postargs=flags)
                self.compiler.link_executable(objects, "probe", folder, extra_postargs=flags)
            except (CompileError, LinkError):
                return False
        return True


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
)

setup(
    cmdclass={"build_ext": BuildExtension},
    ext_modules=cythonize(
        [extension],
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "embedsignature": True,
        },
    ),
)
