"""Integers to other integers, one at a time, as TensorFlow Lite Micro has it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, array, require
from edgeinfer.ops._newton import inverse_sqrt
from edgeinfer.ops.fixed_point import MAX_SHIFT, MIN_SHIFT, rescale_i32

ROOT_BITS = 20
"""Bits that an inverse root has after the point before it is rescaled."""

RESCALES = {
    ("int8", "int16"),
    ("int8", "int32"),
    ("int16", "int8"),
    ("int16", "int16"),
    ("int16", "int32"),
    ("int32", "int8"),
    ("int32", "int16"),
}


def _wrap32(x: np.ndarray) -> np.ndarray:
    return np.asarray(x.astype(np.uint64).astype(np.uint32).view(np.int32))


@dataclass(frozen=True, eq=False)
class Rescale(Op):
    """``clamp(rescale(x - x_zero) + y_zero, low, high)`` in another integer type.

    What lies below its zero point has a factor of its own, of either sign: so this is a
    requantization (both equal), a rectifier (0 and a bound), leaky or not, or an absolute value.
    `scale` 0 means that the result has no quantization.
    """

    kind = "Rescale"
    in_place = (0,)

    dtype: str
    x_zero: int
    y_zero: int
    multipliers: tuple[int, ...]  # above, below
    shifts: tuple[int, ...]
    low: int
    high: int
    scale: float = 0.0

    def check(self) -> None:
        require(self.dtype in ("int8", "int16", "int32"), f"rescales to no {self.dtype!r}")
        require(len(self.multipliers) == len(self.shifts) == 2, "one factor above, one below")
        require(
            all(-(1 << 31) < m < 1 << 31 for m in self.multipliers), "a multiplier is too large"
        )
        require(all(MIN_SHIFT <= s <= MAX_SHIFT for s in self.shifts), "a shift is out of range")
        zeros = (self.x_zero, self.y_zero)
        require(all(-(1 << 31) <= z < 1 << 31 for z in zeros), "a zero point is out of range")
        info = np.iinfo(self.dtype)
        require(info.min <= self.low <= self.high <= info.max, "the bounds are out of range")
        require(0 <= self.scale < float("inf"), "the scale is not finite")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require((x.dtype, self.dtype) in RESCALES, f"no rescaling from {x} to {self.dtype}")
        qparams = QParams((self.scale,), (self.y_zero,)) if self.scale else None
        return (TensorType(self.dtype, x.shape, qparams),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        moved = _wrap32(x.astype(np.int64) - self.x_zero)
        above, below = (
            rescale_i32(moved, np.array(m), np.array(s))
            for m, s in zip(self.multipliers, self.shifts, strict=True)
        )
        y = _wrap32(np.where(moved >= 0, above, below).astype(np.int64) + self.y_zero)
        return (np.clip(y, self.low, self.high).astype(self.dtype),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("x_zero", "i32", self.x_zero),
            ("y_zero", "i32", self.y_zero),
            ("multiplier", "i32", self.multipliers[0]),
            ("shift", "i32", self.shifts[0]),
            ("below_multiplier", "i32", self.multipliers[1]),
            ("below_shift", "i32", self.shifts[1]),
            ("low", "i32", self.low),
            ("high", "i32", self.high),
            ("n", "i32", x.size),
        )
        kernel = f"rescale_{SUFFIX[x.dtype]}_{SUFFIX[self.dtype]}"
        return Lowered(kernel, Block("ei_rescale_params", fields))


@dataclass(frozen=True, eq=False)
class QInverseRoot(Op):
    """``1 / sqrt(x)`` of int16 with the zero point 0, by Newton's method, rescaled once.

    Where x is zero the result is 32767, as TensorFlow Lite Micro has it; where it is below zero,
    which that refuses, too.
    """

    kind = "QInverseRoot"

    multiplier: int
    shift: int
    scale: float

    def check(self) -> None:
        require(0 <= self.multiplier < 1 << 31, "the multiplier is out of range")
        in_range = MIN_SHIFT <= self.shift - ROOT_BITS <= MAX_SHIFT
        require(in_range, "the shift is out of range")
        require(0 < self.scale < float("inf"), "the scale is not positive and finite")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "int16", f"takes int16, not {x}")
        return (TensorType("int16", x.shape, QParams((self.scale,), (0,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        multiplier, shift = inverse_sqrt(np.maximum(x.astype(np.int64), 1))
        root = rescale_i32(np.ones(x.shape, np.int32), multiplier, shift + ROOT_BITS)
        y = rescale_i32(root, np.array(self.multiplier), np.array(self.shift - ROOT_BITS))
        return (np.where(x > 0, np.clip(y, -32768, 32767), 32767).astype(np.int16),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("multiplier", "i32", self.multiplier),
            ("shift", "i32", self.shift - ROOT_BITS),
            ("n", "i32", x.size),
        )
        return Lowered("inverse_root_i16", Block("ei_root_params", fields))


WHOLE = ("add", "sub", "mul", "max", "min")


@dataclass(frozen=True, eq=False)
class Whole(Op):
    """Sums, differences, products of int32 and int64 (wrapping around); the larger, the smaller of
    any integers, which for truth (uint8) are "or" and "and". Nothing is rescaled."""

    kind = "Whole"

    fn: str

    def check(self) -> None:
        require(self.fn in WHOLE, f"unknown function {self.fn!r}")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        wide = ("int32", "int64")
        allowed = ("int8", "uint8", "int16", *wide) if self.fn in ("max", "min") else wide
        require(a.dtype in allowed, f"no {self.fn} of {a}")
        require(a.dtype == b.dtype and a.shape == b.shape, f"cannot combine {a} with {b}")
        return (TensorType(a.dtype, a.shape, a.qparams),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        functions = {
            "add": np.add,
            "sub": np.subtract,
            "mul": np.multiply,
            "max": np.maximum,
            "min": np.minimum,
        }
        with np.errstate(over="ignore"):
            return (functions[self.fn](a, b),)

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        fields = (("fn", "i32", WHOLE.index(self.fn)), ("n", "i32", a.size))
        return Lowered(f"whole_{SUFFIX[a.dtype]}", Block("ei_whole_params", fields))


QUOTIENTS = ("trunc", "floor", "mod")


@dataclass(frozen=True, eq=False)
class Divide(Op):
    """Quotients of int32 or int64, cut (`trunc`) or rounded down (`floor`); `mod` is what `floor`
    leaves, of the divisor's sign.

    Refuses rows with a divisor of zero. The least integer divided by -1 wraps around to itself.
    """

    kind = "Divide"

    fn: str

    def check(self) -> None:
        require(self.fn in QUOTIENTS, f"unknown function {self.fn!r}")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        require(a.dtype in ("int32", "int64"), f"no quotient of {a}")
        require(a.dtype == b.dtype and a.shape == b.shape, f"cannot combine {a} with {b}")
        return (TensorType(a.dtype, a.shape),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(over="ignore"):
            floor = np.where(b == -1, -a, a // b)
            rest = np.where(b == -1, 0, a % b)
            if self.fn == "trunc":
                floor = floor + ((rest != 0) & ((a < 0) != (b < 0)))
        return ((rest if self.fn == "mod" else floor).astype(a.dtype),)

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        fields = (("fn", "i32", QUOTIENTS.index(self.fn)), ("n", "i32", a.size))
        return Lowered(f"divide_{SUFFIX[a.dtype]}", Block("ei_whole_params", fields))

    def explain(self, status: int) -> str:
        return "a row divides integers by zero"


CONVERTED = ("float32", "int8", "uint8", "int16", "int32", "int64")


@dataclass(frozen=True, eq=False)
class Convert(Op):
    """The number in another type: integers keep their low bits, floats are cut to integers.

    Floats beyond the bounds of the type become its bounds and NaN becomes 0, where C would leave
    it undefined. `truth`: 1 where the number is not zero, else 0.
    """

    kind = "Convert"

    dtype: str
    truth: bool = False

    def check(self) -> None:
        require(self.dtype in CONVERTED, f"no conversion to {self.dtype!r}")
        require(not self.truth or self.dtype == "uint8", "truth is uint8")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in CONVERTED, f"no conversion of {x}")
        return (TensorType(self.dtype, x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        if self.truth:
            return ((x != 0).astype(np.uint8),)
        if x.dtype != np.float32 or self.dtype == "float32":
            return (x.astype(self.dtype),)
        info = np.iinfo(self.dtype)
        with np.errstate(invalid="ignore"):
            inside = np.trunc(np.nan_to_num(x, nan=0.0, posinf=np.inf, neginf=-np.inf))
            low, high = inside <= np.float32(info.min), inside >= np.float32(info.max)
            y = np.where(low | high, 0, inside).astype(np.int64)
        return (np.where(high, info.max, np.where(low, info.min, y)).astype(self.dtype),)

    def lower(self, x: TensorType) -> Lowered:
        to = len(CONVERTED) if self.truth else CONVERTED.index(self.dtype)
        fields = (
            ("from", "i32", CONVERTED.index(x.dtype)),
            ("to", "i32", to),
            ("n", "i32", x.size),
        )
        return Lowered("convert", Block("ei_convert_params", fields))


@dataclass(frozen=True, eq=False)
class Place(Op):
    """Where along the middle axis of ``(outer, n, inner)`` the largest number is, int32.

    The first of equals; a NaN is never better than what stands before it, as in TensorFlow Lite.
    `least`: where the smallest is.
    """

    kind = "Place"

    least: bool = False

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("float32", "int8", "uint8", "int16", "int32"), f"no place in {x}")
        require(len(x.shape) == 3 and x.size > 0, f"takes (outer, n, inner), got {x}")
        return (TensorType("int32", (x.shape[0], x.shape[2])),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        best, place = x[:, :, 0], np.zeros((len(x), x.shape[1], x.shape[3]), np.int32)
        for i in range(1, x.shape[2]):
            better = x[:, :, i] < best if self.least else x[:, :, i] > best
            best = np.where(better, x[:, :, i], best)
            place = np.where(better, np.int32(i), place)
        return (place,)

    def lower(self, x: TensorType) -> Lowered:
        outer, n, inner = x.shape
        fields = (
            ("outer", "i32", outer),
            ("n", "i32", n),
            ("inner", "i32", inner),
            ("least", "i32", int(self.least)),
        )
        return Lowered(f"arg_{SUFFIX[x.dtype]}", Block("ei_arg_params", fields))


@dataclass(frozen=True, eq=False)
class Take(Op):
    """Rows of a constant table (`values`, flat; rows of `shape`) by index; refuses others."""

    kind = "Take"

    shape: tuple[int, ...]
    values: np.ndarray = array("float32", "int8", "int16", "int32", ndim=1)

    def check(self) -> None:
        require(all(0 < n <= 1 << 24 for n in self.shape), "an axis is out of range")
        size = prod(self.shape)
        require(size <= 1 << 24 and self.values.size > 0, "rows of an impossible size")
        require(self.values.size % size == 0, "the table is no whole number of rows")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("int32", "int64"), f"an index is int32 or int64, not {x}")
        return (TensorType(self.values.dtype.name, (*x.shape, *self.shape)),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (self.values.reshape(-1, *self.shape)[x],)

    def lower(self, x: TensorType) -> Lowered:
        size = prod(self.shape)
        fields = (
            ("table", "ptr", self.values),
            ("rows", "i32", self.values.size // size),
            ("bytes", "i32", size * self.values.itemsize),
            ("n", "i32", x.size),
        )
        return Lowered(f"take_{SUFFIX[x.dtype]}", Block("ei_take_params", fields))

    def explain(self, status: int) -> str:
        size = prod(self.shape)
        return f"an index lies outside of the {self.values.size // size} rows of a table"
