"""Walking a .tflite network: what its tensors are by now, what an operator's converter is given.

A converter is one function, registered for operator names::

    @operator("RESHAPE")
    def reshape(call):
        x = call.input(0)
        call.put(0, call.tensor(x), new_shape)

Shapes here are the file's, with its batch dimension; in the graph a row is one run of the network,
so a leading dimension of one is dropped, and any number of rows runs with the same answers.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from edgeinfer.converters.tflite._file import DTYPES
from edgeinfer.converters.tflite._unsigned import (
    as_signed,
    computes_in_uint8,
    flipped,
    is_unsigned,
)
from edgeinfer.errors import EdgeInferError, FormatError, GraphError, UnsupportedError
from edgeinfer.graph import Graph, GraphBuilder, Info, Method, QParams, TensorType
from edgeinfer.operators import OperatorInfo, Subgraph, TensorInfo
from edgeinfer.ops import Constant, Op, Reshape

Converter = Callable[["Call"], None]
_OPERATORS: dict[str, tuple[Converter, int]] = {}

FOLDS: list[Callable[[Call], bool]] = []
"""Asked first whether they can do an operator without its converter."""

MAX_DEPTH = 8
"""Subgraphs may call one another this deep."""
MAX_CONSTANT_BYTES = 1 << 28
"""Constants computed while converting, all together; a hostile file must not fill the memory."""


def operator(*names: str, version: int = 99) -> Callable[[Converter], Converter]:
    """Register the converter of operators, up to the version whose meaning it knows."""

    def register(function: Converter) -> Converter:
        for name in names:
            if name in _OPERATORS:
                raise TypeError(f"two converters for {name}")
            _OPERATORS[name] = (function, version)
        return function

    return register


def supported_operators() -> list[str]:
    """Names of the operators that have a converter."""
    return sorted(_OPERATORS)


@dataclass(frozen=True)
class Value:
    """A tensor of the network: computed (`tensor` names it in the graph), constant, or a handle.

    Of complex numbers `tensor` is the real part, `imaginary` the other.
    """

    dtype: str
    shape: tuple[int, ...]
    scale: tuple[float, ...] = ()
    zero_point: tuple[int, ...] = ()
    axis: int = 0
    tensor: str | None = None
    data: np.ndarray | None = None
    handle: str | None = None
    imaginary: str | None = None

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def quantized(self) -> bool:
        """Whether it has a scale and a zero point for the whole tensor."""
        return len(self.scale) == 1


def row_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A row of the graph's tensor: the shape without a batch dimension of one."""
    return shape[1:] if shape and shape[0] == 1 else shape


def graph_dtype(dtype: str) -> str:
    """How the graph stores it: truth values are bytes."""
    return "uint8" if dtype == "bool" else dtype


class Network:
    """The graph being built, the values of the tensors, and the variables of the network."""

    def __init__(self, file: tuple[Subgraph, ...], builder: GraphBuilder, resized: bool) -> None:
        self.file = file
        self.builder = builder
        self.resized = resized
        self.variables: dict[str, Value] = {}
        self.initial: dict[str, np.ndarray] = {}
        self.state_inputs: dict[str, str] = {}
        self.initializing = False
        self.unsigned = False
        """Whether its int8 is uint8 in the file."""
        self.depth = 0
        self._spent = 0
        self._materialized: dict[int, str] = {}

    def spend(self, count: int) -> None:
        """Account for `count` bytes of constants made while converting."""
        self._spent += count
        if self._spent > MAX_CONSTANT_BYTES:
            raise FormatError("the network's constants take too much memory")

    def run(self, index: int, inputs: list[Value]) -> list[Value]:
        """Convert a subgraph called with `inputs`; the values of its outputs."""
        if not 0 <= index < len(self.file):
            raise FormatError(f"refers to subgraph {index}, which is not there")
        graph = self.file[index]
        if len(inputs) != len(graph.inputs):
            raise FormatError(f"subgraph {index} takes {len(graph.inputs)} tensors")
        if self.depth >= MAX_DEPTH:
            raise FormatError("subgraphs call one another without end")
        self.depth += 1
        values: dict[int, Value] = dict(zip(graph.inputs, inputs, strict=True))
        for op in graph.operators:
            entry = _OPERATORS.get(op.name)
            if entry is None:
                raise _unknown(op)
            function, version = entry
            if op.version > version:
                raise op.unsupported(f"version {version} is the latest that edgeinfer knows")
            call = Call(self, graph, op, values)
            try:
                if not any(fold(call) for fold in FOLDS):
                    function(call)
            except GraphError as err:
                raise op.unsupported(str(err)) from err
            except EdgeInferError:
                raise
            except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as err:
                # Numbers that make no sense, where no check of ours was first.
                raise op.damaged(f"{type(err).__name__}: {err}") from err
        self.depth -= 1
        results = []
        for i in graph.outputs:
            value = self.value(graph, i, values)
            if value is None:
                raise FormatError(f"output {graph.tensors[i].name!r} is never computed")
            results.append(value)
        return results

    def value(self, graph: Subgraph, index: int, values: Mapping[int, Value]) -> Value | None:
        """The value of a tensor: computed by now, or a constant of the file."""
        if index in values:
            return values[index]
        info = graph.tensors[index]
        if info.data is None:
            return None
        return Value(
            _dtype(info), info.shape, info.scale, info.zero_point, info.axis, data=info.data
        )

    def tensor(self, value: Value) -> str:
        """The graph's tensor of a value; a constant becomes one."""
        if value.tensor is not None:
            return value.tensor
        if value.data is None:
            raise GraphError("a handle of a variable is used as a tensor")
        name = self._materialized.get(id(value.data))
        if name is None:
            flat = np.ascontiguousarray(value.data).reshape(-1)
            first = next(iter(self.builder.inputs))
            name = self.builder.emit(Constant(row_shape(value.shape), flat), first)
            self._materialized[id(value.data)] = name
            self._keep = [*getattr(self, "_keep", []), value.data]
        return name

    def shaped(self, value: Value, shape: tuple[int, ...]) -> str:
        """The graph's tensor of a value as rows of `shape`."""
        return self.reshape(self.tensor(value), shape)

    def reshape(self, tensor: str, shape: tuple[int, ...]) -> str:
        """The same values in rows of `shape`."""
        if self.builder.types[tensor].shape == shape:
            return tensor
        return self.builder.emit(Reshape(shape), tensor)


class Call:
    """One operator call, for its converter."""

    def __init__(
        self, network: Network, graph: Subgraph, op: OperatorInfo, values: dict[int, Value]
    ) -> None:
        self.network = network
        self.graph = graph
        self.op = op
        self.values = values

    # What it reads -------------------------------------------------------------------------------

    def optional(self, number: int) -> Value | None:
        """Input `number`, None where it is left out."""
        if number >= len(self.op.inputs) or self.op.inputs[number] < 0:
            return None
        index = self.op.inputs[number]
        value = self.network.value(self.graph, index, self.values)
        if value is None:
            name = self.graph.tensors[index].name
            raise self.op.damaged(f"reads {name!r}, which nothing before it writes")
        return value

    def input(self, number: int, *dtypes: str) -> Value:
        """Input `number`, of one of `dtypes` if there are any."""
        value = self.optional(number)
        if value is None:
            raise self.op.damaged(f"input {number} is missing")
        if dtypes and value.dtype not in dtypes:
            raise self.op.unsupported(
                f"input {number} is {value.dtype}; it can be {', '.join(dtypes)}"
            )
        return value

    @property
    def arity(self) -> int:
        """Number of inputs."""
        return len(self.op.inputs)

    def constant(self, number: int, *dtypes: str) -> np.ndarray:
        """Input `number`, which has to be a constant."""
        value = self.input(number, *dtypes)
        if value.data is None:
            raise self.op.unsupported(f"input {number} has to be a constant of the file")
        return value.data

    def integers(self, number: int) -> tuple[int, ...]:
        """A constant input of integers, as a tuple."""
        return tuple(int(v) for v in self.constant(number, "int32", "int64").reshape(-1))

    def output(self, number: int = 0) -> TensorInfo:
        """What the file says of output `number`."""
        if number >= len(self.op.outputs):
            raise self.op.damaged(f"output {number} is missing")
        return self.graph.tensors[self.op.outputs[number]]

    def output_dtype(self, number: int = 0) -> str:
        """Its dtype."""
        return _dtype(self.output(number))

    def quant(self, value: Value | TensorInfo) -> tuple[float, int]:
        """Scale and zero point of a whole tensor."""
        if len(value.scale) != 1:
            raise self.op.unsupported("a tensor needs one scale and one zero point")
        return value.scale[0], value.zero_point[0]

    # What it writes ------------------------------------------------------------------------------

    def emit(self, op: Op, *tensors: str) -> str:
        """Add an op to the graph; the tensor it writes."""
        return self.network.builder.emit(op, *tensors)

    def tensor(self, value: Value) -> str:
        """The graph's tensor of a value."""
        return self.network.tensor(value)

    def shaped(self, value: Value, shape: tuple[int, ...]) -> str:
        """The same in rows of `shape`."""
        return self.network.shaped(value, shape)

    def put(self, number: int, tensor: str, shape: tuple[int, ...]) -> None:
        """Say that output `number` is the graph's `tensor`, of the full `shape`."""
        tensor = self.network.reshape(tensor, row_shape(shape))
        dtype = self.network.builder.types[tensor].dtype
        if dtype != graph_dtype(self.output_dtype(number)):
            raise self.op.unsupported(f"computes {dtype}, the file says {self.output(number).type}")
        self._put(number, tensor, None, shape)

    def put_constant(self, number: int, data: np.ndarray) -> None:
        """Say that output `number` is known now."""
        data = np.asarray(data, order="C")
        if data.dtype.name != graph_dtype(self.output_dtype(number)):
            raise self.op.unsupported(
                f"computes {data.dtype}, the file says {self.output(number).type}"
            )
        self.network.spend(data.nbytes)
        self._put(number, None, data, data.shape)

    def put_value(self, number: int, value: Value) -> None:
        """Output `number` is `value` as it is."""
        self.values[self.op.outputs[number]] = value

    def _put(
        self, number: int, tensor: str | None, data: np.ndarray | None, shape: tuple[int, ...]
    ) -> None:
        info = self.output(number)
        if info.shape != shape and not self.network.resized and _known(info):
            raise self.op.damaged(
                f"its output has shape {list(shape)}, but the file says {list(info.shape)}"
            )
        self.values[self.op.outputs[number]] = Value(
            _dtype(info), shape, info.scale, info.zero_point, info.axis, tensor, data
        )


def _known(info: TensorInfo) -> bool:
    """Whether the file's shape of an activation means something: a dynamic one is a guess."""
    return bool(info.shape) and not any(n < 0 for n in info.signature)


def _dtype(info: TensorInfo) -> str:
    if info.type not in DTYPES:
        raise UnsupportedError(
            f"tensor {info.name!r} has type {info.type}, which has no meaning here"
        )
    dtype = DTYPES[info.type]
    return "int8" if dtype == "int4" else dtype


def _unknown(op: OperatorInfo) -> UnsupportedError:
    close = difflib.get_close_matches(op.name, supported_operators(), n=3, cutoff=0.5)
    hint = f"; the nearest that work: {', '.join(close)}" if close else ""
    return op.unsupported(f"this operator has no converter{hint}")


def tensor_type(info: TensorInfo, shape: tuple[int, ...]) -> TensorType:
    """The graph's type of an input of the network."""
    dtype = graph_dtype(_dtype(info))
    if dtype in ("float16", "complex64"):
        raise UnsupportedError(f"input {info.name!r} is {dtype}, which an input cannot be")
    quantized = dtype != "float32" and len(info.scale) == 1
    qparams = QParams(info.scale, info.zero_point) if quantized else None
    return TensorType(dtype, row_shape(shape), qparams)


def network_graph(
    file: tuple[Subgraph, ...], input_shapes: Mapping[str, tuple[int, ...]] | None
) -> Graph:
    """The graph of a network; see `edgeinfer.convert`."""
    main = file[0]
    unsigned = len(file) == 1 and computes_in_uint8(main)
    if unsigned:
        file = (as_signed(main),)
    builder = GraphBuilder({})
    network = Network(file, builder, bool(input_shapes))
    names = _unique([main.tensors[i].name or f"input_{i}" for i in main.inputs])
    shapes = _input_shapes(main, names, dict(input_shapes or {}))
    values = []
    for index, name, shape in zip(main.inputs, names, shapes, strict=True):
        info = main.tensors[index]
        kind = tensor_type(info, shape)
        builder.inputs[name] = builder.types[name] = kind
        values.append(
            Value(_dtype(info), shape, info.scale, info.zero_point, info.axis, tensor=name)
        )
    if not values:
        raise UnsupportedError("a network without inputs")
    if unsigned:
        network.unsigned = True
        values = [
            _other_sign(network, v, "int8") if is_unsigned(main.tensors[i]) else v
            for i, v in zip(main.inputs, values, strict=True)
        ]
    try:
        results = network.run(0, values)
    except EdgeInferError as err:
        guessed = _guessed(main, names, input_shapes or {})
        if not guessed:
            raise
        raise type(err)(f"{err}; {guessed}") from err
    outputs = []
    taken = set(builder.inputs)
    for index, value in zip(main.outputs, results, strict=True):
        back = unsigned and is_unsigned(main.tensors[index])
        result = _other_sign(network, value, "uint8") if back else value
        outputs.append(_output(network, main.tensors[index], result, taken))
    methods = {"run": Method(tuple(outputs), "dict")}
    if network.state_inputs:
        new = [
            _output(network, None, network.variables[key], taken) for key in network.state_inputs
        ]
        methods["run"] = Method((*outputs, *new), "dict")
        methods["reset"] = Method(
            tuple(
                network.tensor(replace(network.variables[key], tensor=None, data=start.copy()))
                for key, start in ((k, network.initial[k]) for k in network.state_inputs)
            ),
            "tuple",
        )
    dtypes = [value.dtype for value in values] + [t.dtype for t in builder.types.values()]
    precision = next((d for d in ("int8", "int16") if d in dtypes), "float32")
    about = Info(estimator="network", library="tflite", precision=precision)
    return builder.build(methods, about)


def _other_sign(network: Network, value: Value, dtype: str) -> Value:
    """uint8 as int8, or int8 as uint8."""
    shift = 128 if dtype == "uint8" else -128
    tensor = flipped(network.builder, network.tensor(value))
    zeros = tuple(z + shift for z in value.zero_point)
    return replace(value, dtype=dtype, zero_point=zeros, tensor=tensor, data=None)


def _output(network: Network, info: TensorInfo | None, value: Value, taken: set[str]) -> str:
    """The tensor that the graph returns for an output, under the output's own name."""
    from edgeinfer.ops import Relabel

    if value.dtype == "complex64":
        raise UnsupportedError("an output of the network is complex")
    tensor = network.tensor(value)
    kind = network.builder.types[tensor]
    scale, zero = (value.scale[0], value.zero_point[0]) if value.quantized else (0.0, 0)
    quantized = value.quantized and kind.dtype in ("int8", "int16", "uint8", "int32")
    op = Relabel(scale if quantized else 0.0, zero if quantized else 0)
    name = (info.name if info else "") or f"state_{len(taken)}"
    while name in taken or name in network.builder.types:
        name += "_out"
    taken.add(name)
    return network.builder.emit_as(op, name, tensor)


def _guessed(main: Subgraph, names: list[str], given: Mapping[str, object]) -> str:
    """What to do where the file leaves sizes open, other than the first, that nobody gave."""
    tensors = (main.tensors[index] for index in main.inputs)
    free = [
        f"{name!r} has the shape {list(info.signature)}"
        for name, info in zip(names, tensors, strict=True)
        if name not in given and any(n < 0 for n in info.signature[1:])
    ]
    if not free:
        return ""
    return f"input {', '.join(free)} in the file, -1 is open: give input_shapes={{name: shape}}"


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for name in names:
        count = seen[name] = seen.get(name, 0) + 1
        result.append(name if count == 1 else f"{name}_{count}")
    return result


def _input_shapes(
    main: Subgraph, names: list[str], wanted: dict[str, tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """The shape of each input: the file's, or what the caller asks for."""
    result = []
    for index, name in zip(main.inputs, names, strict=True):
        info = main.tensors[index]
        shape = wanted.pop(name, None)
        if shape is None:
            result.append(info.shape)
            continue
        shape = tuple(int(n) for n in shape)
        fixed = info.signature or info.shape
        if len(shape) != len(info.shape) or not all(n > 0 for n in shape):
            raise UnsupportedError(f"input {name!r} has rank {len(info.shape)}, got {list(shape)}")
        if info.signature and any(f >= 0 and f != n for f, n in zip(fixed, shape, strict=True)):
            raise UnsupportedError(f"input {name!r} has the shape {list(fixed)}, got {list(shape)}")
        result.append(shape)
    if wanted:
        raise UnsupportedError(f"no inputs {', '.join(wanted)}; there are: {', '.join(names)}")
    return result
