"""Finding compilers and emulators, and saying how to install those that are missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

from edgeinfer.errors import EdgeInferError
from edgeinfer.export.targets.machines import Machine

_PACKAGES = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf",
    "qemu-system-riscv32": "qemu-system-misc",
    "gcc": "gcc",
    "clang": "clang",
}
PICOLIBC = "picolibc-riscv64-unknown-elf"


class ToolchainError(EdgeInferError, RuntimeError):
    """A compiler or an emulator is missing or failed; the message says what to do."""


def missing_tools(machine: Machine, compiler: str | None = None) -> list[str]:
    """The programs a target needs and this machine does not have."""
    wanted = [compiler or f"{machine.prefix}gcc", f"{machine.prefix}size"]
    if machine.emulator:
        wanted.append(machine.emulator)
    return [tool for tool in wanted if shutil.which(tool) is None]


def require_tools(machine: Machine, compiler: str | None = None) -> None:
    """Raise ToolchainError, with the command that installs what is missing."""
    missing = missing_tools(machine, compiler)
    if missing:
        packages = " ".join(dict.fromkeys(_PACKAGES.get(t, "binutils") for t in missing))
        raise ToolchainError(
            f"target {machine.name} needs {', '.join(missing)}, not found on this machine; "
            f"on Debian and Ubuntu: sudo apt-get install {packages}"
        )


def run_tool(command: Sequence[str], timeout: float, what: str) -> str:
    """What a command printed; ToolchainError when it fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired as err:
        raise ToolchainError(f"{what} did not end within {timeout:.0f} seconds") from err
    if done.returncode != 0:
        tail = (done.stderr or done.stdout).strip()[-2000:]
        raise ToolchainError(f"{what} failed with status {done.returncode}:\n{tail}")
    # Emulators print what a guest writes to one or the other.
    return done.stdout + done.stderr


@cache
def has_c_library(machine: Machine) -> bool:
    """Whether the target's compiler finds a C library."""
    if machine.platform != "riscv":
        return True
    command = [f"{machine.prefix}gcc", "--specs=picolibc.specs", "-E", "-x", "c", "-"]
    done = subprocess.run(
        command, input="#include <math.h>\n", capture_output=True, text=True, check=False
    )
    return done.returncode == 0
