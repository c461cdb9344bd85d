"""A float network in its simplest form, and what there is to know of its operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeinfer.errors import UnsupportedError
from edgeinfer.operators import OperatorInfo, Subgraph, TensorInfo


@dataclass(frozen=True)
class Weighted:
    """Where an operator with weights has its inputs, and the axes of its weights."""

    data: int
    weights: int
    bias: int
    outputs: int  # axis of the output channels
    inputs: int | None  # axis of the input channels; None: each channel on its own


WEIGHTED = {
    "CONV_2D": Weighted(0, 1, 2, 0, 3),
    "DEPTHWISE_CONV_2D": Weighted(0, 1, 2, 3, None),
    "FULLY_CONNECTED": Weighted(0, 1, 2, 0, 1),
    "TRANSPOSE_CONV": Weighted(2, 1, 3, 0, 3),
}

STATEFUL = {"CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"}
CONTROL = {"IF", "WHILE", "CALL"}

RELUS = {"RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3}
"""The operator as a fused activation's number."""

FUSES = {*WEIGHTED, "ADD", "SUB", "MUL"} - {"TRANSPOSE_CONV"}


def with_options(
    options: Callable[..., Any], changes: dict[str, Any] | None = None
) -> Callable[..., Any]:
    """Options with some fields changed."""
    new = changes or {}
    return lambda field, *default, **missing: (
        new[field] if field in new else options(field, *default, **missing)
    )


def no_options(field: str, default: Any = 0, missing: Any = None) -> Any:
    """Options of an operator that has none."""
    return default


def simplest(file: tuple[Subgraph, ...]) -> Subgraph:
    """The one float network in the file: float constants as float32, ReLUs fused.

    Raises UnsupportedError for networks with state or branches, and for those already quantized.
    """
    main = file[0]
    for op in main.operators:
        if op.name in STATEFUL:
            raise op.unsupported(
                "a network with state cannot be quantized here; quantize it where it was trained"
            )
        if op.name in CONTROL:
            raise op.unsupported("a network with branches cannot be quantized")
    types = {main.tensors[i].type for op in main.operators for i in op.outputs}
    if types & {"INT8", "INT16", "UINT8"} and "QUANTIZE" in {op.name for op in main.operators}:
        raise UnsupportedError("this network has quantized parts already; start from the float one")
    if not types & {"FLOAT32"}:
        raise UnsupportedError("this network is not a float network: there is nothing to quantize")
    return _fused(_float_constants(main))


def readers(network: Subgraph) -> dict[int, list[int]]:
    """Tensor -> the operators that read it."""
    result: dict[int, list[int]] = {}
    for number, op in enumerate(network.operators):
        for i in dict.fromkeys(op.inputs):
            result.setdefault(i, []).append(number)
    return result


def writers(network: Subgraph) -> dict[int, int]:
    """Tensor -> the operator that writes it."""
    return {i: number for number, op in enumerate(network.operators) for i in op.outputs}


def is_activation(network: Subgraph, index: int) -> bool:
    """Whether the tensor is computed, or an input."""
    return index >= 0 and network.tensors[index].data is None


def is_float(network: Subgraph, index: int) -> bool:
    """Whether it is a computed tensor of floats."""
    return is_activation(network, index) and network.tensors[index].type == "FLOAT32"


def name_of(network: Subgraph, number: int) -> str:
    """What a user calls the operator: its first output's name."""
    op = network.operators[number]
    return network.tensors[op.outputs[0]].name or f"{op.name.lower()}_{number}"


def _as_float(info: TensorInfo) -> TensorInfo:
    """A constant of float16, or of int8 with a scale, as float32."""
    assert info.data is not None
    values = info.data.astype(np.float32)
    if info.scale:
        shape = [1] * values.ndim
        if len(info.scale) > 1:
            shape[info.axis] = -1
        zero = np.array(info.zero_point, np.float32).reshape(shape if values.ndim else ())
        values = (values - zero) * np.array(info.scale, np.float32).reshape(zero.shape)
    return replace(info, type="FLOAT32", scale=(), zero_point=(), axis=0, data=values)


def _float_constants(network: Subgraph) -> Subgraph:
    """Stored float16 and int8 constants become what they stand for."""
    tensors = list(network.tensors)
    operators = []
    for op in network.operators:
        info = tensors[op.inputs[0]] if op.inputs and op.inputs[0] >= 0 else None
        if op.name == "DEQUANTIZE" and info is not None and info.data is not None:
            value = _as_float(info)
            output = op.outputs[0]
            tensors[output] = replace(tensors[output], type="FLOAT32", data=value.data)
            continue
        if op.name == "DENSIFY" and info is not None and info.data is not None:
            tensors[op.outputs[0]] = replace(tensors[op.outputs[0]], data=info.data)
            continue
        operators.append(op)
        where = WEIGHTED.get(op.name)
        if where is None or where.weights >= len(op.inputs):
            continue
        index = op.inputs[where.weights]
        weights = tensors[index]
        hybrid = weights.type == "INT8" and weights.data is not None and bool(weights.scale)
        if hybrid and tensors[op.outputs[0]].type == "FLOAT32":
            tensors[index] = _as_float(weights)
    return replace(network, tensors=tuple(tensors), operators=tuple(operators))


def _fused(network: Subgraph) -> Subgraph:
    """ReLUs that alone read a layer without an activation become its activation."""
    who = readers(network)
    operators: list[OperatorInfo | None] = list(network.operators)
    for number, op in enumerate(network.operators):
        if op.name not in FUSES or op.options("FusedActivationFunction"):
            continue
        (output,) = op.outputs
        after = who.get(output, [])
        if len(after) != 1 or output in network.outputs:
            continue
        relu = network.operators[after[0]]
        if relu.name not in RELUS:
            continue
        options = with_options(op.options, {"FusedActivationFunction": RELUS[relu.name]})
        operators[number] = replace(op, outputs=relu.outputs, options=options)
        operators[after[0]] = None
    return replace(network, operators=tuple(op for op in operators if op is not None))
