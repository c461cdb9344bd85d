"""Arithmetic of quantized tensors, element by element, as TensorFlow Lite Micro has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, require
from edgeinfer.ops.fixed_point import MAX_SHIFT, MIN_SHIFT, rescale_i32

FUNCTIONS = ("add", "sub", "mul")


@dataclass(frozen=True, eq=False)
class QBinary(Op):
    """``a + b``, ``a - b`` or ``a * b`` of int8 or int16 tensors of one shape.

    Sums: each operand, its zero point taken off, is shifted left by `left_shift`, rescaled by its
    multiplier, and the sum is rescaled. Products are rescaled once (`multipliers[2]`).
    """

    kind = "QBinary"

    fn: str
    zero_points: tuple[int, ...]  # a, b, result
    multipliers: tuple[int, ...]
    shifts: tuple[int, ...]
    left_shift: int
    low: int
    high: int
    scale: float

    def check(self) -> None:
        require(self.fn in FUNCTIONS, f"unknown function {self.fn!r}")
        three = (self.zero_points, self.multipliers, self.shifts)
        require(all(len(v) == 3 for v in three), "parameters are of two operands and the result")
        require(all(-32768 <= z <= 32767 for z in self.zero_points), "a zero point out of range")
        require(all(0 <= m < 1 << 31 for m in self.multipliers), "a multiplier out of range")
        top = MAX_SHIFT if self.fn == "mul" else 0
        least = MIN_SHIFT if self.fn == "mul" else -30
        require(all(least <= s <= top for s in self.shifts), "a shift out of range")
        require(0 <= self.left_shift <= 20, "the left shift is out of range")
        require(-32768 <= self.low <= self.high <= 32767, "the bounds are out of range")
        require(0 < self.scale < float("inf"), "the scale is not positive and finite")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        require(a.dtype in ("int8", "int16"), f"takes int8 or int16, got {a}")
        require(a.dtype == b.dtype and a.shape == b.shape, f"cannot combine {a} with {b}")
        if a.dtype == "int8":
            require(self.low >= -128 and self.high <= 127, "the bounds are out of range")
            require(all(-128 <= z <= 127 for z in self.zero_points), "a zero point out of range")
        else:
            require(self.left_shift <= 15, "the left shift is out of range")
            none = self.fn == "mul" or self.zero_points[:2] == (0, 0)
            require(none, "int16 sums have the zero point 0")
        return (TensorType(a.dtype, a.shape, QParams((self.scale,), (self.zero_points[2],))),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        m = [np.array(v) for v in self.multipliers]
        s = [np.array(v) for v in self.shifts]
        x = [v.astype(np.int64) - z for v, z in zip((a, b), self.zero_points[:2], strict=True)]
        if self.fn == "mul":
            raw = (x[0] * x[1]).astype(np.uint64).astype(np.uint32).view(np.int32)
        else:
            scaled = [
                rescale_i32((x[i] << self.left_shift).astype(np.int32), m[i], s[i]).astype(np.int64)
                for i in range(2)
            ]
            total = scaled[0] + (scaled[1] if self.fn == "add" else -scaled[1])
            raw = total.astype(np.uint64).astype(np.uint32).view(np.int32)
        y = rescale_i32(raw, m[2], s[2]).astype(np.int64) + self.zero_points[2]
        return (np.clip(y, self.low, self.high).astype(a.dtype),)

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        names = ("a", "b", "y")
        fields = (
            *((f"{n}_zero", "i32", v) for n, v in zip(names, self.zero_points, strict=True)),
            *((f"{n}_multiplier", "i32", v) for n, v in zip(names, self.multipliers, strict=True)),
            *((f"{n}_shift", "i32", v) for n, v in zip(names, self.shifts, strict=True)),
            ("left_shift", "i32", self.left_shift),
            ("sign", "i32", -1 if self.fn == "sub" else 1),
            ("low", "i32", self.low),
            ("high", "i32", self.high),
            ("n", "i32", a.size),
        )
        name = "mul" if self.fn == "mul" else "add"
        return Lowered(f"q{name}_{SUFFIX[a.dtype]}", Block("ei_qbinary_params", fields))
