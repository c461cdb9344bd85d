"""Sums of int8 by one linear form: it is taken where it is right for every pair of inputs."""

import numpy as np
import pytest

from edgeinfer.kernels import available_isas
from edgeinfer.ops import QBinary
from edgeinfer.ops.fixed_point import quantize_multipliers
from edgeinfer.runtime.program import run_op

EVERY = np.arange(-128, 128, dtype=np.int8)


def _sum(scales: tuple[float, float, float], zeros: tuple[int, int, int], low: int) -> QBinary:
    """As the converter makes them: the larger input scale counts for 1/2."""
    twice = 2 * max(scales[:2])
    factors = np.array([scales[0] / twice, scales[1] / twice, twice / (scales[2] * 2**20)])
    multipliers, shifts = quantize_multipliers(factors)
    return QBinary(
        fn="add",
        zero_points=zeros,
        multipliers=tuple(int(m) for m in multipliers),
        shifts=tuple(int(s) for s in shifts),
        left_shift=20,
        low=low,
        high=127,
        scale=scales[2],
    )


CASES = {
    "relu": (_sum((0.0193, 0.051, 0.0509), (-128, 4, -128), -128), True),
    "signed": (_sum((0.0371, 0.0412, 0.0533), (3, -7, 11), -128), True),
    "ties": (_sum((0.5, 0.5, 1.0), (0, 0, 0), -128), True),
    "steep": (_sum((1.0, 1.0, 0.01), (0, 0, 0), -128), False),
}


@pytest.mark.parametrize("isa", available_isas())
@pytest.mark.parametrize("name", CASES)
def test_every_pair(name: str, isa: str) -> None:
    op, found = CASES[name]
    assert (op.linear() is not None) == found
    a, b = (v.reshape(1, -1) for v in np.meshgrid(EVERY, EVERY, indexing="ij"))
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    (expected,) = op.reference(a, b)
    (got,) = run_op(op, a, b, isa=isa)
    np.testing.assert_array_equal(got, expected)
