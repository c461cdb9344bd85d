"""LSTM with peepholes, coupled gates, layer normalization, a projection: as LiteRT, in floats."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.errors import FormatError
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.test_operators import lite_session
from tests.converters.tflite_builder import NetworkBuilder

STEPS, INPUTS, UNITS, OUTPUTS = 5, 4, 6, 3


def variant(
    coupled: bool, peepholes: bool, norms: bool, projection: bool, units: int = UNITS
) -> bytes:
    rng = np.random.default_rng(9)
    b = NetworkBuilder()

    def constant(*shape: int) -> int:
        return b.constant(rng.normal(size=shape).astype(np.float32) * 0.7)

    outputs = OUTPUTS if projection else UNITS
    x = b.tensor("float32", (1, STEPS, INPUTS))
    skip = int(coupled)
    none = [-1] * skip
    inputs = none + [constant(UNITS, INPUTS) for _ in range(4 - skip)]
    recurrent = none + [constant(UNITS, outputs) for _ in range(4 - skip)]
    holes = [-1, -1, -1]
    if peepholes:
        holes = none + [constant(units) for _ in range(3 - skip)]
    biases = none + [constant(UNITS) for _ in range(4 - skip)]
    projected = [constant(OUTPUTS, UNITS), constant(OUTPUTS)] if projection else [-1, -1]
    state = b.tensor("float32", (1, outputs), variable=True)
    memory = b.tensor("float32", (1, UNITS), variable=True)
    factors = none + [constant(UNITS) for _ in range(4 - skip)] if norms else [-1] * 4
    y = b.tensor("float32", (1, STEPS, outputs))
    b.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [x, *inputs, *recurrent, *holes, *biases, *projected, state, memory, *factors],
        [y],
        "UnidirectionalSequenceLSTMOptions",
        FusedActivationFunction=4,
        CellClip=1.5,
        ProjClip=0.8 if projection else 0.0,
    )
    return b.build([x], [y])


@pytest.mark.parametrize("options", list(itertools.product([False, True], repeat=4))[1:], ids=str)
def test_as_litert(options: tuple[bool, bool, bool, bool]) -> None:
    data = variant(*options)
    graph = network_to_graph(data)
    x = np.random.default_rng(2).normal(size=(4, 1, STEPS, INPUTS)).astype(np.float32)
    # A fresh interpreter each: its state would go on from row to row.
    want = np.stack([lite_session(data)(row)[0][0] for row in x])
    for isa in available_isas():
        (have,) = compile_program(graph, graph.methods["run"].tensors, isa).run(x[:, 0])
        np.testing.assert_allclose(have, want, 1e-5, 1e-5, err_msg=isa)


def test_weights_that_do_not_fit() -> None:
    with pytest.raises(FormatError, match="do not fit"):
        network_to_graph(variant(False, True, False, False, units=UNITS + 1))
