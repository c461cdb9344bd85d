"""What a case is: a network of one operator, and who knows its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.converters.tflite_builder import NetworkBuilder

RNG = np.random.default_rng(21)


@dataclass(frozen=True)
class T:
    """A tensor: an input, an output, or a constant if it has data."""

    dtype: str
    shape: tuple[int, ...]
    scale: float | None = None
    zero: int = 0
    data: np.ndarray | None = None
    low: float | None = None  # of the values that are fed
    high: float | None = None


@dataclass(frozen=True)
class Case:
    """A network of one operator, who has the right answers, and how near they have to be."""

    operator: str
    dtype: str
    note: str
    network: bytes = field(repr=False)
    inputs: tuple[T, ...] = field(repr=False)
    outputs: tuple[T, ...] = field(repr=False)
    oracle: str = "micro"
    tolerance: float = 0.0

    def __str__(self) -> str:
        return f"{self.operator}-{self.dtype}{'-' if self.note else ''}{self.note}"


# LiteRT wants another version of these than the first; in floats either will do.
BY_MICRO = {"BROADCAST_TO", "CEIL", "ELU", "ROUND"}


def case(
    operator: str,
    inputs: list[T],
    outputs: list[T],
    options: str = "",
    *,
    note: str = "",
    oracle: str = "",
    tolerance: float | None = None,
    dtype: str = "",
    **fields: Any,
) -> Case:
    b = NetworkBuilder()

    def tensor(t: T) -> int:
        return b.tensor(t.dtype, t.shape, t.scale, t.zero, data=t.data)

    reads, writes = [tensor(t) for t in inputs], [tensor(t) for t in outputs]
    b.operator(operator, reads, writes, options, **fields)
    fed = [(i, t) for i, t in zip(reads, inputs, strict=True) if t.data is None]
    dtype = dtype or fed[0][1].dtype
    floats = outputs[0].dtype == "float32"
    oracle = oracle or ("litert" if floats and operator not in BY_MICRO else "micro")
    if tolerance is None:
        tolerance = 1e-5 if floats else (1.0 if oracle == "litert" else 0.0)
    network = b.build([i for i, _ in fed], writes)
    kinds = tuple(t for _, t in fed)
    return Case(operator, dtype, note, network, kinds, tuple(outputs), oracle, tolerance)


def ints(*values: Any) -> T:
    data = np.array(values[0] if len(values) == 1 else values, np.int32)
    return T("int32", data.shape, data=data)


def constant(dtype: str, shape: tuple[int, ...], scale: float | None, zero: int = 0) -> T:
    if dtype == "float32":
        data = RNG.normal(size=shape).astype(dtype)
    else:
        info = np.iinfo(dtype)
        data = RNG.integers(info.min, info.max + 1, size=shape).astype(dtype)
    return T(dtype, shape, scale, zero, data)


F, I8, I16, I32 = "float32", "int8", "int16", "int32"
# Scale and zero point of an input, of a second one, of an output.
QUANT = {
    F: [((None, 0), (None, 0), (None, 0))],
    I8: [
        ((0.05, 3), (0.031, -9), (0.08, 11)),
        ((0.02, -128), (0.09, 127), (0.13, -128)),
        ((0.11, 127), (0.007, -100), (0.04, 127)),
    ],
    I16: [
        ((0.0004, 0), (0.0011, 0), (0.0017, 0)),
        ((0.001, 0), (0.0002, 0), (0.0009, 0)),
    ],
    I32: [((None, 0), (None, 0), (None, 0))],
}
