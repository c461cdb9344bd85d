"""Examples of kernel machines and of what is made of their decisions."""

import numpy as np

from edgeinfer.ops import KernelMachine, OneVsRest, PairCoupling, Vote
from edgeinfer.ops.kernel_machine import KERNELS
from tests.examples_of_ops import Example

RNG = np.random.default_rng(7)
RTOL = {"float64": 1e-12, "float32": 2e-5, "int16": 2e-5, "int8": 2e-5}
COUNTS = np.array([5, 0, 14], np.int32)


def _values(dtype: str, *shape: int) -> np.ndarray:
    if dtype.startswith("float"):
        return RNG.normal(size=shape).astype(dtype)
    return RNG.integers(-100, 100, shape).astype(dtype)


def _machine(dtype: str, kernel: str) -> Example:
    floating = dtype if dtype.startswith("float") else "float32"
    op = KernelMachine(
        _values(dtype, 19, 6),
        _values(floating, 19, 2),
        _values(floating, 3),
        COUNTS,
        kernel,
        gamma=0.2 if dtype == floating else 1e-4,
        coef0=0.5,
        degree=3,
    )
    libm = (dtype, kernel) == ("float64", "sigmoid")
    return Example(op, (_values(dtype, 9, 6),), RTOL[dtype], libm, kernel)


EXAMPLES = [
    *(_machine(dtype, kernel) for dtype in RTOL for kernel in KERNELS),
    *(Example(Vote(), (_values(dtype, 9, 6),)) for dtype in ("float64", "float32")),
    *(Example(OneVsRest(), (_values(dtype, 9, 6),), 1e-6) for dtype in ("float64", "float32")),
    Example(
        PairCoupling(-1 - RNG.random(6), RNG.random(6)),
        (_values("float64", 9, 6),),
        1e-9,
        libm=True,
    ),
]
