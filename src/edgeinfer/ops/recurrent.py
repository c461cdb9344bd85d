"""Long short-term memory over a sequence, in floats and in integers.

Every run starts from an empty state, so a row's answer does not depend on the rows before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import MAX_ROW_ELEMENTS, QParams, TensorType
from edgeinfer.ops._base import Block, Cost, Lowered, Op, array, require
from edgeinfer.ops.fixed_point import (
    MAX_SHIFT,
    MAX_SHIFT_64,
    MAX_SUM_64,
    MIN_SHIFT,
    rescale_i32,
    rescale_i64,
)
from edgeinfer.ops.table import check_sigmoid_table, logistic_16, sigmoid_scaled, tanh_16

MAX_UNITS = 1 << 13


def _check_sizes(input_weights: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> None:
    units, width = recurrent.shape
    require(0 < units <= MAX_UNITS, f"1 to {MAX_UNITS} units, not {units}")
    require(width == bias.size == input_weights.shape[1] == 4 * units, "four gates of all units")
    require(0 < input_weights.shape[0] <= 1 << 15, "inputs are out of range")


def _infer(x: TensorType, inputs: int, units: int) -> tuple[int, int, int]:
    fits = len(x.shape) == 3 and x.shape[2] == inputs and x.size > 0
    require(fits, f"takes (sequences, steps, {inputs}), got {x}")
    require(x.shape[0] * x.shape[1] * units <= MAX_ROW_ELEMENTS, "too many steps")
    return x.shape[0], x.shape[1], units


def _cost(x: TensorType, weights: tuple[np.ndarray, ...]) -> Cost:
    steps = x.shape[0] * x.shape[1]
    return Cost(float(steps * sum(w.size for w in weights)), float(sum(w.nbytes for w in weights)))


@dataclass(frozen=True, eq=False)
class LSTM(Op):
    """An LSTM of float32: the state after each step of each sequence.

    Weights have a row per input (per unit, for the state) and the gates input, forget, cell and
    output side by side. `clip` bounds the cell; 0 for no bound.
    """

    kind = "LSTM"

    input_weights: np.ndarray = array("float32", ndim=2)
    recurrent_weights: np.ndarray = array("float32", ndim=2)
    bias: np.ndarray = array("float32", ndim=1)
    clip: float = 0.0

    def check(self) -> None:
        _check_sizes(self.input_weights, self.recurrent_weights, self.bias)
        require(0 <= self.clip < float("inf"), "the bound of the cell is not finite")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "float32", f"takes float32, not {x}")
        shape = _infer(x, len(self.input_weights), len(self.recurrent_weights))
        return (TensorType("float32", shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        units = len(self.recurrent_weights)
        h = cell = np.zeros((*x.shape[:2], units), np.float32)
        steps = []
        with np.errstate(all="ignore"):
            for t in range(x.shape[2]):
                total = x[:, :, t] @ self.input_weights + h @ self.recurrent_weights + self.bias
                i, f, g, o = np.split(total, 4, axis=-1)
                i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
                cell = f * cell + i * np.tanh(g)
                cell = np.clip(cell, -self.clip, self.clip) if self.clip else cell
                h = (o * np.tanh(cell)).astype(np.float32)
                steps.append(h)
        return (np.stack(steps, axis=2).astype(np.float32),)

    def cost(self, x: TensorType) -> Cost:
        return _cost(x, (self.input_weights, self.recurrent_weights))

    def lower(self, x: TensorType) -> Lowered:
        units = len(self.recurrent_weights)
        fields = (
            ("input_weights", "ptr", self.input_weights),
            ("recurrent_weights", "ptr", self.recurrent_weights),
            ("bias", "ptr", self.bias),
            ("clip", "f32", self.clip),
            ("sequences", "i32", x.shape[0]),
            ("steps", "i32", x.shape[1]),
            ("inputs", "i32", x.shape[2]),
            ("units", "i32", units),
        )
        return Lowered("lstm_f32", Block("ei_lstm_params", fields), 4 * 5 * units)


@dataclass(frozen=True, eq=False)
class QLSTM(Op):
    """An LSTM of int8 or int16 with int8 weights and a cell of int16, as TensorFlow Lite Micro's.

    `rescales` has four numbers per gate: multiplier and shift of what the inputs add up to, and of
    what the state does; the gates are then 1/4096 each. `products`: multiplier and shift of forget
    gate times cell, of input gate times cell gate, of output gate times tanh of the cell.
    `tanh_factor`: multiplier and right shift that make the cell 1/12288 each. `scale` and `h_zero`
    are of the state. `table` as of `QSigmoid16`.
    """

    kind = "QLSTM"

    input_weights: np.ndarray = array("int8", ndim=2)
    recurrent_weights: np.ndarray = array("int8", ndim=2)
    bias: np.ndarray = array("int32", "int64", ndim=1)
    rescales: np.ndarray = array("int32", ndim=1)
    table: np.ndarray = array("uint16", ndim=1)
    x_zero: int = 0
    h_zero: int = 0
    products: tuple[int, ...] = ()
    tanh_factor: tuple[int, ...] = ()
    clip: int = 0
    scale: float = 1.0

    def check(self) -> None:
        _check_sizes(self.input_weights, self.recurrent_weights, self.bias)
        require(self.rescales.size == 16, "four gates have two factors each")
        require(len(self.products) == 6 and len(self.tanh_factor) == 2, "factors are missing")
        multipliers = (*map(int, self.rescales[::2]), *self.products[::2])
        shifts = (*map(int, self.rescales[1::2]), *self.products[1::2])
        require(all(0 <= m < 1 << 31 for m in multipliers), "a multiplier is out of range")
        require(all(MIN_SHIFT <= s <= MAX_SHIFT for s in shifts), "a shift is out of range")
        wide = self.bias.dtype == np.int64
        low_shift = not wide or int(self.rescales[1::2].max()) <= MAX_SHIFT_64
        require(low_shift, "a shift is out of range")
        zeros = (self.x_zero, self.h_zero)
        most = 0 if wide else 128
        require(all(-most <= z <= most for z in zeros), "a zero point is out of range")
        require(0 <= self.tanh_factor[0] < 1 << 16, "the factor of the cell is out of range")
        require(0 <= self.tanh_factor[1] <= 31, "the factor of the cell is out of range")
        require(0 <= self.clip < 1 << 15, "the bound of the cell is out of range")
        require(0 < self.scale < float("inf"), "the scale is not positive and finite")
        check_sigmoid_table(self.table)
        reach = np.abs(self.input_weights.astype(np.int64)).sum(axis=0)
        reach = reach * (32768 if wide else 256) + np.abs(self.bias.astype(float))
        limit = MAX_SUM_64 if wide else 1 << 31
        require(bool((reach < limit).all()), "a sum could overflow")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        wide = self.bias.dtype == np.int64
        require(x.dtype == ("int16" if wide else "int8"), f"cannot take {x}")
        shape = _infer(x, len(self.input_weights), len(self.recurrent_weights))
        return (TensorType(x.dtype, shape, QParams((self.scale,), (self.h_zero,))),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        units, wide = len(self.recurrent_weights), self.bias.dtype == np.int64
        h = np.full((*x.shape[:2], units), self.h_zero, x.dtype)
        cell = np.zeros(h.shape, np.int64)
        inputs, recurrent = (
            w.astype(np.int64) for w in (self.input_weights, self.recurrent_weights)
        )
        info = np.iinfo(x.dtype)
        steps = []
        for t in range(x.shape[2]):
            sums = (
                (x[:, :, t].astype(np.int64) - self.x_zero) @ inputs + self.bias,
                (h.astype(np.int64) - self.h_zero) @ recurrent,
            )
            gates = []
            for g, fn in enumerate((logistic_16, logistic_16, tanh_16, logistic_16)):
                total = np.zeros((), np.int64)
                for number, part in enumerate(sums):
                    multiplier, shift = self.rescales[4 * g + 2 * number :][:2]
                    values = part[..., g * units : (g + 1) * units]
                    rescaled = (
                        rescale_i64(values, multiplier, shift)
                        if wide
                        else rescale_i32(values.astype(np.int32), multiplier, shift)
                    )
                    total = total + np.clip(rescaled.astype(np.int64), -32768, 32767)
                gates.append(fn(self.table, 3 * np.clip(total, -32768, 32767)))
            i, f, g_, o = gates
            kept, added = (
                np.clip(self._product(n, a * b).astype(np.int64), -32768, 32767)
                for n, a, b in ((0, f, cell), (1, i, g_))
            )
            cell = np.clip(kept + added, -32768, 32767)
            cell = np.clip(cell, -self.clip, self.clip) if self.clip else cell
            bent = tanh_16(self.table, sigmoid_scaled(cell, *self.tanh_factor))
            y = self._product(2, o * bent).astype(np.int64) + self.h_zero
            h = np.clip(y, info.min, info.max).astype(x.dtype)
            steps.append(h)
        return (np.stack(steps, axis=2),)

    def _product(self, number: int, values: np.ndarray) -> np.ndarray:
        multiplier, shift = self.products[2 * number :][:2]
        return rescale_i32(values.astype(np.int32), np.array(multiplier), np.array(shift))

    def cost(self, x: TensorType) -> Cost:
        return _cost(x, (self.input_weights, self.recurrent_weights))

    def lower(self, x: TensorType) -> Lowered:
        units = len(self.recurrent_weights)
        names = ("forget", "update", "output")
        fields = (
            ("input_weights", "ptr", self.input_weights),
            ("recurrent_weights", "ptr", self.recurrent_weights),
            ("bias", "ptr", self.bias),
            ("rescales", "ptr", self.rescales),
            ("table", "ptr", self.table),
            ("x_zero", "i32", self.x_zero),
            ("h_zero", "i32", self.h_zero),
            *(
                (f"{name}_{what}", "i32", self.products[2 * i + j])
                for i, name in enumerate(names)
                for j, what in enumerate(("multiplier", "shift"))
            ),
            ("tanh_multiplier", "i32", self.tanh_factor[0]),
            ("tanh_shift", "i32", self.tanh_factor[1]),
            ("clip", "i32", self.clip),
            ("sequences", "i32", x.shape[0]),
            ("steps", "i32", x.shape[1]),
            ("inputs", "i32", x.shape[2]),
            ("units", "i32", units),
        )
        wide = self.bias.dtype == np.int64
        scratch = units * (8 * (8 if wide else 4) + 5 * 2)
        kernel = "qlstm_i16" if wide else "qlstm_i8"
        return Lowered(kernel, Block("ei_qlstm_params", fields), scratch)
