"""Rewriting a float64 graph in another precision, op by op.

A rule says what becomes of one kind of op in some precisions::

    @rule("Dense", "float32")
    def dense_float32(op, node, rw):
        rw.put(node.outputs[0], rw.emit(as_dtype(op, "float32"), rw.float32(node.inputs[0])))

An op without a rule keeps the width its inputs have by then. Tensors that feed a comparison
whose answer must not change (trees, neighbours: `EXACT_KINDS`) stay float64 in every precision, and
so does everything before them.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from edgeinfer.errors import InvalidParameterError
from edgeinfer.graph import Graph, GraphBuilder, Node
from edgeinfer.ops import Cast, Op
from edgeinfer.quantize.calibrate import Calibration
from edgeinfer.quantize.layers import chosen_layers
from edgeinfer.quantize.ranges import check_ranges, choose, histograms

PRECISIONS = ("float64", "float32", "int16", "int8")

EXACT_KINDS: set[str] = set()
"""Ops whose inputs stay float64; the module of each such family adds its own."""

Rule = Callable[[Any, Node, "Rewriter"], None]
_RULES: dict[tuple[str, str], Rule] = {}
_FAMILIES = ("dense", "kernel_machine", "logarithm", "neighbors", "tree")


def rule(kind: str, *precisions: str) -> Callable[[Rule], Rule]:
    """Register what becomes of ops of `kind` in `precisions`."""

    def register(function: Rule) -> Rule:
        for precision in precisions:
            _RULES[kind, precision] = function
        return function

    return register


def as_dtype(op: Op, dtype: str) -> Any:
    """The op with its floating constants in `dtype`."""
    changes = {
        name: constant.astype(dtype)
        for name, constant in op.constants().items()
        if constant.dtype.kind == "f"
    }
    return dataclasses.replace(op, **changes) if changes else op


@dataclasses.dataclass(frozen=True)
class Codes:
    """Integers of the new graph: ``real = scale * (code - zero) + shift``, per feature.

    Attributes
    ----------
    tensor : name in the new graph
    scale, zero, shift : arrays of shape (features,)
    """

    tensor: str
    scale: np.ndarray
    zero: np.ndarray
    shift: np.ndarray

    def quantized(self, values: np.ndarray, dtype: str) -> np.ndarray:
        """Values as these integers."""
        info = np.iinfo(dtype)
        codes = np.rint((values - self.shift) / self.scale) + self.zero
        return np.asarray(np.clip(codes, info.min, info.max).astype(dtype))


class Rewriter:
    """The new graph while it is written, and what became of the old graph's tensors."""

    def __init__(
        self, graph: Graph, precision: str, calibration: np.ndarray | None, options: dict[str, Any]
    ) -> None:
        self.graph = graph
        self.precision = precision
        self.options = options
        self.builder = GraphBuilder(graph.inputs)
        self.builder.labels = list(graph.labels)
        self.calibration = Calibration(graph, calibration)
        self.notes: dict[str, Any] = {}
        self.codes: dict[str, Codes] = {}
        """Old tensors that are nothing but integers in the new graph: see `dense`."""
        self.quantized: dict[str, Codes] = {}
        """Integers made of old tensors that are there as floats, too."""
        self.layers: dict[str, Codes] = {}
        """Old outputs of layers that became integers, and the codes that each one reads."""
        self.kept = kept_layers(graph, options.get("keep_float", ()))
        self.ranges = check_ranges(options.get("ranges", "minmax"))
        self.watched: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        """Old tensor -> the smallest and largest value its integers can stand for."""
        self._readers: dict[str, list[Node]] = {}
        self._writers: dict[str, Node] = {}
        for node in graph.nodes:
            for name in dict.fromkeys(node.inputs):
                self._readers.setdefault(name, []).append(node)
            self._writers.update(dict.fromkeys(node.outputs, node))
        self._results = {
            name
            for method in graph.methods.values()
            for name in (*method.tensors, *(option.tensor for option in method.options))
        }
        self._now = {name: name for name in graph.inputs}
        self._casts: dict[tuple[str, str], str] = {}
        self._exact = _exact_tensors(graph)

    def emit(self, op: Op, *inputs: str) -> str:
        """Add an op to the new graph."""
        return self.builder.emit(op, *inputs)

    def put(self, old: str, new: str) -> None:
        """Say that the new graph's tensor `new` stands for `old`."""
        self._now[old] = new

    def get(self, old: str) -> str:
        """The new tensor that stands for `old`, whatever its dtype."""
        return self._now[old]

    def dtype(self, old: str) -> str:
        """Its dtype."""
        return self.builder.types[self._now[old]].dtype

    def origins(self) -> dict[str, str]:
        """New tensor -> the old one it stands for."""
        return {new: old for old, new in self._now.items()}

    def readers(self, old: str) -> list[Node]:
        """The old graph's nodes that read the tensor, guards among them."""
        return self._readers.get(old, [])

    def writer(self, old: str) -> Node | None:
        """The old graph's node that writes the tensor; None for an input."""
        return self._writers.get(old)

    def is_result(self, old: str) -> bool:
        """Whether a method returns the tensor."""
        return old in self._results

    def watch(self, old: str, low: np.ndarray, high: np.ndarray) -> None:
        """Have the report tell how often values of the tensor lie outside `low` and `high`."""
        self.watched[old] = (low, high)

    def keeps(self, node: Node) -> bool:
        """Whether the user wants the layer in floats."""
        return node.outputs[0] in self.kept

    def range(self, old: str) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest value that integers shall stand for, of each feature."""
        low, high = self.calibration.range(old)
        values = None if self.ranges == "minmax" else self.calibration.values(old)
        if values is None:
            return low, high
        # A layer takes any offset into its bias, so ranges shrink towards their middle.
        middle = np.where(low < 0, (low + high) / 2, 0.0)
        finite = np.where(np.isfinite(values), values, middle) - middle
        counts = histograms(finite.reshape(len(finite), -1), low - middle, high - middle)
        levels = 255 if self.precision == "int8" else 65534
        found = choose(self.ranges, counts, low - middle, high - middle, levels)
        return found[0] + middle, found[1] + middle

    def is_exact(self, old: str) -> bool:
        """Whether the tensor has to stay float64."""
        return old in self._exact

    def floating(self, old: str, dtype: str) -> str:
        """The tensor in float64 or float32, converted once however often it is asked for."""
        new = self._now[old]
        if self.builder.types[new].dtype == dtype:
            return new
        if (new, dtype) not in self._casts:
            self._casts[new, dtype] = self.emit(Cast(dtype), new)
        return self._casts[new, dtype]

    def float64(self, old: str) -> str:
        """The tensor as float64."""
        return self.floating(old, "float64")

    def float32(self, old: str) -> str:
        """The tensor as float32."""
        return self.floating(old, "float32")

    def copy(self, node: Node) -> None:
        """The op as it is, in the width its inputs have by now."""
        dtypes = {self.dtype(name) for name in node.inputs}
        floats = dtypes & {"float32", "float64"}
        exact = any(name in self._exact for name in node.outputs)
        if isinstance(node.op, Cast) and floats and node.op.dtype in ("float32", "float64"):
            self.put(node.outputs[0], self.floating(node.inputs[0], node.op.dtype))
            return
        if floats and not exact:
            width = "float32" if "float32" in floats else "float64"
            inputs = [
                self.floating(name, width) if self.dtype(name) in floats else self.get(name)
                for name in node.inputs
            ]
            op = as_dtype(node.op, width)
        elif floats:
            inputs = [
                self.float64(n) if self.dtype(n) in floats else self.get(n) for n in node.inputs
            ]
            op = node.op
        else:
            inputs = [self.get(name) for name in node.inputs]
            op = node.op
        outputs = self.builder.emit_many(op, *inputs)
        for old, new in zip(node.outputs, outputs, strict=True):
            self.put(old, new)


def layers_of(graph: Graph) -> list[Node]:
    """What a report lists, and `keep_float` chooses from: the matrix products."""
    return [node for node in graph.nodes if node.op.kind == "Dense"]


def kept_layers(graph: Graph, keep_float: Iterable[str | int]) -> set[str]:
    """Outputs of the layers with these names or numbers.

    Raises InvalidParameterError for a layer that is not there.
    """
    layers = layers_of(graph)
    wanted = chosen_layers([(node.op.kind, node.outputs[0]) for node in layers], keep_float)
    return {layers[number].outputs[0] for number in wanted}


def _exact_tensors(graph: Graph) -> set[str]:
    """Tensors before an op of EXACT_KINDS."""
    exact: set[str] = set()
    for node in reversed(graph.nodes):
        if node.op.kind in EXACT_KINDS or exact.intersection(node.outputs):
            exact.update(node.inputs)
    return exact


def to_precision(
    graph: Graph, precision: str, calibration: np.ndarray | None = None, **options: Any
) -> Graph:
    """The float64 `graph` in `precision`, its info carrying the report of what that cost.

    `calibration` has shape ``(rows, features)``. Raises InvalidParameterError for an unknown
    precision, CalibrationError when integers are asked for and no range is known.
    """
    if precision not in PRECISIONS:
        raise InvalidParameterError(
            f"unknown precision {precision!r}; there are: {', '.join(PRECISIONS)}"
        )
    for family in _FAMILIES:
        importlib.import_module(f"edgeinfer.quantize.{family}")
    if not precision.startswith("int") and options.get("keep_float"):
        raise InvalidParameterError(f"keep_float: all layers are floats in {precision}")
    if precision == "float64":
        return graph.with_info(precision=precision)
    rw = Rewriter(graph, precision, calibration, options)
    for node in graph.nodes:
        function = _RULES.get((node.op.kind, precision))
        if function is None:
            rw.copy(node)
        else:
            function(node.op, node, rw)
    methods = {name: method.renamed(rw.get) for name, method in graph.methods.items()}
    info = dataclasses.replace(graph.info, precision=precision, origins=rw.origins())
    quantized = rw.builder.build(methods, info)
    from edgeinfer.quantize.report import make_report

    return quantized.with_info(report=make_report(rw, quantized))
