"""A method's graph for a small target: trees as words, votes without floats, no idle lookups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgeinfer.graph import Graph, Node, TensorType
from edgeinfer.ops import ArgMax, CheckFinite, Lookup, Quantize, TreeEnsemble
from edgeinfer.ops.tree_small import SmallTrees, can_vote, on_codes, small_trees
from edgeinfer.target import Target


def simplify(graph: Graph, method: str, target: Target) -> Graph:
    """The part of `graph` that computes `method`, with ops for small targets where they fit.

    Its results are the same, bit for bit.
    """
    spec = graph.methods[method]
    nodes = list(graph.needed(spec.tensors))
    tensors = list(spec.tensors)
    nodes = _small_trees(graph, nodes, tensors, target)
    nodes = _without_idle_lookups(nodes, tensors)
    nodes = _guarding(nodes, graph.types)
    methods = {method: replace(spec, tensors=tuple(tensors))}
    return replace(graph, nodes=tuple(nodes), methods=methods)


def _readers(nodes: list[Node], tensor: str) -> list[Node]:
    return [node for node in nodes if tensor in node.inputs]


def _small_trees(graph: Graph, nodes: list[Node], results: list[str], target: Target) -> list[Node]:
    """Every TreeEnsemble on guarded float32 features, whose leaves nobody asks for, as words."""
    guards = {
        node.inputs[0]: node.op.allow_nan for node in nodes if isinstance(node.op, CheckFinite)
    }
    kept: list[Node] = []
    replaced: set[int] = set()
    for node in nodes:
        if id(node) in replaced:
            continue
        small = None
        if isinstance(node.op, TreeEnsemble) and len(node.inputs) == 1:
            unread = all(
                name not in results and not _readers(nodes, name) for name in node.outputs[1:]
            )
            float32 = graph.types[node.inputs[0]].dtype == "float32"
            if unread and float32 and node.inputs[0] in guards:
                small = small_trees(node.op, guards[node.inputs[0]])
        if small is None:
            kept.append(node)
            continue
        outputs = node.outputs[:1]
        readers = _readers(nodes, outputs[0])
        votes = [n for n in readers if isinstance(n.op, ArgMax)]
        # An index of 32 bits instead of 64 suits whoever looks something up or hands it over.
        narrow = all(isinstance(r.op, Lookup) for v in votes for r in _readers(nodes, v.outputs[0]))
        voting = votes and readers == votes and narrow and outputs[0] not in results
        if voting and can_vote(small):
            small = replace(small, vote=True)
            outputs = votes[0].outputs
            replaced.update(id(n) for n in votes)
        kept += _in_nodes(small, node.inputs[0], outputs, target)
    return _without_done_guards(kept, graph.types)


def _without_done_guards(nodes: list[Node], types: Mapping[str, TensorType]) -> list[Node]:
    """The nodes, less guards made twice, and those that trees with the same guard make."""
    kept: list[Node] = []
    strict = {n.inputs[0] for n in nodes if isinstance(n.op, CheckFinite) and not n.op.allow_nan}
    done: set[tuple[str, bool]] = set()
    for node in nodes:
        if isinstance(node.op, CheckFinite):
            x = node.inputs[0]
            again = (x, node.op.allow_nan) in done or (node.op.allow_nan and x in strict)
            if types[x].dtype == "float32" and again:
                continue
            done.add((x, node.op.allow_nan))
            readers = [n for n in _readers(nodes, node.inputs[0]) if n is not node]
            if readers and all(
                isinstance(n.op, SmallTrees) and n.op.allow_nan == node.op.allow_nan
                for n in readers
            ):
                continue
        kept.append(node)
    return kept


def _guarding(nodes: list[Node], types: Mapping[str, TensorType]) -> list[Node]:
    """The nodes; where all that reads a guarded tensor quantizes it, that is the guard."""
    kept = list(nodes)
    for node in nodes:
        if not isinstance(node.op, CheckFinite) or node.op.allow_nan:
            continue
        readers = [n for n in _readers(nodes, node.inputs[0]) if n is not node]
        quantized = {
            id(n): replace(n.op, guard=True)
            for n in readers
            if isinstance(n.op, Quantize) and n.op.fits_small
        }
        if readers and len(quantized) == len(readers) and types[node.inputs[0]].size:
            kept.remove(node)
            kept = [replace(n, op=quantized[id(n)]) if id(n) in quantized else n for n in kept]
    return kept


def _in_nodes(small: SmallTrees, x: str, outputs: tuple[str, ...], target: Target) -> list[Node]:
    """One op on features; or, for if/else code, codes first."""
    pair = on_codes(small) if target.forest == "inline" else None
    if pair is None:
        return [Node(small, (x,), outputs)]
    codes = f"{outputs[0]}.codes"  # the guard before them stays
    return [Node(pair[0], (x,), (codes,)), Node(pair[1], (codes,), outputs)]


def _without_idle_lookups(nodes: list[Node], results: list[str]) -> list[Node]:
    """A table of 0, 1, 2 ... gives back what is looked up in it."""
    kept: list[Node] = []
    for node in nodes:
        op = node.op
        producer = next((n for n in kept if node.inputs and node.inputs[0] in n.outputs), None)
        known = producer is not None and isinstance(producer.op, (ArgMax, SmallTrees))
        if (
            isinstance(op, Lookup)
            and known
            and producer is not None
            and np.array_equal(op.table, np.arange(op.table.size))
            and len(producer.outputs) == 1
            and not [n for n in nodes if n is not node and node.inputs[0] in n.inputs]
            and node.inputs[0] not in results
            and (isinstance(producer.op, ArgMax) or not _readers(nodes, node.outputs[0]))
        ):
            kept[kept.index(producer)] = Node(producer.op, producer.inputs, node.outputs)
        else:
            kept.append(node)
    return kept
