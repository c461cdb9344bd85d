"""Examples of the dense layers."""

import numpy as np

from edgeinfer.ops import Dense
from tests.examples_of_ops import Example

RNG = np.random.default_rng(3)
RTOL = {"float64": 1e-13, "float32": 1e-5}


def _dense(dtype: str, inputs: int, outputs: int, activation: str) -> Example:
    weights = RNG.normal(size=(outputs, inputs)).astype(dtype)
    bias = RNG.normal(size=outputs).astype(dtype)
    x = RNG.normal(size=(9, inputs)).astype(dtype)
    note = f"{activation}-{inputs}x{outputs}"
    return Example(Dense(weights, bias, activation), (x,), RTOL[dtype], note=note)


EXAMPLES = [
    _dense(dtype, inputs, outputs, activation)
    for dtype in ("float64", "float32")
    for inputs, outputs, activation in ((1, 1, "linear"), (13, 8, "relu"), (30, 37, "linear"))
]
