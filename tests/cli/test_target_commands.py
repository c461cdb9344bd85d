"""export, fit and bench --target on files, as people use them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import joblib
import numpy as np
import pytest
from click import BadParameter
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

import edgeinfer
from edgeinfer.cli import main
from edgeinfer.cli._target import ampere_of, bytes_of, hertz_of
from edgeinfer.export.targets.machines import find_machine
from edgeinfer.export.targets.toolchain import missing_tools

X, Y = load_iris(return_X_y=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    forest = RandomForestClassifier(4, max_depth=4, random_state=0).fit(X, Y)
    joblib.dump(forest, tmp_path / "forest.joblib")
    edgeinfer.convert(forest, precision="int8", calibration=X).save(tmp_path / "forest.edge")
    np.save(tmp_path / "X.npy", X[::6])
    np.save(tmp_path / "y.npy", Y[::6])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_export(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "forest.edge", "-o", "fw", "--name", "iris", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(told["files"]) == sorted(p.name for p in (folder / "fw").iterdir())
    assert "iris_predict" in told["functions"]
    assert main(["export", "forest.edge", "-o", "lib.zip", "--layout", "arduino"]) == 0
    assert (folder / "lib.zip").is_file()
    assert main(["export", "forest.edge", "-o", "x", "--name", "for"]) == 1
    assert "cannot be the name" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_bench_on_the_host(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "forest.edge", "--data", "X.npy", "--target", "host"]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    wanted = {"target", "flash_bytes", "ram_bytes", "stack_bytes", "instructions", "agreement"}
    assert wanted <= set(told)
    assert told["agreement"] == 1.0
    assert main(arguments) == 0
    assert "agreement" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_fit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["fit", "forest.joblib", "--trust", "--data", "X.npy", "--labels", "y.npy"]
    arguments += ["--target", "host", "-o", "best", "--json"]
    assert main([*arguments, "--flash", "32k", "--max-loss", "0.5%"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["best"]["fits"]
    assert len(told["tried"]) == 8
    again = edgeinfer.load(folder / "best" / "model.edge")
    assert (again.predict(X) == joblib.load(folder / "forest.joblib").predict(X)).all()
    assert main([*arguments, "--flash", "100"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["best"] is None
    assert all("flash" in c["missed"][0] for c in told["tried"])


@pytest.mark.parametrize("optimize", ["size", "speed"])
def test_fit_on_an_emulated_core(
    optimize: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The smallest, or the fastest, of those that lose least; and why nothing fits."""
    if missing_tools(find_machine("cortex-m4")):
        pytest.skip("the toolchain of cortex-m4 is not installed")
    arguments = ["fit", "forest.joblib", "--trust", "--data", "X.npy", "--labels", "y.npy"]
    arguments += ["--target", "cortex-m4", "-o", "best", "--optimize", optimize]
    assert main([*arguments, "--json", "--flash", "16k", "--ram", "2k"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {(c["precision"], c["forest"]) for c in told["tried"]} == {
        (precision, forest)
        for precision in ("int8", "int16", "float32", "float64")
        for forest in ("table", "inline")
    }
    least = min(max(c["loss"], 0) for c in told["tried"] if c["fits"])
    good = [c for c in told["tried"] if c["fits"] and max(c["loss"], 0) == least]
    figure = "flash_bytes" if optimize == "size" else "instructions"
    assert told["best"][figure] == min(c[figure] for c in good)
    assert (folder / "best" / "model.c").is_file()
    assert main([*arguments, "--ram", "16"]) == 1
    said = capsys.readouterr().out
    assert "nothing fits" in said
    assert "RAM with stack" in said


def test_a_missing_toolchain_is_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["bench", "forest.edge", "--data", "X.npy", "--target", "m4"]) == 1
    said = capsys.readouterr().err
    assert "apt-get install gcc-arm-none-eabi" in said
    assert "qemu-system-arm" in said


def test_figures_with_units() -> None:
    assert bytes_of("32k") == 32768
    assert bytes_of("1.5KiB") == 1536
    assert hertz_of("64MHz") == 64e6
    assert hertz_of("120e6") == 120e6
    assert ampere_of("12mA") == pytest.approx(0.012)
    for wrong in ("", "k", "-3k", "32x", "0"):
        with pytest.raises(BadParameter):
            bytes_of(wrong)
