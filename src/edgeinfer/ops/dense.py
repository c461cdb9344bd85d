"""Dense layers: matrix product, bias and activation in one kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, Op, array, require, require_float
from edgeinfer.target import Target

PANEL = {"float64": 8, "float32": 16}
"""Outputs computed together; weights are stored panel by panel, see `pack_panels`."""

ACTIVATIONS = ("linear", "relu")


def pack_panels(weights: np.ndarray, width: int) -> np.ndarray:
    """``(outputs, inputs)`` as ``(panels, inputs, width)``, the last panel padded with zeros.

    One layout for every instruction set: a vector of `width` outputs is read contiguously for
    each input, so each output is summed over the inputs in ascending order everywhere.
    """
    outputs, inputs = weights.shape
    panels = -(-outputs // width)
    padded = np.zeros((panels * width, inputs), weights.dtype)
    padded[:outputs] = weights
    return np.ascontiguousarray(padded.reshape(panels, width, inputs).transpose(0, 2, 1))


def pack_small(weights: np.ndarray) -> np.ndarray:
    """``(outputs, inputs)`` as panels of four outputs, then the rows that are left: no padding."""
    outputs, inputs = weights.shape
    full = outputs - outputs % 4
    panels = weights[:full].reshape(-1, 4, inputs).transpose(0, 2, 1)
    return np.concatenate([panels.reshape(-1), weights[full:].reshape(-1)])


@dataclass(frozen=True, eq=False)
class Dense(Op):
    """``activation(x @ weights.T + bias)`` in float64 or float32.

    `weights` has shape ``(outputs, inputs)``, `bias` ``(outputs,)``. Each output starts at zero,
    is summed over the inputs in ascending order, then the bias is added: the result of a row
    does not depend on the rows beside it.
    """

    kind = "Dense"

    weights: np.ndarray = array("float64", "float32", ndim=2)
    bias: np.ndarray = array("float64", "float32", ndim=1)
    activation: str = "linear"

    def check(self) -> None:
        require(self.weights.dtype == self.bias.dtype, "weights and bias differ in dtype")
        require(self.weights.shape[0] == self.bias.size > 0, "one bias per output is needed")
        require(self.activation in ACTIVATIONS, f"unknown activation {self.activation!r}")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        dtype = require_float(self.kind, x)
        require(dtype == self.weights.dtype.name, f"{dtype} input, {self.weights.dtype} weights")
        outputs, inputs = self.weights.shape
        require(x.shape == (inputs,), f"takes {inputs} features, got {x}")
        return (TensorType(dtype, (outputs,)),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):
            y = x @ self.weights.T + self.bias
        return (np.maximum(y, 0) if self.activation == "relu" else y,)

    def cost(self, x: TensorType) -> Cost:
        return Cost(float(self.weights.size), float(self.weights.nbytes + self.bias.nbytes))

    def lower(self, x: TensorType) -> Lowered:
        outputs, inputs = self.weights.shape
        width = PANEL[x.dtype]
        fields = (
            ("weights", "ptr", pack_panels(self.weights, width)),
            ("bias", "ptr", pack_panels(self.bias[:, None], width)),
            ("n_in", "i32", inputs),
            ("n_out", "i32", outputs),
            ("relu", "i32", self.activation == "relu"),
        )
        return Lowered(f"dense_{SUFFIX[x.dtype]}", Block("ei_dense_params", fields))

    def lower_for(self, target: Target, x: TensorType) -> Lowered:
        outputs, inputs = self.weights.shape
        fields = (
            ("weights", "ptr", pack_small(self.weights)),
            ("bias", "ptr", self.bias),
            ("n_in", "i32", inputs),
            ("n_out", "i32", outputs),
            ("relu", "i32", self.activation == "relu"),
        )
        return Lowered(f"dense_small_{SUFFIX[x.dtype]}", Block("ei_dense_small_params", fields))
