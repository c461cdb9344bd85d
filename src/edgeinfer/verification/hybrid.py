"""Networks of floats with int8 weights (dynamic range quantization), as others run them.

LiteRT rounds the activations of every call to int8 there, each of its kernels in its own way;
edgeinfer makes floats of the weights instead. The same file with its weights as floats is what both
have to answer alike.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

_READERS = ("DEQUANTIZE", "CAST")
"""What takes int8 constants as such: their readers do not make a network hybrid."""


def with_float_weights(data: bytes, schema: ModuleType) -> bytes | None:
    """The file with the weights of its hybrid operators as floats; None if it has none of them.

    `schema` is LiteRT's module of the format's classes. A weight is ``scale * (code - zero_point)``
    in float32, as the format's specification of quantization says.
    """
    import flatbuffers

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    changed = False
    for network in model.subgraphs:
        for index in _hybrid_weights(network, model, schema):
            tensor = network.tensors[index]
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(_as_floats(tensor, model).tobytes(), np.uint8)
            tensor.buffer = len(model.buffers)
            tensor.type = schema.TensorType.FLOAT32
            tensor.quantization = None
            model.buffers.append(buffer)
            changed = True
    if not changed:
        return None
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _hybrid_weights(network: Any, model: Any, schema: ModuleType) -> set[int]:
    """Constants of int8 with a scale that operators on floats read."""
    names = {value: name for name, value in vars(schema.BuiltinOperator).items()}
    tensors = network.tensors
    found: set[int] = set()
    for op in network.operators or ():
        code = model.operatorCodes[op.opcodeIndex]
        kind = names.get(max(code.builtinCode, code.deprecatedBuiltinCode))
        if kind in _READERS:
            continue
        types = {tensors[i].type for i in op.outputs}
        if types != {schema.TensorType.FLOAT32}:
            continue
        for i in op.inputs:
            if i >= 0 and _is_weight(model, tensors[i], schema):
                found.add(int(i))
    return found


def _is_weight(model: Any, tensor: Any, schema: ModuleType) -> bool:
    if tensor.type != schema.TensorType.INT8 or tensor.quantization is None:
        return False
    stored, scale = model.buffers[tensor.buffer].data, tensor.quantization.scale
    return stored is not None and len(stored) > 0 and scale is not None and len(scale) > 0


def _as_floats(tensor: Any, model: Any) -> np.ndarray:
    """The values of a stored tensor, float32 in its shape."""
    how = tensor.quantization
    scale = np.asarray(how.scale, np.float32)
    zero = np.asarray([0] if how.zeroPoint is None else how.zeroPoint, np.float32)
    axis = [1] * len(tensor.shape)
    axis[how.quantizedDimension] = -1
    scale, zero = (v.reshape(axis) if len(v) > 1 else v for v in (scale, zero))
    stored = bytes(model.buffers[tensor.buffer].data)
    codes = np.frombuffer(stored, np.int8).reshape(tensor.shape)
    return np.asarray((codes.astype(np.float32) - zero) * scale, np.float32)
