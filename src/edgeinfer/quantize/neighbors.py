"""Nearest neighbours: the same search in every precision, because votes must not change.

Only where the user gives that up (``exact=False`` in an integer precision) are the points rounded.
"""

from __future__ import annotations

import numpy as np

from edgeinfer.errors import UnsupportedError
from edgeinfer.graph import Node
from edgeinfer.ops import (
    NeighborMean,
    NeighborSearch,
    NeighborSearchInt,
    NeighborTree,
    Op,
    Quantize,
)
from edgeinfer.ops.neighbors import METRICS_OF_CODES
from edgeinfer.quantize.scheme import EXACT_KINDS, Rewriter, rule

EXACT_KINDS.update(("NeighborSearch", "NeighborTree"))


@rule("NeighborSearch", "float32")
@rule("NeighborTree", "float32")
def neighbor_search(op: Op, node: Node, rw: Rewriter) -> None:
    """Points stay in the dtype that holds them exactly, distances are computed in float64."""
    outputs = rw.builder.emit_many(op, *(rw.float64(name) for name in node.inputs))
    for old, new in zip(node.outputs, outputs, strict=True):
        rw.put(old, new)


@rule("NeighborSearch", "int16", "int8")
def neighbor_search_int(op: NeighborSearch, node: Node, rw: Rewriter) -> None:
    """The same, which searches by integer codes and ranks by the points; or the codes alone."""
    if rw.options.get("exact", True):
        neighbor_search(op, node, rw)
        return
    if op.metric not in METRICS_OF_CODES:
        raise UnsupportedError(
            f"exact=False: there is no integer search with the metric {op.metric!r}; "
            f"use exact=True, or one of {', '.join(METRICS_OF_CODES)}"
        )
    levels = 254 if rw.precision == "int8" else 65534
    low, high = op.points.min(axis=0).astype(np.float64), op.points.max(axis=0).astype(np.float64)
    span = float((high - low).max())
    scale = span / levels if 0.0 < span < np.inf else 1.0
    to_codes = Quantize(
        rw.precision, np.array([scale]), np.zeros(1, np.int32), low + (high - low) / 2
    )
    (codes,) = to_codes.reference(op.points.astype(np.float64))
    (x,), (old_distances, old_indices) = node.inputs, node.outputs
    search = NeighborSearchInt(codes, scale, op.k, op.metric)
    distances, indices = rw.builder.emit_many(search, rw.emit(to_codes, rw.float64(x)))
    rw.put(old_distances, distances)
    rw.put(old_indices, indices)
    rw.notes["rounded_points"] = {"bytes_saved": int(op.points.nbytes - codes.nbytes)}


@rule("NeighborTree", "int16", "int8")
def neighbor_tree(op: NeighborTree, node: Node, rw: Rewriter) -> None:
    """The same; the codes alone need no tree."""
    if rw.options.get("exact", True):
        neighbor_search(op, node, rw)
    else:
        neighbor_search_int(op.in_order(), node, rw)


@rule("NeighborVote", "float32", "int16", "int8")
@rule("NeighborProba", "float32", "int16", "int8")
@rule("NeighborMean", "float32", "int16", "int8")
def of_neighbors(op: Op, node: Node, rw: Rewriter) -> None:
    """Votes and means in the width of the distances: they cost nothing beside the search."""
    indices, distances = (rw.get(name) for name in node.inputs)
    if isinstance(op, NeighborMean) and op.weighted:
        distances = rw.float64(node.inputs[1])
    rw.put(node.outputs[0], rw.emit(op, indices, distances))
