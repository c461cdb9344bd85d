"""A network that was quantized here against the float network it was made from.

The two differ, so what is asked is how much: the signal to noise of every output, its largest
error, and where classes are told how often they are the same. The limits are those of any model
with quantized tensors (`promise`). LiteRT runs the float network; without it TensorFlow Lite
Micro does, and without both edgeinfer's own float32, which is within 1e-5 of them. That one is
also asked of a network with int8 weights between floats: the others round its activations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.graph import Graph, TensorType
from edgeinfer.operators import Subgraph
from edgeinfer.quantize.layers import Noise
from edgeinfer.runtime.model import Model
from edgeinfer.runtime.network import INTEGERS
from edgeinfer.verification.compare import Comparison
from edgeinfer.verification.promise import promise_of
from edgeinfer.verification.result import Difference, MethodResult, Verification

SOFTMAXES = ("Softmax", "QSoftmax", "QSoftmax16", "QLogSoftmax")
MOVES = ("Reshape", "Quantize", "Dequantize", "Relabel", "Unary")
"""What may stand between a softmax and the output without changing which class is the largest."""


def has_integer_weights(network: Subgraph) -> bool:
    """Whether operators on floats have int8 weights (dynamic range quantization)."""
    constants = {
        i for i, t in enumerate(network.tensors) if t.type == "INT8" and t.data is not None
    }
    return any(
        constants.intersection(op.inputs)
        for op in network.operators
        if op.name not in ("DEQUANTIZE", "DENSIFY")
    )


def own_floats(data: bytes, feeds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What the float network answers in edgeinfer's own float32."""
    model = Model(network_to_graph(data))
    return list(model.run(dict(zip(model.inputs, feeds, strict=True))).values())


def float_kinds(graph: Graph) -> dict[str, TensorType]:
    """The inputs as the float network has them."""
    return {
        name: TensorType("float32", kind.shape)
        if kind.dtype in INTEGERS and kind.qparams is not None
        else kind
        for name, kind in graph.inputs.items()
    }


def answers(model: Model, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """What the quantized network answers to floats, in floats."""
    found = model.predict(feeds)
    return list(found.values()) if isinstance(found, dict) else [found]


def tells_classes(graph: Graph, output: str) -> bool:
    """Whether the output is what a softmax gives: its largest value is the answer."""
    writers = {name: node for node in graph.nodes for name in node.outputs}
    while (node := writers.get(output)) is not None and node.op.kind in MOVES:
        output = node.inputs[0]
    return node is not None and node.op.kind in SOFTMAXES


def compare(
    model: Model,
    who: str,
    found: Sequence[np.ndarray],
    expected: Sequence[np.ndarray],
    limits: tuple[float | None, float | None],
) -> Verification:
    """How far the answers are apart. `limits`: the fraction of classes that may differ, and of
    the span that the errors may have (root mean square); None for what the precision promises."""
    graph = model.graph
    promise = promise_of(graph, *limits)
    names = list(graph.methods["run"].tensors)
    rows = len(found[0])
    results: list[MethodResult] = []
    first: Difference | None = None
    for name, have, want in zip(names, found, expected, strict=True):
        output = "predict" if len(names) == 1 else f"predict, {name}"
        comparisons = [Comparison(output, promise, labels=False)]
        comparisons[0].add(have, want, rows, False)
        several = want.dtype.kind == "f" and want.size > rows
        if several:
            comparisons.append(Comparison(f"{output}, largest", promise, labels=True))
            has, wants = (part.reshape(rows, -1).argmax(axis=1) for part in (have, want))
            comparisons[1].add(has, wants, rows, False)
        for comparison in comparisons:
            result, row = comparison.finish()
            if not comparison.labels and want.dtype.kind == "f":
                noise = Noise()
                noise.add(want, have)
                result = replace(result, sqnr=noise.decibels)
            elif several and not tells_classes(graph, name):
                result = replace(result, limit="-", passed=True)
            results.append(result)
            if not result.passed and first is None and row is not None:
                column, wanted, got = comparison.worst_column(row)
                where = f"against {who}{_weakest(model)}"
                first = Difference(result.method, row, False, column, wanted, got, where)
    info = graph.info
    return Verification(info.estimator, info.precision, rows, 0, 0, tuple(results), (), first)


def _weakest(model: Model) -> str:
    """The layer that harms the outputs most, as the report has it."""
    lines = [line for line in model.report.get("layers", []) if "sqnr_outputs" in line]
    if not lines:
        return ""
    line = min(lines, key=lambda entry: entry["sqnr_outputs"])
    return (
        f"; of all layers {line['number']} ({line['operator']}) harms the outputs most: alone in "
        f"integers it leaves {line['sqnr_outputs']:g} dB of them on the calibration data; "
        f"keep_float=[{line['number']}] would spare it"
    )
