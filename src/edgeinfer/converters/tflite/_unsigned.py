"""Networks of uint8, as TensorFlow 1 quantized them: the same networks in int8.

A code less 128 with its zero point less 128 is the same real value, and every operator listed here
depends on codes by their distance from the zero point alone. So the file is rewritten before it is
converted; only the network's own inputs and outputs stay uint8.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeinfer.graph import GraphBuilder
from edgeinfer.operators import Subgraph, TensorInfo
from edgeinfer.ops import sign_flip

_BY_DISTANCE = frozenset(
    {
        *("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "ARG_MAX", "ARG_MIN", "PRELU", "LEAKY_RELU"),
        *("AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"),
        *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"),
        *("RELU", "RELU6", "RELU_N1_TO_1", "LOGISTIC", "TANH", "SOFTMAX", "HARD_SWISH"),
        *("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "PAD", "PADV2", "MIRROR_PAD"),
        *("CONCATENATION", "SPLIT", "SPLIT_V", "PACK", "UNPACK", "SLICE", "STRIDED_SLICE"),
        *("GATHER", "TILE", "BROADCAST_TO", "REVERSE_V2", "L2_NORMALIZATION"),
        *("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE"),
        *("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "QUANTIZE", "DEQUANTIZE", "SHAPE"),
    }
)
_AT_THE_EDGES = frozenset({"QUANTIZE", "DEQUANTIZE", "ARG_MAX", "ARG_MIN"})


def computes_in_uint8(graph: Subgraph) -> bool:
    """Whether the network has operators over quantized uint8 that `as_signed` can rewrite."""
    found = {
        op.name
        for op in graph.operators
        for i in (*op.inputs, *op.outputs)
        if i >= 0 and is_unsigned(graph.tensors[i])
    }
    return bool(found - _AT_THE_EDGES) and found <= _BY_DISTANCE


def as_signed(graph: Subgraph) -> Subgraph:
    """The subgraph with int8 for every quantized uint8."""
    return replace(graph, tensors=tuple(map(_signed, graph.tensors)))


def is_unsigned(tensor: TensorInfo) -> bool:
    """Whether it is uint8 with one scale."""
    return tensor.type == "UINT8" and len(tensor.scale) == 1


def _signed(tensor: TensorInfo) -> TensorInfo:
    if not is_unsigned(tensor):
        return tensor
    data = None if tensor.data is None else (tensor.data ^ np.uint8(128)).view(np.int8)
    zeros = tuple(z - 128 for z in tensor.zero_point)
    return replace(tensor, type="INT8", zero_point=zeros, data=data)


def flipped(builder: GraphBuilder, tensor: str) -> str:
    """uint8 as int8 and back, 128 taken off or added: the same real values."""
    return builder.emit(sign_flip(builder.types[tensor].dtype), tensor)


def requantized(x: tuple[float, int], y: tuple[float, int]) -> np.ndarray:
    """int8 of one scale and zero point as another's, by the bits of the input.

    In float32, as LiteRT joins tensors of uint8.
    """
    one = np.float32
    codes = np.arange(256, dtype=np.uint8) ^ np.uint8(128)
    scale = one(x[0]) * (one(1) / one(y[0]))
    values = codes.view(np.uint8).astype(one) * scale + one(-(x[1] + 128)) * scale
    rounded = np.trunc(values + np.copysign(one(0.5), values)).astype(np.int64) + y[1]
    return np.asarray(np.clip(rounded, -128, 127).astype(np.int8))
