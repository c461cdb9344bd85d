"""Kernel machines in float32 and on integer codes."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgeinfer.graph import Node
from edgeinfer.ops import KernelMachine, PairCoupling, Quantize
from edgeinfer.quantize.scheme import Rewriter, as_dtype, rule


@rule("KernelMachine", "float32")
def kernel_machine_float32(op: KernelMachine, node: Node, rw: Rewriter) -> None:
    """Kernel values and decisions in float32."""
    (x,), (y,) = node.inputs, node.outputs
    rw.put(y, rw.emit(as_dtype(op, "float32"), rw.float32(x)))


@rule("KernelMachine", "int16", "int8")
def kernel_machine_codes(op: KernelMachine, node: Node, rw: Rewriter) -> None:
    """Support vectors and rows become codes of one scale, so that distances keep their meaning.

    A distance does not change when both sides are moved, so each feature is centred; a product
    would, so there the codes are symmetric about zero. The vectors themselves tell the range, no
    calibration data is needed; rows further out are clamped, calibration data widen the range.
    """
    (x,), (y,) = node.inputs, node.outputs
    values = [op.vectors]
    seen = rw.calibration.values(x)
    if seen is not None:
        values.append(seen[np.isfinite(seen).all(axis=1)])
    points = np.concatenate(values)
    low, high = points.min(axis=0, initial=0.0), points.max(axis=0, initial=0.0)
    if op.kernel == "rbf" and len(points):
        low, high = points.min(axis=0), points.max(axis=0)
        offset = (low + high) / 2
        reach = float((high - low).max(initial=0.0) / 2)
    else:
        offset = np.zeros(len(low))
        reach = float(np.maximum(-low, high).max(initial=0.0))
    largest = np.iinfo(rw.precision).max
    scale = max(reach, 1e-30) / largest
    quantize = Quantize(
        rw.precision, np.array([scale]), np.zeros(1, np.int32), offset=np.ascontiguousarray(offset)
    )
    (codes,) = quantize.reference(op.vectors)
    machine = dataclasses.replace(
        as_dtype(op, "float32"), vectors=codes, gamma=op.gamma * scale * scale
    )
    if op.kernel == "linear":  # it has no gamma
        machine = dataclasses.replace(machine, coef=(op.coef * (scale * scale)).astype(np.float32))
    rw.put(y, rw.emit(machine, rw.emit(quantize, rw.float64(x))))


@rule("PairCoupling", "float32", "int16", "int8")
def pair_coupling(op: PairCoupling, node: Node, rw: Rewriter) -> None:
    """The coupling of a few decisions stays float64: its rounds stop at a threshold."""
    rw.put(node.outputs[0], rw.emit(op, rw.float64(node.inputs[0])))
