"""Trees in float32 and in integers: the same leaf in every precision.

Trees compare ranks, which lose nothing, and every precision keeps the source's cuts: a float64
feature that sits at a cut stays on its side. float32 changes nothing else either: leaf values and
their sums stay float64, because a forest often all but ties, and then the last bit decides the
class. The integer precisions round leaf values to steps of a power of two, 16 bits in int8 and 32
in int16, whose sums a float32 holds exactly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeinfer.errors import UnsupportedError
from edgeinfer.graph import Node
from edgeinfer.ops import Binary, TreeEnsemble
from edgeinfer.quantize.scheme import EXACT_KINDS, Rewriter, rule

EXACT_KINDS.add("TreeEnsemble")

LEAF_TYPES = {"int16": "int32", "int8": "int16"}
EXACT_SUM = 1 << 23
"""Sums below this are distinct float32 numbers, also after they have been divided."""
LARGEST = {"int16": 32767, "int32": 1 << 30}


@rule("TreeEnsemble", "float32")
def trees_float32(op: TreeEnsemble, node: Node, rw: Rewriter) -> None:
    """The same trees, whatever precision is around them."""
    _emit(op, node, rw)


@rule("TreeEnsemble", "int16", "int8")
def trees_integer(op: TreeEnsemble, node: Node, rw: Rewriter) -> None:
    """The same leaves, their values in steps; `notes` tells the step and the largest error."""
    if rw.is_exact(node.outputs[0]) or op.values.dtype.kind == "i":
        _emit(op, node, rw)
        return
    quantized, step = integer_leaves(op, LEAF_TYPES[rw.precision])
    error = _rounding(op, quantized) / op.divisor
    rw.notes.setdefault("trees", {})[node.outputs[0]] = {
        "leaf_values": quantized.values.dtype.name,
        "step": step,
        "largest_error": error,
    }
    _emit(quantized, node, rw)


def _emit(op: TreeEnsemble, node: Node, rw: Rewriter) -> None:
    x = rw.float64(node.inputs[0])
    scores, *leaves = node.outputs
    with_init = len(node.inputs) > 1
    if with_init and op.values.dtype.kind == "i":
        first, *rest = rw.builder.emit_many(op, x)
        first = rw.emit(Binary("add"), first, rw.float32(node.inputs[1]))
    else:
        init = [rw.float64(node.inputs[1])] if with_init else []
        first, *rest = rw.builder.emit_many(op, x, *init)
    for old, new in zip((scores, *leaves), (first, *rest), strict=True):
        rw.put(old, new)


def integer_leaves(op: TreeEnsemble, dtype: str) -> tuple[TreeEnsemble, float]:
    """`op` with integer leaf values, and the step between them, a power of two.

    Values are taken around their middle, which moves into the base, so that all bits count.
    """
    values, n_trees = op.values.astype(np.float64), len(op.depths)
    base = op.base.astype(np.float64).copy()
    if not (np.isfinite(values).all() and np.isfinite(base).all()):
        raise UnsupportedError("leaf values that are not finite have no integer form; use float32")
    middle = (values.min(axis=0) + values.max(axis=0)) / 2
    values -= middle
    width = len(middle)
    for target in op.targets.tolist():
        base[target : target + width] += middle
    largest = np.abs(values).max()
    total = np.abs(base).max() + n_trees * largest
    if total == 0:
        step = 1.0
    else:
        step = max(total / EXACT_SUM, largest / LARGEST[dtype])
        step = float(2.0 ** np.clip(np.ceil(np.log2(step)), -100, 100))
    quantized = replace(
        op,
        values=np.rint(values / step).astype(dtype),
        base=np.rint(base / step).astype(np.int32),
        scale=step * op.scale,
    )
    return quantized, step


def _rounding(op: TreeEnsemble, quantized: TreeEnsemble) -> float:
    """An upper bound of what rounding leaf values and base adds to a sum."""
    step = quantized.scale / op.scale
    return step * (len(op.depths) + 1) / 2
