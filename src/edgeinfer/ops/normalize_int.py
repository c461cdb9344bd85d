"""Integers made relative to their neighbours: softmax, its logarithm, the Euclidean norm.

All of them over the last axis, bit for bit as TensorFlow Lite Micro's reference kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import Block, Lowered, Op, array, require
from edgeinfer.ops._newton import fixed_log, inverse_sqrt, leading_zeros, wrap
from edgeinfer.ops.fixed_point import (
    MAX_SHIFT,
    MIN_SHIFT,
    divide_by_pot,
    high_mul,
    newton_reciprocal,
    rescale_i32,
)


def _runs(x: TensorType) -> tuple[tuple[str, str, int], ...]:
    return ("n", "i32", x.shape[-1]), ("repeat", "i32", x.size // x.shape[-1])


def _check_exps(exps: np.ndarray) -> None:
    require(exps.size == 256, "there are 256 differences of bytes")
    require(bool((exps >= 0).all()), "an exponential is negative")
    require(int(exps[0]) == 0x7FFFFFFF, "exp(0) has to be the largest number")


def _check_bytes(x: TensorType, most: int) -> None:
    require(x.dtype == "int8", f"takes int8, not {x}")
    require(bool(x.shape) and 0 < x.shape[-1] <= most, f"takes 1 to {most} values")


@dataclass(frozen=True, eq=False)
class QSoftmax(Op):
    """Softmax of int8, as int8 (scale 1/256, zero point -128) or int16 (1/65536, -32768).

    `exps` is exp of every difference to the largest value: entry d for the difference -d, 31 bits
    after the point.
    """

    kind = "QSoftmax"

    exps: np.ndarray = array("int32", ndim=1)
    dtype: str = "int8"

    def check(self) -> None:
        _check_exps(self.exps)
        require(self.dtype in ("int8", "int16"), f"no softmax of int8 as {self.dtype!r}")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        _check_bytes(x, 4095)
        scale, zero = (1 / 256, -128) if self.dtype == "int8" else (1 / 65536, -32768)
        return (TensorType(self.dtype, x.shape, QParams((scale,), (zero,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        wide = x.astype(np.int64)
        exps = self.exps[wide.max(axis=-1, keepdims=True) - wide]
        total = divide_by_pot(exps, np.array(12)).astype(np.int64).sum(axis=-1, keepdims=True)
        zeros = leading_zeros(total)
        shifted = ((total << zeros) - (1 << 31)).astype(np.int32)
        scale = newton_reciprocal(shifted)
        info = np.iinfo(self.dtype)
        exponent = (12 - zeros) + 31 - info.bits
        y = divide_by_pot(high_mul(np.broadcast_to(scale, exps.shape), exps), exponent)
        return (np.clip(y.astype(np.int64) + info.min, info.min, info.max).astype(self.dtype),)

    def lower(self, x: TensorType) -> Lowered:
        kernel = "softmax_i8" if self.dtype == "int8" else "softmax_i8_i16"
        return Lowered(
            kernel, Block("ei_softmax_i8_params", (("exps", "ptr", self.exps), *_runs(x)))
        )


def lookup_513(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A table of int16 with 513 entries at int16 values, interpolated, as int64."""
    place = (x.astype(np.int64) + 32768) >> 7
    wide = table.astype(np.int64)
    slope = (wide[place + 1] - wide[place]).astype(np.int16).astype(np.int64)
    y = wide[place] + ((slope * (x.astype(np.int64) & 127) + 64) >> 7)
    return np.asarray(y.astype(np.int16).astype(np.int64))


@dataclass(frozen=True, eq=False)
class QSoftmax16(Op):
    """Softmax of int16 as int16 of scale 1/32768, by two tables of 513 entries.

    `exps` holds exp from -10 to 0, `reciprocal` 1 / (1 + x) from 0 to 1, 15 bits after the point;
    differences are rescaled so that 65535 is 10.
    """

    kind = "QSoftmax16"

    exps: np.ndarray = array("int16", ndim=1)
    reciprocal: np.ndarray = array("int16", ndim=1)
    multiplier: int = 0
    shift: int = 0

    def check(self) -> None:
        require(self.exps.size == self.reciprocal.size == 513, "tables have 513 entries")
        require(bool((self.exps >= 0).all()), "an exponential is negative")
        require(int(self.exps[511:].min()) >= 1 << 14, "exp(0) is not nearly 1")
        require(0 <= self.multiplier < 1 << 31, "the multiplier is out of range")
        require(MIN_SHIFT <= self.shift <= MAX_SHIFT, "the shift is out of range")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "int16", f"takes int16, not {x}")
        require(bool(x.shape) and 0 < x.shape[-1] <= 65535, "softmax takes 1 to 65535 values")
        return (TensorType("int16", x.shape, QParams((1 / 32768,), (0,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        wide = x.astype(np.int64)
        difference = (wide - wide.max(axis=-1, keepdims=True)).astype(np.int32)
        scaled = rescale_i32(difference, np.array(self.multiplier), np.array(self.shift))
        places = np.clip(wrap(scaled.astype(np.int64) + 32767), -32768, 32767)
        exps = lookup_513(self.exps, places)
        total = exps.sum(axis=-1, keepdims=True)
        zeros = leading_zeros(total)
        whole = ((total << (zeros - 1)) + (1 << 13)) >> 14
        share = lookup_513(self.reciprocal, np.clip(whole - 98304, -32768, 32767))
        right = 31 - zeros
        y = (exps * share + (np.int64(1) << (right - 1))) >> right
        return (np.clip(y, 0, 32767).astype(np.int16),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("exps", "ptr", self.exps),
            ("reciprocal", "ptr", self.reciprocal),
            ("multiplier", "i32", self.multiplier),
            ("shift", "i32", self.shift),
            *_runs(x),
        )
        return Lowered("softmax_i16", Block("ei_softmax_i16_params", fields))


@dataclass(frozen=True, eq=False)
class QLogSoftmax(Op):
    """Logarithm of the softmax of int8, as int8 of scale 1/16 and zero point 127.

    `exps` as of `QSoftmax`; `diffs` are the differences themselves, 26 bits after the point. What
    lies further below the largest than `diff_min`, or than the rescaled logarithm of the sum
    (`divisor`, `divisor_shift`), is the smallest number.
    """

    kind = "QLogSoftmax"

    exps: np.ndarray = array("int32", ndim=1)
    diffs: np.ndarray = array("int32", ndim=1)
    divisor: int = 0
    divisor_shift: int = 0
    diff_min: int = 0

    def check(self) -> None:
        _check_exps(self.exps)
        require(self.diffs.size == 256, "there are 256 differences of bytes")
        require(0 <= self.divisor < 1 << 31, "the divisor is out of range")
        require(MIN_SHIFT <= self.divisor_shift <= 0, "the divisor's shift is out of range")
        require(-(1 << 30) < self.diff_min <= 0, "the smallest difference is out of range")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        _check_bytes(x, 4095)
        return (TensorType("int8", x.shape, QParams((1 / 16,), (127,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        wide = x.astype(np.int64)
        below = wide.max(axis=-1, keepdims=True) - wide
        exps = divide_by_pot(self.exps[below], np.array(12)).astype(np.int64)
        log = fixed_log(exps.sum(axis=-1, keepdims=True).astype(np.int32)).astype(np.int64)
        lowest = rescale_i32(
            wrap(log - (1 << 31)), np.array(self.divisor), np.array(self.divisor_shift)
        )
        least = np.maximum(lowest.astype(np.int64), self.diff_min - 1)
        y = divide_by_pot(wrap(self.diffs[below] - log), np.array(22)).astype(np.int64) + 127
        return (np.where(-below > least, np.clip(y, -128, 127), -128).astype(np.int8),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("exps", "ptr", self.exps),
            ("diffs", "ptr", self.diffs),
            ("divisor", "i32", self.divisor),
            ("divisor_shift", "i32", self.divisor_shift),
            ("diff_min", "i32", self.diff_min),
            *_runs(x),
        )
        return Lowered("log_softmax_i8", Block("ei_log_softmax_i8_params", fields))


@dataclass(frozen=True, eq=False)
class QL2Norm(Op):
    """int8 divided by the root of the sum of squares, as int8 of scale 1/128."""

    kind = "QL2Norm"

    x_zero: int

    def check(self) -> None:
        require(-128 <= self.x_zero <= 127, "the zero point is out of range")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        _check_bytes(x, 1 << 15)
        return (TensorType("int8", x.shape, QParams((1 / 128,), (0,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        centered = x.astype(np.int32) - self.x_zero
        total = (centered * centered).sum(axis=-1, keepdims=True, dtype=np.int64)
        multiplier, shift = inverse_sqrt(total)
        y = rescale_i32(centered, multiplier, shift + 7)
        return (np.clip(y, -128, 127).astype(np.int8),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (("x_zero", "i32", self.x_zero), *_runs(x))
        return Lowered("l2_norm_i8", Block("ei_l2_params", fields))
