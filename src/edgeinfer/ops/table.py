"""Integer functions by table: any function of one byte, and some of int16."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import Block, Lowered, Op, array, require


@dataclass(frozen=True, eq=False)
class Table8(Op):
    """``table[x]`` for a one-byte x, its bits taken as an index from 0 to 255.

    `scale` 0 means that the result has no quantization.
    """

    kind = "Table8"
    in_place = (0,)

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


def sign_flip(dtype: str) -> Table8:
    """uint8 as int8 and int8 as uint8, 128 taken off or added; `dtype` is that of the input."""
    other = "int8" if dtype == "uint8" else "uint8"
    return Table8((np.arange(256, dtype=np.uint8) ^ 0x80).view(other))


@dataclass(frozen=True, eq=False)
class Table16(Op):
    """A function of int16 by table, interpolated between its entries.

    The table has an entry every 128 (513 entries, as TensorFlow Lite has it), 64, 32 or 16
    integers, from -32768 to 32768; between them the result is ``base + (slope * rest + half) >>
    bits``. The result has `scale` and zero point 0.
    """

    kind = "Table16"
    in_place = (0,)

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


def check_sigmoid_table(table: np.ndarray) -> None:
    """Raise GraphError unless it can be the table of `QSigmoid16`."""
    require(table.size == 256, "the table has 256 entries")
    require(bool((np.diff(table.astype(int)) >= 0).all()), "the table does not rise")


def sigmoid_scaled(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """int16 values as multiples of 1 / 12288, int64."""
    half = 1 << (shift - 1) if shift else 0
    return np.asarray((x.astype(np.int64) * multiplier + half) >> shift)


def _magnitude(table: np.ndarray, size: np.ndarray, bits: int) -> np.ndarray:
    wide = table.astype(np.int64)
    place = np.minimum(size >> bits, 254)
    y = (wide[place] << bits) + (size & ((1 << bits) - 1)) * (wide[place + 1] - wide[place])
    most = 0x7FFF << 10 if bits == 9 else 0xFFFF << 8
    return np.where(size >> bits >= 255, most, y)


def logistic_16(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The logistic function of x / 12288 with 15 bits after the point, int64."""
    y = _magnitude(table, np.abs(x), 9)
    return np.asarray(np.where(x >= 0, y + 512, (1 << 25) - y + 511) >> 10)


def tanh_16(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The same of tanh."""
    y, half = _magnitude(table, np.abs(x), 8), 1 << 23
    return np.asarray(np.where(x >= 0, y - half + 128, half - y + 127) >> 8)


@dataclass(frozen=True, eq=False)
class QSigmoid16(Op):
    """The logistic function or the tanh of int16, as int16 of scale 1/32768.

    By a table of the logistic function at i / 24, 16 bits after the point, for i from 0 to 255,
    interpolated. Inputs are first multiplied with ``multiplier / 2**shift``, which makes them
    1 / 12288 each.
    """

    kind = "QSigmoid16"
    in_place = (0,)

    fn: str
    multiplier: int
    shift: int
    table: np.ndarray = array("uint16", ndim=1)

    def check(self) -> None:
        require(self.fn in ("logistic", "tanh"), f"unknown function {self.fn!r}")
        require(0 <= self.multiplier < 1 << 16, "the multiplier is out of range")
        require(0 <= self.shift <= 31, "the shift is out of range")
        check_sigmoid_table(self.table)

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "int16", f"takes int16, not {x}")
        return (TensorType("int16", x.shape, QParams((1 / 32768,), (0,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        function = logistic_16 if self.fn == "logistic" else tanh_16
        y = function(self.table, sigmoid_scaled(x, self.multiplier, self.shift))
        return (y.astype(np.int16),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("table", "ptr", self.table),
            ("multiplier", "i32", self.multiplier),
            ("shift", "i32", self.shift),
            ("n", "i32", x.size),
        )
        return Lowered(f"{self.fn}_i16", Block("ei_sigmoid_i16_params", fields))
