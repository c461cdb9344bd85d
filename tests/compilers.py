"""C compilers that tests use; where one is missing, tests are skipped and say what to install."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).parents[1] / "src" / "edgeinfer" / "kernels" / "csrc"

# Program -> the Debian package that has it.
PACKAGES = {
    "gcc": "gcc",
    "g++": "g++",
    "clang": "clang",
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    "qemu-aarch64": "qemu-user",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "arm-none-eabi-g++": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
}


def need(program: str) -> str:
    """The path of `program`; the test is skipped where it is not installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed (Debian: apt install {PACKAGES[program]})")
    return path


def need_flags(compiler: str, folder: Path, *flags: str) -> None:
    """Skip the test unless `compiler` builds and links with `flags` (a sanitizer's runtime ...)."""
    source = folder / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    command = [compiler, *flags, str(source), "-o", str(folder / "empty")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"{compiler} cannot link with {' '.join(flags)} here")


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; its standard error is the message when it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-4000:]
    return done  # type: ignore[no-any-return]
