"""Nearest neighbours: the same search in every precision, because votes must not change."""

from __future__ import annotations

from edgeinfer.graph import Node
from edgeinfer.ops import Op
from edgeinfer.quantize.scheme import EXACT_KINDS, Rewriter, rule

EXACT_KINDS.add("NeighborSearch")


@rule("NeighborSearch", "float32", "int16", "int8")
def neighbor_search(op: Op, node: Node, rw: Rewriter) -> None:
    """Points stay in the dtype that holds them exactly, distances are computed in float64."""
    outputs = rw.builder.emit_many(op, *(rw.float64(name) for name in node.inputs))
    for old, new in zip(node.outputs, outputs, strict=True):
        rw.put(old, new)


@rule("NeighborVote", "float32", "int16", "int8")
@rule("NeighborProba", "float32", "int16", "int8")
@rule("NeighborMean", "float32", "int16", "int8")
def of_neighbors(op: Op, node: Node, rw: Rewriter) -> None:
    """Votes and means of exact distances cost nothing beside the search."""
    indices, distances = node.inputs
    rw.put(node.outputs[0], rw.emit(op, rw.get(indices), rw.float64(distances)))
