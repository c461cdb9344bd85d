"""Elementwise functions of one tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, require, require_float


def _logistic(x: Any) -> Any:
    # 1 / (1 + exp(-x)) in the form that cannot overflow, as scipy.special.expit has it.
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


UNARY: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "exp2": np.exp2,
    "log": np.log,
    "tanh": np.tanh,
    "logistic": _logistic,
    "relu": lambda x: np.maximum(x, 0),
    "sqrt": np.sqrt,
    "neg": np.negative,
    "abs": np.abs,
    "ident": lambda x: x.copy(),
}


@dataclass(frozen=True, eq=False)
class Unary(Op):
    """``fn(x)`` for every value."""

    kind = "Unary"

    fn: str

    def check(self) -> None:
        require(self.fn in UNARY, f"unknown elementwise function {self.fn!r}")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(require_float(self.kind, x), x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):
            return (UNARY[self.fn](x).astype(x.dtype, copy=False),)

    def on_float32(self) -> Op | None:
        return self if self.fn in ("relu", "neg", "abs", "ident") else None

    def lower(self, x: TensorType) -> Lowered:
        block = Block("ei_unary_params", (("n", "i32", x.size),))
        return Lowered(f"{self.fn}_{SUFFIX[x.dtype]}", block)
