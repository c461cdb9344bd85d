"""The graph for float32 features: the same answers as for those values in float64."""

from __future__ import annotations

from dataclasses import replace

from edgeinfer.errors import GraphError, UnsupportedError
from edgeinfer.graph import Graph, GraphBuilder, TensorType
from edgeinfer.ops import Cast, Unary


def for_float32(graph: Graph) -> Graph:
    """`graph` with every float64 input read as float32.

    Ops that have an equal on float32 (`Op.on_float32`) run there; where one has none, the value is
    widened. A result that is a widened float32 comes out as float32: the same number, half as long.
    """
    inputs = {
        name: TensorType("float32", t.shape) if t.dtype == "float64" else t
        for name, t in graph.inputs.items()
    }
    builder = GraphBuilder(inputs)
    builder.labels = list(graph.labels)
    # Old tensor -> new tensor of its dtype, and, where it is one widened, the float32 tensor.
    wide: dict[str, str] = {n: n for n, t in graph.inputs.items() if t.dtype != "float64"}
    narrow: dict[str, str] = {n: n for n, t in graph.inputs.items() if t.dtype == "float64"}

    def widened(old: str) -> str:
        if old not in wide:
            wide[old] = builder.emit(Cast("float64"), narrow[old])
        return wide[old]

    types = graph.types
    for node in graph.nodes:
        doubles = [name for name in node.inputs if types[name].dtype == "float64"]
        to_float32 = node.op.kind == "Cast" and types[node.outputs[0]].dtype == "float32"
        if to_float32 and doubles and doubles[0] in narrow:
            wide[node.outputs[0]] = narrow[doubles[0]]
            continue
        op = None
        if doubles and all(name in narrow for name in doubles):
            op = node.op.on_float32()
            try:
                if op is not None:
                    op.infer(*(builder.types[narrow.get(n) or wide[n]] for n in node.inputs))
            except GraphError:  # an op of several inputs may not take all of them in float32
                op = None
        if op is None and not node.outputs and any(name in narrow for name in doubles):
            raise UnsupportedError(f"{node.op.kind} guards float64 and has no form for float32")
        if op is None:
            made = builder.emit_many(node.op, *(widened(name) for name in node.inputs))
            wide.update(zip(node.outputs, made, strict=True))
            continue
        sources = [narrow[n] if n in doubles else wide[n] for n in node.inputs]
        for old, new in zip(node.outputs, builder.emit_many(op, *sources), strict=True):
            same = builder.types[new].dtype == types[old].dtype
            (wide if same else narrow)[old] = new

    def result(old: str) -> str:
        new = narrow[old] if old in narrow else wide[old]
        return builder.emit(Unary("ident"), new) if new in inputs else new

    methods = {
        name: replace(method, tensors=tuple(result(t) for t in method.tensors))
        for name, method in graph.methods.items()
    }
    return builder.build(methods, graph.info)
