"""The graph: a list of ops over typed tensors, the one thing every part of edgeinfer knows.

A graph is immutable and in single-assignment form: every tensor is written once, by an input or
by one node, and nodes come in an order in which they can run. All rows of a batch are
independent, so a tensor's shape never contains the batch: ``shape=(10,)`` is ten values a row,
``shape=()`` one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeinfer.errors import GraphError

if TYPE_CHECKING:
    from edgeinfer.ops import Op

DTYPES = ("float64", "float32", "int64", "int32", "int16", "int8", "uint16", "uint8")
LAYOUTS = ("array", "list", "tuple", "dict")
MAX_AXES = 8
MAX_ROW_ELEMENTS = 1 << 24


@dataclass(frozen=True)
class QParams:
    """real = scale * (integer - zero_point); one entry per tensor, or one per last-axis channel."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.scale) != len(self.zero_point) or not self.scale:
            raise GraphError("scale and zero_point need the same, non-zero number of entries")
        if not all(np.isfinite(s) and s > 0 for s in self.scale):
            raise GraphError("every scale has to be positive and finite")


@dataclass(frozen=True)
class TensorType:
    """What one row of a tensor looks like."""

    dtype: str
    shape: tuple[int, ...]
    qparams: QParams | None = None

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise GraphError(f"unknown tensor dtype {self.dtype!r}; known: {', '.join(DTYPES)}")
        if not all(isinstance(n, int) and n >= 0 for n in self.shape):
            raise GraphError(f"a shape has non-negative integers only, got {self.shape!r}")
        if len(self.shape) > MAX_AXES:
            raise GraphError(f"a row of {len(self.shape)} axes is more than {MAX_AXES}")
        if self.size > MAX_ROW_ELEMENTS:
            raise GraphError(f"a row of {self.size} values is more than {MAX_ROW_ELEMENTS}")

    @property
    def size(self) -> int:
        """Number of values in a row."""
        return prod(self.shape)

    @property
    def row_bytes(self) -> int:
        """Bytes a row takes."""
        return self.size * np.dtype(self.dtype).itemsize

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class Node:
    """One op applied to named tensors."""

    op: Op
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Option:
    """A keyword that a method takes besides X, as the source's method does.

    Either a number: `attribute` of the op that writes `tensor` (its value there is the default),
    or a switch: turned off, the method returns the tensor `tensor` alone; on is the default.
    """

    name: str
    tensor: str
    attribute: str = ""

    @property
    def is_switch(self) -> bool:
        """Whether the option is True or False, not a number."""
        return not self.attribute


@dataclass(frozen=True)
class Method:
    """What a user calls: which tensors it computes and how they are handed over.

    ``layout``: ``array`` (one tensor), ``list`` / ``tuple`` (several), ``dict`` (by tensor name).
    ``labels``: for class predictions that are not plain integers, the label table of each column;
    the tensor then holds indices into it.
    ``options``: what it takes besides X, in the order in which they may follow X.
    """

    tensors: tuple[str, ...]
    layout: str = "array"
    labels: tuple[int, ...] = ()
    options: tuple[Option, ...] = ()

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise GraphError(f"unknown result layout {self.layout!r}")
        if not self.tensors or (self.layout == "array" and len(self.tensors) != 1):
            raise GraphError("a method returns one array, or a list, tuple or dict of them")
        if self.labels and self.layout != "array":
            raise GraphError("labels belong to a single array of class indices")

    def renamed(self, new_name: Callable[[str], str]) -> Method:
        """The same method of a graph in which tensors have other names."""
        return replace(
            self,
            tensors=tuple(new_name(name) for name in self.tensors),
            options=tuple(replace(o, tensor=new_name(o.tensor)) for o in self.options),
        )


@dataclass(frozen=True)
class Info:
    """Where a model came from, for people and for the checks a user expects of an estimator.

    `read_by_name`: the features that a model reads, when it finds a frame's columns by their names
    and does not mind others; None: a frame has exactly `feature_names`.
    `origins`: in another precision, which tensor of the float64 graph each tensor stands for.
    """

    estimator: str = ""
    library: str = ""
    precision: str = "float64"
    feature_names: tuple[str, ...] | None = None
    read_by_name: tuple[int, ...] | None = None
    classes: tuple[int, ...] | None = None  # label tables behind `classes_`; several: multi-output
    classes_as_list: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A model.

    ``labels`` are the class label tables that methods refer to by index. ``ranges`` says where
    values of some tensors mostly lie, as far as the source knows; only quantization reads it.
    """

    inputs: Mapping[str, TensorType]
    nodes: tuple[Node, ...]
    methods: Mapping[str, Method]
    labels: tuple[np.ndarray, ...] = ()
    info: Info = Info()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self.check()

    @cached_property
    def types(self) -> dict[str, TensorType]:
        """Type of every tensor, inferred from the inputs through the ops."""
        types = dict(self.inputs)
        for number, node in enumerate(self.nodes):
            where = f"node {number} ({node.op.kind})"
            for name in node.inputs:
                if name not in types:
                    raise GraphError(f"{where} reads {name!r}, which nothing before it writes")
            try:
                inferred = node.op.infer(*(types[name] for name in node.inputs))
            except TypeError as err:
                raise GraphError(f"{where} cannot take {len(node.inputs)} inputs: {err}") from err
            if len(inferred) != len(node.outputs):
                raise GraphError(f"{where} has {len(inferred)} outputs, not {len(node.outputs)}")
            for name, tensor_type in zip(node.outputs, inferred, strict=True):
                if name in types:
                    raise GraphError(f"{where} writes {name!r} a second time")
                types[name] = tensor_type
        return types

    def check(self) -> None:
        """Raise GraphError unless the graph is sound."""
        types = self.types
        for name, method in self.methods.items():
            for tensor in method.tensors:
                if tensor not in types:
                    raise GraphError(f"method {name!r} returns the unknown tensor {tensor!r}")
            if method.labels:
                out = types[method.tensors[0]]
                if out.dtype not in ("int64", "int32"):
                    raise GraphError(f"method {name!r}: label indices have to be int64 or int32")
                columns = out.shape[0] if out.shape else 1
                if len(out.shape) > 1 or len(method.labels) != columns:
                    raise GraphError(f"method {name!r} needs one label table per column")
            for option in method.options:
                self._check_option(name, option)
            for table in method.labels:
                if not 0 <= table < len(self.labels):
                    raise GraphError(f"method {name!r} refers to label table {table}, not there")
        for table in self.info.classes or ():
            if not 0 <= table < len(self.labels):
                raise GraphError(f"classes refer to label table {table}, which is not there")
        names = self.info.feature_names
        if names is not None and len(self.inputs) == 1:
            (only,) = self.inputs.values()
            if only.size != len(names):
                raise GraphError(f"{len(names)} feature names for {only.size} features")
        for column in self.info.read_by_name or ():
            if names is None or not 0 <= column < len(names):
                raise GraphError(f"feature {column} has no name to be found by")

    def _check_option(self, method: str, option: Option) -> None:
        where = f"option {option.name!r} of {method!r}"
        if not option.name.isidentifier():
            raise GraphError(f"{where} is not a name")
        if option.tensor not in self.types:
            raise GraphError(f"{where} refers to the unknown tensor {option.tensor!r}")
        if option.is_switch:
            if option.tensor not in self.methods[method].tensors:
                raise GraphError(f"{where} leaves a tensor that the method does not return")
        else:
            value = self._writer(option.tensor).op.attributes().get(option.attribute)
            if type(value) is not int:
                raise GraphError(f"{where} refers to an attribute that is not there")

    def _writer(self, tensor: str) -> Node:
        for node in self.nodes:
            if tensor in node.outputs:
                return node
        raise GraphError(f"no op writes {tensor!r}")

    def with_options(self, method: str, values: Mapping[str, int | bool]) -> Graph:
        """The graph whose `method` does by default what it does for these values of its options.

        Raises GraphError where the op refuses a value.
        """
        spec = self.methods[method]
        nodes = list(self.nodes)
        for option in spec.options:
            if option.name not in values:
                continue
            value = values[option.name]
            if option.is_switch:
                if not value:
                    spec = replace(spec, tensors=(option.tensor,), layout="array")
                continue
            at = nodes.index(self._writer(option.tensor))
            changes: dict[str, Any] = {option.attribute: value}
            nodes[at] = replace(nodes[at], op=replace(nodes[at].op, **changes))
        spec = replace(spec, options=())
        return replace(self, nodes=tuple(nodes), methods={method: spec})

    def needed(self, tensors: Iterable[str]) -> tuple[Node, ...]:
        """The nodes without which `tensors` cannot be computed, in running order.

        A node without outputs is a guard (no NaN, no infinity): whoever wants what it reads,
        after it, needs it.
        """
        wanted = set(tensors)
        kept = []
        for node in reversed(self.nodes):
            guards = not node.outputs and wanted.issuperset(node.inputs)
            if guards or wanted.intersection(node.outputs):
                wanted.update(node.inputs)
                kept.append(node)
        return tuple(reversed(kept))

    def evaluate(
        self, feeds: Mapping[str, np.ndarray], tensors: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Run the NumPy reference of every needed op: the oracle, and what calibration observes.

        `feeds` and the results have shape ``(rows, *shape)``.
        """
        values = dict(feeds)
        for node in self.needed(tensors):
            results = node.op.reference(*(values[name] for name in node.inputs))
            values.update(zip(node.outputs, results, strict=True))
        return {name: values[name] for name in tensors}

    def with_info(self, **changes: Any) -> Graph:
        """The same graph with some fields of its info replaced."""
        return replace(self, info=replace(self.info, **changes))


class GraphBuilder:
    """Collects nodes and gives their tensors names; converters and passes write through it."""

    def __init__(self, inputs: Mapping[str, TensorType]) -> None:
        self.inputs = dict(inputs)
        self.types = dict(inputs)
        self.nodes: list[Node] = []
        self.labels: list[np.ndarray] = []
        self.ranges: dict[str, tuple[float, float]] = {}

    def emit(self, op: Op, *inputs: str) -> str:
        """Add an op with one output; returns the name of the tensor it writes."""
        (output,) = self.emit_many(op, *inputs)
        return output

    def emit_many(self, op: Op, *inputs: str) -> tuple[str, ...]:
        """Add an op; returns the names of the tensors it writes."""
        inferred = op.infer(*(self.types[name] for name in inputs))
        number = len(self.nodes)
        suffixes = [""] if len(inferred) == 1 else [f".{i}" for i in range(len(inferred))]
        outputs = tuple(f"{op.kind}_{number}{suffix}" for suffix in suffixes)
        self.nodes.append(Node(op, tuple(inputs), outputs))
        self.types.update(zip(outputs, inferred, strict=True))
        return outputs

    def emit_as(self, op: Op, output: str, *inputs: str) -> str:
        """Add an op whose one output is called `output`."""
        if output in self.types:
            raise GraphError(f"a tensor called {output!r} is there already")
        (kind,) = op.infer(*(self.types[name] for name in inputs))
        self.nodes.append(Node(op, tuple(inputs), (output,)))
        self.types[output] = kind
        return output

    def add_labels(self, labels: np.ndarray) -> int:
        """Add a label table (or find the same one); returns its index."""
        labels = np.asarray(labels)
        for index, known in enumerate(self.labels):
            if known.dtype == labels.dtype and np.array_equal(known, labels):
                return index
        self.labels.append(labels.copy())
        return len(self.labels) - 1

    def build(self, methods: Mapping[str, Method], info: Info) -> Graph:
        """The finished graph, without nodes that no method needs."""
        graph = Graph(
            self.inputs, tuple(self.nodes), dict(methods), tuple(self.labels), info, self.ranges
        )
        wanted = [name for method in methods.values() for name in method.tensors]
        return replace(graph, nodes=graph.needed(wanted))
