"""The demo's table: every engine of a model, next to scikit-learn."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from edgeinfer.cli import main
from edgeinfer.cli.demo import MODELS
from edgeinfer.measurement.precisions import TITLES, Line, as_table, compare_precisions

X, Y = load_iris(return_X_y=True)


def test_lines_of_a_model() -> None:
    source = LogisticRegression(max_iter=500).fit(X, Y)
    said: list[str] = []
    lines = compare_precisions(
        "iris",
        source,
        X,
        (X, Y),
        precisions=("float64", "float32"),
        seconds=0.005,
        progress=said.append,
    )
    assert [line.engine for line in lines] == ["scikit-learn", "float64", "float32"]
    assert said == ["iris: scikit-learn", "iris: float64", "iris: float32"]
    for line in lines[1:]:
        assert line.score == lines[0].score == source.score(X, Y)
        assert line.agreement == 1.0
        assert line.verified
        assert line.bytes > 0
        assert line.one_row_us > 0
        assert not line.problem
    rows = as_table(lines)
    assert all(len(row) == len(TITLES) for row in rows)
    assert [row[0] for row in rows] == ["iris", "", ""]


class Strange(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Has no converter."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Strange:
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.zeros(len(X), int)


def test_what_cannot_be_converted_is_shown_as_such() -> None:
    lines = compare_precisions(
        "strange", Strange().fit(X, Y), X, (X, Y), precisions=("int8",), seconds=0.005
    )
    assert "no converter" in lines[1].problem
    assert math.isnan(lines[1].score)
    assert "FAILED" in as_table(lines)[1]


def test_failed_verification_is_loud() -> None:
    lines = [
        Line("m", "scikit-learn", 0.9, one_row_us=100, rows_per_second=10, bytes=1),
        Line("m", "int8", 0.9, 1.0, False, 3, 1.0, 100, 1, "not verified: predict, row 3"),
    ]
    assert "NO" in as_table(lines)[1]
    assert "100 x" in as_table(lines)[1]


@pytest.mark.parametrize("name", ["forest"])
def test_demo_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--only", name, "--seconds", "0.01", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    engines = [line["engine"] for line in document["lines"]]
    assert engines == ["scikit-learn", "float64", "float32", "int16", "int8"]
    assert all(line["agreement"] == 1.0 for line in document["lines"][1:])
    assert all(line["verified"] for line in document["lines"][1:])
    assert main(["demo", "--only", name, "--seconds", "0.01"]) == 0
    assert MODELS[name][0] in capsys.readouterr().out
