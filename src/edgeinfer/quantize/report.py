"""What a precision cost, per method, measured on the calibration data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeinfer.graph import Graph
from edgeinfer.quantize.layers import Noise
from edgeinfer.quantize.scheme import layers_of

if TYPE_CHECKING:
    from edgeinfer.quantize.scheme import Rewriter

EXACT_METHODS = ("apply",)
"""Numbers of leaves, which some sources give as floats."""


def make_report(rw: Rewriter, quantized: Graph) -> dict[str, Any]:
    """`outputs`: per method what differs from the float64 graph.

    Of labels, leaves and indices `agreement`: the share of rows with the same ones. Of numbers
    `max_abs_error`, `mean_abs_error`, `r2` (1 - squared errors / squared deviations from the mean,
    left out where the source's answers do not vary), and where each row has several, as
    probabilities are, `top_agreement`: the share of rows whose largest is the same one.

    `saturated`: per tensor that became integers and had values they cannot stand for, the share
    of them. And what the rules noted.
    """
    source, data = rw.graph, rw.calibration.data
    report: dict[str, Any] = {"calibration_rows": 0 if data is None else len(data), **rw.notes}
    if data is None:
        return report
    (name,) = source.inputs
    kept = {n for spec in source.methods.values() for n in spec.tensors}
    want = source.evaluate({name: data}, [*kept, *(n for n in rw.watched if n not in kept)])
    renamed = {method: quantized.methods[method].tensors for method in source.methods}
    have = quantized.evaluate(
        {name: data}, sorted({n for names in renamed.values() for n in names})
    )
    report["outputs"] = {
        method: _compare(
            [(want[w], have[h]) for w, h in zip(spec.tensors, renamed[method], strict=True)],
            exact=method in EXACT_METHODS,
        )
        for method, spec in source.methods.items()
    }
    layers = _layers(rw, quantized, data)
    if layers:
        report["layers"] = layers
    shares = {old: _outside(want[old], *limits) for old, limits in rw.watched.items()}
    report["saturated"] = {old: share for old, share in shares.items() if share > 0}
    return report


def _layers(rw: Rewriter, quantized: Graph, data: np.ndarray) -> list[dict[str, Any]]:
    """A line for each layer: its precision and its signal to noise in decibels.

    ``sqnr_alone``: the layer on exact inputs; ``sqnr``: with the noise of all layers before it.
    A layer with a function behind it is measured behind the function, which may clamp.
    """
    nodes = layers_of(rw.graph)
    ends = [_end(rw, node.outputs[0]) for node in nodes]
    (name,) = rw.graph.inputs
    starts = [node.inputs[0] for node in nodes]
    want = rw.graph.evaluate({name: data}, list(dict.fromkeys((*ends, *starts))))
    places = [rw.codes[end].tensor if end in rw.codes else rw.get(end) for end in ends]
    have = quantized.evaluate({name: data}, list(dict.fromkeys(places)))
    lines = []
    for number, (node, end, place) in enumerate(zip(nodes, ends, places, strict=True)):
        total = Noise()
        total.add(want[end], _real(rw, end, have[place]))
        codes = rw.layers.get(node.outputs[0])
        line: dict[str, Any] = {
            "number": number,
            "name": node.outputs[0],
            "operator": node.op.kind,
            "precision": quantized.types[rw.get(node.outputs[0])].dtype
            if codes is None
            else rw.precision,
            "sqnr": total.decibels,
        }
        if codes is not None:
            exact = codes.quantized(want[node.inputs[0]], rw.precision)
            own = Noise()
            alone = _from(quantized, codes.tensor, exact, place)
            own.add(want[end], _real(rw, end, alone))
            line["sqnr_alone"] = own.decibels
        elif rw.keeps(node):
            line["reason"] = "kept by keep_float"
        lines.append(line)
    return lines


def _end(rw: Rewriter, tensor: str) -> str:
    """The tensor behind the function that alone reads a layer's output."""
    readers = rw.readers(tensor)
    if len(readers) == 1 and readers[0].op.kind == "Unary" and not rw.is_result(tensor):
        return readers[0].outputs[0]
    return tensor


def _real(rw: Rewriter, old: str, values: np.ndarray) -> np.ndarray:
    """What stands for the old tensor, as the values it stands for."""
    if old not in rw.codes:
        return values.astype(np.float64)
    codes = rw.codes[old]
    return np.asarray(codes.scale * (values.astype(np.float64) - codes.zero) + codes.shift)


def _from(graph: Graph, start: str, values: np.ndarray, end: str) -> np.ndarray:
    """The tensor `end` for these values of `start`, from which it is computed."""
    known = {start: values}
    for node in graph.nodes:
        if node.inputs and all(n in known for n in node.inputs):
            known.update(
                zip(node.outputs, node.op.reference(*(known[n] for n in node.inputs)), strict=True)
            )
            if end in known:
                break
    return known[end]


def _outside(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """The share of finite values outside the limits, up to rounding."""
    margin = 1e-9 * np.maximum(np.abs(low), np.abs(high))
    with np.errstate(invalid="ignore"):
        outside = (values < low - margin) | (values > high + margin)
    return float(np.count_nonzero(outside & np.isfinite(values)) / max(values.size, 1))


def _compare(pairs: list[tuple[np.ndarray, np.ndarray]], exact: bool) -> dict[str, float]:
    numbers = [pair for pair in pairs if pair[0].dtype.kind == "f" and not exact]
    others = [pair for pair in pairs if pair[0].dtype.kind != "f" or exact]
    result = {}
    if others:
        same = [_same(want, have).reshape(len(want), -1).all(axis=1) for want, have in others]
        result["agreement"] = float(np.mean(same)) if same[0].size else 0.0
    if not numbers:
        return result
    errors = [_error(want, have) for want, have in numbers]
    error = np.concatenate([e.ravel() for e in errors])
    result["max_abs_error"] = float(error.max(initial=0.0))
    result["mean_abs_error"] = float(error.mean()) if error.size else 0.0
    with np.errstate(all="ignore"):
        spread = sum(float(np.square(want - want.mean(axis=0)).sum()) for want, _ in numbers)
        lost = float(np.square(error).sum())
    if 0.0 < spread < np.inf and lost < np.inf:
        result["r2"] = 1.0 - lost / spread
    several = [(w, h) for w, h in numbers if w.ndim == 2 and w.shape[1] > 1 and len(w)]
    if several and len(several) == len(numbers) and not others:
        result["top_agreement"] = float(
            np.mean([w.argmax(axis=1) == h.argmax(axis=1) for w, h in several])
        )
    return result


def _same(want: np.ndarray, have: np.ndarray) -> np.ndarray:
    return np.asarray((want == have) | ((want != want) & (have != have)))


def _error(want: np.ndarray, have: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        error = np.abs(have.astype(np.float64) - want)
    return np.where(_same(want, have), 0.0, error)
