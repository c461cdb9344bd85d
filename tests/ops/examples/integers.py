"""Examples of quantization and of the integer dense layers."""

import numpy as np

from edgeinfer.ops import DenseInt, Dequantize, Quantize
from edgeinfer.ops.dense_int import KERNELS
from edgeinfer.ops.fixed_point import quantize_multipliers
from tests.examples_of_ops import Example

RNG = np.random.default_rng(17)
SPECIAL = [0.0, -0.0, 0.5, -0.5, 2.5, -2.5, 1e30, -1e30, np.inf, -np.inf, np.nan, 127.5, -128.5]


def _quantize(dtype: str, target: str) -> list[Example]:
    x = np.vstack([np.outer(SPECIAL, np.ones(6)), RNG.normal(size=(30, 6)) * 300]).astype(dtype)
    one, zero = np.ones(1, dtype), np.zeros(1, np.int32)
    scale = RNG.uniform(0.1, 3, 6).astype(dtype)
    zeros = RNG.integers(-100, 100, 6).astype(np.int32)
    offset, divisor = RNG.normal(size=6).astype(dtype), RNG.uniform(-3, -1, 6).astype(dtype)
    return [
        Example(Quantize(target, one, zero), (x,), note=target),
        Example(Quantize(target, one, zero), (x[:, 0].copy(),), note=f"{target}-flat"),
        Example(Quantize(target, scale, zeros, offset, divisor), (x,), note=f"{target}-folded"),
    ]


def dense_int(
    combination: tuple[str, str, str], inputs: int, outputs: int, *, to_float: bool = False
) -> Example:
    """Random weights with outputs that use most of their range, and inputs with both extremes."""
    rng = np.random.default_rng(inputs * 100 + outputs)
    x_type, w_type, b_type = combination
    low, high = np.iinfo(x_type).min, np.iinfo(x_type).max
    x = rng.integers(low, high + 1, (37, inputs)).astype(x_type)
    x[0], x[1] = low, high
    top = np.iinfo(w_type).max
    w = rng.integers(-top, top + 1, (outputs, inputs)).astype(w_type)
    w[0] = top
    w[-1] = -128 if w_type == "int8" else -top
    if b_type == "int32" and x_type == "int16":
        w = (w // 16).astype(w_type)  # else the sum could leave 32 bits, which is refused
    reach = float(np.abs(w.astype(np.int64)).sum(axis=1).mean() * high)
    bias = rng.integers(int(-reach / 2), int(reach / 2) + 1, outputs)
    bias = np.clip(bias, -(2**26), 2**26).astype(b_type) if b_type == "int32" else bias
    factors = rng.uniform(0.2, 1.2, outputs) * high / max(reach, 1.0)
    note = f"{'-'.join(combination)}-{inputs}x{outputs}"
    if to_float:
        offset = rng.normal(size=outputs).astype(np.float32)
        op = DenseInt(w, bias, scale=factors.astype(np.float32), offset=offset)
        return Example(op, (x,), 0.0, note=f"{note}-float")
    multiplier, shift = quantize_multipliers(factors)
    zero = rng.integers(low // 2, high // 2, outputs).astype(np.int32)
    op = DenseInt(w, bias, multiplier, shift, factors, zero, low=low + 1, high=high - 3)
    return Example(op, (x,), note=note)


def sums(a_type: str, w_type: str, b_type: str) -> Example:
    """A layer that hands out its sums."""
    rng = np.random.default_rng(31)
    x = rng.integers(np.iinfo(a_type).min, np.iinfo(a_type).max, (17, 35), endpoint=True)
    w = rng.integers(-127, 127, (18, 35), endpoint=True).astype(w_type)
    bias = rng.integers(-(2**20), 2**20, 18).astype(b_type)
    return Example(DenseInt(w, bias), (x.astype(a_type),), note=f"{w_type}-sums")


EXAMPLES = [
    sums("int8", "int8", "int32"),
    sums("int16", "int8", "int64"),
    sums("int16", "int16", "int64"),
    *(e for d in ("float64", "float32") for t in ("int8", "int16") for e in _quantize(d, t)),
    Example(
        Dequantize(np.array([0.013], np.float32), np.array([-7], np.int32)),
        (np.arange(-128, 128, dtype=np.int8),),
    ),
    Example(
        Dequantize(np.array([0.013, 5], np.float32), np.array([3, 1 << 16], np.int32)),
        (RNG.integers(-32768, 32768, (90, 2)).astype(np.int16),),
    ),
    *(
        dense_int(combination, inputs, outputs, to_float=to_float)
        for combination in KERNELS
        for inputs, outputs in ((1, 1), (5, 17), (67, 33))
        for to_float in (False, True)
    ),
]
