"""Trained networks against TensorFlow Lite Micro (integers) and LiteRT (floats)."""

from __future__ import annotations

import numpy as np
import pytest

import edgeinfer
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.networks import litert, micro_session, mlperf


@pytest.mark.parametrize("name", ["kws", "ic", "vww", "ad"])
def test_int8_bit_for_bit(name: str) -> None:
    path = mlperf(f"{name}_int8")
    model = edgeinfer.convert(path)
    ((feed, kind),) = model.inputs.items()
    x = np.random.default_rng(1).integers(-128, 128, size=(5, *kind.shape)).astype(np.int8)
    run = micro_session(path.read_bytes())
    want = np.concatenate([run(row[None])[0] for row in x])
    (have,) = model.run({feed: x}).values()
    np.testing.assert_array_equal(have.reshape(want.shape), want)
    tensors = model.graph.methods["run"].tensors
    for isa in available_isas():
        (again,) = compile_program(model.graph, tensors, isa).run(x)
        np.testing.assert_array_equal(again, have, err_msg=isa)
    ((_, out),) = model.outputs.items()
    assert out.dtype == "int8"
    assert out.qparams is not None


@pytest.mark.parametrize("name", ["ic", "vww", "ad"])
def test_float32_near_litert(name: str) -> None:
    path = mlperf(f"{name}_float32")
    model = edgeinfer.convert(path)
    ((feed, kind),) = model.inputs.items()
    x = np.random.default_rng(2).normal(size=(3, *kind.shape)).astype(np.float32)
    (have,) = model.run({feed: x}).values()
    for row, got in zip(x, have, strict=True):
        want = litert(path, row[None])[0][0]
        scale = float(np.abs(want).max())
        np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-5, atol=1e-5 * scale)


def test_hybrid_network_keeps_its_activations() -> None:
    """LiteRT rounds activations to int8 in such a network; ours stay within that rounding."""
    path = mlperf("kws_float32")
    model = edgeinfer.convert(path)
    ((feed, kind),) = model.inputs.items()
    x = np.random.default_rng(2).normal(size=(3, *kind.shape)).astype(np.float32)
    (have,) = model.run({feed: x}).values()
    for row, got in zip(x, have, strict=True):
        np.testing.assert_allclose(got, litert(path, row[None])[0][0], atol=0.02)


def test_saved_and_loaded(tmp_path: object) -> None:
    model = edgeinfer.convert(mlperf("kws_int8"))
    file = f"{tmp_path}/kws.edge"
    model.save(file)
    again = edgeinfer.load(file)
    assert again.inputs == model.inputs
    assert again.outputs == model.outputs
    x = np.random.default_rng(3).integers(-128, 128, size=(2, 49, 10, 1)).astype(np.int8)
    (feed,) = model.inputs
    for name, value in model.run({feed: x}).items():
        np.testing.assert_array_equal(again.run({feed: x})[name], value)
