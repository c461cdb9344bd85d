"""SVDF: integers as TensorFlow Lite Micro bit for bit, floats as LiteRT; its state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

import edgeinfer
from tests.converters.networks import micro_session
from tests.converters.test_operators import lite_session
from tests.converters.tflite_builder import NetworkBuilder

INPUTS, MEMORY, UNITS = 10, 6, 4
STEPS = 11


def layer(dtype: str, state: str, rank: int, relu: bool = True) -> bytes:
    rng = np.random.default_rng(6)
    b = NetworkBuilder()
    filters = rank * UNITS
    if dtype == "float32":
        x = b.tensor("float32", (1, INPUTS))
        feature = b.constant(rng.normal(size=(filters, INPUTS)).astype(np.float32))
        time = b.constant(rng.normal(size=(filters, MEMORY)).astype(np.float32))
        bias = b.constant(rng.normal(size=UNITS).astype(np.float32))
        kept = b.tensor("float32", (1, filters * MEMORY), variable=True)
        y = b.tensor("float32", (1, UNITS))
    else:
        wide = state == "int16"
        x = b.tensor("int8", (1, INPUTS), 0.03, -4)
        codes = rng.integers(-127, 128, (filters, INPUTS)).astype(np.int8)
        feature = b.constant(codes, scale=0.01)
        most = 32767 if wide else 127
        codes = rng.integers(-most, most + 1, (filters, MEMORY)).astype(state)
        scale, over_time = (0.0005, 1 / 32768) if wide else (0.08, 1 / 128)
        time = b.constant(codes, scale=over_time)
        codes = rng.integers(-3000, 3000, UNITS).astype(np.int32)
        bias = b.constant(codes, scale=scale * over_time)
        kept = b.tensor(state, (1, filters * MEMORY), scale, variable=True)
        y = b.tensor("int8", (1, UNITS), 0.07, -128 if relu else 3)
    b.operator(
        "SVDF",
        [x, feature, time, bias, kept],
        [y],
        "SVDFOptions",
        Rank=rank,
        FusedActivationFunction=int(relu),
    )
    return b.build([x], [y])


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("state", ["int8", "int16"])
def test_integers(state: str, rank: int, tmp_path: Any) -> None:
    data = layer("int8", state, rank)
    oracle = micro_session(data)
    path = tmp_path / "svdf.tflite"
    path.write_bytes(data)
    model = edgeinfer.convert(path)
    name, out = next(iter(model.inputs)), next(iter(model.outputs))
    stream = model.stream()
    x = np.random.default_rng(0).integers(-128, 128, (STEPS, 1, INPUTS)).astype(np.int8)
    for step in x:
        want = oracle(step)[0]
        assert np.array_equal(stream.run({name: step})[out], want)
    if state == "int16":  # LiteRT takes a state of int8 for one of int16
        assert edgeinfer.verify(model, path, x[:, 0]).passed


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("relu", [True, False])
def test_floats(rank: int, relu: bool, tmp_path: Any) -> None:
    data = layer("float32", "float32", rank, relu)
    oracle = lite_session(data)
    path = tmp_path / "svdf.tflite"
    path.write_bytes(data)
    model = edgeinfer.convert(path)
    name, out = next(iter(model.inputs)), next(iter(model.outputs))
    stream = model.stream()
    for step in np.random.default_rng(0).normal(size=(STEPS, 1, INPUTS)).astype(np.float32):
        want = oracle(step)[0]
        np.testing.assert_allclose(stream.run({name: step})[out], want, 1e-5, 1e-5)
    stream.reset()
    assert np.array_equal(stream.run({name: step})[out], model.stream().run({name: step})[out])
