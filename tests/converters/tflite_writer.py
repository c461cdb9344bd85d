"""A network of operators as the bytes of a .tflite file, to ask others about it."""

from __future__ import annotations

import numpy as np

from edgeinfer.operators import Subgraph
from tests.converters.tflite_builder import NetworkBuilder

_WINDOW = ("Padding", "StrideH", "StrideW", "FusedActivationFunction")
OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "CONV_2D": ("Conv2DOptions", (*_WINDOW, "DilationHFactor", "DilationWFactor")),
    "DEPTHWISE_CONV_2D": (
        "DepthwiseConv2DOptions",
        (*_WINDOW, "DilationHFactor", "DilationWFactor", "DepthMultiplier"),
    ),
    "FULLY_CONNECTED": ("FullyConnectedOptions", ("FusedActivationFunction", "KeepNumDims")),
    "AVERAGE_POOL_2D": ("Pool2DOptions", (*_WINDOW, "FilterHeight", "FilterWidth")),
    "MAX_POOL_2D": ("Pool2DOptions", (*_WINDOW, "FilterHeight", "FilterWidth")),
    "ADD": ("AddOptions", ("FusedActivationFunction",)),
    "SUB": ("SubOptions", ("FusedActivationFunction",)),
    "MUL": ("MulOptions", ("FusedActivationFunction",)),
    "SOFTMAX": ("SoftmaxOptions", ("Beta",)),
    "CONCATENATION": ("ConcatenationOptions", ("Axis", "FusedActivationFunction")),
    "MEAN": ("ReducerOptions", ("KeepDims",)),
    "LEAKY_RELU": ("LeakyReluOptions", ("Alpha",)),
    "TRANSPOSE_CONV": ("TransposeConvOptions", ("Padding", "StrideH", "StrideW")),
    "RESHAPE": ("ReshapeOptions", ()),
    "PAD": ("PadOptions", ()),
    "QUANTIZE": ("QuantizeOptions", ()),
    "DEQUANTIZE": ("DequantizeOptions", ()),
}
NAMES = {"FLOAT32": "float32", "BOOL": "bool"}


def write(network: Subgraph) -> bytes:
    """The file of a network whose operators all are in `OPTIONS`, or have none."""
    builder = NetworkBuilder()
    used: dict[int, int] = {}

    def place(i: int) -> int:
        if i < 0:
            return -1
        if i not in used:
            info = network.tensors[i]
            used[i] = builder.tensor(
                NAMES.get(info.type, info.type.lower()),
                info.shape,
                np.array(info.scale, np.float32) if info.scale else None,
                info.zero_point[0] if info.zero_point else 0,
                data=info.data,
                axis=info.axis,
            )
        return used[i]

    for op in network.operators:
        table, fields = OPTIONS.get(op.name, ("", ()))
        builder.operator(
            op.name,
            [place(i) for i in op.inputs],
            [place(i) for i in op.outputs],
            table,
            **{field: op.options(field) for field in fields},
        )
    return builder.build([place(i) for i in network.inputs], [place(i) for i in network.outputs])
