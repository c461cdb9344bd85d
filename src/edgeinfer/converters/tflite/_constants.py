"""Operators over constants are computed while converting: shapes, counters, tables of positions.

Networks exported with a free batch dimension compute shapes (SHAPE, STRIDED_SLICE, PACK) at run
time; here every shape is known, so nothing of that is left in the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeinfer.converters.tflite._network import FOLDS, Call, operator

Fold = Callable[[Call, list[np.ndarray]], Any]
PLAIN = ("int32", "int64", "float32", "bool", "int16", "int8", "uint8")
ELEMENTS = 1 << 22


def _divide(call: Call, x: list[np.ndarray]) -> Any:
    if x[0].dtype.kind == "f":
        return x[0] / x[1]
    if (x[1] == 0).any():
        raise call.op.damaged("divides by zero")
    return np.trunc(x[0] / x[1])


def _floor(function: Any) -> Fold:
    def fold(call: Call, x: list[np.ndarray]) -> Any:
        if x[0].dtype.kind != "f" and (x[1] == 0).any():
            raise call.op.damaged("divides by zero")
        return function(x[0], x[1])

    return fold


def _reduction(function: Any) -> Fold:
    def fold(call: Call, x: list[np.ndarray]) -> Any:
        axes = tuple({int(a) % max(x[0].ndim, 1) for a in x[1].reshape(-1)})
        keep = bool(call.op.options("KeepDims"))
        return function(x[0], axis=axes, keepdims=keep) if x[0].ndim else x[0]

    return fold


def _range(call: Call, x: list[np.ndarray]) -> Any:
    start, limit, delta = (v.reshape(-1)[0] for v in x)
    if not delta or abs((limit - start) / delta) > ELEMENTS:
        raise call.op.damaged("a range without end")
    return np.arange(start, limit, delta)


def _broadcast_args(call: Call, x: list[np.ndarray]) -> Any:
    shapes = [tuple(int(n) for n in v.reshape(-1)) for v in x]
    return np.array(np.broadcast_shapes(*shapes), x[0].dtype)


_FOLDS: dict[str, Fold] = {
    "ADD": lambda call, x: x[0] + x[1],
    "SUB": lambda call, x: x[0] - x[1],
    "MUL": lambda call, x: x[0] * x[1],
    "DIV": _divide,
    "FLOOR_DIV": _floor(np.floor_divide),
    "FLOOR_MOD": _floor(np.mod),
    "MAXIMUM": lambda call, x: np.maximum(x[0], x[1]),
    "MINIMUM": lambda call, x: np.minimum(x[0], x[1]),
    "EQUAL": lambda call, x: x[0] == x[1],
    "NOT_EQUAL": lambda call, x: x[0] != x[1],
    "LESS": lambda call, x: x[0] < x[1],
    "LESS_EQUAL": lambda call, x: x[0] <= x[1],
    "GREATER": lambda call, x: x[0] > x[1],
    "GREATER_EQUAL": lambda call, x: x[0] >= x[1],
    "LOGICAL_AND": lambda call, x: x[0] & x[1],
    "LOGICAL_OR": lambda call, x: x[0] | x[1],
    "LOGICAL_NOT": lambda call, x: x[0] == 0,
    "SELECT": lambda call, x: np.where(x[0] != 0, x[1], x[2]),
    "SELECT_V2": lambda call, x: np.where(x[0] != 0, x[1], x[2]),
    "NEG": lambda call, x: -x[0],
    "ABS": lambda call, x: np.abs(x[0]),
    "CAST": lambda call, x: x[0],
    "RANGE": _range,
    "BROADCAST_ARGS": _broadcast_args,
    "REDUCE_PROD": _reduction(np.prod),
    "REDUCE_MAX": _reduction(np.max),
    "REDUCE_MIN": _reduction(np.min),
    "REDUCE_ANY": _reduction(np.any),
    "REDUCE_ALL": _reduction(np.all),
    "SUM": _reduction(np.sum),
}


def fold(call: Call) -> bool:
    """Compute the operator now if all it reads is known and has no scale; whether it was."""
    function = _FOLDS.get(call.op.name)
    if function is None or len(call.op.outputs) != 1 or call.output().scale:
        return False
    values = [call.optional(i) for i in range(call.arity)]
    arrays = []
    for value in values:
        if value is None or value.data is None or value.scale or value.dtype not in PLAIN:
            return False
        arrays.append(value.data)
    dtype = call.output_dtype()
    if dtype not in PLAIN or call.op.options("FusedActivationFunction", 0, missing=0):
        return False
    with np.errstate(all="ignore"):
        result = np.asarray(function(call, arrays))
        if dtype == "bool":
            result = (result != 0).astype(np.uint8)
    call.put_constant(0, np.asarray(result.astype("uint8" if dtype == "bool" else dtype)))
    return True


FOLDS.append(fold)


@operator(
    *("RANGE", "BROADCAST_ARGS"),
)
def only_of_constants(call: Call) -> None:
    raise call.op.unsupported("works on constants only")


@operator("SHAPE", version=1)
def shape(call: Call) -> None:
    call.put_constant(0, np.array(call.input(0).shape, call.output_dtype()))


@operator("RANK", version=1)
def rank(call: Call) -> None:
    call.put_constant(0, np.array(call.input(0).rank, np.int32))


@operator("ZEROS_LIKE", version=1)
def zeros_like(call: Call) -> None:
    x = call.input(0, "float32", "int32", "int64")
    call.put_constant(0, np.zeros(x.shape, x.dtype))


@operator("FILL", version=3)
def fill(call: Call) -> None:
    shape = call.integers(0)
    value = call.input(1)
    count = 1
    for n in shape:
        if not 0 <= n <= ELEMENTS:
            raise call.op.damaged(f"a shape of {list(shape)}")
        count *= n
    if count > ELEMENTS:
        raise call.op.damaged(f"a shape of {list(shape)}")
    if value.data is None:
        raise call.op.unsupported("fills with a value that is computed")
    call.put_constant(0, np.full(shape, value.data.reshape(-1)[0], value.data.dtype))
