"""The logarithm of a probability, in float32 and below.

A probability of 1e-50 is 0 in float32, and its logarithm minus infinity; the source, which has
float64 there, says -115. So what makes probabilities of scores is done in float64 where a
logarithm follows, from the scores on.
"""

from __future__ import annotations

from edgeinfer.graph import Node
from edgeinfer.ops import Cast, Unary
from edgeinfer.quantize.scheme import Rewriter, rule

OF_SCORES = ("Softmax", "Complement", "Impute", "Unary")
"""Ops between scores and the logarithm that lose what is small."""


@rule("Unary", "float32")
def unary_float32(op: Unary, node: Node, rw: Rewriter) -> None:
    """The logarithm in float64 of what float64 made of the scores; other functions as they are."""
    (x,), (y,) = node.inputs, node.outputs
    chain: list[Node] = []
    while (writer := rw.writer(x)) is not None and writer.op.kind in OF_SCORES:
        chain.append(writer)
        (x,) = writer.inputs
    of_scores = op.fn == "log" and any(w.op.kind in ("Softmax", "Complement") for w in chain)
    if rw.is_exact(y) or not of_scores:
        rw.copy(node)
        return
    now = rw.float64(x)
    for writer in reversed(chain):
        now = rw.emit(writer.op, now)
    rw.put(y, rw.emit(Cast("float32"), rw.emit(op, now)))
