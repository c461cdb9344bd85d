"""From scores to classes: the sign of a margin, and the number a class stands for."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class SignIndex(Op):
    """1 where x > threshold (or >= with `inclusive`), else 0, as int64."""

    kind = "SignIndex"

    threshold: float = 0.0
    inclusive: bool = False

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require_float(self.kind, x)
        return (TensorType("int64", x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        above = x >= self.threshold if self.inclusive else x > self.threshold
        return (above.astype(np.int64),)

    def thresholds(self) -> dict[int, np.ndarray]:
        return {EVERY_COLUMN: np.array([self.threshold])}

    def on_float32(self) -> Op | None:
        if self.inclusive and not is_float32(self.threshold):
            return None
        return SignIndex(float(float32_below(np.array(self.threshold))), self.inclusive)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("threshold", "f64", self.threshold),
            ("n", "i32", x.size),
            ("inclusive", "i32", self.inclusive),
        )
        return Lowered(f"sign_index_{SUFFIX[x.dtype]}", Block("ei_sign_params", fields))


@dataclass(frozen=True, eq=False)
class Lookup(Op):
    """``table[index]``: the integer label of a class index. Indices outside are refused."""

    kind = "Lookup"

    table: np.ndarray = array("int64", ndim=1)

    def check(self) -> None:
        require(self.table.size > 0, "a label table needs at least one label")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("int64", "int32"), f"looks up integer indices, not {x.dtype}")
        return (TensorType("int64", x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return (self.table[x],)

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("table", "ptr", self.table),
            ("n", "i32", x.size),
            ("table_size", "i32", self.table.size),
        )
        return Lowered(f"lookup_{SUFFIX[x.dtype]}", Block("ei_lookup_params", fields))

    def explain(self, status: int) -> str:
        return "a class index lies outside the table of labels"
