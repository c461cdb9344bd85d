"""Networks quantized here against their float files: the loss is told, and bounded."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import edgeinfer
from edgeinfer.errors import InvalidInputError, VerificationError

pytest.importorskip("tflite", reason="needs the extra tflite")
pytest.importorskip("flatbuffers", reason="needs the extra tflite")

from edgeinfer.cli import main
from tests.quantize.network import small

BOTH = ("predict", "predict, largest")


def quantized(path: Path, precision: str = "int8", **options: object) -> edgeinfer.Model:
    X = small.rows(path, 100)
    return edgeinfer.convert(path, precision=precision, calibration=X, **options)  # type: ignore[arg-type]


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return small.save(tmp_path, small.residual())


@pytest.mark.parametrize("precision", ["int8", "int16"])
def test_the_loss_is_told(network: Path, precision: str) -> None:
    model = quantized(network, precision)
    new = small.rows(network, 80, seed=3)
    result = edgeinfer.verify(model, network, new, max_loss=0.1, tolerance=0.05)
    assert [m.method for m in result.methods] == list(BOTH)
    values, classes = result.methods
    want, have = edgeinfer.convert(network).predict(new), model.predict(new)
    error = have - want
    noise = 10 * np.log10(np.square(want).sum() / np.square(error).sum())
    assert values.sqnr == pytest.approx(noise, abs=0.05)
    assert values.max_error == pytest.approx(np.abs(error).max(), abs=1e-5)
    assert classes.agreement == (have.argmax(axis=1) == want.argmax(axis=1)).mean()
    assert f"{noise:.1f} dB" in str(result)
    assert "threshold" not in str(result)


def test_rows_are_floats_of_any_form(network: Path) -> None:
    model = quantized(network)
    new = small.rows(network, 30, seed=3)
    flat = edgeinfer.verify(model, network, new.reshape(30, -1).astype(np.float64), max_loss=0.2)
    named = edgeinfer.verify(model, network, {next(iter(model.inputs)): new}, max_loss=0.2)
    assert flat == named
    with pytest.raises(InvalidInputError, match="rows of shape"):
        edgeinfer.verify(model, network, new[:, :3])


def test_another_network_is_found(network: Path, tmp_path: Path) -> None:
    b = small.Layers(77)
    x = b.floats(1, 8, 8, 3)
    other = tmp_path / "other.tflite"
    other.write_bytes(b.build([x], [b.softmax(b.dense(b.conv(x, 8), 5))]))
    with pytest.raises(VerificationError, match=r"keep_float=\[\d+\] would spare it") as caught:
        edgeinfer.verify(quantized(network), other, small.rows(network, 80, seed=3))
    assert not caught.value.verification.passed


def test_scores_of_no_softmax_are_told_and_not_bounded(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.separate())
    result = edgeinfer.verify(quantized(path), path, small.rows(path, 80, seed=3), max_loss=0.0)
    values, classes = result.methods
    assert values.limit == "rms error 5 % of span"
    assert (classes.limit, classes.passed) == ("-", True)


def test_several_outputs_and_layers_in_floats(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.gates())
    model = quantized(path, keep_float=[0])
    result = edgeinfer.verify(model, path, small.rows(path, 80, seed=3))
    names = list(model.graph.methods["run"].tensors)
    assert [m.method for m in result.methods if m.sqnr is not None] == [
        f"predict, {name}" for name in names
    ]


def test_without_litert(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = quantized(network)
    new = small.rows(network, 40, seed=3)
    results = [edgeinfer.verify(model, network, new, raises=False)]
    gone = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
    for names in (gone, ("tflite_micro.python.tflite_micro.runtime",)):
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)
        results.append(edgeinfer.verify(model, network, new, raises=False))
    for result in results[1:]:
        for have, want in zip(result.methods, results[0].methods, strict=True):
            assert have.agreement == want.agreement
            if want.sqnr is not None:
                assert have.sqnr == pytest.approx(want.sqnr, abs=0.02)


def test_command(
    network: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(network.parent)
    np.save("X.npy", small.rows(network, 100))
    assert main(["convert", "network.tflite", "--precision", "int8", "--calibration", "X.npy"]) == 0
    capsys.readouterr()
    command = "verify network.edge network.tflite --data X.npy --max-loss 0.1"
    assert main(command.split()) == 0
    text = capsys.readouterr().out
    for part in ("SQNR", "dB", "predict, largest", "keeps its promise"):
        assert part in text
    assert main([*command.split(), "--json"]) == 0
    methods = json.loads(capsys.readouterr().out)["methods"]
    assert methods[0]["sqnr"] > 20
    assert (
        main(
            ["verify", "network.edge", "network.tflite", "--data", "X.npy", "--tolerance", "0.0001"]
        )
        == 1
    )
    assert "keep_float" in capsys.readouterr().err
