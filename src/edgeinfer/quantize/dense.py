"""Dense layers in float32 and in integers.

In integers a tensor is codes, ``real = scale * (code - zero) + shift`` per feature (`Codes`). The
product takes scale and shift into its weights and bias, so they cost nothing: the first one
reads features quantized each in its own range, with all affine steps before it (scalers) folded
into that, and between two products outputs keep a range of their own each. Sums that nobody
multiplies again come out as float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import Node
from edgeinfer.ops import (
    BinaryConst,
    CheckFinite,
    Dense,
    DenseInt,
    Quantize,
    Table8,
    Table16,
    Unary,
)
from edgeinfer.ops.dense_int import fold_zero_point
from edgeinfer.ops.fixed_point import quantize_multipliers
from edgeinfer.ops.unary import UNARY
from edgeinfer.quantize.logarithm import unary_float32
from edgeinfer.quantize.scheme import Codes, Rewriter, as_dtype, rule

INTEGERS = ("int16", "int8")
WIDEN = {"int8": 1.25, "int16": 8.0}
"""How much wider than in the calibration data the range of an input feature may be made."""

HEADROOM = {"int8": 1.0, "int16": 2.0}
"""The same for hidden layers: int16 has a bit to spare for values never seen."""

WITHOUT_DATA = {"int8": 1.0, "int16": 4.0}
"""The same where only the model's scaler tells the range: outliers reach further than it says."""

FLOAT32_STEPS = 1 << 18
"""Up to so many steps from zero, float32 tells quantization steps apart well enough."""

SATURATED = {
    "tanh": {"int8": 3.2, "int16": 6.0},
    "logistic": {"int8": 6.5, "int16": 11.5},
}
"""Where a function is within half a step of its limit: inputs beyond may be clamped."""

OUTPUT_SCALE = {
    ("tanh", "int8"): (1 / 127, 0),
    ("tanh", "int16"): (1 / 32767, 0),
    ("logistic", "int8"): (1 / 255, -128),
    ("logistic", "int16"): (1 / 32767, 0),
}
"""Scale and zero point of what a table gives."""

TABLE_16_ENTRIES = 2049


def affine(fn: str, constant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``fn(x, constant)`` as factor and term."""
    if fn in ("add", "sub"):
        return np.ones_like(constant), constant if fn == "add" else -constant
    return constant if fn == "mul" else 1 / constant, np.zeros_like(constant)


def is_affine(node: Node) -> bool:
    """Whether the node moves and stretches each feature."""
    op = node.op
    if not isinstance(op, BinaryConst) or op.fn not in ("add", "sub", "mul", "div"):
        return False
    usable = np.isfinite(op.constant).all()
    return bool(usable and (op.fn in ("add", "sub") or (op.constant != 0).all()))


@rule("Dense", "float32")
def dense_float32(op: Dense, node: Node, rw: Rewriter) -> None:
    """A matrix product runs in float32, and what follows stays there."""
    (x,), (y,) = node.inputs, node.outputs
    if rw.is_exact(y):
        rw.copy(node)
    else:
        rw.put(y, rw.emit(as_dtype(op, "float32"), rw.float32(x)))


@rule("Dense", *INTEGERS)
def dense_integer(op: Dense, node: Node, rw: Rewriter) -> None:
    """Integer weights with one scale per output; codes where integers follow, else float32."""
    (x,), (y,) = node.inputs, node.outputs
    if rw.is_exact(y):
        rw.copy(node)
        return
    if rw.keeps(node):
        rw.put(y, rw.emit(as_dtype(op, "float32"), rw.float32(x)))
        return
    codes = _codes_of(rw, x)
    rw.layers[y] = codes
    weights = op.weights * codes.scale
    bias = op.bias + op.weights @ codes.shift
    top = np.iinfo(rw.precision).max
    step = np.abs(weights).max(axis=1, initial=0.0) / top
    step = np.where(step > 0, step, 1.0)
    rounded = np.rint(weights / step[:, None])
    mean = rw.calibration.mean(x)
    if mean is not None:
        # What rounding the weights adds on average goes into the bias.
        average = (mean - codes.shift) / codes.scale
        bias = bias + (weights - rounded * step[:, None]) @ average
    integer = rounded.astype(rw.precision)
    wide = np.dtype("int32" if rw.precision == "int8" else "int64")
    if _takes_integers(rw, y):
        _to_codes(rw, op, y, _Product(codes, integer, step, bias))
        return
    product = DenseInt(
        integer,
        fold_zero_point(np.zeros(len(bias), wide), integer, codes.zero),
        scale=step.astype(np.float32),
        offset=bias.astype(np.float32),
    )
    result = rw.emit(product, codes.tensor)
    rw.put(y, rw.emit(Unary("relu"), result) if op.activation == "relu" else result)


@dataclass(frozen=True)
class _Product:
    """An integer product: sums are ``step * (codes @ weights.T)``, to which `bias` is added."""

    codes: Codes
    weights: np.ndarray
    step: np.ndarray
    bias: np.ndarray


def _to_codes(rw: Rewriter, op: Dense, y: str, product: _Product) -> None:
    """A product whose outputs `y` are codes again, each in its own range."""
    codes, weights, step, bias = product.codes, product.weights, product.step, product.bias
    info = np.iinfo(rw.precision)
    outputs = len(bias)
    zero, shift = np.zeros(outputs, np.int32), np.zeros(outputs)
    low, high = rw.range(y)
    margin = (HEADROOM[rw.precision] - 1) / 2 * (high - low)
    low, high = low - margin, high + margin
    function = _function_after(rw, y)
    if op.activation == "relu":
        zero += 0 if rw.precision == "int16" else info.min
        scale = _positive(high / (info.max - zero))
    elif function is not None:
        # One table serves all outputs, so they share a scale.
        reach = min(float(np.maximum(-low, high).max()), SATURATED[function][rw.precision])
        scale = np.full(outputs, max(reach, 1e-6) / info.max)
    else:
        shift = (low + high) / 2
        scale = _positive((high - low) / 2 / info.max)
        bias = bias - shift
    # A multiplier has its limits: outputs that hardly move get coarser steps than they could.
    scale = np.maximum(scale, (step.max() if function is not None else step) / 8192)
    # The bias needs room in the accumulator, if need be at the cost of the weights' resolution.
    room = 1 << (28 if rw.precision == "int8" else 44)
    coarser = np.maximum(1, np.ceil(np.abs(bias) / step / room))
    if (coarser > 1).any():
        weights = np.rint(weights / coarser[:, None]).astype(weights.dtype)
        step = step * coarser
    wide = np.dtype("int32" if rw.precision == "int8" else "int64")
    integer_bias = fold_zero_point(np.rint(bias / step).astype(wide), weights, codes.zero)
    multiplier, exponent = quantize_multipliers(step / scale)
    layer = DenseInt(
        weights,
        integer_bias,
        multiplier,
        exponent,
        scale,
        zero,
        low=int(zero[0]) if op.activation == "relu" else info.min,
        high=info.max,
    )
    result = rw.emit(layer, codes.tensor)
    rw.codes[y] = Codes(result, scale, zero, shift)
    if function is None:
        rw.watch(y, scale * (info.min - zero) + shift, scale * (info.max - zero) + shift)


@rule("Unary", *INTEGERS)
def unary_integer(op: Unary, node: Node, rw: Rewriter) -> None:
    """A function of codes is a table."""
    (x,), (y,) = node.inputs, node.outputs
    codes = rw.codes.get(x)
    if codes is None:
        unary_float32(op, node, rw)
        return
    out_scale, out_zero = OUTPUT_SCALE[op.fn, rw.precision]
    info = np.iinfo(rw.precision)
    function = UNARY[op.fn]
    n = codes.scale.size
    if rw.precision == "int8":
        # The table is ordered by the bits of the code: 0 .. 127, -128 .. -1.
        code = np.arange(256).astype(np.uint8).view(np.int8).astype(np.float64)
        entries = np.rint(function(code * codes.scale[0]) / out_scale) + out_zero
        table = np.clip(entries, info.min, info.max).astype(np.int8)
        result = rw.emit(Table8(table, out_scale, out_zero), codes.tensor)
    else:
        places = np.linspace(-32768, 32768, TABLE_16_ENTRIES) * codes.scale[0]
        table = np.clip(np.rint(function(places) / out_scale), info.min, info.max)
        result = rw.emit(Table16(table.astype(np.int16), out_scale), codes.tensor)
    rw.codes[y] = Codes(result, np.full(n, out_scale), np.full(n, out_zero, np.int32), np.zeros(n))


@rule("BinaryConst", *INTEGERS)
def affine_of_codes(op: BinaryConst, node: Node, rw: Rewriter) -> None:
    """Codes stay as they are: what they mean changes."""
    (x,), (y,) = node.inputs, node.outputs
    if x in rw.codes:
        codes = rw.codes[x]
        factor, term = affine(op.fn, op.constant)
        rw.codes[y] = Codes(
            codes.tensor, codes.scale * factor, codes.zero, codes.shift * factor + term
        )
    else:
        rw.copy(node)


@rule("CheckFinite", *INTEGERS)
def check_of_codes(op: CheckFinite, node: Node, rw: Rewriter) -> None:
    """Codes are finite; other tensors are checked."""
    if node.inputs[0] not in rw.codes:
        rw.copy(node)


def _positive(scale: np.ndarray) -> np.ndarray:
    """Scales, with the typical one where a value never changes (and its range would be empty)."""
    usable = scale > np.finfo(np.float32).tiny
    typical = float(np.median(scale[usable])) if usable.any() else 1.0
    return np.where(usable, scale, typical)


def _function_after(rw: Rewriter, tensor: str) -> str | None:
    """The tabulated function that reads `tensor`, if there is one."""
    functions = [n.op.fn for n in rw.readers(tensor) if isinstance(n.op, Unary)]
    return functions[0] if functions else None


def _takes_integers(rw: Rewriter, tensor: str) -> bool:
    """Whether all that reads `tensor` goes, by steps that keep integers, to another product."""
    readers = [n for n in rw.readers(tensor) if not isinstance(n.op, CheckFinite)]
    if not readers or rw.is_result(tensor):
        return False
    functions = [n for n in readers if isinstance(n.op, Unary)]
    if functions and len(readers) > 1:
        return False
    for reader in readers:
        (y,) = reader.outputs[:1]
        if isinstance(reader.op, Dense) and not rw.is_exact(y):
            if rw.keeps(reader):
                return False
            continue
        tabulated = isinstance(reader.op, Unary) and reader.op.fn in SATURATED
        if not (tabulated or is_affine(reader)) or not _takes_integers(rw, y):
            return False
    return True


def _widened(low: np.ndarray, high: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
    """Ranges grown towards that of all features together, to at most `most` times their width.

    Data to come will leave the range that a feature had in the calibration data, but seldom the
    range of its neighbours, where features are of one kind (pixels, standardised columns).
    """
    lowest, highest = low.min(initial=np.inf), high.max(initial=-np.inf)
    width = high - low
    room = np.where(width > 0, width * (most - 1), highest - lowest)
    missing = (low - lowest) + (highest - high)
    share = np.minimum(1.0, room / np.where(missing > 0, missing, 1.0))
    return low - share * (low - lowest), high + share * (highest - high)


def _codes_of(rw: Rewriter, x: str) -> Codes:
    """Codes of an old tensor: those it has, or those of a Quantize that is emitted here."""
    known = rw.codes.get(x) or rw.quantized.get(x)
    if known is not None:
        return known
    low, high = rw.range(x)
    if rw.calibration.data is None:
        margin = (WITHOUT_DATA[rw.precision] - 1) / 2 * (high - low)
        low, high = low - margin, high + margin
    else:
        low, high = _widened(low, high, WIDEN[rw.precision])
    top = np.iinfo(rw.precision).max
    shift = (low + high) / 2
    scale = _positive((high - low) / 2 / top)
    # x = factor * root + term, with the affine steps of the source before it.
    root, factor, term = _affine_chain(rw, x)
    offset, divisor = (shift - term) / factor, 1 / factor
    stepped = np.abs(scale * divisor)
    far = np.maximum(np.abs((low - term) / factor), np.abs((high - term) / factor))
    narrow = bool((far / stepped < FLOAT32_STEPS).all() and (stepped > 1e-30).all())
    dtype = "float32" if narrow else "float64"
    quantize = Quantize(
        rw.precision,
        scale.astype(dtype),
        np.zeros(len(scale), np.int32),
        offset=offset.astype(dtype),
        divisor=divisor.astype(dtype),
    )
    result = rw.emit(quantize, rw.floating(root, dtype))
    rw.watch(x, shift - scale * top, shift + scale * top)
    codes = Codes(result, scale, np.zeros(len(scale), np.int32), shift)
    rw.quantized[x] = codes
    return codes


def _affine_chain(rw: Rewriter, x: str) -> tuple[str, np.ndarray, np.ndarray]:
    """The tensor from which affine steps alone lead to `x`, and their factor and term.

    What was checked on the way is checked at the start: a finite factor and term keep NaN and
    infinity what they are.
    """
    size = rw.graph.types[x].size
    factor, term = np.ones(size), np.zeros(size)
    guards: list[CheckFinite] = []
    while True:
        writer = rw.writer(x)
        if writer is None or not is_affine(writer):
            break
        assert isinstance(writer.op, BinaryConst)
        a, b = affine(writer.op.fn, writer.op.constant)
        new_factor, new_term = factor * a, factor * b + term
        if not (np.isfinite(new_factor) & (new_factor != 0) & np.isfinite(new_term)).all():
            break
        factor, term = new_factor, new_term
        guards += [n.op for n in rw.readers(x) if isinstance(n.op, CheckFinite)]
        x = writer.inputs[0]
    for guard in guards:
        rw.builder.emit_many(guard, rw.get(x))
    return x, factor, term
