"""The commands on a network's file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeinfer.cli import main
from tests.quantize.network import small


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = small.save(tmp_path, small.residual())
    np.save(tmp_path / "X.npy", small.rows(path, 40))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> int:
    return main(command.split())


def test_quantize(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "convert network.tflite --precision int8 --calibration X.npy --ranges mse"
    assert run(f"{command} --keep-float 0 --keep-float tensor_9 --json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["precision"] == "int8"
    assert result["report"]["ranges"] == "mse"
    layers = result["report"]["layers"]
    kept = [line["number"] for line in layers if line["precision"] == "float32"]
    assert kept == [0, 2]
    assert all(line["sqnr"] > 10 for line in layers)
    assert run(command) == 0
    text = capsys.readouterr().out
    for part in ("signal to quantization noise", "alone dB", "0 CONV_2D", "9 SOFTMAX", "agreement"):
        assert part in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "--calibration X.npy"),
        ("--calibration X.npy --keep-float nothing", "0: CONV_2D tensor_3"),
        ("--calibration bad.npy", "NaN or infinity"),
        ("--calibration short.npy", "rows of shape (8, 8, 3)"),
    ],
)
def test_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], options: str, message: str
) -> None:
    X = np.load("X.npy")
    np.save("short.npy", X[:, :5])
    X[0, 0, 0, 0] = np.inf
    np.save("bad.npy", X)
    assert run(f"convert network.tflite --precision int8 {options}") == 1
    assert message in capsys.readouterr().err
    assert not Path("network.edge").exists()
