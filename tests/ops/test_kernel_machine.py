"""Kernel machines against their NumPy reference, under every instruction set."""

import dataclasses

import numpy as np
import pytest

from edgeinfer.errors import GraphError
from edgeinfer.ops import KernelMachine, OneVsRest, PairCoupling, Vote
from edgeinfer.ops.kernel_machine import KERNELS
from edgeinfer.runtime.program import available_isas, run_op
from tests.oracle import assert_op


def machine(kernel: str, counts: list[int], features: int, dtype: str) -> KernelMachine:
    rng = np.random.default_rng(0)
    total, n = sum(counts), len(counts)
    return KernelMachine(
        rng.normal(size=(total, features)).astype(dtype),
        rng.normal(size=(total, max(n - 1, 1))).astype(dtype),
        rng.normal(size=max(n * (n - 1) // 2, 1)).astype(dtype),
        np.array(counts, np.int32),
        kernel,
        gamma=0.3,
        coef0=0.5,
        degree=3,
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("counts", [[1], [37], [5, 12], [0, 3, 16, 17]])
def test_kernel_machine(kernel: str, counts: list[int], dtype: str) -> None:
    rng = np.random.default_rng(1)
    rtol = 1e-12 if dtype == "float64" else 2e-5
    for rows, features in ((1, 1), (3, 7), (4, 16), (23, 5)):
        x = rng.normal(size=(rows, features)).astype(dtype)
        assert_op(machine(kernel, counts, features, dtype), x, rtol=rtol)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_exponential(dtype: str) -> None:
    """exp of the rbf kernel: its error is stated, its bits are the same everywhere."""
    one, rng = np.ones((1, 1), dtype), np.random.default_rng(0)
    op = KernelMachine(0 * one, one, 0 * one[0], np.array([1], np.int32), "rbf", gamma=1.0)
    most = 750 if dtype == "float64" else 105
    special = np.sqrt([0.0, 1e-300, 1e-10, 0.5 * np.log(2), 708.3, 745.1, 745.2, 1e4, np.inf])
    roots = [special, *(np.sqrt(top * rng.random(20_000)) for top in (1e-3, 1.0, 20.0, most))]
    x = np.concatenate(roots)[:, None].astype(dtype)
    results = [run_op(op, x, isa=isa)[0] for isa in available_isas()]
    want = np.exp(-(x * x).astype(np.longdouble))
    unit = np.spacing(np.maximum(want, np.finfo(dtype).smallest_subnormal).astype(dtype))
    assert (np.abs(results[0] - want) / unit).max() < 2
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])
    assert np.isnan(run_op(op, np.array([[np.nan]], dtype))[0]).all()


@pytest.mark.parametrize("dtype", ["int16", "int8"])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("counts", [[37], [0, 3, 16, 17]])
def test_codes(kernel: str, counts: list[int], dtype: str) -> None:
    rng = np.random.default_rng(4)
    info = np.iinfo(dtype)
    op = machine(kernel, counts, 9, "float32")
    op = dataclasses.replace(
        op,
        vectors=rng.integers(info.min, info.max + 1, op.vectors.shape).astype(dtype),
        gamma=1.0 / info.max**2,
    )
    x = rng.integers(info.min, info.max + 1, (23, 9)).astype(dtype)
    x[0], x[1] = info.min, info.max
    assert_op(op, x, rtol=2e-5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_one_vs_one(classes: int, dtype: str) -> None:
    rng = np.random.default_rng(2)
    x = np.rint(3 * rng.normal(size=(200, classes * (classes - 1) // 2))).astype(dtype)
    x[0] = 0.0
    x[1] = -0.0
    x[2] = np.nan
    assert_op(Vote(), x)
    assert_op(OneVsRest(), x[:2], rtol=1e-6)
    assert_op(OneVsRest(), x[3:], rtol=1e-6)


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_pair_coupling(classes: int) -> None:
    rng = np.random.default_rng(3)
    pairs = classes * (classes - 1) // 2
    op = PairCoupling(-1.0 - rng.random(pairs), 0.1 * rng.normal(size=pairs))
    x = np.vstack([4 * rng.normal(size=(100, pairs)), np.full((1, pairs), 1e4)])
    assert_op(op, x, rtol=1e-9)


def test_contradictions_are_refused() -> None:
    good = machine("rbf", [2, 3], 4, "float64")
    x, c, b = good.vectors, good.coef, good.intercept
    with pytest.raises(GraphError, match="counts of"):
        KernelMachine(x, c, b, np.array([2, 4], np.int32))
    with pytest.raises(GraphError, match="fewer than no"):
        KernelMachine(x, c, b, np.array([6, -1], np.int32))
    with pytest.raises(GraphError, match="coefficients"):
        KernelMachine(x, c[:, :0].copy(), b, np.array([2, 3], np.int32))
    with pytest.raises(GraphError, match="unknown kernel"):
        KernelMachine(x, c, b, good.counts, "cosine")
    with pytest.raises(GraphError, match="no pairs"):
        run_op(Vote(), np.zeros((1, 4)))
