"""Integer functions by table: any function of one byte, and softmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import Block, Lowered, Op, array, require
from edgeinfer.ops.fixed_point import divide_by_pot, high_mul, newton_reciprocal


@dataclass(frozen=True, eq=False)
class Table8(Op):
    """``table[x]`` for a one-byte x, its bits taken as an index from 0 to 255.

    `scale` 0 means that the result has no quantization.
    """

    kind = "Table8"

    table: np.ndarray = array("int8", "uint8", ndim=1)
    scale: float = 0.0
    zero_point: int = 0

    def check(self) -> None:
        require(self.table.size == 256, "a table of bytes has 256 entries")
        require(0 <= self.scale < float("inf"), "the scale is not finite")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("int8", "uint8"), f"takes bytes, not {x}")
        qparams = QParams((self.scale,), (self.zero_point,)) if self.scale else None
        return (TensorType(self.table.dtype.name, x.shape, qparams),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (self.table[x.view(np.uint8)],)

    def lower(self, x: TensorType) -> Lowered:
        fields = (("table", "ptr", self.table), ("n", "i32", x.size))
        return Lowered("table_8", Block("ei_table_params", fields))


TABLE_16_SIZES = (513, 1025, 2049, 4097)


@dataclass(frozen=True, eq=False)
class Table16(Op):
    """A function of int16 by table, interpolated between its entries.

    The table has an entry every 128 (513 entries, as TensorFlow Lite has it), 64, 32 or 16
    integers, from -32768 to 32768; between them the result is ``base + (slope * rest + half) >>
    bits``. The result has `scale` and zero point 0.
    """

    kind = "Table16"

    table: np.ndarray = array("int16", ndim=1)
    scale: float = 1.0

    def check(self) -> None:
        require(self.table.size in TABLE_16_SIZES, f"a table has {TABLE_16_SIZES} entries")
        require(0 < self.scale < float("inf"), "the scale is not positive and finite")

    @property
    def bits(self) -> int:
        """How many bits of an input lie between two entries."""
        return 17 - (self.table.size - 1).bit_length()

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "int16", f"takes int16, not {x}")
        return (TensorType("int16", x.shape, QParams((self.scale,), (0,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        moved = x.astype(np.int64) + 32768
        place, rest = moved >> self.bits, moved & ((1 << self.bits) - 1)
        base = self.table.astype(np.int64)[place]
        slope = self.table.astype(np.int64)[place + 1] - base
        return ((base + ((slope * rest + (1 << (self.bits - 1))) >> self.bits)).astype(np.int16),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (("table", "ptr", self.table), ("n", "i32", x.size), ("bits", "i32", self.bits))
        return Lowered("table_16", Block("ei_table_16_params", fields))


@dataclass(frozen=True, eq=False)
class QSoftmax(Op):
    """Softmax of int8 over the last axis, as TensorFlow Lite Micro computes it in fixed point.

    `exps` is exp of every difference to the largest value: entry d for the difference -d, 31 bits
    after the point. The result has scale 1/256 and zero point -128.
    """

    kind = "QSoftmax"

    exps: np.ndarray = array("int32", ndim=1)

    def check(self) -> None:
        require(self.exps.size == 256, "there are 256 differences of bytes")
        require(bool((self.exps >= 0).all()), "an exponential is negative")
        require(int(self.exps[0]) == 0x7FFFFFFF, "exp(0) has to be the largest number")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "int8", f"takes int8, not {x}")
        require(bool(x.shape) and 0 < x.shape[-1] < 4096, "softmax takes 1 to 4095 values")
        return (TensorType("int8", x.shape, QParams((1 / 256,), (-128,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        wide = x.astype(np.int64)
        exps = self.exps[wide.max(axis=-1, keepdims=True) - wide]
        total = divide_by_pot(exps, np.array(12)).astype(np.int64).sum(axis=-1, keepdims=True)
        zeros = 32 - np.frompyfunc(lambda v: int(v).bit_length(), 1, 1)(total).astype(np.int64)
        shifted = ((total << zeros) - (1 << 31)).astype(np.int32)
        scale = newton_reciprocal(shifted)
        exponent = (12 - zeros) + 31 - 8
        y = divide_by_pot(high_mul(np.broadcast_to(scale, exps.shape), exps), exponent)
        return (np.clip(y.astype(np.int64) - 128, -128, 127).astype(np.int8),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("exps", "ptr", self.exps),
            ("n", "i32", x.shape[-1]),
            ("repeat", "i32", x.size // x.shape[-1]),
        )
        return Lowered("softmax_i8", Block("ei_softmax_i8_params", fields))
