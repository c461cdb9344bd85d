"""Trained networks against TensorFlow Lite Micro (integers) and LiteRT (floats)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgeinfer
from edgeinfer.converters.tflite._file import read_file
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.networks import litert, micro_session, mlperf, package_files


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
    """LiteRT rounds activations there; with float weights it answers as we do."""
    path = mlperf("kws_float32")
    model = edgeinfer.convert(path)
    ((_, kind),) = model.inputs.items()
    x = np.random.default_rng(2).normal(size=(3, *kind.shape)).astype(np.float32)
    rounded, floats = edgeinfer.verify(model, path, x).methods
    assert floats.limit == "within 1e-05"
    assert rounded.max_error is not None
    assert rounded.max_error < 0.02


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


@pytest.mark.parametrize("path", package_files("pymicro_wakeword"), ids=lambda p: p.stem)
def test_streaming_wake_words(path: Path) -> None:
    """The state is carried as TensorFlow Lite Micro carries it, and a reset clears it."""
    model = edgeinfer.convert(path)
    stream = model.stream()
    run = micro_session(path.read_bytes())
    rng = np.random.default_rng(4)
    ((feed, kind),) = stream.inputs.items()
    # Long stretches of one level make the networks answer with more than zero.
    steps = [
        np.clip(rng.normal(level, spread, (1, *kind.shape)), -128, 127).astype(np.int8)
        for level in (-128, 0, 60, 127, -40)
        for spread in np.linspace(0, 80, 12)
    ]
    # The answer is nearly always zero; the scores before the last function tell more.
    dense = next(n for n in reversed(model.graph.nodes) if n.op.kind == "QConv2D")
    states = model.graph.methods["run"].tensors[1:]
    program = compile_program(model.graph, (*dense.outputs, *states))
    state = [stream.start[name] for name in list(model.inputs)[1:]]
    seen, scores = [], []
    for x in steps:
        (want,) = run(x)
        (have,) = stream.run({feed: x}).values()
        np.testing.assert_array_equal(have.reshape(want.shape), want)
        seen.append(int(have.reshape(-1)[0]))
        score, *state = program.run(x, *state)
        np.testing.assert_array_equal(score.reshape(-1), run.tensor(score_index(path)).reshape(-1))
        scores.append(int(score.reshape(-1)[0]))
    stream.reset()
    again = [int(next(iter(stream.run({feed: x}).values())).reshape(-1)[0]) for x in steps]
    assert again == seen
    assert len(set(scores)) > 5


@pytest.mark.parametrize("path", package_files("pyopen_wakeword"), ids=lambda p: p.stem)
def test_float_wake_words(path: Path) -> None:
    shapes = None
    rng = np.random.default_rng(5)
    if path.stem == "melspectrogram":
        name = network_inputs(path)[0]
        shapes = {name: (1, 1760)}
    if shapes:
        with pytest.raises(edgeinfer.EdgeInferError, match=r"-1 is open: give input_shapes"):
            edgeinfer.convert(path)
    model = edgeinfer.convert(path, input_shapes=shapes)
    ((feed, kind),) = model.inputs.items()
    x = rng.normal(size=(2, *kind.shape)) * (3000 if shapes else 1)
    x = x.astype(np.float32)
    (have,) = model.run({feed: x}).values()
    for row, got in zip(x, have, strict=True):
        want = litert(path, row[None])[0]
        scale = float(np.abs(want).max())
        np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-5, atol=1e-5 * scale)


def score_index(path: Path) -> int:
    """The tensor that the last fully connected layer writes."""
    main = read_file(path.read_bytes())[0]
    return next(op.outputs[0] for op in reversed(main.operators) if op.name == "FULLY_CONNECTED")


def network_inputs(path: Path) -> list[str]:
    """Names of a network's inputs, from the file."""
    main = read_file(path.read_bytes())[0]
    return [main.tensors[i].name for i in main.inputs]


def test_summary_lists_layers() -> None:
    text = edgeinfer.convert(mlperf("kws_int8")).summary()
    for part in ("QDepthwiseConv2D", "multiply-accumulates: 2,6", "arena:", "scale", "int8[12]"):
        assert part in text


def test_predict_in_floats() -> None:
    model = edgeinfer.convert(mlperf("kws_int8"))
    ((feed, kind),) = model.inputs.items()
    assert kind.qparams is not None
    scale, zero = kind.qparams.scale[0], kind.qparams.zero_point[0]
    codes = np.random.default_rng(6).integers(-128, 128, size=(4, *kind.shape)).astype(np.int8)
    (out,) = model.run({feed: codes}).values()
    X = (codes.astype(np.float32) - zero) * np.float32(scale)
    proba = model.predict(X)
    assert proba.dtype == np.float32
    np.testing.assert_array_equal(proba, (out.astype(np.float32) + 128) / np.float32(256))
    np.testing.assert_array_equal(model.predict(X.reshape(4, -1)), proba)
    np.testing.assert_array_equal(model.predict_classes(X), out.argmax(axis=1))
    with pytest.raises(edgeinfer.EdgeInferError, match="rows of shape"):
        model.predict(X[:, :-1])
