"""Examples of the integer layers, and of the ways into and out of integers."""

import numpy as np

from edgeinfer.ops import DenseInt, Dequantize, Quantize
from edgeinfer.ops.fixed_point import quantize_multipliers
from tests.examples_of_ops import Example

RNG = np.random.default_rng(11)
COMBINATIONS = (
    ("int8", "int8", "int32"),
    ("int16", "int8", "int32"),
    ("int16", "int8", "int64"),
    ("int16", "int16", "int64"),
)
SHAPES = ((1, 1), (7, 5), (33, 19))


def _layer(x: str, w: str, b: str, inputs: int, outputs: int) -> list[Example]:
    def draw(dtype: str, *shape: int) -> np.ndarray:
        info = np.iinfo(dtype)
        return RNG.integers(info.min + 1, info.max, shape, endpoint=True).astype(dtype)

    values, weights = draw(x, 11, inputs), draw(w, outputs, inputs)
    bias = RNG.integers(-9999, 9999, outputs).astype(b)
    peak = np.abs(weights.astype(float)).sum(axis=1) * np.iinfo(x).max
    multiplier, shift = quantize_multipliers(np.iinfo(x).max / peak * 0.8)
    scale = RNG.uniform(1e-6, 1e-3, outputs).astype("float32")
    offset = RNG.normal(size=outputs).astype("float32")
    one, zero = np.ones(1), np.zeros(1, "int32")
    note = f"{w}-{b}-{inputs}x{outputs}"
    rescaled = DenseInt(weights, bias, multiplier, shift, one, zero + 3, low=-100, high=120)
    floating = DenseInt(weights, bias, scale=scale, offset=offset)
    examples = [
        Example(rescaled, (values,), note=note),
        Example(floating, (values,), 1e-6, note=f"{note}-float"),
        Example(rescaled, (np.stack([values, values[::-1]], axis=1),), note=f"{note}-2-runs"),
    ]
    if (x == "int16") == (b == "int64"):
        examples.append(Example(DenseInt(weights, bias), (values,), note=f"{note}-sums"))
    return examples


def _quantizers(dtype: str, wide: str) -> list[Example]:
    x = np.vstack([RNG.normal(size=(9, 5)) * 3, [[np.nan, np.inf, -np.inf, 0.0, -0.0]]])
    x = np.vstack([x, [[0.5, 1.5, -0.5, -1.5, 2.5]]]).astype(wide)
    five = np.array([0.25, 0.5, 1.0, 2.0, 0.01], wide)
    zeros = np.array([0, 1, -3, 7, 100], "int32")
    one, zero = np.array([0.5], wide), np.array([-2], "int32")
    return [
        Example(Quantize(dtype, one, zero), (x,), note=f"{dtype}-one"),
        Example(Quantize(dtype, five, zeros, five - 1, five + 1), (x,), note=f"{dtype}-each"),
    ]


def _dequantizers(dtype: str) -> list[Example]:
    info = np.iinfo(dtype)
    x = RNG.integers(info.min, info.max, (9, 4), endpoint=True).astype(dtype)
    scale = np.array([0.1, 1.0, 3e-5, 7.0], "float32")
    zero = np.array([0, -5, 9, 1], "int32")
    return [
        Example(Dequantize(scale, zero), (x,), note="each"),
        Example(Dequantize(scale[:1], zero[:1]), (x,), note="one"),
    ]


EXAMPLES = [
    *(
        example
        for kinds in COMBINATIONS
        for inputs, outputs in SHAPES
        for example in _layer(*kinds, inputs, outputs)
    ),
    *(
        example
        for d in ("int8", "int16")
        for w in ("float64", "float32")
        for example in _quantizers(d, w)
    ),
    *_dequantizers("int8"),
    *_dequantizers("int16"),
]
