"""ONE_HOT, SIGN, GATHER in batches, GATHER_ND: as LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.test_operators import lite_session
from tests.converters.tflite_builder import NetworkBuilder

RNG = np.random.default_rng(8)


def agree(data: bytes, rows: np.ndarray) -> None:
    graph = network_to_graph(data)
    oracle = lite_session(data)
    want = np.stack([oracle(row)[0] for row in rows])
    (kind,) = graph.inputs.values()
    for isa in available_isas():
        program = compile_program(graph, graph.methods["run"].tensors, isa)
        (have,) = program.run(rows.reshape(len(rows), *kind.shape))
        have = have.reshape(want.shape)
        np.testing.assert_allclose(have, want, 1e-5, 1e-5 * np.abs(want).max(), err_msg=isa)


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize(("on", "off"), [(1.0, 0.0), (2.5, -0.5)])
def test_one_hot(axis: int, on: float, off: float) -> None:
    """An index outside of the classes is nowhere."""
    b = NetworkBuilder()
    x = b.tensor("int32", (1, 4))
    shape = (1, 4, 5) if axis == -1 else (1, 5, 4)
    y = b.tensor("float32", shape)
    values = [np.array(5, np.int32), np.array(on, np.float32), np.array(off, np.float32)]
    b.operator("ONE_HOT", [x, *map(b.constant, values)], [y], "OneHotOptions", Axis=axis)
    agree(b.build([x], [y]), RNG.integers(-1, 7, size=(6, 1, 4)).astype(np.int32))


def test_sign() -> None:
    b = NetworkBuilder()
    x, y = (b.tensor("float32", (1, 8)) for _ in range(2))
    b.operator("SIGN", [x], [y])
    rows = RNG.normal(size=(4, 1, 8)).astype(np.float32)
    rows[0, 0, :3] = 0.0, -0.0, 1e-40
    agree(b.build([x], [y]), rows)


def test_gathering_in_batches() -> None:
    b = NetworkBuilder()
    x, y = b.tensor("float32", (1, 3, 5, 2)), b.tensor("float32", (1, 3, 2, 2))
    place = b.constant(np.array([[[0, 4], [1, 1], [3, 2]]], np.int32))
    b.operator("GATHER", [x, place], [y], "GatherOptions", Axis=2, BatchDims=2)
    agree(b.build([x], [y]), RNG.normal(size=(3, 1, 3, 5, 2)).astype(np.float32))


@pytest.mark.parametrize("depth", [2, 4])
def test_gathering_by_several_axes(depth: int) -> None:
    b = NetworkBuilder()
    shape = (1, 3, 5, 2)
    index = np.stack([RNG.integers(0, n, 4) for n in shape[:depth]], axis=-1)[None]
    x = b.tensor("float32", shape)
    y = b.tensor("float32", (1, 4, *shape[depth:]))
    b.operator("GATHER_ND", [x, b.constant(index.astype(np.int32))], [y])
    agree(b.build([x], [y]), RNG.normal(size=(3, *shape)).astype(np.float32))
