"""Columns: take, concatenate, convert; nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, array, require

MAX_CONCAT = 4096


@dataclass(frozen=True, eq=False)
class Select(Op):
    """Column ``indices[j]`` of the input becomes column j."""

    kind = "Select"

    indices: np.ndarray = array("int32", ndim=1)

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(len(x.shape) == 1, "columns are selected from a 2-D batch")
        ok = self.indices.size == 0 or (self.indices.min() >= 0 and self.indices.max() < x.shape[0])
        require(bool(ok), f"a selected column is outside the {x.shape[0]} columns")
        return (TensorType(x.dtype, (self.indices.size,)),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (x[:, self.indices],)

    def on_float32(self) -> Op | None:
        return self

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("indices", "ptr", self.indices),
            ("n_in", "i32", x.size),
            ("n_out", "i32", self.indices.size),
        )
        width = np.dtype(x.dtype).itemsize
        return Lowered(f"select_{width}", Block("ei_select_params", fields))


@dataclass(frozen=True, eq=False)
class Concat(Op):
    """All inputs side by side along ``axis``, which is counted within a row."""

    kind = "Concat"

    axis: int = 0

    def check(self) -> None:
        require(0 <= self.axis < 8, "the axis of a concatenation is out of range")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        require(0 < len(inputs) <= MAX_CONCAT, f"concatenates 1 to {MAX_CONCAT} tensors")
        require(len({t.dtype for t in inputs}) == 1, "concatenated tensors have one dtype")
        shapes = [t.shape or (1,) for t in inputs]
        ranks = {len(shape) for shape in shapes}
        require(len(ranks) == 1 and self.axis < max(ranks), f"no axis {self.axis} in every input")
        rests = {(*s[: self.axis], *s[self.axis + 1 :]) for s in shapes}
        require(len(rests) == 1, "concatenated tensors differ in another axis")
        total = sum(shape[self.axis] for shape in shapes)
        shape = (*shapes[0][: self.axis], total, *shapes[0][self.axis + 1 :])
        return (TensorType(inputs[0].dtype, shape, inputs[0].qparams),)

    def reference(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        columns = [x.reshape(len(x), *(x.shape[1:] or (1,))) for x in inputs]
        return (np.concatenate(columns, axis=self.axis + 1),)

    def on_float32(self) -> Op | None:
        return self

    def lower(self, *inputs: TensorType) -> Lowered:
        repeat = prod(inputs[0].shape[: self.axis])
        row_bytes = np.array([t.row_bytes // max(repeat, 1) for t in inputs], np.int32)
        fields = (
            ("row_bytes", "ptr", row_bytes),
            ("n_inputs", "i32", len(inputs)),
            ("out_bytes", "i32", int(row_bytes.sum())),
            ("repeat", "i32", repeat),
        )
        return Lowered("concat", Block("ei_concat_params", fields))


@dataclass(frozen=True, eq=False)
class Reshape(Op):
    """The same values in a row of another shape."""

    kind = "Reshape"
    alias: ClassVar[bool] = True

    shape: tuple[int, ...]

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        out = TensorType(x.dtype, self.shape, x.qparams)
        require(out.size == x.size, f"{x} has no shape {self.shape}")
        return (out,)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (x.reshape(len(x), *self.shape),)

    def on_float32(self) -> Op | None:
        return self

    def lower(self, x: TensorType) -> Lowered:
        row_bytes = np.array([x.row_bytes], np.int32)
        fields = (
            ("row_bytes", "ptr", row_bytes),
            ("n_inputs", "i32", 1),
            ("out_bytes", "i32", x.row_bytes),
            ("repeat", "i32", 1),
        )
        return Lowered("concat", Block("ei_concat_params", fields))


CASTS = {("float64", "float32"), ("float32", "float64"), ("int64", "float64")}


@dataclass(frozen=True, eq=False)
class Cast(Op):
    """Convert to another dtype, to nearest even."""

    kind = "Cast"

    dtype: str

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require((x.dtype, self.dtype) in CASTS, f"no cast from {x.dtype} to {self.dtype}")
        return (TensorType(self.dtype, x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(over="ignore"):
            return (x.astype(self.dtype),)

    def lower(self, x: TensorType) -> Lowered:
        block = Block("ei_unary_params", (("n", "i32", x.size),))
        return Lowered(f"cast_{SUFFIX[x.dtype]}_{SUFFIX[self.dtype]}", block)
