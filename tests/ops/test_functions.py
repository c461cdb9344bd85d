"""The functions that are not the C library's: how near they come, on every instruction set."""

import numpy as np
import pytest

from edgeinfer.ops import Unary
from edgeinfer.runtime.program import available_isas, run_op

ULPS = {"tanh": 5, "logistic": 5}


def values() -> np.ndarray:
    rng = np.random.default_rng(0)
    special = [0.0, 0.25, 1e-30, 1e-40, 88.0, 89.5, 103.9, 104.5, 1e30, np.inf, 36.7]
    near = np.float32(0.25) + np.arange(-4, 5, dtype=np.float32) * np.float32(2**-26)
    spread = np.concatenate([rng.normal(size=20_000) * s for s in (1e-3, 0.3, 1, 10, 60)])
    x = np.concatenate([special, near, spread]).astype(np.float32)
    return np.concatenate([x, -x])


@pytest.mark.parametrize("fn", ULPS)
def test_float32_functions(fn: str) -> None:
    x = values()
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        want = np.tanh(wide) if fn == "tanh" else 1 / (1 + np.exp(-wide))
    # Below the normal numbers a unit is that of the smallest normal one.
    unit = np.spacing(np.maximum(np.abs(want), np.finfo(np.float32).tiny).astype(np.float32))
    results = [run_op(Unary(fn), x[:, None], isa=isa)[0][:, 0] for isa in available_isas()]
    error = np.abs(results[0].astype(np.float64) - want) / unit
    error[np.abs(want) < 1e-37] = 0  # exp(-x) is infinite there
    assert error.max() <= ULPS[fn]
    for other in results[1:]:
        np.testing.assert_array_equal(other.view(np.int32), results[0].view(np.int32))


def test_nan_and_signed_zero() -> None:
    for isa in available_isas():
        x = np.array([[np.nan, -0.0, 0.0]], np.float32)
        (tanh,) = run_op(Unary("tanh"), x, isa=isa)
        assert np.isnan(tanh[0, 0])
        assert np.signbit(tanh[0, 1:]).tolist() == [True, False]
        assert np.isnan(run_op(Unary("logistic"), x, isa=isa)[0][0, 0])
