"""Networks: calls in floats around integers, and streams that keep a network's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from edgeinfer.errors import InvalidInputError
from edgeinfer.graph import Graph, GraphBuilder, Method, TensorType
from edgeinfer.lower import lower
from edgeinfer.ops import Dequantize, Quantize, Relabel, sign_flip
from edgeinfer.runtime.program import compile_program

if TYPE_CHECKING:
    from edgeinfer.runtime.model import Model

INTEGERS = ("int8", "int16")


def state_count(graph: Graph) -> int:
    """How many of the last inputs, and of the last outputs of `run`, are state."""
    return len(graph.methods["reset"].tensors) if "reset" in graph.methods else 0


def in_codes(kind: TensorType) -> bool:
    """Whether `predict` takes or gives floats for it: bytes without a scale are what they are."""
    return kind.dtype in INTEGERS or (kind.dtype == "uint8" and kind.qparams is not None)


def float_graph(graph: Graph) -> Graph:
    """The network with floats at its edges: inputs quantized, outputs dequantized."""
    inputs = {
        name: TensorType("float32", kind.shape) if in_codes(kind) else kind
        for name, kind in graph.inputs.items()
    }
    builder = GraphBuilder(inputs)
    now = {name: name for name in inputs}
    for name, kind in graph.inputs.items():
        if not in_codes(kind):
            continue
        if kind.qparams is None:
            raise InvalidInputError(f"input {name!r} has integers without a scale; use run")
        scale = np.array(kind.qparams.scale, np.float32)
        unsigned = kind.dtype == "uint8"
        zero = np.array(kind.qparams.zero_point, np.int32) - 128 * unsigned
        codes = builder.emit(Quantize("int8" if unsigned else kind.dtype, scale, zero), name)
        now[name] = builder.emit(sign_flip("int8"), codes) if unsigned else codes
    for node in graph.nodes:
        outputs = builder.emit_many(node.op, *(now[name] for name in node.inputs))
        now.update(zip(node.outputs, outputs, strict=True))
    results = []
    for name in graph.methods["run"].tensors:
        kind = graph.types[name]
        tensor = now[name]
        if in_codes(kind) and kind.qparams is not None:
            scale = np.array(kind.qparams.scale, np.float32)
            unsigned = kind.dtype == "uint8"
            zero = np.array(kind.qparams.zero_point, np.int32) - 128 * unsigned
            tensor = builder.emit(sign_flip("uint8"), tensor) if unsigned else tensor
            tensor = builder.emit(Dequantize(scale, zero), tensor)
        elif tensor in builder.inputs:
            tensor = builder.emit(Relabel(0.0, 0), tensor)
        results.append(tensor)
    return builder.build({"predict": Method(tuple(results), "tuple")}, graph.info)


def layer_table(graph: Graph) -> str:
    """The layers of a network: shapes, multiply-accumulates, parameters, arena."""
    types = graph.types
    tensors = graph.methods["run"].tensors
    program = lower(graph, tensors, block_rows=1)
    lines = [f"{graph.info.estimator}, {graph.info.precision}"]
    for name in graph.inputs:
        lines.append(f"  input  {name}: {types[name]}{_label(types[name])}")
    for name in tensors:
        lines.append(f"  output {name}: {types[name]}{_label(types[name])}")
    total = 0
    rows = [("layer", "reads", "writes", "MACs", "parameters")]
    for step in program.steps:
        node = step.node
        kinds = [types[name] for name in node.inputs]
        size = sum(c.nbytes for c in node.op.constants().values())
        total += size
        reads = ", ".join(str(kind) for kind in kinds)
        writes = ", ".join(str(types[name]) for name in node.outputs)
        rows.append(
            (node.op.kind, reads, writes, f"{int(node.op.cost(*kinds).macs):,}", f"{size:,}")
        )
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        texts = [v.ljust(w) for v, w in zip(row[:3], widths[:3], strict=True)]
        numbers = [v.rjust(w) for v, w in zip(row[3:], widths[3:], strict=True)]
        lines.append("  " + "  ".join(texts + numbers))
    lines.append(f"  multiply-accumulates: {int(program.macs_per_row):,} a row")
    lines.append(f"  parameters: {total:,} bytes")
    lines.append(
        f"  arena: {program.arena_bytes:,} bytes for one row, inputs and outputs not counted"
    )
    return "\n".join(lines)


def _label(kind: TensorType) -> str:
    """Scale and zero point, for people."""
    if kind.qparams is None:
        return ""
    return f", scale {kind.qparams.scale[0]:.6g}, zero point {kind.qparams.zero_point[0]}"


class NetworkMethod:
    """`predict` of a network: arrays of floats in (one, or one by name), floats out.

    `predict_classes` gives the index of the largest value of the one output, int64 of shape
    ``(rows,)``.
    """

    def __init__(self, graph: Graph, name: str) -> None:
        self.__name__ = name
        if state_count(graph):
            raise InvalidInputError("this network keeps state; use stream()")
        self._graph = float_graph(graph)
        self._tensors = self._graph.methods["predict"].tensors
        self._names = graph.methods["run"].tensors
        if name == "predict_classes" and len(self._tensors) != 1:
            raise InvalidInputError("predict_classes needs a network with one output")
        self._program = compile_program(self._graph, self._tensors)

    def __call__(
        self, X: np.ndarray | Mapping[str, np.ndarray]
    ) -> np.ndarray | dict[str, np.ndarray]:
        inputs = self._graph.inputs
        feeds = X if isinstance(X, Mapping) else {next(iter(inputs)): X}
        if set(feeds) != set(inputs):
            raise InvalidInputError(f"takes the inputs {', '.join(inputs)}")
        arrays = []
        for name, kind in inputs.items():
            try:
                array = np.asarray(feeds[name], kind.dtype)
            except (TypeError, ValueError) as err:
                raise InvalidInputError(f"{name} cannot be read as {kind.dtype}: {err}") from err
            if array.shape[1:] != kind.shape and array.ndim and array.size:
                flat = (len(array), kind.size)
                if array.shape != flat:
                    raise InvalidInputError(
                        f"{name} has rows of shape {kind.shape}, got {array.shape}"
                    )
                array = array.reshape(len(array), *kind.shape)
            arrays.append(array)
        results = self._program.run(*arrays)
        if self.__name__ == "predict_classes":
            return np.asarray(results[0].reshape(len(results[0]), -1).argmax(axis=1))
        if len(results) == 1:
            return results[0]
        return dict(zip(self._names, results, strict=True))


class Stream:
    """A network and the state it carries from one call to the next; made by `Model.stream`.

    The model stays as it is, so any number of streams may share it. A stream belongs to one thread.
    """

    def __init__(self, model: Model, rows: int = 1) -> None:
        self.model = model
        self.rows = rows
        graph = model.graph
        self._states = state_count(graph)
        if not self._states:
            raise InvalidInputError("this network keeps no state; use run or predict")
        names = list(graph.inputs)
        self.inputs = {name: graph.inputs[name] for name in names[: -self._states]}
        self._program = compile_program(graph, graph.methods["run"].tensors)
        starts = compile_program(graph, graph.methods["reset"].tensors).run(
            *(np.zeros((rows, *t.shape), t.dtype) for t in graph.inputs.values())
        )
        self._start = tuple(starts)
        self._state = self._start
        self.start = dict(zip(names[-self._states :], starts, strict=True))

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One step: outputs by name, for arrays of shape ``(rows, *shape)`` by input name."""
        if set(feeds) != set(self.inputs):
            raise InvalidInputError(
                f"takes the inputs {', '.join(self.inputs)}, got {', '.join(feeds)}"
            )
        arrays = [np.asarray(feeds[name]) for name in self.inputs]
        if any(len(a) != self.rows for a in arrays if a.ndim):
            raise InvalidInputError(f"this stream has {self.rows} rows")
        results = self._program.run(*arrays, *self._state)
        self._state = results[-self._states :]
        tensors = self.model.graph.methods["run"].tensors[: -self._states]
        return dict(zip(tensors, results, strict=False))

    def reset(self) -> None:
        """Back to the state of the beginning."""
        self._state = self._start
