"""SVDF layers in integers: filters that are a vector of features times a vector of steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import Block, Cost, Lowered, Op, array, require
from edgeinfer.ops.fixed_point import MAX_SHIFT, MIN_SHIFT, rescale_i32

MAX_INPUTS = 1 << 15


@dataclass(frozen=True, eq=False)
class QSVDF(Op):
    """One step: int8 ``(inputs,)`` and the state before give int8 ``(units,)`` and the state after.

    The state ``(filters, memory)`` holds what each filter made of the last `memory` inputs, the
    newest last. `feature` is ``(filters, inputs)``, `time` ``(filters, memory)`` in the type of the
    state, int8 or int16; `rank` filters add up to a unit. `rescales`: multiplier and shift of what
    enters the state, and of the output. Sums of 32 bits run over as the reference's do.
    """

    kind = "QSVDF"

    feature: np.ndarray = array("int8", ndim=2)
    time: np.ndarray = array("int8", "int16", ndim=2)
    bias: np.ndarray = array("int32", ndim=1)
    rank: int = 1
    x_zero: int = 0
    y_zero: int = 0
    rescales: tuple[int, ...] = ()
    y_scale: float = 1.0
    state_scale: float = 0.0

    def check(self) -> None:
        filters, inputs = self.feature.shape
        require(0 < inputs <= MAX_INPUTS and filters > 0, "inputs are out of range")
        require(len(self.time) == filters and 0 < self.time.shape[1] <= 1 << 16, "steps do not fit")
        require(self.rank > 0 and self.bias.size * self.rank == filters, "units do not fit")
        require(len(self.rescales) == 4, "two factors are needed")
        require(all(0 <= m < 1 << 31 for m in self.rescales[::2]), "a multiplier is out of range")
        fits = all(MIN_SHIFT <= s <= MAX_SHIFT for s in self.rescales[1::2])
        require(fits, "a shift is out of range")
        require(all(-128 <= z <= 127 for z in (self.x_zero, self.y_zero)), "a zero point")
        require(0 < self.y_scale < float("inf"), "the scale is not positive and finite")
        require(0 <= self.state_scale < float("inf"), "the scale is not finite")

    def infer(self, x: TensorType, state: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "int8" and x.size == self.feature.shape[1], f"cannot take {x}")
        fits = state.dtype == self.time.dtype.name and state.shape == self.time.shape
        require(fits, f"cannot take {state} as its state")
        kept = QParams((self.state_scale,), (0,)) if self.state_scale else None
        return (
            TensorType("int8", (self.bias.size,), QParams((self.y_scale,), (self.y_zero,))),
            TensorType(state.dtype, state.shape, kept),
        )

    def reference(self, x: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, ...]:
        rows = x.reshape(len(x), -1).astype(np.int64) - self.x_zero
        multiplier, shift, y_multiplier, y_shift = (np.array(n) for n in self.rescales)
        sums = (rows @ self.feature.T.astype(np.int64)).astype(np.int32)
        info = np.iinfo(state.dtype)
        newest = np.clip(rescale_i32(sums, multiplier, shift), info.min, info.max)
        after = np.concatenate([state[:, :, 1:], newest[:, :, None].astype(state.dtype)], axis=2)
        products = (after.astype(np.int64) * self.time).reshape(len(x), self.bias.size, -1)
        totals = (products.sum(axis=2) + self.bias).astype(np.uint64).astype(np.uint32)
        scaled = rescale_i32(totals.view(np.int32), y_multiplier, y_shift).astype(np.int64)
        return np.clip(scaled + self.y_zero, -128, 127).astype(np.int8), after

    def cost(self, x: TensorType, state: TensorType) -> Cost:
        return Cost(
            float(self.feature.size + self.time.size), float(self.feature.nbytes + self.time.nbytes)
        )

    def lower(self, x: TensorType, state: TensorType) -> Lowered:
        fields = (
            ("feature", "ptr", self.feature),
            ("time", "ptr", self.time),
            ("bias", "ptr", self.bias),
            ("x_zero", "i32", self.x_zero),
            ("x_multiplier", "i32", self.rescales[0]),
            ("x_shift", "i32", self.rescales[1]),
            ("y_zero", "i32", self.y_zero),
            ("y_multiplier", "i32", self.rescales[2]),
            ("y_shift", "i32", self.rescales[3]),
            ("inputs", "i32", self.feature.shape[1]),
            ("memory", "i32", self.time.shape[1]),
            ("rank", "i32", self.rank),
            ("units", "i32", self.bias.size),
        )
        kernel = "svdf_i8" if self.time.dtype == np.int8 else "svdf_i8_i16"
        return Lowered(kernel, Block("ei_svdf_params", fields))
