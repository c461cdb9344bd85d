"""Running a built image and reading what it printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.export.targets.build import Image
from edgeinfer.export.targets.machines import Machine
from edgeinfer.export.targets.toolchain import ToolchainError, run_tool

_TIMEOUT = 900.0
_INSTRUCTIONS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Outcome:
    """What a target did: per row the status and the result's bytes; stack; instructions a row."""

    statuses: np.ndarray
    results: np.ndarray
    stack_bytes: int | None
    instructions: float | None


def run(image: Image, machine: Machine, rows: int) -> Outcome:
    """Run the image on the machine it was built for. Raises ToolchainError."""
    if machine.is_host:
        command = [str(image.path)]
    else:
        command = [
            *(machine.emulator, "-M", machine.machine, "-nographic", "-monitor", "none"),
            *("-serial", "none", "-semihosting-config", "enable=on,target=native"),
            # One instruction is one nanosecond of the machine's time: the count is exact.
            *("-icount", "shift=0"),
            *(("-bios", "none") if machine.platform == "riscv" else ()),
            *("-kernel", str(image.path)),
        ]
    return _read(run_tool(command, _TIMEOUT, f"the run on {machine.name}"), machine, rows)


def _read(text: str, machine: Machine, rows: int) -> Outcome:
    statuses, results = [], []
    numbers: dict[str, int] = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == "status":
            statuses.append(int(value))
        elif key == "result":
            results.append(np.frombuffer(bytes.fromhex(value), np.uint8))
        elif value.isdigit():
            numbers[key] = int(value)
    if not text.endswith("done\n") or len(results) != rows or len(statuses) != rows:
        raise ToolchainError(
            f"{machine.name} answered {len(results)} of {rows} rows; it ended with: {text[-200:]!r}"
        )
    instructions = stack = None
    if not machine.is_host:
        stack = numbers["stack"]
        ticks = (numbers["ticks"] << 32) + numbers["ticks_low"]
        per_tick = _INSTRUCTIONS_PER_SECOND / machine.tick_hz if machine.tick_hz else 1.0
        instructions = ticks * per_tick / (numbers["passes"] * rows)
    return Outcome(np.array(statuses), np.stack(results), stack, instructions)
