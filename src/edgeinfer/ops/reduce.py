"""Reductions over the last axis of a row: argmax, softmax, norms, sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, require, require_float


def _rows_block(x: TensorType) -> Block:
    last = x.shape[-1] if x.shape else 1
    fields = (("n", "i32", last), ("repeat", "i32", x.size // max(last, 1)))
    return Block("ei_reduce_params", fields)


@dataclass(frozen=True, eq=False)
class ArgMax(Op):
    """Index of the first largest value of the last axis, int64; a NaN counts as largest."""

    kind = "ArgMax"

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require_float(self.kind, x)
        require(bool(x.shape) and x.shape[-1] > 0, "argmax needs at least one value")
        return (TensorType("int64", x.shape[:-1]),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.argmax(x, axis=-1).astype(np.int64),)

    def lower(self, x: TensorType) -> Lowered:
        return Lowered(f"argmax_{SUFFIX[x.dtype]}", _rows_block(x))


@dataclass(frozen=True, eq=False)
class Softmax(Op):
    """exp(x - max) / sum(exp(x - max)) over the last axis; `log`: its logarithm."""

    kind = "Softmax"

    log: bool = False

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(bool(x.shape) and x.shape[-1] > 0, "softmax needs at least one value")
        return (TensorType(require_float(self.kind, x), x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        shifted = x - x.max(axis=-1, keepdims=True)
        total = np.exp(shifted).sum(axis=-1, keepdims=True)
        return (shifted - np.log(total) if self.log else np.exp(shifted) / total,)

    def lower(self, x: TensorType) -> Lowered:
        name = "log_softmax" if self.log else "softmax"
        return Lowered(f"{name}_{SUFFIX[x.dtype]}", _rows_block(x))


REDUCTIONS = {
    "sum": lambda x: x.sum(axis=-1),
    "prod": lambda x: x.prod(axis=-1),
    "max": lambda x: x.max(axis=-1),
    "min": lambda x: x.min(axis=-1),
}


@dataclass(frozen=True, eq=False)
class Reduce(Op):
    """Sum or product (in index order), maximum or minimum of the last axis."""

    kind = "Reduce"

    fn: str

    def check(self) -> None:
        require(self.fn in REDUCTIONS, f"unknown reduction {self.fn!r}")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(bool(x.shape) and x.shape[-1] > 0, "a reduction needs at least one value")
        return (TensorType(require_float(self.kind, x), x.shape[:-1]),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (REDUCTIONS[self.fn](x),)

    def lower(self, x: TensorType) -> Lowered:
        return Lowered(f"reduce_{self.fn}_{SUFFIX[x.dtype]}", _rows_block(x))


NORMS = {
    "l1": lambda x: np.abs(x).sum(axis=-1, keepdims=True),
    "l2": lambda x: np.sqrt((x * x).sum(axis=-1, keepdims=True)),
    "max": lambda x: np.abs(x).max(axis=-1, keepdims=True),
    "sum": lambda x: x.sum(axis=-1, keepdims=True),
    "share": lambda x: x.sum(axis=-1, keepdims=True),
}


@dataclass(frozen=True, eq=False)
class Normalize(Op):
    """Divide a row by its norm (l1, l2, max) or its sum.

    A norm of zero, or nearer to it than `below`, divides by one. `share` divides by the sum as
    well, but where it is zero all get the same share, 1 / n.
    """

    kind = "Normalize"

    norm: str
    below: float = 0.0

    def check(self) -> None:
        require(self.norm in NORMS, f"unknown norm {self.norm!r}")
        require(self.norm != "share" or self.below == 0, "a share is of any sum but zero")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(bool(x.shape) and x.shape[-1] > 0, "a norm needs at least one value")
        return (TensorType(require_float(self.kind, x), x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        norms = NORMS[self.norm](x)
        if self.norm == "share":
            x = np.where(norms == 0, x.dtype.type(1), x)
            norms = np.where(norms == 0, x.dtype.type(x.shape[-1]), norms)
        tiny = (norms == 0) | (np.abs(norms) < x.dtype.type(self.below))
        return (x / np.where(tiny, np.ones_like(norms), norms),)

    def lower(self, x: TensorType) -> Lowered:
        fields = (("below", "f64", self.below), *_rows_block(x).fields)
        kernel = f"normalize_{self.norm}_{SUFFIX[x.dtype]}"
        return Lowered(kernel, Block("ei_normalize_params", fields))
