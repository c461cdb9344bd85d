"""The functions a model offers in C: their arguments, and the program behind each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeinfer.errors import InvalidParameterError, UnsupportedError
from edgeinfer.export.literals import C_TYPES
from edgeinfer.export.names import Labels, distinct, identifier, shape_text
from edgeinfer.export.simplify import simplify
from edgeinfer.graph import Graph, Method, TensorType
from edgeinfer.lower import LoweredProgram, lower
from edgeinfer.target import Target

CODES = ("int8", "uint8", "int16", "uint16")
_RESULTS = {
    "predict_proba": "probabilities",
    "predict_log_proba": "log_probabilities",
    "decision_function": "scores",
    "transform": "transformed",
    "score_samples": "score",
    "apply": "leaves",
}


@dataclass(frozen=True)
class Argument:
    """One tensor of a function: `wide` where the program computes int64 and C hands over int32."""

    name: str
    tensor: TensorType
    wide: bool = False
    meaning: str = ""

    @property
    def c_type(self) -> str:
        """The type of one value."""
        return "int32_t" if self.wide else C_TYPES[self.tensor.dtype]

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The same for NumPy."""
        return np.dtype("int32" if self.wide else self.tensor.dtype)

    @property
    def count(self) -> int:
        """Number of values."""
        return max(self.tensor.size, 1)


@dataclass(frozen=True)
class Entry:
    """One exported function."""

    name: str
    method: str
    graph: Graph
    program: LoweredProgram
    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    labels: Labels | None = None
    brief: str = ""


def make_entries(graph: Graph, methods: Sequence[str] | None, target: Target) -> list[Entry]:
    """The functions for `methods` of `graph` (None: all), with and without encoding of the input.

    Raises InvalidParameterError for a method the model does not have.
    """
    names = list(graph.methods) if methods is None else list(methods)
    unknown = [name for name in names if name not in graph.methods]
    if unknown or not names:
        raise InvalidParameterError(
            f"the model has no method {', '.join(unknown) or '(none given)'}; "
            f"it has: {', '.join(graph.methods)}"
        )
    for name in names:
        if identifier(name) != name:
            raise UnsupportedError(f"method {name!r} cannot be the name of a C function")
    parts = {name: simplify(graph, name, target) for name in names}
    entries = [_entry(part, name, name, target) for name, part in parts.items()]
    encoder: Graph | None = None
    for name, part in parts.items():
        codes = code_tensor(part, name)
        if codes is None:
            continue
        entries.append(_entry(_from_codes(part, name, codes), f"{name}_codes", name, target))
        if encoder is None:
            encoder = replace(part, methods={"encode": Method((codes,))})
    if encoder is not None:
        entries.append(_entry(encoder, "encode", "encode", target))
    return entries


def code_tensor(graph: Graph, method: str) -> str | None:
    """The first tensor of integer codes through which everything goes that `method` computes."""
    outputs = graph.methods[method].tensors
    needed = graph.needed(outputs)
    types = graph.types
    for number, node in enumerate(needed):
        if len(node.outputs) != 1 or types[node.outputs[0]].dtype not in CODES:
            continue
        if all(types[name].dtype in CODES for name in node.inputs):
            continue
        codes = node.outputs[0]
        before = {codes}
        for earlier in reversed(needed[: number + 1]):
            if before.intersection(earlier.outputs):
                before.update(earlier.inputs)
        upstream = before - {codes}
        later = [n for n in needed if n.outputs and not before.intersection(n.outputs)]
        # Nothing computed from codes alone may read what lies before them.
        reads = {name for n in later for name in n.inputs}
        if not reads & upstream and not set(outputs) & before:
            return codes
    return None


def _from_codes(graph: Graph, method: str, codes: str) -> Graph:
    """The part of `graph` that computes `method` from the tensor `codes`."""
    types = graph.types
    available, nodes = {codes}, []
    for node in graph.needed(graph.methods[method].tensors):
        if node.outputs and codes not in node.outputs and available.issuperset(node.inputs):
            nodes.append(node)
            available.update(node.outputs)
    info = replace(graph.info, feature_names=None)
    methods = {method: graph.methods[method]}
    return Graph({codes: types[codes]}, tuple(nodes), methods, graph.labels, info)


def _entry(graph: Graph, function: str, method: str, target: Target) -> Entry:
    spec = graph.methods[method]
    program = lower(graph, spec.tensors, block_rows=1, target=target)
    single = len(graph.inputs) == 1
    kind = "features" if function == method else "codes"
    names = [kind if single else f"in_{identifier(n)}" for n in graph.inputs]
    inputs = [
        Argument(name, tensor, meaning=shape_text(tensor.shape))
        for name, tensor in zip(distinct(names), program.inputs, strict=True)
    ]
    labels = _labels(graph, method, spec)
    if function == "encode":
        base = "codes"
    elif method == "predict":
        base = "label" if labels else "value"
    else:
        base = _RESULTS.get(method, "result")
    many = len(spec.tensors) > 1
    results = [
        f"out_{identifier(name)}" if method == "run" else (f"{base}_{i}" if many else base)
        for i, name in enumerate(spec.tensors)
    ]
    outputs = [
        Argument(name, tensor, _fits_int32(graph, old), shape_text(tensor.shape))
        for name, old, tensor in zip(distinct(results), spec.tensors, program.outputs, strict=True)
    ]
    return Entry(function, method, graph, program, tuple(inputs), tuple(outputs), labels)


def _fits_int32(graph: Graph, tensor: str) -> bool:
    """Whether an int64 result is handed over as int32: all indices and most labels.

    What is computed from int64, or from floats without a bound, stays as it is.
    """
    types = graph.types
    if types[tensor].dtype != "int64":
        return False
    for node in graph.nodes:
        if tensor not in node.outputs:
            continue
        constants = node.op.constants().values()
        tables = [c for c in constants if c.dtype == np.int64]
        if not all((np.abs(c.astype(np.float64)) < 1 << 31).all() for c in tables):
            return False
        if node.op.kind == "Lookup":
            return True
        read = {types[name].dtype for name in node.inputs}
        return "int64" not in read and not (node.op.kind == "Convert" and "float32" in read)
    return False


def _labels(graph: Graph, method: str, spec: Method) -> Labels | None:
    """The label table of a `predict` with one output; None where there is none, or several."""
    if method != "predict" or len(spec.tensors) != 1:
        return None
    if len(spec.labels) == 1:
        return Labels(graph.labels[spec.labels[0]], indexed=True)
    classes = graph.info.classes
    if spec.labels or classes is None or len(classes) != 1:
        return None
    table = graph.labels[classes[0]]
    if graph.types[spec.tensors[0]].dtype not in ("int64", "int32") or table.dtype.kind not in "iu":
        return None
    fits = all(-(1 << 31) <= label < 1 << 31 for label in table.tolist())
    return Labels(table, indexed=False) if fits else None
