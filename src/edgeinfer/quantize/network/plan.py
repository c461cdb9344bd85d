"""Which operators become integers, and the scale and zero point of each tensor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from edgeinfer.operators import Subgraph
from edgeinfer.quantize.layers import chosen_layers
from edgeinfer.quantize.network.prepare import (
    is_activation,
    is_float,
    name_of,
    readers,
    writers,
)

HEADROOM = {"int8": 1.0, "int16": 2.0}
"""How much wider than seen a range is made: int16 has a bit to spare for values never seen."""

FIXED: dict[tuple[str, str], tuple[float, int]] = {
    ("SOFTMAX", "int8"): (1 / 256, -128),
    ("SOFTMAX", "int16"): (1 / 32768, 0),
    ("LOGISTIC", "int8"): (1 / 256, -128),
    ("LOGISTIC", "int16"): (1 / 32768, 0),
    ("TANH", "int8"): (1 / 128, 0),
    ("TANH", "int16"): (1 / 32768, 0),
    ("LOG_SOFTMAX", "int8"): (16 / 256, 127),
    ("L2_NORMALIZATION", "int8"): (1 / 128, 0),
}
"""Outputs whose scale and zero point the specification demands."""

TIED = {
    "AVERAGE_POOL_2D": 0,
    "MAX_POOL_2D": 0,
    "RESHAPE": 0,
    "SQUEEZE": 0,
    "EXPAND_DIMS": 0,
    "TRANSPOSE": 0,
    "PAD": 0,
    "PADV2": 0,
    "MIRROR_PAD": 0,
    "SPLIT": 1,
    "SPLIT_V": 0,
    "UNPACK": 0,
    "SLICE": 0,
    "STRIDED_SLICE": 0,
    "GATHER": 0,
    "GATHER_ND": 0,
    "TILE": 0,
    "BROADCAST_TO": 0,
    "REVERSE_V2": 0,
    "RESIZE_BILINEAR": 0,
    "RESIZE_NEAREST_NEIGHBOR": 0,
    "SPACE_TO_DEPTH": 0,
    "DEPTH_TO_SPACE": 0,
    "SPACE_TO_BATCH_ND": 0,
    "BATCH_TO_SPACE_ND": 0,
    "REDUCE_MAX": 0,
    "REDUCE_MIN": 0,
}
"""Operators whose outputs have the scale of an input (its number)."""

TIED_ALL = {"CONCATENATION", "PACK", "MAXIMUM", "MINIMUM"}
"""Operators whose inputs and output all have one scale."""

FLOAT_ONLY = {"QUANTIZE", "DEQUANTIZE", "CAST"}

SCORES = {"SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "ARG_MAX"}
"""What reads scores: clamping the largest of them could change which it is."""


@dataclass(frozen=True)
class Params:
    """``real = scale * (integer - zero)``."""

    dtype: str
    scale: float
    zero: int

    def codes(self, values: np.ndarray) -> np.ndarray:
        """Floats as integers, rounded to nearest and clamped."""
        info = np.iinfo(self.dtype)
        codes = np.rint(values.astype(np.float64) / self.scale) + self.zero
        return np.asarray(np.clip(codes, info.min, info.max).astype(self.dtype))

    def values(self, codes: np.ndarray) -> np.ndarray:
        """Integers as floats."""
        return (codes.astype(np.float64) - self.zero) * self.scale


def params_of(low: float, high: float, dtype: str, headroom: float = 1.0) -> Params:
    """Integers for a range, in which zero is always exact."""
    low, high = min(low, 0.0) * headroom, max(high, 0.0) * headroom
    if dtype == "int16":
        far = max(-low, high)
        return Params(dtype, float(np.float32(far / 32767 if far > 1e-30 else 1.0)), 0)
    if high - low < 1e-30:
        return Params(dtype, 1.0, 0)
    scale = float(np.float32((high - low) / 255))
    return Params(dtype, scale, int(np.clip(np.rint(-128 - low / scale), -128, 127)))


@dataclass
class Plan:
    """What becomes of a network's operators and tensors.

    `params` has every float tensor, whether it becomes integers or not; `converted` the inputs
    that an operator reads with other parameters than the tensor has.
    """

    dtype: str
    integer: set[int]
    reasons: dict[int, str]
    params: dict[int, Params] = field(default_factory=dict)
    converted: dict[tuple[int, int], Params] = field(default_factory=dict)


def kept(network: Subgraph, keep_float: Iterable[str | int]) -> dict[int, str]:
    """The operators that the user wants in floats, by name or number.

    Raises InvalidParameterError for what is not there.
    """
    layers = [(op.name, name_of(network, n)) for n, op in enumerate(network.operators)]
    return dict.fromkeys(chosen_layers(layers, keep_float), "kept by keep_float")


def choose_operators(network: Subgraph, dtype: str, floats: Mapping[int, str]) -> Plan:
    """Every operator on floats becomes integers but those in `floats` (with the reason)."""
    integer: set[int] = set()
    reasons = dict(floats)
    for number, op in enumerate(network.operators):
        takes = [i for i in op.inputs if is_float(network, i)]
        if not takes or number in reasons:
            continue
        if op.name in FLOAT_ONLY:
            reasons[number] = "converts between types"
        elif any(network.tensors[i].type not in ("FLOAT32", "INT32", "INT64") for i in op.outputs):
            reasons[number] = "gives no floats"
        else:
            integer.add(number)
    plan = Plan(dtype, integer, reasons)
    _no_islands(network, plan)
    return plan


def _no_islands(network: Subgraph, plan: Plan) -> None:
    """What only moves values stays in floats between floats: converting would only cost."""
    made, who = writers(network), readers(network)
    changed = True
    while changed:
        changed = False
        for number in sorted(plan.integer):
            op = network.operators[number]
            if op.name not in TIED:
                continue
            source = made.get(op.inputs[TIED[op.name]])
            after = [n for i in op.outputs for n in who.get(i, [])]
            if source is None or source in plan.integer or plan.integer.intersection(after):
                continue
            plan.integer.discard(number)
            plan.reasons[number] = "between layers in floats"
            changed = True


def assign(network: Subgraph, plan: Plan, ranges: Mapping[int, tuple[float, float]]) -> None:
    """Scale and zero point of every float tensor; what has to be equal is.

    `ranges` are those of all float tensors; `plan` is completed.
    """
    parent: dict[int, int] = {i: i for i in ranges}

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    dtype = plan.dtype
    fixed: dict[int, Params] = {}
    spans: dict[int, list[tuple[float, float]]] = {i: [span] for i, span in ranges.items()}

    def join(a: int, b: int) -> None:
        a, b = root(a), root(b)
        if a != b:
            parent[b] = a
            spans[a] += spans.pop(b)
            if b in fixed:
                fixed[a] = fixed.pop(b)

    def constants(number: int, output: int) -> None:
        """Float constants that are joined with the values; a bound beyond them only saturates."""
        if network.operators[number].name in ("MAXIMUM", "MINIMUM"):
            return
        for i in network.operators[number].inputs:
            if i >= 0 and not is_activation(network, i) and network.tensors[i].type == "FLOAT32":
                data = network.tensors[i].data
                assert data is not None
                if data.size:
                    spans[root(output)].append((float(data.min()), float(data.max())))

    order = sorted(plan.integer)
    for number in order:
        op = network.operators[number]
        if (op.name, dtype) in FIXED:
            fixed[root(op.outputs[0])] = Params(dtype, *FIXED[op.name, dtype])
    for number in order:
        op = network.operators[number]
        if op.name in TIED and is_float(network, op.inputs[TIED[op.name]]):
            for output in op.outputs:
                join(op.inputs[TIED[op.name]], output)
            constants(number, op.outputs[0])
    mixed: list[int] = []
    for number in order:
        op = network.operators[number]
        if op.name not in TIED_ALL:
            continue
        takes = [i for i in op.inputs if is_float(network, i)]
        labels = {fixed.get(root(i)) for i in takes}
        (output,) = op.outputs
        constants(number, output)
        if len(labels) == 1:
            for i in takes:
                join(i, output)
            continue
        mixed.append(number)
        for i in takes:
            if root(i) in fixed:
                spans[root(output)].append(ranges[i])
            else:
                join(output, i)
    for i in ranges:
        r = root(i)
        if r in fixed:
            plan.params[i] = fixed[r]
            continue
        low, high = min(s[0] for s in spans[r]), max(s[1] for s in spans[r])
        plan.params[i] = params_of(low, high, dtype, HEADROOM[dtype])
    for number in mixed:
        op = network.operators[number]
        target = plan.params[op.outputs[0]]
        for i in op.inputs:
            if is_float(network, i) and plan.params[i] != target:
                plan.converted[number, i] = target


def scores(network: Subgraph) -> set[int]:
    """Tensors in which the largest value decides: outputs, and what a softmax reads."""
    found = set(network.outputs)
    found.update(i for op in network.operators if op.name in SCORES for i in op.inputs if i >= 0)
    return found
