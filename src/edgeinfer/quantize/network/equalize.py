"""Cross-layer equalization: the channels of a tensor between two layers made alike.

A ReLU, or nothing, between two layers lets a channel be divided by any positive factor in the
first one's weights and multiplied in the second one's: the network computes the same. A tensor
has one scale for all its channels, so a channel of small values is worth making larger. Weights
have a scale per output channel and pay for it only in the second layer, where that mixes channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgeinfer.operators import Subgraph
from edgeinfer.quantize.network.observe import Seen
from edgeinfer.quantize.network.prepare import WEIGHTED, is_activation, is_float, readers

MOST = 100.0
"""The largest factor between two channels: rounding in floats stays what it was."""

PASSES_SCALES = (0, 1)
"""Fused activations that a positive factor passes through: none, ReLU."""


def _pairs(network: Subgraph) -> list[tuple[int, int]]:
    """Operators of which the second alone reads the first, both with weights."""
    who = readers(network)
    found = []
    for first, op in enumerate(network.operators):
        if op.name not in WEIGHTED or op.options("FusedActivationFunction") not in PASSES_SCALES:
            continue
        (output,) = op.outputs
        after = who.get(output, [])
        if len(after) != 1 or output in network.outputs or not is_float(network, output):
            continue
        second = network.operators[after[0]]
        where = WEIGHTED.get(second.name)
        if where is None or second.inputs[where.data] != output:
            continue
        constant = all(
            o.inputs[WEIGHTED[o.name].weights] >= 0
            and not is_activation(network, o.inputs[WEIGHTED[o.name].weights])
            for o in (op, second)
        )
        if constant and _channels_match(network, first, after[0]):
            found.append((first, after[0]))
    return found


def _channels_match(network: Subgraph, first: int, second: int) -> bool:
    """Whether the input channels of the second's weights are the tensor's last axis."""
    op = network.operators[second]
    where = WEIGHTED[op.name]
    channels = network.tensors[network.operators[first].outputs[0]].shape[-1]
    shape = network.tensors[op.inputs[where.weights]].shape
    if where.inputs is None:
        return shape[where.outputs] % channels == 0
    return shape[where.inputs] == channels


def equalized(network: Subgraph, seen: Mapping[int, Seen]) -> Subgraph | None:
    """The same network with alike channels; None where no two layers allow it."""
    pairs = _pairs(network)
    if not pairs:
        return None
    tensors = list(network.tensors)
    operators = list(network.operators)

    def change(number: int, place: int, data: np.ndarray) -> None:
        """Give the operator a constant of its own; others may share the old one."""
        op = operators[number]
        tensors.append(replace(tensors[op.inputs[place]], data=data.astype(np.float32)))
        inputs = list(op.inputs)
        inputs[place] = len(tensors) - 1
        operators[number] = replace(op, inputs=tuple(inputs))

    for first, second in pairs:
        a, b = operators[first], operators[second]
        of_a, of_b = WEIGHTED[a.name], WEIGHTED[b.name]
        high = seen[a.outputs[0]].channel_high
        second_weights = tensors[b.inputs[of_b.weights]].data
        first_weights = tensors[a.inputs[of_a.weights]].data
        assert first_weights is not None
        assert second_weights is not None
        if of_b.inputs is None:
            factor = high / max(float(high.max()), 1e-30)
        else:
            rest = tuple(k for k in range(second_weights.ndim) if k != of_b.inputs)
            reach = np.abs(second_weights).max(axis=rest)
            factor = np.sqrt(high / np.where(reach > 0, reach, np.inf))
        alive = factor > 0
        if not alive.any():
            continue
        factor = np.where(alive, factor / factor.max(), 1.0)
        factor = np.clip(factor, 1 / MOST, 1.0)

        def along(values: np.ndarray, axis: int, ndim: int) -> np.ndarray:
            return values.reshape([-1 if k == axis else 1 for k in range(ndim)])

        change(first, of_a.weights, first_weights / along(factor, of_a.outputs, first_weights.ndim))
        if of_a.bias < len(a.inputs) and a.inputs[of_a.bias] >= 0:
            bias = tensors[a.inputs[of_a.bias]].data
            assert bias is not None
            change(first, of_a.bias, bias.reshape(-1) / factor)
        axis = of_b.outputs if of_b.inputs is None else of_b.inputs
        spread = np.repeat(factor, second_weights.shape[axis] // factor.size)
        change(second, of_b.weights, second_weights * along(spread, axis, second_weights.ndim))
    return replace(network, tensors=tuple(tensors), operators=tuple(operators))
