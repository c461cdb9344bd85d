"""Sums of int16 tensors, and 64-bit sums of int16 products, on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest

from edgeinfer import kernels
from edgeinfer.graph import TensorType
from edgeinfer.ops import DenseInt, Op, QBinary
from edgeinfer.runtime.program import compile_op

RNG = np.random.default_rng(161)
every_isa = pytest.mark.parametrize("isa", kernels.available_isas())
HALF = 1 << 30
FACTORS = {
    "halves": ((HALF, HALF, 1234567890), (0, 0, -3)),
    "first is a half": ((HALF, 1987654321, 0x7FFFFFFF), (0, -2, 0)),
    "second is a half": ((1987654321, HALF, HALF), (-1, 0, -22)),
    "neither": ((0x7FFFFFFF, 1111111111, 1999999999), (-1, -22, -1)),
    "more than halves": ((0x7FFFFFFF, HALF + 1, HALF), (0, 0, -14)),
    "far to the right": ((HALF, HALF, HALF), (0, -23, -30)),
    "nothing": ((0, HALF, 0x7FFFFFFF), (0, 0, 0)),
}


def _same(op: Op, isa: str, *inputs: np.ndarray) -> None:
    types = [TensorType(x.dtype.name, x.shape[1:]) for x in inputs]
    (have,) = compile_op(op, types, isa).run(*inputs)
    np.testing.assert_array_equal(have, op.reference(*inputs)[0])


@every_isa
@pytest.mark.parametrize("fn", ["add", "sub"])
@pytest.mark.parametrize("factors", FACTORS.values(), ids=FACTORS)
def test_elements(isa: str, fn: str, factors: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Every kind of factor, all pairs of extremes, runs with and without a rest."""
    ends = np.array([-32768, -32767, -1, 0, 1, 2, 16384, 32766, 32767], np.int16)
    a, b = (v.reshape(1, -1) for v in np.meshgrid(ends, ends))
    for left, low, high in ((15, -32768, 32767), (14, -100, 30000), (0, -32768, 32767)):
        op = QBinary(fn, (0, 0, 0), *factors, left, low, high, 1.0)
        _same(op, isa, a, b)
        for n in (1, 15, 16, 17, 33, 1000):
            x, z = RNG.integers(-32768, 32768, (2, 3, n)).astype(np.int16)
            _same(op, isa, x, z)


@every_isa
@pytest.mark.parametrize("shift", range(-31, 15))
@pytest.mark.parametrize("kind", ["int8", "int16"])
def test_dense_layers(isa: str, shift: int, kind: str) -> None:
    """64-bit sums up to their bound, every shift, multipliers of both ends."""
    outputs = 37
    most = np.iinfo(kind).max
    weights = RNG.integers(-most, most + 1, (outputs, 50)).astype(kind)
    multiplier = RNG.integers(0, (1 << 31) - 1, outputs).astype(np.int32)
    multiplier[:4] = 0, 0x7FFFFFFF, 0x7FFF0000, 0x7FFEFFFF
    reach = min(2.0**46, 30000.0 * 2.0 ** (1 - shift))
    bias = (RNG.uniform(-1, 1, outputs) * reach).astype(np.int64)
    one, none = np.ones(outputs), np.zeros(outputs, np.int32)
    for zero in (none, none + RNG.integers(-99, 99, outputs).astype(np.int32)):
        op = DenseInt(
            weights, bias, multiplier, np.full(outputs, shift, np.int32), one, zero, low=-32000
        )
        for rows in (1, 9):
            x = RNG.choice(np.array([-32768, 32767, 5], np.int16), (rows, 50))
            _same(op, isa, x)
