"""Comparisons, and choices by what they give. Truth is a byte, 0 or 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, require
from edgeinfer.ops.fixed_point import divide_by_pot, high_mul

COMPARISONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
COMPARED = ("float32", "int8", "uint8", "int16", "int32", "int64")


@dataclass(frozen=True, eq=False)
class Compare(Op):
    """1 where ``a fn b`` holds for numbers of one type and tensors of one shape, else 0, as uint8.

    A NaN is unequal to everything, and neither above nor below it.
    """

    kind = "Compare"

    fn: str

    def check(self) -> None:
        require(self.fn in COMPARISONS, f"unknown comparison {self.fn!r}")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        require(a.dtype in COMPARED and a.dtype == b.dtype, f"cannot compare {a} with {b}")
        require(a.shape == b.shape, f"cannot compare {a} with {b}")
        return (TensorType("uint8", a.shape),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        return (COMPARISONS[self.fn](a, b).astype(np.uint8),)

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        fields = (("fn", "i32", list(COMPARISONS).index(self.fn)), ("n", "i32", a.size))
        return Lowered(f"compare_{SUFFIX[a.dtype]}", Block("ei_compare_params", fields))


LEFT_SHIFT = 8
"""Bits that integers of a scale gain before they are rescaled to be compared."""


@dataclass(frozen=True, eq=False)
class QCompare(Op):
    """`Compare` of int8 tensors of different scales, as TensorFlow Lite has it.

    The zero points are taken off, both are shifted left by 8 bits and rescaled by their own
    multiplier and shift (not above zero); what comes out is compared. Values nearer to one another
    than 1/256 may count as equal.
    """

    kind = "QCompare"

    fn: str
    zero_points: tuple[int, ...]
    multipliers: tuple[int, ...]
    shifts: tuple[int, ...]

    def check(self) -> None:
        require(self.fn in COMPARISONS, f"unknown comparison {self.fn!r}")
        three = (self.zero_points, self.multipliers, self.shifts)
        require(all(len(v) == 2 for v in three), "parameters are of two operands")
        require(all(-128 <= z <= 127 for z in self.zero_points), "a zero point out of range")
        require(all(0 <= m < 1 << 31 for m in self.multipliers), "a multiplier out of range")
        require(all(-31 <= s <= 0 for s in self.shifts), "a shift out of range")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        require(a.dtype == "int8", f"takes int8, got {a}")
        require((a.dtype, a.shape) == (b.dtype, b.shape), f"cannot compare {a} with {b}")
        return (TensorType("uint8", a.shape),)

    def scaled(self, x: np.ndarray, operand: int) -> np.ndarray:
        """What is compared of operand 0 or 1."""
        wide = (x.astype(np.int32) - np.int32(self.zero_points[operand])) << LEFT_SHIFT
        product = high_mul(wide.astype(np.int32), np.array(self.multipliers[operand]))
        return divide_by_pot(product, np.array(-self.shifts[operand]))

    def plain(self) -> bool:
        """Whether the integers themselves compare alike: one scale, and none become equal."""
        if len({*zip(self.zero_points, self.multipliers, self.shifts, strict=True)}) > 1:
            return False
        every = self.scaled(np.arange(-128, 128), 0)
        return bool((np.diff(every) > 0).all())

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        return (COMPARISONS[self.fn](self.scaled(a, 0), self.scaled(b, 1)).astype(np.uint8),)

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        if self.plain():
            return Compare(self.fn).lower(a, b)
        fields = (
            ("fn", "i32", list(COMPARISONS).index(self.fn)),
            *((f"{n}_zero", "i32", v) for n, v in zip("ab", self.zero_points, strict=True)),
            *((f"{n}_multiplier", "i32", v) for n, v in zip("ab", self.multipliers, strict=True)),
            *((f"{n}_right", "i32", -v) for n, v in zip("ab", self.shifts, strict=True)),
            ("n", "i32", a.size),
        )
        return Lowered("qcompare_i8", Block("ei_qcompare_params", fields))


@dataclass(frozen=True, eq=False)
class Choose(Op):
    """The row of `yes` where the row's condition (one uint8) is not zero, else that of `no`."""

    kind = "Choose"

    def infer(self, when: TensorType, yes: TensorType, no: TensorType) -> tuple[TensorType, ...]:
        require(when.dtype == "uint8" and when.size == 1, f"chooses by one uint8, not {when}")
        same = (yes.dtype, yes.shape) == (no.dtype, no.shape)
        require(same, f"cannot choose between {yes} and {no}")
        return (TensorType(yes.dtype, yes.shape, yes.qparams),)

    def reference(
        self, when: np.ndarray, yes: np.ndarray, no: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        mask = (when != 0).reshape(len(when), *([1] * (yes.ndim - 1)))
        return (np.where(mask, yes, no),)

    def lower(self, when: TensorType, yes: TensorType, no: TensorType) -> Lowered:
        return Lowered("choose", Block("ei_choose_params", (("bytes", "i32", yes.row_bytes),)))


@dataclass(frozen=True, eq=False)
class Where(Op):
    """`yes` where the condition (uint8) is not zero, else `no`, value by value."""

    kind = "Where"

    def infer(self, when: TensorType, yes: TensorType, no: TensorType) -> tuple[TensorType, ...]:
        same = (yes.dtype, yes.shape) == (no.dtype, no.shape)
        require(same, f"cannot choose between {yes} and {no}")
        fits = when.dtype == "uint8" and when.shape == yes.shape
        require(fits, f"chooses by uint8 of the same shape, not {when}")
        return (TensorType(yes.dtype, yes.shape, yes.qparams),)

    def reference(
        self, when: np.ndarray, yes: np.ndarray, no: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return (np.where(when != 0, yes, no),)

    def lower(self, when: TensorType, yes: TensorType, no: TensorType) -> Lowered:
        block = Block("ei_where_params", (("n", "i32", yes.size),))
        return Lowered(f"where_{np.dtype(yes.dtype).itemsize}", block)
