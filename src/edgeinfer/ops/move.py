"""Moving values without computing: strided copies, padding, constants, other names."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from edgeinfer.graph import MAX_ROW_ELEMENTS, QParams, TensorType
from edgeinfer.ops._base import Block, Lowered, Op, array, require

MAX_AXES = 8


@dataclass(frozen=True, eq=False)
class Constant(Op):
    """The same values in every row, for as many rows as the input has; `values` is flat."""

    kind = "Constant"

    shape: tuple[int, ...]
    values: np.ndarray = array(
        "float64", "float32", "int64", "int32", "int16", "int8", "uint16", "uint8", ndim=1
    )

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        out = TensorType(self.values.dtype.name, self.shape)
        require(out.size == self.values.size, f"{self.values.size} values for {out}")
        return (out,)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.repeat(self.values.reshape(1, *self.shape), len(x), axis=0),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (("values", "ptr", self.values), ("bytes", "i32", self.values.nbytes))
        return Lowered("constant", Block("ei_constant_params", fields))


@dataclass(frozen=True, eq=False)
class Relabel(Op):
    """The same integers with another scale and zero point; scale 0 takes the label off."""

    kind = "Relabel"
    alias: ClassVar[bool] = True

    scale: float
    zero_point: int

    def check(self) -> None:
        require(0 <= self.scale < float("inf"), "the scale is not finite")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        qparams = QParams((self.scale,), (self.zero_point,)) if self.scale else None
        return (TensorType(x.dtype, x.shape, qparams),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (x.copy(),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("row_bytes", "ptr", np.array([x.row_bytes], np.int32)),
            ("n_inputs", "i32", 1),
            ("out_bytes", "i32", x.row_bytes),
            ("repeat", "i32", 1),
        )
        return Lowered("concat", Block("ei_concat_params", fields))


def _reach(shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> tuple[int, int]:
    """First and last element that a strided walk touches."""
    low = offset + sum(min(0, s * (n - 1)) for n, s in zip(shape, strides, strict=True))
    high = offset + sum(max(0, s * (n - 1)) for n, s in zip(shape, strides, strict=True))
    return low, high


def _check_walk(shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> None:
    require(len(shape) == len(strides) <= MAX_AXES, f"one stride per axis, at most {MAX_AXES}")
    limit = MAX_ROW_ELEMENTS
    require(all(0 <= n <= limit for n in shape), "an axis is out of range")
    require(prod(shape) <= limit, "too many elements")
    require(all(-limit <= s <= limit for s in strides), "a stride is out of range")
    require(0 <= offset <= limit, "an offset is out of range")


def _walk_block(
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int,
    x: TensorType,
    size_out: int,
    *,
    fill: np.ndarray | None = None,
) -> Block:
    """The walk with axes merged where they lie together, its innermost run contiguous."""
    size = np.dtype(x.dtype).itemsize
    axes = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    merged: list[tuple[int, int]] = []
    for n, s in axes:
        if merged and merged[-1][1] == n * s:
            merged[-1] = (merged[-1][0] * n, s)
        else:
            merged.append((n, s))
    run = 1
    if merged and merged[-1][1] == 1:
        run = merged.pop()[0]
    if not merged:
        merged = [(1, 0)]
    fields = (
        ("extents", "ptr", np.array([n for n, _ in merged], np.int32)),
        ("strides", "ptr", np.array([s for _, s in merged], np.int32)),
        ("fill", "ptr", fill),
        ("axes", "i32", len(merged)),
        ("run", "i32", run),
        ("size", "i32", size),
        ("offset", "i32", offset),
        ("n_in", "i32", x.size),
        ("n_out", "i32", size_out),
    )
    return Block("ei_move_params", fields)


@dataclass(frozen=True, eq=False)
class Move(Op):
    """``y[i, j, ...] = x.flat[offset + i * strides[0] + j * strides[1] + ...]``, shape `shape`.

    Transposing, slicing, reversing and broadcasting are all this.
    """

    kind = "Move"

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    def check(self) -> None:
        _check_walk(self.shape, self.strides, self.offset)

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        if prod(self.shape):
            low, high = _reach(self.shape, self.strides, self.offset)
            require(low >= 0 and high < x.size, f"reaches outside of {x}")
        return (TensorType(x.dtype, self.shape, x.qparams),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        index = np.full(self.shape, self.offset)
        for axis, (n, s) in enumerate(zip(self.shape, self.strides, strict=True)):
            index += (np.arange(n) * s).reshape([-1 if a == axis else 1 for a in range(index.ndim)])
        return (x.reshape(len(x), -1)[:, index],)

    def lower(self, x: TensorType) -> Lowered:
        block = _walk_block(self.shape, self.strides, self.offset, x, prod(self.shape))
        return Lowered("move", block)


@dataclass(frozen=True, eq=False)
class Pad(Op):
    """x in the middle of `fill` (one value): `before` and `after` values more along each axis.

    `between`: as many more between neighbours of an axis; () for none.
    """

    kind = "Pad"

    before: tuple[int, ...]
    after: tuple[int, ...]
    fill: np.ndarray = array(
        "float64", "float32", "int64", "int32", "int16", "int8", "uint16", "uint8", ndim=1
    )
    between: tuple[int, ...] = ()

    def check(self) -> None:
        require(len(self.between) in (0, len(self.before)), "one gap per axis")
        require(all(0 <= n <= 1 << 16 for n in self.between), "a gap is out of range")
        require(len(self.before) == len(self.after) <= MAX_AXES, "two paddings per axis")
        limit = MAX_ROW_ELEMENTS
        require(all(0 <= n <= limit for n in (*self.before, *self.after)), "a padding is negative")
        require(self.fill.size == 1, "padding has one value")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(len(x.shape) == len(self.before), f"{len(self.before)} paddings for {x}")
        require(x.dtype == self.fill.dtype.name, "padding and input differ in dtype")
        return (TensorType(x.dtype, self._shape(x.shape), x.qparams),)

    def _shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        inner = self._spread(shape)
        return tuple(b + n + a for b, n, a in zip(self.before, inner, self.after, strict=True))

    def _spread(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        gaps = self.between or (0,) * len(shape)
        return tuple(n + max(n - 1, 0) * g for n, g in zip(shape, gaps, strict=True))

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        widths = ((0, 0), *zip(self.before, self.after, strict=True))
        inner = np.full((len(x), *self._spread(x.shape[1:])), self.fill[0])
        gaps = self.between or (0,) * len(self.before)
        inner[(slice(None), *(slice(None, None, g + 1) for g in gaps))] = x
        return (np.pad(inner, widths, constant_values=self.fill[0]),)

    def lower(self, x: TensorType) -> Lowered:
        shape = self._shape(x.shape)
        strides = tuple(prod(shape[i + 1 :]) for i in range(len(shape)))
        offset = sum(b * s for b, s in zip(self.before, strides, strict=True))
        gaps = self.between or (0,) * len(shape)
        strides = tuple(s * (g + 1) for s, g in zip(strides, gaps, strict=True))
        block = _walk_block(x.shape, strides, offset, x, prod(shape), fill=self.fill)
        return Lowered("pad", block)
