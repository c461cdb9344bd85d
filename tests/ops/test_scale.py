"""Elementwise arithmetic against its NumPy reference."""

import numpy as np
import pytest

from edgeinfer.errors import GraphError
from edgeinfer.ops import Binary, BinaryConst, Clip, Impute
from edgeinfer.ops.scale import BINARY
from edgeinfer.runtime.program import run_op
from tests.oracle import assert_op

SPECIAL = np.array([[0.0, -0.0, np.nan, np.inf, -np.inf, 1e-310, 3.5]])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("fn", BINARY)
def test_binary(fn: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = np.vstack([SPECIAL, rng.normal(size=(300, 7))]).astype(dtype)
    other = np.vstack([SPECIAL[:, ::-1], rng.normal(size=(300, 7))]).astype(dtype)
    rtol = 1e-14 if dtype == "float64" else 1e-6
    assert_op(BinaryConst(fn, other[1].copy()), x, rtol=rtol)
    assert_op(BinaryConst(fn, np.array([2.5], dtype)), x, rtol=rtol)
    assert_op(Binary(fn), x, other, rtol=rtol)
    assert_op(Binary(fn), x, other[:, 1].copy(), rtol=rtol)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_clip_and_impute(dtype: str) -> None:
    x = np.vstack([SPECIAL, np.arange(7.0)[None]]).astype(dtype)
    assert_op(Clip(-1.0, 3.0), x)
    fill = np.arange(7.0).astype(dtype)
    assert_op(Impute(np.nan, fill), x)
    assert_op(Impute(0.0, fill), x)


def test_mismatches_are_refused() -> None:
    with pytest.raises(GraphError, match="unknown elementwise"):
        Binary("plus")
    with pytest.raises(GraphError, match="dtype"):
        BinaryConst("add", np.arange(3))
    with pytest.raises(GraphError, match="constants for"):
        run_op(BinaryConst("add", np.zeros(3)), np.zeros((2, 4)))
