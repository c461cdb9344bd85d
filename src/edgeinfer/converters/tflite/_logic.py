"""Comparisons of what a row computes, truth values, and choices by them."""

from __future__ import annotations

import numpy as np

from edgeinfer.converters.tflite._common import broadcast, broadcast_shape, same_quantization
from edgeinfer.converters.tflite._network import Call, Value, operator
from edgeinfer.ops import Compare, QCompare, Table8, Where, Whole
from edgeinfer.ops.fixed_point import quantize_multiplier

_COMPARISONS = {
    "EQUAL": "eq",
    "NOT_EQUAL": "ne",
    "LESS": "lt",
    "LESS_EQUAL": "le",
    "GREATER": "gt",
    "GREATER_EQUAL": "ge",
}
_COMPARED = ("float32", "int8", "int16", "int32", "int64")


@operator(*_COMPARISONS, version=4)
def comparison(call: Call) -> None:
    fn = _COMPARISONS[call.op.name]
    truths = ("bool",) if fn in ("eq", "ne") else ()
    a, b = (call.input(i, *_COMPARED, *truths) for i in range(2))
    if a.dtype != b.dtype:
        raise call.op.unsupported(f"compares {a.dtype} with {b.dtype}")
    shape = broadcast_shape(call, a.shape, b.shape)
    scaled = a.dtype == "int8" and (a.scale or b.scale)
    if a.dtype == "int16" and fn in ("eq", "ne"):
        raise call.op.unsupported("of int16, LiteRT finds neighbours equal")
    if a.dtype == "int16":
        same_quantization(call, a, b)  # LiteRT compares the integers, whatever they mean
    op = _scaled_comparison(call, fn, a, b) if scaled else Compare(fn)
    call.put(0, call.emit(op, broadcast(call, a, shape), broadcast(call, b, shape)), shape)


def _scaled_comparison(call: Call, fn: str, a: Value, b: Value) -> Compare | QCompare:
    """Of integers with scales; the reference rescales both even where the scales are equal."""
    (a_scale, a_zero), (b_scale, b_zero) = call.quant(a), call.quant(b)
    if not max(a_scale, b_scale) < 1:
        raise call.op.unsupported("a scale of 1 or more")
    pairs = [quantize_multiplier(scale) for scale in (a_scale, b_scale)]
    multipliers, shifts = zip(*pairs, strict=True)
    op = QCompare(fn, (a_zero, b_zero), multipliers, shifts)
    return Compare(fn) if op.plain() else op


@operator("LOGICAL_AND", "LOGICAL_OR", version=1)
def both_or_either(call: Call) -> None:
    a, b = call.input(0, "bool"), call.input(1, "bool")
    shape = broadcast_shape(call, a.shape, b.shape)
    op = Whole("min" if call.op.name == "LOGICAL_AND" else "max")
    call.put(0, call.emit(op, broadcast(call, a, shape), broadcast(call, b, shape)), shape)


@operator("LOGICAL_NOT", version=1)
def negation(call: Call) -> None:
    x = call.input(0, "bool")
    call.put(0, call.emit(Table8((np.arange(256) == 0).astype(np.uint8)), call.tensor(x)), x.shape)


@operator("SELECT", "SELECT_V2", version=4)
def select(call: Call) -> None:
    """Value by value; SELECT alone takes a condition of one axis for whole rows of the others."""
    when, yes, no = call.input(0, "bool"), call.input(1), call.input(2)
    if yes.dtype != no.dtype:
        raise call.op.unsupported(f"chooses between {yes.dtype} and {no.dtype}")
    same_quantization(call, yes, no)
    if call.op.name == "SELECT" and when.rank == 1 and yes.rank > 1:
        if when.size not in (1, yes.shape[0]):
            raise call.op.damaged(f"{when.size} conditions for {yes.shape[0]} rows")
        axes = (when.size, *(1,) * (yes.rank - 1))
        data = None if when.data is None else when.data.reshape(axes)
        when = Value("bool", axes, tensor=when.tensor, data=data)
    shape = broadcast_shape(call, when.shape, yes.shape, no.shape)
    call.put(0, call.emit(Where(), *(broadcast(call, v, shape) for v in (when, yes, no))), shape)
