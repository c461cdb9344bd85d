"""The quantized network: integer tensors, weights and biases, conversions where floats remain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeinfer.operators import OperatorInfo, Subgraph, TensorInfo
from edgeinfer.quantize.network.observe import Engine, Seen
from edgeinfer.quantize.network.plan import TIED, TIED_ALL, Params, Plan, params_of
from edgeinfer.quantize.network.prepare import (
    WEIGHTED,
    Weighted,
    is_activation,
    is_float,
    no_options,
    readers,
    with_options,
)

BIAS_BITS = {"int8": 29, "int16": 44}
"""What a bias may take of the sums' 32 bits, or of the 47 that 64-bit sums may have."""


@dataclass(frozen=True)
class Rewritten:
    """A quantized network; `codes`: float tensor -> the integers that stand for it.

    `sources`: a tensor of integers -> the float tensor it stands for, and how.
    `numbers`: number of an operator of it -> its number in the float network.
    """

    network: Subgraph
    codes: Mapping[int, int]
    sources: Mapping[int, tuple[int, Params]]
    numbers: Mapping[int, int]


class Rewriter:
    """Writes the quantized network operator by operator; `run` gives the result."""

    def __init__(
        self, engine: Engine, network: Subgraph, plan: Plan, seen: Mapping[int, Seen] | None
    ) -> None:
        self.engine = engine
        self.old = network
        self.plan = plan
        self.seen = seen
        """What corrects the biases; None leaves them as they are."""
        self.tensors = list(network.tensors)
        self.operators: list[OperatorInfo] = []
        self.codes: dict[int, int] = {}
        self.sources: dict[int, tuple[int, Params]] = {}
        self._floats: dict[int, int] = {}
        self._converted: dict[tuple[int, Params], int] = {}

    def run(self) -> Rewritten:
        """The quantized network."""
        who = readers(self.old)
        inputs = []
        for i in self.old.inputs:
            used = who.get(i, [])
            integer = bool(used) and self.plan.integer.issuperset(used)
            if is_float(self.old, i) and integer and i not in self.old.outputs:
                inputs.append(self._new_codes(i))
            else:
                self._floats[i] = i
                inputs.append(i)
        numbers = {}
        for number, op in enumerate(self.old.operators):
            if number in self.plan.integer:
                self._integer(number, op)
            else:
                self._float(op)
            numbers[len(self.operators) - 1] = number
        outputs = tuple(self.codes.get(i, i) for i in self.old.outputs)
        network = Subgraph(tuple(self.tensors), tuple(inputs), outputs, tuple(self.operators))
        return Rewritten(network, self.codes, self.sources, numbers)

    # Tensors -------------------------------------------------------------------------------------

    def _add(self, info: TensorInfo) -> int:
        self.tensors.append(info)
        return len(self.tensors) - 1

    def _labelled(self, info: TensorInfo, params: Params) -> TensorInfo:
        return replace(
            info,
            type=params.dtype.upper(),
            scale=(params.scale,),
            zero_point=(params.zero,),
            axis=0,
        )

    def _new_codes(self, i: int) -> int:
        """The integers of a float tensor, as a new tensor."""
        params = self.plan.params[i]
        self.codes[i] = self._add(self._labelled(self.old.tensors[i], params))
        self.sources[self.codes[i]] = (i, params)
        return self.codes[i]

    def _convert(self, name: str, like: OperatorInfo, source: int, result: int) -> None:
        op = replace(
            like,
            name=name,
            version=1,
            inputs=(source,),
            outputs=(result,),
            options=no_options,
        )
        self.operators.append(op)

    def _as_float(self, i: int, op: OperatorInfo) -> int:
        """The tensor as floats, converted once."""
        if i in self.codes and i not in self._floats:
            self._floats[i] = self._add(self.old.tensors[i])
            self._convert("DEQUANTIZE", op, self.codes[i], self._floats[i])
        return self._floats.get(i, i)

    def _as_codes(self, i: int, op: OperatorInfo, params: Params) -> int:
        """The tensor as integers with these parameters, converted once."""
        if i in self.codes and self.plan.params[i] == params:
            return self.codes[i]
        key = (i, params)
        if key not in self._converted:
            result = self._add(self._labelled(self.old.tensors[i], params))
            self._convert("QUANTIZE", op, self.codes.get(i, i), result)
            self._converted[key] = result
            self.sources[result] = key
        return self._converted[key]

    # Operators -----------------------------------------------------------------------------------

    def _float(self, op: OperatorInfo) -> None:
        inputs = tuple(
            self._as_float(i, op) if i >= 0 and is_float(self.old, i) else i for i in op.inputs
        )
        self._floats.update((i, i) for i in op.outputs)
        self.operators.append(replace(op, inputs=inputs))

    def _integer(self, number: int, op: OperatorInfo) -> None:
        where = WEIGHTED.get(op.name)
        tied = op.name in TIED or op.name in TIED_ALL
        inputs = []
        for place, i in enumerate(op.inputs):
            if i < 0 or self.old.tensors[i].type != "FLOAT32":
                inputs.append(i)
            elif is_activation(self.old, i):
                params = self.plan.converted.get((number, i), self.plan.params[i])
                inputs.append(self._as_codes(i, op, params))
            elif where is not None and place in (where.weights, where.bias):
                inputs.append(i)  # replaced below
            else:
                shared = self.plan.params[op.outputs[0]] if tied else None
                inputs.append(self._constant(self.old.tensors[i], shared))
        if where is not None:
            self._layer(number, op, where, inputs)
        outputs = tuple(self._new_codes(i) if is_float(self.old, i) else i for i in op.outputs)
        self.operators.append(replace(op, inputs=tuple(inputs), outputs=outputs))

    def _constant(self, info: TensorInfo, params: Params | None) -> int:
        """A float constant as integers, in a range of its own if no other is given."""
        assert info.data is not None
        data = info.data
        if params is None:
            low, high = (float(data.min()), float(data.max())) if data.size else (0.0, 0.0)
            params = params_of(low, high, self.plan.dtype)
        return self._add(replace(self._labelled(info, params), data=params.codes(data)))

    def _layer(self, number: int, op: OperatorInfo, where: Weighted, inputs: list[int]) -> None:
        """Weights with a scale per output channel, and the bias in steps of the sums."""
        x = op.inputs[where.data]
        info = self.old.tensors[op.inputs[where.weights]]
        if info.data is None or not is_float(self.old, x):
            return  # whoever converts the operator will say so
        weights = info.data.astype(np.float64)
        axis = where.outputs
        outputs = weights.shape[axis]
        other = tuple(a for a in range(weights.ndim) if a != axis)
        index = op.inputs[where.bias] if where.bias < len(op.inputs) else -1
        given = self.old.tensors[index].data if index >= 0 else None
        bias = np.zeros(outputs) if given is None else given.astype(np.float64).reshape(-1)
        x_scale = self.plan.params[x].scale
        step = np.abs(weights).max(axis=other) / 127
        step = np.where(step > 1e-30, step, np.median(step) if step.any() else 1.0)
        # The bias needs room in the sums, if need be at the cost of the weights' resolution.
        room = 2.0 ** BIAS_BITS[self.plan.dtype]
        step = np.maximum(step, np.abs(bias) / (x_scale * room)).astype(np.float32)
        shape = [outputs if a == axis else 1 for a in range(weights.ndim)]
        wide = step.astype(np.float64).reshape(shape)
        codes = np.clip(np.rint(weights / wide), -127, 127)
        if self.seen is not None:
            bias = bias + self._lost(number, where, weights - codes * wide, self.seen[x])
        limit = room * 1.5
        integer_bias = np.clip(np.rint(bias / (x_scale * step.astype(np.float64))), -limit, limit)
        scales = tuple(map(float, step))
        inputs[where.weights] = self._add(
            replace(
                info,
                type="INT8",
                scale=scales,
                zero_point=(0,) * outputs,
                axis=axis,
                data=codes.astype(np.int8),
            )
        )
        kind = "int32" if self.plan.dtype == "int8" else "int64"
        label = replace(
            info,
            name=self.old.tensors[index].name if index >= 0 else f"{info.name}_bias",
            type=kind.upper(),
            shape=(outputs,),
            signature=(),
            scale=tuple(float(np.float32(x_scale) * s) for s in step),
            zero_point=(0,) * outputs,
            axis=0,
            data=integer_bias.astype(kind),
        )
        inputs += [-1] * (where.bias + 1 - len(inputs))
        inputs[where.bias] = self._add(label)

    def _lost(self, number: int, where: Weighted, error: np.ndarray, seen: Seen) -> np.ndarray:
        """What rounding the weights takes off each output channel on average.

        The layer is linear in its input, so its mean is the layer of the mean input.
        """
        op = self.old.operators[number]
        tensors = list(self.old.tensors)
        weights = op.inputs[where.weights]
        tensors[weights] = replace(tensors[weights], data=error.astype(np.float32))
        inputs = tuple(-1 if place == where.bias else i for place, i in enumerate(op.inputs))
        options = with_options(op.options, {"FusedActivationFunction": 0})
        x = op.inputs[where.data]
        alone = Subgraph(
            tuple(tensors), (x,), op.outputs, (replace(op, inputs=inputs, options=options),)
        )
        run = self.engine.runner(alone, op.outputs)
        (lost,) = run([seen.mean[None].astype(np.float32)]).values()
        return np.asarray(lost.reshape(-1, lost.shape[-1]).mean(axis=0, dtype=np.float64))


def alone(network: Subgraph, number: int) -> Subgraph:
    """One operator as a network of its own; its inputs are what it reads that is computed."""
    op = network.operators[number]
    inputs = dict.fromkeys(i for i in op.inputs if is_activation(network, i))
    return replace(network, inputs=tuple(inputs), outputs=op.outputs, operators=(op,))
