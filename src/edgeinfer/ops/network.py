"""Small ops of networks: reductions of integers, comparisons, choices, matrix products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, Op, require
from edgeinfer.ops.fixed_point import MAX_SHIFT, MIN_SHIFT, rescale_i32

REDUCTIONS = ("sum", "max", "min")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


@dataclass(frozen=True, eq=False)
class QReduce(Op):
    """The middle axis of ``(outer, n, inner)`` reduced, int8 or int16.

    A sum is ``clamp(rescale(sum(x) - n * x_zero) + y_zero)``; a mean is a sum whose multiplier
    holds the division. The largest and the smallest are taken of the integers as they are.
    """

    kind = "QReduce"

    fn: str
    x_zero: int
    multiplier: int
    shift: int
    y_zero: int
    y_scale: float

    def check(self) -> None:
        require(self.fn in REDUCTIONS, f"unknown reduction {self.fn!r}")
        require(0 <= self.multiplier < 1 << 31, "the multiplier is out of range")
        require(MIN_SHIFT <= self.shift <= MAX_SHIFT, "the shift is out of range")
        zeros = (self.x_zero, self.y_zero)
        require(all(-32768 <= z <= 32767 for z in zeros), "a zero point is out of range")
        require(0 < self.y_scale < float("inf"), "the scale is not positive and finite")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("int8", "int16"), f"takes int8 or int16, got {x}")
        require(len(x.shape) == 3 and x.size > 0, f"takes (outer, n, inner), got {x}")
        outer, n, inner = x.shape
        limit = 1 << (23 if x.dtype == "int8" else 15)
        require(n < limit, "a sum of so many values could overflow")
        qparams = QParams((self.y_scale,), (self.y_zero,))
        return (TensorType(x.dtype, (outer, inner), qparams),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        if self.fn != "sum":
            return (x.max(axis=2) if self.fn == "max" else x.min(axis=2),)
        total = x.sum(axis=2, dtype=np.int64) - x.shape[2] * self.x_zero
        scaled = rescale_i32(
            total.astype(np.int32), np.array(self.multiplier), np.array(self.shift)
        )
        info = np.iinfo(x.dtype)
        y = np.clip(scaled.astype(np.int64) + self.y_zero, info.min, info.max)
        return (y.astype(x.dtype),)

    def lower(self, x: TensorType) -> Lowered:
        outer, n, inner = x.shape
        fields = (
            ("outer", "i32", outer),
            ("n", "i32", n),
            ("inner", "i32", inner),
            ("zero", "i32", n * self.x_zero),
            ("multiplier", "i32", self.multiplier),
            ("shift", "i32", self.shift),
            ("y_zero", "i32", self.y_zero),
        )
        kernel = f"q{self.fn}_{SUFFIX[x.dtype]}"
        return Lowered(kernel, Block("ei_qreduce_params", fields), 4 * inner)


@dataclass(frozen=True, eq=False)
class Compare(Op):
    """1 where ``a fn b`` holds for float32 tensors of one shape, else 0, as uint8."""

    kind = "Compare"

    fn: str

    def check(self) -> None:
        require(self.fn in COMPARISONS, f"unknown comparison {self.fn!r}")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        require(a.dtype == b.dtype == "float32", f"compares float32, not {a} with {b}")
        require(a.shape == b.shape, f"cannot compare {a} with {b}")
        return (TensorType("uint8", a.shape),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        functions = {
            "eq": np.equal,
            "ne": np.not_equal,
            "lt": np.less,
            "le": np.less_equal,
            "gt": np.greater,
            "ge": np.greater_equal,
        }
        return (functions[self.fn](a, b).astype(np.uint8),)

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        fields = (("fn", "i32", COMPARISONS.index(self.fn)), ("n", "i32", a.size))
        return Lowered("compare_f32", Block("ei_compare_params", fields))


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
class BatchMatMul(Op):
    """``a @ b`` of float32 matrices ``(batch, m, k)`` and ``(batch, k, n)``; sums in order of k."""

    kind = "BatchMatMul"

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        require(a.dtype == b.dtype == "float32", f"multiplies float32, not {a} with {b}")
        fits = len(a.shape) == len(b.shape) == 3
        require(fits, f"multiplies (batch, m, k) with (batch, k, n), got {a} and {b}")
        require(a.shape[0] == b.shape[0] and a.shape[2] == b.shape[1], f"{a} does not fit {b}")
        require(a.size > 0 and b.size > 0, "multiplies matrices that are not empty")
        return (TensorType("float32", (a.shape[0], a.shape[1], b.shape[2])),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        return (a @ b,)

    def cost(self, a: TensorType, b: TensorType) -> Cost:
        return Cost(float(a.size * b.shape[2]))

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        fields = (
            ("batch", "i32", a.shape[0]),
            ("m", "i32", a.shape[1]),
            ("k", "i32", a.shape[2]),
            ("n", "i32", b.shape[2]),
        )
        return Lowered("matmul_f32", Block("ei_matmul_params", fields))
