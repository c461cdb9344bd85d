"""LSTM layers of floats with peepholes, coupled gates, layer normalization or a projection.

The plain layer has a kernel of its own; these are rare, and laid out step by step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgeinfer.converters.tflite._common import contiguous_strides, move
from edgeinfer.converters.tflite._network import Call, Value
from edgeinfer.ops import Binary, BinaryConst, Clip, Concat, Conv2D, Reduce, Unary

NORM_EPSILON = 1e-8
INPUT, FORGET, CELL, OUTPUT = range(4)


@dataclass(frozen=True)
class Gates:
    """Weights ``(units, inputs)`` by gate; the input gate has none where it is coupled."""

    inputs: dict[int, np.ndarray]
    recurrent: dict[int, np.ndarray]
    bias: dict[int, np.ndarray]
    peepholes: dict[int, np.ndarray] = field(default_factory=dict)
    norms: dict[int, np.ndarray] = field(default_factory=dict)
    projection: np.ndarray | None = None
    projection_bias: np.ndarray | None = None
    cell_clip: float = 0.0
    projection_clip: float = 0.0


class Steps:
    """Emits the steps of one layer over one sequence."""

    def __init__(self, call: Call, gates: Gates) -> None:
        self.call = call
        self.gates = gates

    def product(self, x: str, weights: np.ndarray, bias: np.ndarray | None = None) -> str:
        """``x @ weights.T + bias`` of rows ``(1, n, inputs)``."""
        outputs, inputs = weights.shape
        point = np.ascontiguousarray(weights).reshape(outputs, 1, 1, inputs)
        zeros = np.zeros(outputs, np.float32)
        window = ((1, 1), (1, 1), (0, 0, 0, 0))
        op = Conv2D(*window, weights=point, bias=zeros if bias is None else bias)
        return self.call.emit(op, x)

    def both(self, fn: str, a: str, b: str) -> str:
        return self.call.emit(Binary(fn), a, b)

    def scaled(self, x: str, by: np.ndarray | float, fn: str = "mul") -> str:
        return self.call.emit(BinaryConst(fn, np.atleast_1d(np.asarray(by, np.float32))), x)

    def normalized(self, x: str, gate: int) -> str:
        """Mean 0 and deviation 1 over the units, then the gate's own factors and bias."""
        units = self.gates.norms[gate].size

        def spread(value: str) -> str:
            one = Value("float32", (1, 1, 1), tensor=self.call.network.reshape(value, (1, 1)))
            full = move(self.call, one, (1, 1, units), (0, 0, 0), 0)
            return self.call.network.reshape(full, (1, 1, units))

        mean = self.scaled(self.call.emit(Reduce("sum"), x), 1 / units)
        apart = self.both("sub", x, spread(mean))
        squares = self.call.emit(Reduce("sum"), self.both("mul", apart, apart))
        variance = self.scaled(self.scaled(squares, 1 / units), NORM_EPSILON, "add")
        root = self.call.emit(Unary("sqrt"), variance)
        unit = self.both("div", apart, spread(root))
        unit = self.scaled(unit, self.gates.norms[gate])
        return self.scaled(unit, self.gates.bias[gate], "add")

    def gate(self, gate: int, part: str, h: str | None, cell: str | None) -> str:
        """A gate before its activation; `part` is what the inputs add to it."""
        g = self.gates
        if h is not None:
            part = self.both("add", part, self.product(h, g.recurrent[gate]))
        if cell is not None and gate in g.peepholes:
            part = self.both("add", part, self.scaled(cell, g.peepholes[gate]))
        return self.normalized(part, gate) if g.norms else part

    def bounded(self, x: str, clip: float) -> str:
        return self.call.emit(Clip(-clip, clip), x) if clip else x

    def sequence(self, x: Value) -> str:
        """``(1, steps, outputs)``: the outputs of all steps of x, ``(1, steps, inputs)``."""
        g, call = self.gates, self.call
        order = sorted(g.inputs)
        units = g.inputs[FORGET].shape[0]
        weights = np.concatenate([g.inputs[k] for k in order])
        bias = None if g.norms else np.concatenate([g.bias[k] for k in order])
        _, steps, _ = x.shape
        sums = self.product(call.shaped(x, x.shape), weights, bias)
        whole = Value("float32", (1, steps, len(order) * units), tensor=sums)
        whole = Value("float32", whole.shape, tensor=call.network.reshape(sums, whole.shape))
        h: str | None = None
        cell: str | None = None
        outputs = []
        for t in range(steps):
            parts = {}
            for place, k in enumerate(order):
                offset = (t * len(order) + place) * units
                own = contiguous_strides(whole.shape)
                parts[k] = call.network.reshape(
                    move(call, whole, (1, 1, units), own, offset), (1, 1, units)
                )
            forget = call.emit(Unary("logistic"), self.gate(FORGET, parts[FORGET], h, cell))
            if INPUT in parts:
                update = call.emit(Unary("logistic"), self.gate(INPUT, parts[INPUT], h, cell))
            else:
                update = self.scaled(self.scaled(forget, -1.0), 1.0, "add")
            new = call.emit(Unary("tanh"), self.gate(CELL, parts[CELL], h, None))
            new = self.both("mul", update, new)
            if cell is not None:
                new = self.both("add", self.both("mul", forget, cell), new)
            cell = self.bounded(new, g.cell_clip)
            out = call.emit(Unary("logistic"), self.gate(OUTPUT, parts[OUTPUT], h, cell))
            h = self.both("mul", out, call.emit(Unary("tanh"), cell))
            if g.projection is not None:
                h = self.product(h, g.projection, g.projection_bias)
                h = self.bounded(h, g.projection_clip)
            outputs.append(h)
        return outputs[0] if len(outputs) == 1 else call.emit(Concat(1), *outputs)
