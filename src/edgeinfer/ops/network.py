"""Small ops of networks: reductions of integers, running sums, matrix products, resizing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, Op, array, require
from edgeinfer.ops.fixed_point import (
    MAX_SHIFT,
    MAX_SHIFT_64,
    MIN_SHIFT,
    rescale_i32,
    rescale_i64,
)

REDUCTIONS = ("sum", "max", "min")


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
class CumSum(Op):
    """Running sums along the middle axis of ``(outer, n, inner)``; integers wrap around.

    `exclusive`: without the value at the place itself; `reverse`: from the last to the first.
    """

    kind = "CumSum"

    exclusive: bool = False
    reverse: bool = False

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("float32", "int32", "int64"), f"no running sums of {x}")
        require(len(x.shape) == 3 and x.size > 0, f"takes (outer, n, inner), got {x}")
        return (TensorType(x.dtype, x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        way = slice(None, None, -1 if self.reverse else 1)
        y = np.cumsum(x[:, :, way], axis=2, dtype=x.dtype)
        if self.exclusive:
            y = np.concatenate([np.zeros_like(y[:, :, :1]), y[:, :, :-1]], axis=2)
        return (np.ascontiguousarray(y[:, :, way]),)

    def lower(self, x: TensorType) -> Lowered:
        outer, n, inner = x.shape
        fields = (
            ("outer", "i32", outer),
            ("n", "i32", n),
            ("inner", "i32", inner),
            ("exclusive", "i32", int(self.exclusive)),
            ("reverse", "i32", int(self.reverse)),
        )
        return Lowered(f"cumsum_{SUFFIX[x.dtype]}", Block("ei_cumsum_params", fields))


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


@dataclass(frozen=True, eq=False)
class QBatchMatMul(Op):
    """``a @ b`` of int8 or int16 matrices ``(batch, m, k)`` and ``(batch, k, n)``, rescaled."""

    kind = "QBatchMatMul"

    zero_points: tuple[int, ...]  # a, b, result
    multiplier: int
    shift: int
    scale: float

    def check(self) -> None:
        require(len(self.zero_points) == 3, "three zero points")
        require(all(-128 <= z <= 127 for z in self.zero_points), "a zero point is out of range")
        require(0 <= self.multiplier < 1 << 31, "the multiplier is out of range")
        require(MIN_SHIFT <= self.shift <= MAX_SHIFT, "the shift is out of range")
        require(0 < self.scale < float("inf"), "the scale is not positive and finite")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        require(a.dtype in ("int8", "int16"), f"multiplies int8 or int16, not {a}")
        fits = a.dtype == b.dtype and len(a.shape) == len(b.shape) == 3
        require(fits, f"multiplies (batch, m, k) with (batch, k, n), got {a} and {b}")
        require(a.shape[0] == b.shape[0] and a.shape[2] == b.shape[1], f"{a} does not fit {b}")
        require(a.size > 0 and b.size > 0, "multiplies matrices that are not empty")
        require(a.shape[2] <= 1 << 15, "sums of so many products could overflow")
        if a.dtype == "int16":
            require(self.zero_points == (0, 0, 0), "int16 has the zero point 0")
            require(self.shift <= MAX_SHIFT_64, "the shift is out of range")
        qparams = QParams((self.scale,), (self.zero_points[2],))
        return (TensorType(a.dtype, (a.shape[0], a.shape[1], b.shape[2]), qparams),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        sums = (a.astype(np.int64) - self.zero_points[0]) @ (
            b.astype(np.int64) - self.zero_points[1]
        )
        multiplier, shift = np.array(self.multiplier), np.array(self.shift)
        if a.dtype == np.int8:
            y = rescale_i32(sums.astype(np.int32), multiplier, shift)
        else:
            y = rescale_i64(sums, multiplier, shift)
        info = np.iinfo(a.dtype)
        moved = y.astype(np.int64) + self.zero_points[2]
        return (np.clip(moved, info.min, info.max).astype(a.dtype),)

    def cost(self, a: TensorType, b: TensorType) -> Cost:
        return Cost(float(a.size * b.shape[2]))

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        fields = (
            ("batch", "i32", a.shape[0]),
            ("m", "i32", a.shape[1]),
            ("k", "i32", a.shape[2]),
            ("n", "i32", b.shape[2]),
            ("a_zero", "i32", self.zero_points[0]),
            ("b_zero", "i32", self.zero_points[1]),
            ("y_zero", "i32", self.zero_points[2]),
            ("multiplier", "i32", self.multiplier),
            ("shift", "i32", self.shift),
        )
        return Lowered(f"qmatmul_{SUFFIX[a.dtype]}", Block("ei_qmatmul_params", fields))


@dataclass(frozen=True, eq=False)
class QBilinear(Op):
    """int8 or int16 images resized by linear interpolation between four pixels.

    `rows` has three integers for each row of the result: the rows above and below, and the
    distance from the first in 1/1024; `columns` the same.
    """

    kind = "QBilinear"

    rows: np.ndarray = array("int32", ndim=1)
    columns: np.ndarray = array("int32", ndim=1)

    def check(self) -> None:
        for places in (self.rows, self.columns):
            require(places.size > 0 and places.size % 3 == 0, "three integers per row and column")
            require(places.size <= 3 << 12, "a result of so many rows or columns")
            require(bool((places >= -1024).all()), "a place is out of range")
            require(int(np.abs(places[2::3]).max()) <= 1024, "a distance is out of range")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("int8", "int16"), f"takes int8 or int16, not {x}")
        require(len(x.shape) == 4 and x.size > 0, f"takes images, got {x}")
        for places, n in ((self.rows, x.shape[1]), (self.columns, x.shape[2])):
            both = places.reshape(-1, 3)[:, :2]
            inside = int(both.min()) >= 0 and int(both.max()) < n
            require(inside, f"a place lies outside of {x}")
        shape = (x.shape[0], self.rows.size // 3, self.columns.size // 3, x.shape[3])
        return (TensorType(x.dtype, shape, x.qparams),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        y0, y1, v = (p[:, None, None] for p in self.rows.reshape(-1, 3).T.astype(np.int64))
        x0, x1, u = (p[None, :, None] for p in self.columns.reshape(-1, 3).T.astype(np.int64))
        wide = x.astype(np.int64)

        def at(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            return wide[:, :, rows[:, 0, 0]][:, :, :, columns[0, :, 0]]

        total = (
            at(y0, x0) * ((1024 - v) * (1024 - u))
            + at(y1, x0) * (v * (1024 - u))
            + at(y0, x1) * ((1024 - v) * u)
            + at(y1, x1) * (v * u)
        )
        half = np.where(total > 0, 1 << 19, -(1 << 19))
        moved = total + half
        return ((np.sign(moved) * (np.abs(moved) >> 20)).astype(x.dtype),)

    def cost(self, x: TensorType) -> Cost:
        return Cost(
            4.0 * x.shape[0] * x.shape[3] * (self.rows.size // 3) * (self.columns.size // 3)
        )

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("rows", "ptr", self.rows),
            ("columns", "ptr", self.columns),
            ("batch", "i32", x.shape[0]),
            ("height", "i32", x.shape[1]),
            ("width", "i32", x.shape[2]),
            ("out_height", "i32", self.rows.size // 3),
            ("out_width", "i32", self.columns.size // 3),
            ("channels", "i32", x.shape[3]),
        )
        return Lowered(f"bilinear_{SUFFIX[x.dtype]}", Block("ei_bilinear_params", fields))
