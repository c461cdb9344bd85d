"""Guards: the input checks that scikit-learn's estimators make, in the middle of a program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, require_float
from edgeinfer.target import Target

STATUS_NAN = 1
STATUS_INF = 2


@dataclass(frozen=True, eq=False)
class CheckFinite(Op):
    """Refuse rows with infinity, with NaN unless `allow_nan`, or (`float32`) beyond float32.

    Has no output; it guards the tensor it reads. `who` names the estimator in the error message.
    """

    kind = "CheckFinite"

    who: str
    allow_nan: bool = False
    float32: bool = False

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require_float(self.kind, x)
        return ()

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        if np.isnan(x).any() and not self.allow_nan:
            raise ValueError(self.explain(STATUS_NAN))
        with np.errstate(over="ignore"):
            values = x.astype(np.float32) if self.float32 else x
        if np.isinf(values).any():
            raise ValueError(self.explain(STATUS_INF))
        return ()

    def on_float32(self) -> Op | None:
        return self

    def lower(self, x: TensorType) -> Lowered:
        fields = (
            ("n", "i32", x.size),
            ("allow_nan", "i32", self.allow_nan),
            ("float32", "i32", self.float32),
        )
        return Lowered(f"check_finite_{SUFFIX[x.dtype]}", Block("ei_check_params", fields))

    def lower_for(self, target: Target, x: TensorType) -> Lowered:
        if x.dtype != "float32":
            return self.lower(x)
        fields = (("n", "i32", x.size), ("allow_nan", "i32", self.allow_nan))
        return Lowered("check_small_f32", Block("ei_check_small_params", fields))

    def explain(self, status: int) -> str:
        if status == STATUS_NAN:
            return (
                f"Input X contains NaN, which {self.who} does not accept; "
                "impute or drop the missing values first"
            )
        kind = "float32" if self.float32 else "float64"
        return f"Input X of {self.who} contains infinity or a value too large for dtype('{kind}')"
