"""Elementwise functions of one tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erf
from typing import Any

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, require, require_float


def _logistic(x: Any) -> Any:
    # As scipy.special.expit has it: exactly 0 where exp(-x) is infinite.
    return 1 / (1 + np.exp(-x))


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
    "log1p": np.log1p,
    "expm1": np.expm1,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "erf": lambda x: np.asarray(np.frompyfunc(erf, 1, 1)(x)).astype(x.dtype),
    "isnan": np.isnan,
    "ident": lambda x: x.copy(),
}


@dataclass(frozen=True, eq=False)
class Unary(Op):
    """``fn(x)`` for every value."""

    kind = "Unary"
    in_place = (0,)

    fn: str

    def check(self) -> None:
        require(self.fn in UNARY, f"unknown elementwise function {self.fn!r}")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(require_float(self.kind, x), x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):
            return (UNARY[self.fn](x).astype(x.dtype, copy=False),)

    def on_float32(self) -> Op | None:
        exact = ("relu", "neg", "abs", "floor", "ceil", "rint", "sign", "ident")
        return self if self.fn in exact else None

    def lower(self, x: TensorType) -> Lowered:
        block = Block("ei_unary_params", (("n", "i32", x.size),))
        return Lowered(f"{self.fn}_{SUFFIX[x.dtype]}", block)


CERTAIN = np.float32(36.7368)
"""Above, exp(-x) is less than half a unit in the last place of 1.0 in float64."""


@dataclass(frozen=True, eq=False)
class Complement(Op):
    """``[1 - p, p]``, the probabilities of two classes, p being x or (`fn`) its logistic function.

    With ``fn="logistic"`` in float64 the first is the difference, as scikit-learn has it. In
    float32 that would have few digits left where p is nearly 1, so it is ``logistic(-x)``, and 0
    from `CERTAIN` on, where in float64 p is 1.
    """

    kind = "Complement"

    fn: str = "ident"

    def check(self) -> None:
        require(self.fn in ("ident", "logistic"), f"no complement of {self.fn!r}")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(require_float(self.kind, x), (*x.shape, 2)),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):
            p = UNARY[self.fn](x)
            apart = self.fn == "logistic" and x.dtype == np.float32
            first = np.where(x > CERTAIN, np.float32(0), _logistic(-x)) if apart else 1 - p
            return (np.stack([first, p], axis=-1),)

    def lower(self, x: TensorType) -> Lowered:
        block = Block("ei_unary_params", (("n", "i32", x.size),))
        name = "complement" if self.fn == "ident" else "logistic_pair"
        return Lowered(f"{name}_{SUFFIX[x.dtype]}", block)
