"""The commands on files, as people use them: results, messages, exit status."""

from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge

import edgeinfer
from edgeinfer.cli import COMMANDS, main
from edgeinfer.graph import GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import Reduce

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])


class Homemade(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A type that skops cannot know."""

    def fit(self, X: Any, y: Any) -> Homemade:
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    model = LogisticRegression(max_iter=500).fit(X, NAMES[Y])
    skops.io.dump(model, tmp_path / "model.skops")
    joblib.dump(model, tmp_path / "model.joblib")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    np.save(tmp_path / "X.npy", X)
    np.savetxt(tmp_path / "X.csv", X, delimiter=",")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> int:
    return main(command.split())


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_way_of_a_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert model.skops -o model.edge") == 0
    assert "LogisticRegression in float32" in capsys.readouterr().out
    assert run("verify model.edge model.skops --data X.npy") == 0
    assert "keeps its promise" in capsys.readouterr().out
    assert run("predict model.edge X.npy -o labels.npy") == 0
    want = LogisticRegression(max_iter=500).fit(X, NAMES[Y])
    assert (np.load("labels.npy") == want.predict(X)).all()
    assert run("predict model.edge X.csv -o p.npy --method predict_proba") == 0
    np.testing.assert_allclose(np.load("p.npy"), want.predict_proba(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["model.joblib", "model.pkl"])
def test_pickles_need_trust(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"convert {name} -o model.edge") == 1
    error = capsys.readouterr().err
    assert "--trust" in error
    assert "skops.io.dump" in error
    assert not Path("model.edge").exists()
    assert run(f"convert {name} -o model.edge --trust") == 0
    assert edgeinfer.load("model.edge").classes_.tolist() == NAMES.tolist()


def test_untrusted_types_in_skops_are_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    skops.io.dump(Homemade().fit(X, Y), "own.skops")
    assert run("convert own.skops") == 1
    error = capsys.readouterr().err
    assert "Homemade" in error
    assert "--trust" in error
    assert run("convert own.skops --trust") == 1  # now read, and refused for what it is
    assert "has no converter" in capsys.readouterr().err


def test_default_output_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert model.skops --precision float64 --json") == 0
    document = printed(capsys)
    assert document["path"] == "model.edge"
    assert document["bytes"] == Path("model.edge").stat().st_size
    assert document["precision"] == "float64"


def test_inspect(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("convert model.skops")
    capsys.readouterr()
    assert run("inspect model.edge --json") == 0
    document = printed(capsys)
    assert document["estimator"] == "LogisticRegression"
    assert document["inputs"]["X"]["shape"] == [4]
    assert document["classes"] == [NAMES.tolist()]
    assert [layer["op"] for layer in document["layers"]].count("Dense") == 1
    assert document["file_bytes"] == Path("model.edge").stat().st_size
    assert document["row_arena_bytes"] <= document["arena_bytes"]
    assert run("inspect model.edge") == 0
    text = capsys.readouterr().out
    assert "Dense" in text
    assert "setosa, versicolor, virginica" in text


def test_predict_to_the_screen_and_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("convert model.skops")
    capsys.readouterr()
    assert run("predict model.edge X.csv") == 0
    lines = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert lines[0] == ["predict"]
    assert len(lines) == len(X) + 1
    assert lines[1] == ["setosa"]
    assert run("predict model.edge X.csv -o p.csv --method decision_function") == 0
    frame = pd.read_csv("p.csv")
    assert list(frame.columns) == [f"decision_function_{k}" for k in range(3)]
    assert run("predict model.edge X.csv --json") == 0
    assert printed(capsys)["results"]["predict"][0] == "setosa"
    assert run("predict model.edge X.csv -o p.npz") == 0
    assert np.load("p.npz")["predict"][0] == "setosa"
    assert run("predict model.edge X.csv -o p.txt") == 1
    assert ".csv" in capsys.readouterr().err


def test_verify_fails_with_status_1_and_says_where(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    skops.io.dump(LogisticRegression(C=0.1, max_iter=500).fit(X, NAMES[Y]), "other.skops")
    run("convert other.skops -o other.edge")
    capsys.readouterr()
    assert run("verify other.edge model.skops --data X.npy") == 1
    output = capsys.readouterr()
    assert "FAILED" in output.out
    assert "first difference: predict, row" in output.err
    assert run("verify other.edge model.skops --data X.npy --json") == 1
    document = printed(capsys)
    assert document["passed"] is False
    assert document["difference"]["method"] == "predict"
    assert run("verify other.edge model.skops --data X.npy --max-loss 40% --tolerance 0.9") == 0


def test_column_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["a", "b", "c", "d"]
    frame = pd.DataFrame(X, columns=names)
    skops.io.dump(Ridge().fit(frame, Y), "ridge.skops")
    frame.assign(label=NAMES[Y])[["label", "d", "c", "b", "a"]].to_csv("frame.csv", index=False)
    assert run("convert ridge.skops") == 0
    assert run("verify ridge.edge ridge.skops --data frame.csv") == 0
    assert run("verify ridge.edge ridge.skops --data X.npy") == 0
    assert run("predict ridge.edge frame.csv -o y.npy") == 0
    want = Ridge().fit(X, Y).predict(X)
    np.testing.assert_allclose(np.load("y.npy"), want, rtol=1e-5, atol=1e-5)
    frame.drop(columns="b").to_csv("less.csv", index=False)
    capsys.readouterr()
    assert run("predict ridge.edge less.csv") == 1
    assert "no column for the model's features: b" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("1,2,3,4\n1,2,3\n", "line 2: 3 fields"),
        ("1,2,3,4\n1,2,x,4\n", "line 2: 'x' in column 3 is no number"),
        ("1,2\n", "X has 2 features"),
        ("1,2,,4\n", "NaN"),
    ],
)
def test_bad_csv(
    folder: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("convert model.skops")
    Path("bad.csv").write_text(content)
    assert run("predict model.edge bad.csv") == 1
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("convert nothing.skops", 2, "does not exist"),
        ("convert model.skops --precision int9", 2, "int9"),
        ("convert X.npy", 1, "unknown ending"),
        ("predict model.skops X.npy", 1, "not a model file"),
        ("predict model.edge model.skops", 1, "data has to be .npy or .csv"),
        ("predict model.edge X.npy --method kneighbors", 1, "it has: predict"),
        ("verify model.edge model.skops", 2, "--data"),
        ("verify model.edge model.skops --data X.npy --max-loss 200%", 2, "not a fraction"),
        ("frobnicate", 2, "No such command"),
        ("convert model.skops -o nowhere/model.edge", 1, "nowhere"),
    ],
)
def test_errors_are_short(
    folder: Path, command: str, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("convert model.skops")
    capsys.readouterr()
    assert run(command) == status
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize("name", ["bad.skops", "bad.joblib", "bad.pkl", "bad.edge"])
def test_damaged_sources(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).write_bytes(b"PK\x03\x04 this is not a model")
    assert run(f"convert {name} -o out.edge --trust") == 1
    assert capsys.readouterr().err.startswith("error: bad.")


def test_pickled_arrays_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("convert model.skops")
    np.save("objects.npy", np.array([[1, "a"]], dtype=object), allow_pickle=True)
    assert run("predict model.edge objects.npy") == 1
    assert "not a .npy file of numbers" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "--json" in text
    assert f"edgeinfer {command}" in text


def test_as_a_module_and_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgeinfer", "--version"], capture_output=True, text=True, check=True
    )
    assert edgeinfer.__version__ in done.stdout


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from edgeinfer.cli import main; sys.exit(main(['--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'edgeinfer[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_bench(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("convert model.skops -o a.edge --precision float64")
    run("convert model.skops -o b.edge")
    np.savetxt("y.csv", NAMES[Y], fmt="%s")
    capsys.readouterr()
    quick = "--data X.npy --seconds 0.01 --batch 200"
    assert (
        run(f"bench a.edge b.edge {quick} --source model.skops --labels y.csv --html r.html") == 0
    )
    text = capsys.readouterr().out
    assert "one row, median" in text
    assert "100.00 %" in text
    assert "<svg" in Path("r.html").read_text()
    assert run(f"bench a.edge {quick} --json --method predict_proba") == 0
    (measured,) = printed(capsys)["measurements"]
    assert measured["name"] == "a"
    assert measured["sizes"]["method"] == "predict_proba"


def test_networks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model with `run` alone, whose rows have a shape of their own."""
    builder = GraphBuilder({"image": TensorType("float32", (4, 3))})
    summed = builder.emit(Reduce("sum"), "image")
    graph = builder.build({"run": Method((summed,), "dict")}, Info(precision="float32"))
    edgeinfer.Model(graph).save("net.edge")
    images = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    np.save("images.npy", images)
    assert run("predict net.edge images.npy -o sums.npy") == 0
    np.testing.assert_array_equal(np.load("sums.npy"), images.sum(axis=2))
    assert run("bench net.edge --data images.npy --seconds 0.01 --batch 10") == 0
    assert run("verify net.edge net.edge --data images.npy") == 0
    assert run("inspect net.edge") == 0
    Path("net.tflite").write_bytes(b"TFL3")
    capsys.readouterr()
    assert run("verify net.edge net.tflite --data images.npy") == 1
    assert "net.tflite" in capsys.readouterr().err


def test_networks_against_their_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("tflite", "flatbuffers", "ai_edge_litert.interpreter"):
        pytest.importorskip(package)
    from tests.converters.mutations import victim

    Path("net.tflite").write_bytes(victim())
    rng = np.random.default_rng(1)
    np.save("images.npy", rng.integers(-128, 128, size=(3, 8, 6, 3)).astype(np.int8))
    assert run("convert net.tflite -o net.edge") == 0
    assert run("verify net.edge net.tflite --data images.npy") == 0
    assert "LiteRT" in capsys.readouterr().out
    np.save("images.npy", rng.integers(-128, 128, size=(3, 8, 5, 3)).astype(np.int8))
    assert run("verify net.edge net.tflite --data images.npy") == 1
