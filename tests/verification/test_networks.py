"""Networks against their files, as LiteRT and TensorFlow Lite Micro run those."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import edgeinfer
from edgeinfer.errors import (
    InvalidInputError,
    InvalidParameterError,
    MissingExtraError,
    VerificationError,
)
from edgeinfer.graph import Graph

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")
pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert")
pytest.importorskip(
    "tflite_micro.python.tflite_micro.runtime", reason="needs tflite-micro as the oracle"
)

from tests.converters.mutations import victim
from tests.converters.networks import package_files
from tests.converters.operator_cases import CASES
from tests.converters.tflite_builder import NetworkBuilder

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(-128, 128, size=(5, 8, 6, 3)).astype(np.int8)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "net.tflite"
    path.write_bytes(victim())
    return path


def spoiled(graph: Graph) -> Graph:
    """The same graph with something else in the first bias."""
    nodes = list(graph.nodes)
    at = next(i for i, node in enumerate(nodes) if node.op.kind == "QConv2D")
    bias = nodes[at].op.constants()["bias"] + 3000
    nodes[at] = replace(nodes[at], op=replace(nodes[at].op, bias=bias))
    return replace(graph, nodes=tuple(nodes))


def test_integers(network: Path) -> None:
    model = edgeinfer.convert(network)
    result = edgeinfer.verify(model, network, IMAGES)
    assert [m.method for m in result.methods] == ["run, LiteRT", "run, TensorFlow Lite Micro"]
    assert [m.limit for m in result.methods] == ["within 4 units", "equal"]
    assert result.methods[1].max_error == 0
    # Floats are quantized as the input says, and rows may be flat.
    (kind,) = model.inputs.values()
    assert kind.qparams is not None
    real = (IMAGES.astype(np.float32) - kind.qparams.zero_point[0]) * kind.qparams.scale[0]
    assert edgeinfer.verify(model, str(network), real.reshape(5, -1)).rows == 5
    assert edgeinfer.verify(model, network, {next(iter(model.inputs)): IMAGES})


def test_a_wrong_model_is_found(network: Path) -> None:
    model = edgeinfer.Model(spoiled(edgeinfer.convert(network).graph))
    with pytest.raises(VerificationError, match=r"Micro, row 0, column \d: the source") as caught:
        edgeinfer.verify(model, network, IMAGES)
    assert not caught.value.verification.passed
    result = edgeinfer.verify(model, network, IMAGES, raises=False)
    assert [m.passed for m in result.methods] == [True, False]
    assert edgeinfer.verify(model, network, IMAGES, tolerance=0.9)
    assert edgeinfer.verify(model, network, IMAGES, max_loss=0.999, raises=False).passed is False


def test_floats(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(next(c.network for c in CASES if str(c) == "LOGISTIC-float32"))
    model = edgeinfer.convert(path)
    X = RNG.normal(size=(4, 4, 100))
    result = edgeinfer.verify(model, path, X)
    assert [m.limit for m in result.methods] == ["within 1e-05", "within 1e-05"]
    other = tmp_path / "other.tflite"
    other.write_bytes(next(c.network for c in CASES if str(c) == "TANH-float32"))
    assert not edgeinfer.verify(model, other, X, raises=False)


def test_float_weights_stand_for_rounded_activations(tmp_path: Path) -> None:
    """LiteRT's rounding in a hybrid layer is measured, the floats have to agree."""
    b = NetworkBuilder()
    x, y = b.tensor("float32", (1, 8)), b.tensor("float32", (1, 4))
    codes = RNG.integers(-127, 128, size=(4, 8)).astype(np.int8)
    weights = b.tensor("int8", (4, 8), np.array([0.01], np.float32), data=codes)
    b.operator("FULLY_CONNECTED", [x, weights, -1], [y], "FullyConnectedOptions")
    path = tmp_path / "hybrid.tflite"
    path.write_bytes(b.build([x], [y]))
    rows = RNG.normal(size=(6, 8)).astype(np.float32)
    model = edgeinfer.convert(path)
    rounded, floats = edgeinfer.verify(model, path, rows).methods
    assert (rounded.method, rounded.limit) == ("run, LiteRT", "rounds activations")
    assert rounded.max_error is not None
    assert rounded.max_error > 1e-4
    assert (floats.method, floats.limit) == ("run, LiteRT, weights as floats", "within 1e-05")
    with pytest.raises(VerificationError):
        edgeinfer.verify(model, path, rows, tolerance=1e-5)


def test_integers_of_micro_decide(tmp_path: Path) -> None:
    """LiteRT's reference of an int8 SUM is far off: a figure, as long as Micro's is the same."""
    b = NetworkBuilder()
    x = b.tensor("int8", (1, 4, 8), np.array([0.05], np.float32), 3)
    y = b.tensor("int8", (1, 4), np.array([0.1], np.float32), -7)
    b.operator("SUM", [x, b.constant(np.array([2], np.int32))], [y], "ReducerOptions")
    path = tmp_path / "sum.tflite"
    path.write_bytes(b.build([x], [y]))
    rows = RNG.integers(-128, 128, size=(6, 4, 8)).astype(np.int8)
    model = edgeinfer.convert(path)
    lite, micro = edgeinfer.verify(model, path, rows).methods
    assert (micro.limit, micro.max_error) == ("equal", 0)
    assert lite.max_error is not None
    assert lite.limit == ("differs from Micro" if lite.max_error > 4 else "within 4 units")
    with pytest.raises(VerificationError):
        edgeinfer.verify(model, path, rows, tolerance=0.01)


def test_state_goes_on_from_row_to_row() -> None:
    files = package_files("pymicro_wakeword")
    if not files:
        pytest.skip("needs pymicro-wakeword")
    model = edgeinfer.convert(files[0])
    (kind, *_) = model.inputs.values()
    X = RNG.integers(-128, 128, size=(6, *kind.shape)).astype(np.int8)
    assert edgeinfer.verify(model, files[0], X).methods[1].max_error == 0


def test_several_inputs(tmp_path: Path) -> None:
    b = NetworkBuilder()
    x, z, y = (b.tensor("float32", (1, 5)) for _ in range(3))
    b.operator("SUB", [x, z], [y], "SubOptions")
    path = tmp_path / "net.tflite"
    path.write_bytes(b.build([x, z], [y]))
    model = edgeinfer.convert(path)
    names = list(model.inputs)
    feeds = {name: RNG.normal(size=(3, 5)) for name in names}
    assert edgeinfer.verify(model, path, feeds)
    with pytest.raises(InvalidInputError, match="takes the inputs"):
        edgeinfer.verify(model, path, feeds[names[0]])


def test_what_makes_no_sense_is_refused(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = edgeinfer.convert(network)
    with pytest.raises(InvalidInputError, match="rows of shape"):
        edgeinfer.verify(model, network, IMAGES[:, :3])
    with pytest.raises(InvalidInputError, match="at least one"):
        edgeinfer.verify(model, network, IMAGES[:0])
    with pytest.raises(InvalidInputError, match="no int8"):
        edgeinfer.verify(model, network, IMAGES.astype(np.int32) * 3)
    other = tmp_path / "other.tflite"
    other.write_bytes(next(c.network for c in CASES if str(c) == "LOGISTIC-float32"))
    with pytest.raises(InvalidInputError):
        edgeinfer.verify(model, other, IMAGES)
    with pytest.raises(InvalidParameterError, match=r"its \.tflite file"):
        edgeinfer.verify(model, "model.pt", IMAGES)
    for name in ("ai_edge_litert.interpreter", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "tflite_micro.python.tflite_micro.runtime", None)
    with pytest.raises(MissingExtraError, match="ai-edge-litert"):
        edgeinfer.verify(model, network, IMAGES)
