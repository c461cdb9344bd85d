"""Elementwise arithmetic: with a constant per feature, between tensors, clipping, imputing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import (
    EVERY_COLUMN,
    SUFFIX,
    Block,
    Lowered,
    Op,
    array,
    float32_below,
    is_float32,
    require,
    require_float,
)

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
    "mod": np.mod,
    "atan2": np.arctan2,
    "gt": lambda a, b: (a > b).astype(a.dtype),
    "eq": lambda a, b: (a == b).astype(a.dtype),
}
"""Functions of two operands. `mod`: what division rounded down leaves, of the sign of b.
`gt` is 1.0 where a > b, else 0.0; `eq` the same where a == b."""


@dataclass(frozen=True, eq=False)
class BinaryConst(Op):
    """``fn(x, constant)`` per feature; one constant for all features, or one each.

    The order of operations of the source is kept: a StandardScaler is `sub` then `div`, never
    one multiply-add, because those round differently.
    """

    kind = "BinaryConst"
    in_place = (0,)

    fn: str
    constant: np.ndarray = array("float64", "float32", ndim=1)

    def check(self) -> None:
        require(self.fn in BINARY, f"unknown elementwise function {self.fn!r}")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        dtype = require_float(self.kind, x)
        require(self.constant.dtype.name == dtype, f"constant and input differ in dtype ({dtype})")
        last = x.shape[-1] if x.shape else 1
        require(
            self.constant.size in (1, last), f"{self.constant.size} constants for {last} features"
        )
        return (TensorType(dtype, x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):
            constant = self.constant[0] if self.constant.size == 1 else self.constant
            return (BINARY[self.fn](x, constant).astype(x.dtype, copy=False),)

    def thresholds(self) -> dict[int, np.ndarray]:
        if self.fn not in ("gt", "eq"):
            return {}
        if self.constant.size == 1:
            return {EVERY_COLUMN: self.constant}
        return {column: self.constant[column : column + 1] for column in range(self.constant.size)}

    def on_float32(self) -> Op | None:
        if self.fn in ("max", "min") and is_float32(self.constant):
            return BinaryConst(self.fn, self.constant.astype(np.float32))
        if self.fn == "gt":
            return BinaryConst("gt", float32_below(self.constant))
        return None

    def lower(self, x: TensorType) -> Lowered:
        last = x.shape[-1] if x.shape else 1
        # One constant is repeated per feature, so that the kernel has one shape of loop.
        constant = np.ascontiguousarray(np.broadcast_to(self.constant, (last,)))
        fields = (
            ("constant", "ptr", constant),
            ("n", "i32", last),
            ("repeat", "i32", x.size // max(last, 1)),
        )
        kernel = f"{self.fn}_const_{SUFFIX[x.dtype]}"
        return Lowered(kernel, Block("ei_binary_const_params", fields))


@dataclass(frozen=True, eq=False)
class Binary(Op):
    """``fn(a, b)`` of two tensors of one shape, or of `b` with one value per row."""

    kind = "Binary"
    in_place = (0, 1)

    fn: str

    def check(self) -> None:
        require(self.fn in BINARY, f"unknown elementwise function {self.fn!r}")

    def infer(self, a: TensorType, b: TensorType) -> tuple[TensorType, ...]:
        dtype = require_float(self.kind, a, b)
        require(b.size in (a.size, 1), f"cannot combine {a} with {b}")
        return (TensorType(dtype, a.shape),)

    def reference(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        b = b.reshape(len(b), *([1] * (a.ndim - 1))) if b[:1].size == 1 else b.reshape(a.shape)
        with np.errstate(all="ignore"):
            return (BINARY[self.fn](a, b).astype(a.dtype, copy=False),)

    def lower(self, a: TensorType, b: TensorType) -> Lowered:
        fields = (("n", "i32", a.size), ("n_b", "i32", b.size))
        return Lowered(f"{self.fn}_{SUFFIX[a.dtype]}", Block("ei_binary_params", fields))


@dataclass(frozen=True, eq=False)
class Clip(Op):
    """Values below `low` become `low`, above `high` become `high`; NaN stays NaN."""

    kind = "Clip"
    in_place = (0,)

    low: float
    high: float

    def check(self) -> None:
        require(self.low <= self.high, "clip bounds are the wrong way round")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(require_float(self.kind, x), x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.clip(x, x.dtype.type(self.low), x.dtype.type(self.high)),)

    def on_float32(self) -> Op | None:
        return self if is_float32(self.low) and is_float32(self.high) else None

    def lower(self, x: TensorType) -> Lowered:
        fields = (("low", "f64", self.low), ("high", "f64", self.high), ("n", "i32", x.size))
        return Lowered(f"clip_{SUFFIX[x.dtype]}", Block("ei_clip_params", fields))


@dataclass(frozen=True, eq=False)
class Impute(Op):
    """Where a value equals `missing` (NaN equals NaN here) put the feature's `fill`."""

    kind = "Impute"
    in_place = (0,)

    missing: float
    fill: np.ndarray = array("float64", "float32", ndim=1)

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        dtype = require_float(self.kind, x)
        require(x.shape == self.fill.shape, f"{self.fill.size} fill values for {x}")
        require(self.fill.dtype.name == dtype, f"fill values and input differ in dtype ({dtype})")
        return (TensorType(dtype, x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        mask = np.isnan(x) if np.isnan(self.missing) else x == self.missing
        return (np.where(mask, self.fill, x),)

    def on_float32(self) -> Op | None:
        if is_float32(self.fill) and is_float32(self.missing):
            return Impute(self.missing, self.fill.astype(np.float32))
        return None

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("fill", "ptr", self.fill),
            ("missing", "f64", self.missing),
            ("n", "i32", x.size),
        )
        return Lowered(f"impute_{SUFFIX[x.dtype]}", Block("ei_impute_params", fields))
