"""LSTM against TensorFlow Lite Micro (integers bit for bit) and LiteRT (floats), and its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

import edgeinfer
from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.errors import UnsupportedError
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.networks import micro_session
from tests.converters.tflite_builder import NetworkBuilder

STEPS, INPUTS, UNITS = 7, 5, 6


def lstm_file(
    dtype: str,
    *,
    x_quant: tuple[float, int] = (0.03, 4),
    h_quant: tuple[float, int] = (1 / 128, -5),
    cell: float = 2.0**-11,
    clip: float = 0.0,
    activation: int = 4,
    peephole: bool = False,
    major: bool = False,
    hybrid: bool = False,
) -> bytes:
    """A network of one LSTM layer."""
    rng = np.random.default_rng(4)
    b = NetworkBuilder()
    real = dtype == "float32"
    shape = (STEPS, 1, INPUTS) if major else (1, STEPS, INPUTS)
    out = (*shape[:2], UNITS)
    x = b.tensor(dtype, shape, *(() if real else x_quant))

    def weights(number: int, columns: int) -> int:
        if real and not hybrid:
            return b.constant(rng.normal(size=(UNITS, columns)).astype(np.float32))
        codes = rng.integers(-127, 128, size=(UNITS, columns)).astype(np.int8)
        return b.constant(codes, scale=0.006 + 0.001 * number)

    def bias(number: int) -> int:
        if real:
            return b.constant(rng.normal(size=UNITS).astype(np.float32))
        wide = np.int64 if dtype == "int16" else np.int32
        values = rng.integers(-6000, 6000, size=UNITS).astype(wide)
        return b.constant(values, scale=x_quant[0] * (0.006 + 0.001 * number))

    inputs = [weights(i, INPUTS) for i in range(4)]
    recurrent = [weights(i, UNITS) for i in range(4)]
    holes = [-1, -1, -1]
    if peephole:
        holes = [b.constant(rng.normal(size=UNITS).astype(np.float32)) for _ in range(3)]
    biases = [bias(i) for i in range(4)]
    state = b.tensor(dtype, (1, UNITS), *(() if real else h_quant), variable=True)
    memory = b.tensor(
        "float32" if real else "int16", (1, UNITS), None if real else cell, variable=True
    )
    y = b.tensor(dtype, out, *(() if real else h_quant))
    b.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [x, *inputs, *recurrent, *holes, *biases, -1, -1, state, memory, -1, -1, -1, -1],
        [y],
        "UnidirectionalSequenceLSTMOptions",
        FusedActivationFunction=activation,
        CellClip=clip,
        TimeMajor=major,
    )
    return b.build([x], [y])


def answers(data: bytes, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Ours by instruction set."""
    graph = network_to_graph(data)
    (kind,) = graph.inputs.values()
    tensors = graph.methods["run"].tensors
    feed = rows.reshape(len(rows), *kind.shape)
    return {isa: compile_program(graph, tensors, isa).run(feed)[0] for isa in available_isas()}


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"clip": 0.7},
        {"cell": 2.0**-15, "h_quant": (0.003, 20)},
        {"cell": 2.0**-9, "x_quant": (0.2, -128)},
        {"major": True},
    ],
    ids=str,
)
def test_integers_as_tensorflow_lite_micro(dtype: str, options: dict[str, Any]) -> None:
    options = dict(options)
    if dtype == "int16":
        options["h_quant"] = (2.0**-15, 0)
        options["x_quant"] = (options.get("x_quant", (0.03,))[0] / 256, 0)
    data = lstm_file(dtype, **options)
    info = np.iinfo(dtype)
    rng = np.random.default_rng(1)
    shape = (STEPS, 1, INPUTS) if options.get("major") else (1, STEPS, INPUTS)
    rows = rng.integers(info.min, info.max, size=(6, *shape), endpoint=True).astype(dtype)
    rows[0], rows[1] = info.min, info.max
    # A fresh interpreter each: its state would go on from row to row.
    want = np.stack([micro_session(data)(row)[0].reshape(-1) for row in rows])
    for isa, have in answers(data, rows).items():
        np.testing.assert_array_equal(have.reshape(6, -1), want, err_msg=isa)
    assert len(np.unique(want)) > 20


@pytest.mark.parametrize("options", [{}, {"clip": 0.4}, {"major": True}], ids=str)
def test_floats_as_litert(options: dict[str, Any]) -> None:
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert")
    data = lstm_file("float32", **options)
    shape = (STEPS, 1, INPUTS) if options.get("major") else (1, STEPS, INPUTS)
    rows = np.random.default_rng(2).normal(size=(4, *shape)).astype(np.float32)
    interpreter = module.Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    want = []
    for row in rows:
        interpreter.reset_all_variables()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row)
        interpreter.invoke()
        want.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).copy())
    for isa, have in answers(data, rows).items():
        np.testing.assert_allclose(
            have.reshape(4, -1), np.reshape(want, (4, -1)), rtol=1e-5, atol=1e-5, err_msg=isa
        )


def test_weights_of_bytes_among_floats() -> None:
    rows = np.random.default_rng(2).normal(size=(2, STEPS, INPUTS)).astype(np.float32)
    for have in answers(lstm_file("float32", hybrid=True), rows).values():
        assert np.isfinite(have).all()
        assert np.abs(have).max() < 1


def test_every_row_is_verified_from_an_empty_state(tmp_path: Path) -> None:
    path = tmp_path / "lstm.tflite"
    path.write_bytes(lstm_file("float32"))
    rows = np.random.default_rng(3).normal(size=(5, STEPS, INPUTS)).astype(np.float32)
    assert edgeinfer.verify(edgeinfer.convert(path), path, rows).passed


def test_what_is_not_translated_is_named() -> None:
    with pytest.raises(UnsupportedError, match=r"LSTM \(version 1, operator 0\).*peepholes"):
        network_to_graph(lstm_file("int8", peephole=True))
    with pytest.raises(UnsupportedError, match="not TANH"):
        network_to_graph(lstm_file("float32", activation=1))
    with pytest.raises(UnsupportedError, match="power of two"):
        network_to_graph(lstm_file("int8", cell=0.0005))
