"""What a program is lowered for: this machine, or a microcontroller."""

from __future__ import annotations

from dataclasses import dataclass

FORESTS = ("table", "inline")
OPTIMIZE = ("size", "speed")


@dataclass(frozen=True)
class Target:
    """What an op may know of where it will run, when it chooses a kernel and a layout.

    The host has vectors and memory, so parameters are padded for them. A small target
    (`host=False`) has neither: parameters lie as compact as they can, one row at a time.

    Attributes
    ----------
    alignment : bytes that tensors in the arena are aligned to
    optimize : {"size", "speed"}: what to prefer where they conflict
    forest : {"table", "inline"}: trees as tables that a loop walks, or as if/else code
    """

    host: bool = True
    alignment: int = 64
    optimize: str = "speed"
    forest: str = "table"


HOST = Target()
