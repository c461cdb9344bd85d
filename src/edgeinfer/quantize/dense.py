"""Dense layers in float32 and in integers."""

from __future__ import annotations

from edgeinfer.graph import Node
from edgeinfer.ops import Dense
from edgeinfer.quantize.scheme import Rewriter, as_dtype, rule


@rule("Dense", "float32")
def dense_float32(op: Dense, node: Node, rw: Rewriter) -> None:
    """A matrix product runs in float32, and what follows stays there."""
    (x,), (y,) = node.inputs, node.outputs
    if rw.is_exact(y):
        rw.copy(node)
    else:
        rw.put(y, rw.emit(as_dtype(op, "float32"), rw.float32(x)))
