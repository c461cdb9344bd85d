"""Examples of SVDF layers."""

import numpy as np

from edgeinfer.ops import QSVDF
from edgeinfer.ops.fixed_point import quantize_multiplier
from tests.examples_of_ops import Example

RNG = np.random.default_rng(31)


def _step(state: str, inputs: int, memory: int, rank: int, units: int) -> Example:
    filters = rank * units
    info = np.iinfo(state)
    op = QSVDF(
        RNG.integers(-127, 128, size=(filters, inputs)).astype(np.int8),
        RNG.integers(info.min, info.max + 1, size=(filters, memory)).astype(state),
        RNG.integers(-5000, 5000, size=units).astype(np.int32),
        rank,
        -3,
        7,
        (
            *quantize_multiplier(0.011 if state == "int8" else 1.7),
            *quantize_multiplier(0.004 if state == "int8" else 2.1e-8),
        ),
        0.1,
        0.02,
    )
    x = RNG.integers(-128, 128, size=(4, inputs)).astype(np.int8)
    before = RNG.integers(info.min, info.max + 1, size=(4, filters, memory)).astype(state)
    return Example(op, (x, before), note=f"{state}-{memory}-{rank}")


EXAMPLES = [
    _step(state, *sizes)
    for state in ("int8", "int16")
    for sizes in ((9, 5, 2, 6), (40, 8, 1, 16), (3, 1, 1, 2))
]
