"""Arithmetic of quantized tensors, element by element, as TensorFlow Lite Micro has it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, require
from edgeinfer.ops._newton import leading_zeros, shift_left, wrap
from edgeinfer.ops.fixed_point import (
    MAX_SHIFT,
    MIN_SHIFT,
    divide_by_pot,
    high_mul,
    newton_reciprocal,
    rescale_i32,
)

FUNCTIONS = ("add", "sub", "mul", "sqdiff", "div", "prelu")
SUMS = ("add", "sub", "sqdiff")

MAX_FACTOR = 32767 * 256 + 127
"""Of a sum's linear form: vectors take it as 16 bits with a sign, and 8."""

NEAR = (0, 1, -1, 2, -2, 3, -3)
"""Factors tried beside the real ones, in units of their last place."""


@dataclass(frozen=True, eq=False)
class QBinary(Op):
    """``a + b``, ``a - b``, ``a * b``, ``(a - b)**2``, ``a / b`` or ``a if a >= 0 else a * b``.

    Of int8 or int16 tensors of one shape; quotients of int8 only, and the slope b of `prelu` is
    int8. Sums: each operand, its zero point taken off, is shifted left by `left_shift`, rescaled by
    its multiplier, and the sum (its square) is rescaled. Products and quotients are rescaled once
    (`multipliers[2]`), a positive a of `prelu` by `multipliers[0]`. Where a divisor is zero the
    result is the bound on the side of a.
    """

    kind = "QBinary"
    in_place = (0, 1)

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
        rescaled = self.shifts[2:] if self.fn == "sqdiff" else self.shifts
        halved = self.shifts[:2] if self.fn == "sqdiff" else ()
        if self.fn in ("add", "sub"):
            rescaled, halved = (), self.shifts
        require(all(MIN_SHIFT <= s <= MAX_SHIFT for s in rescaled), "a shift out of range")
        require(all(-30 <= s <= 0 for s in halved), "a shift out of range")
        require(0 <= self.left_shift <= 20, "the left shift is out of range")
        require(-32768 <= self.low <= self.high <= 32767, "the bounds are out of range")
        require(0 < self.scale < float("inf"), "the scale is not positive and finite")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        require(a.dtype in ("int8", "int16"), f"takes int8 or int16, got {a}")
        other = "int8" if self.fn == "prelu" else a.dtype
        require(b.dtype == other and a.shape == b.shape, f"cannot combine {a} with {b}")
        require(self.fn != "div" or a.dtype == "int8", "quotients are of int8")
        if a.dtype == "int8":
            require(self.low >= -128 and self.high <= 127, "the bounds are out of range")
            require(all(-128 <= z <= 127 for z in self.zero_points), "a zero point out of range")
        else:
            require(self.left_shift <= 15, "the left shift is out of range")
            none = self.fn not in SUMS or self.zero_points[:2] == (0, 0)
            require(none, "int16 sums have the zero point 0")
        return (TensorType(a.dtype, a.shape, QParams((self.scale,), (self.zero_points[2],))),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        m = [np.array(v) for v in self.multipliers]
        s = [np.array(v) for v in self.shifts]
        x, z = (
            v.astype(np.int64) - zero for v, zero in zip((a, b), self.zero_points[:2], strict=True)
        )
        if self.fn == "div":
            return (self._quotient(x, z),)
        if self.fn in SUMS:
            u, v = (
                rescale_i32((w << self.left_shift).astype(np.int32), m[i], s[i]).astype(np.int64)
                for i, w in enumerate((x, z))
            )
            raw = u + v if self.fn == "add" else u - v
            raw = raw * raw if self.fn == "sqdiff" else raw
        else:
            raw = x * z
        y = rescale_i32(wrap(raw), m[2], s[2]).astype(np.int64)
        if self.fn == "prelu":
            y = np.where(x >= 0, rescale_i32(x.astype(np.int32), m[0], s[0]), y)
        return (np.clip(y + self.zero_points[2], self.low, self.high).astype(a.dtype),)

    def _quotient(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        top, bottom = np.where(z < 0, -x, x), np.maximum(np.abs(z), 1)
        zeros = leading_zeros(bottom)
        inverse = newton_reciprocal(((bottom << zeros) - (1 << 31)).astype(np.int32))
        headroom = np.where(top == 0, 31, leading_zeros(np.where(top < 0, ~top, top)) - 1)
        quotient = high_mul(wrap(top << headroom), inverse)
        right = headroom + (31 - zeros) - self.shifts[2]
        scaled = high_mul(quotient, np.array(self.multipliers[2]))
        y = divide_by_pot(scaled, np.clip(right, 0, 31)).astype(np.int64)
        y = np.where(right > 31, np.where(scaled < 0, -1, 1), y)
        y = np.where(right < 0, shift_left(scaled, np.maximum(-right, 0)), y)
        y = np.clip(y + self.zero_points[2], self.low, self.high)
        none = np.where(
            x > 0,
            self.high,
            np.where(x < 0, self.low, np.clip(self.zero_points[2], self.low, self.high)),
        )
        return np.asarray(np.where(z == 0, none, y).astype(np.int8))

    def linear(self) -> tuple[int, int, int, int] | None:
        """(a's factor, b's factor, offset, shift to the right) that give every sum of int8 alike.

        ``clip((a * fa + b * fb + offset) >> right, low, high)`` is compared with the reference for
        all 65,536 pairs; None if no factors beside the real ones agree.
        """
        every = np.arange(-128, 128)
        a, b = every[:, None], every[None, :]
        wide = np.broadcast_to(a, (256, 256)), np.broadcast_to(b, (256, 256))
        y = self.reference(*(v.astype(np.int8) for v in wide))[0].astype(np.int64)
        last = self.multipliers[2] * 2.0 ** (self.shifts[2] - 31 + self.left_shift)
        real = [self.multipliers[i] * 2.0 ** (self.shifts[i] - 31) * last for i in range(2)]
        if not 0 < max(real) < 64:
            return None
        sign = 1 if self.fn == "add" else -1
        most_bits = 23 - int(np.ceil(np.log2(max(real))))
        for right in range(min(most_bits, 24), max(most_bits - 2, 0), -1):
            first = [round(r * 2.0**right) for r in real]
            for near_a, near_b in product(NEAR, repeat=2):
                fa, fb = first[0] + near_a, sign * (first[1] + near_b)
                sums = a * fa + b * fb
                # Of the offsets that put each sum where it belongs, any that suits all.
                least = int(((y << right) - sums)[y > self.low].max(initial=-(1 << 31)))
                most = int((((y + 1) << right) - 1 - sums)[y < self.high].min(initial=1 << 31))
                offset = (least + most) // 2
                fits = max(abs(fa), abs(fb)) <= MAX_FACTOR
                if fits and least <= most and int(np.abs(sums).max()) + abs(offset) < 1 << 31:
                    return fa, fb, offset, right
        return None

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        names = ("a", "b", "y")
        found = self.linear() if a.dtype == "int8" and self.fn in ("add", "sub") else None
        factors = zip(
            ("a_factor", "b_factor", "offset", "right"), found or (0, 0, 0, -1), strict=True
        )
        fields = (
            *((f"{n}_zero", "i32", v) for n, v in zip(names, self.zero_points, strict=True)),
            *((f"{n}_multiplier", "i32", v) for n, v in zip(names, self.multipliers, strict=True)),
            *((f"{n}_shift", "i32", v) for n, v in zip(names, self.shifts, strict=True)),
            ("left_shift", "i32", self.left_shift),
            ("sign", "i32", -1 if self.fn == "sub" else 1),
            ("low", "i32", self.low),
            ("high", "i32", self.high),
            *((name, "i32", value) for name, value in factors),
            ("n", "i32", a.size),
        )
        name = "add" if self.fn == "sub" else self.fn
        return Lowered(f"q{name}_{SUFFIX[a.dtype]}", Block("ei_qbinary_params", fields))
