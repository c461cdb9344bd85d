"""Variables and control flow: the state of streaming networks, and choices between subgraphs.

The graph stays pure. A variable that is read before it is written becomes an input and an output
of the graph; `Model.stream` feeds the one into the other.
"""

from __future__ import annotations

import numpy as np

from edgeinfer.converters.tflite._network import (
    Call,
    Network,
    Value,
    graph_dtype,
    operator,
    row_shape,
)
from edgeinfer.graph import QParams, TensorType
from edgeinfer.operators import TensorInfo
from edgeinfer.ops import Choose


@operator("VAR_HANDLE", version=1)
def var_handle(call: Call) -> None:
    texts = [call.op.options(name, None) or b"" for name in ("Container", "SharedName")]
    key = "/".join(text.decode("utf-8", "replace") for text in texts)
    call.put_value(0, Value("resource", (), handle=key))


def key_of(call: Call) -> str:
    """The variable that input 0 is the handle of."""
    handle = call.input(0).handle
    if handle is None:
        raise call.op.damaged("its first input is no handle of a variable")
    return handle


@operator("READ_VARIABLE", version=1)
def read_variable(call: Call) -> None:
    key = key_of(call)
    network = call.network
    info = call.output()
    if key not in network.variables:
        if key not in network.initial:
            raise call.op.unsupported(f"the variable {key!r} is read, but never given a value")
        carried(network, key, info, network.initial[key])
    value = network.variables[key]
    if value.dtype != call.output_dtype():
        raise call.op.damaged(f"reads {value.dtype} as {info.type}")
    call.put_value(0, value)


def carried(network: Network, key: str, info: TensorInfo, start: np.ndarray) -> Value:
    """A variable that is read before it is written: an input of the network, at first `start`."""
    name = state_name(network, key)
    qparams = QParams(info.scale, info.zero_point) if len(info.scale) == 1 else None
    kind = TensorType(graph_dtype(start.dtype.name), row_shape(start.shape), qparams)
    network.builder.inputs[name] = network.builder.types[name] = kind
    network.state_inputs[key] = name
    network.initial[key] = start
    value = Value(start.dtype.name, start.shape, info.scale, info.zero_point, tensor=name)
    network.variables[key] = value
    return value


def state_name(network: Network, key: str) -> str:
    """A name for the input that carries a variable."""
    name = f"state:{key.strip('/')}"
    while name in network.builder.types:
        name += "'"
    return name


@operator("ASSIGN_VARIABLE", version=1)
def assign_variable(call: Call) -> None:
    key, value = key_of(call), call.input(1)
    network = call.network
    if network.initializing:
        if value.data is None:
            raise call.op.unsupported("a variable starts with something computed")
        network.initial[key] = np.ascontiguousarray(value.data)
        return
    start = network.initial.get(key)
    if start is not None and (value.shape, value.dtype) != (start.shape, start.dtype.name):
        raise call.op.unsupported(f"the variable {key!r} changes its shape or its type")
    network.variables[key] = value


@operator("CALL_ONCE", version=1)
def call_once(call: Call) -> None:
    network = call.network
    if network.initializing or network.variables:
        raise call.op.unsupported("an initialization in the middle of a network")
    network.initializing = True
    network.run(call.op.options("InitSubgraphIndex"), [])
    network.initializing = False


@operator("IF", version=1)
def choose(call: Call) -> None:
    """Both branches are computed, and each row takes the values of its own."""
    condition = call.input(0, "bool")
    if condition.size != 1:
        raise call.op.damaged("its condition has more than one value")
    inputs = [call.input(i) for i in range(1, call.arity)]
    before = dict(call.network.variables)
    numbers = [call.op.options("ThenSubgraphIndex"), call.op.options("ElseSubgraphIndex")]
    if condition.data is not None:
        taken = call.network.run(numbers[0 if condition.data.reshape(-1)[0] else 1], inputs)
        for number, value in enumerate(taken[: len(call.op.outputs)]):
            call.put_value(number, value)
        return
    branches = [call.network.run(number, inputs) for number in numbers]
    if call.network.variables != before:
        raise call.op.unsupported("a branch that changes a variable")
    if not all(len(b) == len(call.op.outputs) for b in branches):
        raise call.op.damaged("its branches have another number of outputs")
    truth = call.shaped(condition, ())
    for number, (yes, no) in enumerate(zip(*branches, strict=True)):
        if (yes.shape, yes.dtype, yes.scale, yes.zero_point) != (
            no.shape,
            no.dtype,
            no.scale,
            no.zero_point,
        ):
            raise call.op.unsupported("its branches give different types or shapes")
        shape = row_shape(yes.shape)
        tensors = [call.network.shaped(v, shape) for v in (yes, no)]
        call.put(number, call.emit(Choose(), truth, *tensors), yes.shape)
