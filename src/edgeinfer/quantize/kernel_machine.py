"""Kernel machines in float32."""

from __future__ import annotations

from edgeinfer.graph import Node
from edgeinfer.ops import KernelMachine, PairCoupling
from edgeinfer.quantize.scheme import Rewriter, as_dtype, rule


@rule("KernelMachine", "float32")
def kernel_machine_float32(op: KernelMachine, node: Node, rw: Rewriter) -> None:
    """Kernel values and decisions in float32."""
    (x,), (y,) = node.inputs, node.outputs
    rw.put(y, rw.emit(as_dtype(op, "float32"), rw.float32(x)))


@rule("PairCoupling", "float32", "int16", "int8")
def pair_coupling(op: PairCoupling, node: Node, rw: Rewriter) -> None:
    """The coupling of a few decisions stays float64: its rounds stop at a threshold."""
    rw.put(node.outputs[0], rw.emit(op, rw.float64(node.inputs[0])))
