"""Trees in float32, int16 and int8: the same leaves, and leaf values within the stated error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

import edgeinfer
from edgeinfer.ops import TreeEnsemble
from edgeinfer.quantize.tree import integer_leaves
from tests.oracle import assert_op
from tests.trees import LABELS, probes

INTEGERS = ("int16", "int8")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """HistGradientBoosting waits long for its threads on a machine that does other things."""
    with threadpool_limits(1):
        yield


def data(labels: str = "int") -> tuple[np.ndarray, np.ndarray]:
    X, y = make_classification(400, 6, n_informative=5, n_redundant=0, n_classes=3, random_state=0)
    return X.astype(np.float32).astype(np.float64), LABELS[labels][y]


def largest_error(model: edgeinfer.Model) -> float:
    """What the model's report says of its leaf values."""
    return float(max(note["largest_error"] for note in model.report["trees"].values()))


CLASSIFIERS = [
    DecisionTreeClassifier(random_state=0),
    RandomForestClassifier(9, max_depth=5, random_state=0),
    ExtraTreesClassifier(9, random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
    HistGradientBoostingClassifier(max_iter=5, random_state=0),
]


@pytest.mark.parametrize("precision", INTEGERS)
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("est", CLASSIFIERS, ids=lambda est: type(est).__name__)
def test_classes_stay(est: Any, labels: str, precision: str) -> None:
    """Labels differ only where the source's two best scores are within the stated error."""
    X, y = data(labels)
    est.fit(X, y)
    model = edgeinfer.convert(est, precision=precision)
    rows = probes(model, X)
    scorer = "decision_function" if hasattr(est, "decision_function") else "predict_proba"
    want, have = getattr(est, scorer)(rows), getattr(model, scorer)(rows)
    error = largest_error(model)
    assert error < {"int16": 1e-5, "int8": 1e-3}[precision] * max(1.0, np.abs(want).max())
    assert np.abs(have - want).max() <= error * (1 + 1e-6)
    scores = np.column_stack([-want, want]) if want.ndim == 1 else want
    best = np.sort(scores, axis=1)
    clear = best[:, -1] - best[:, -2] > 2 * error
    assert clear.mean() > 0.5
    np.testing.assert_array_equal(model.predict(rows)[clear], est.predict(rows)[clear])
    if hasattr(est, "apply"):
        np.testing.assert_array_equal(model.apply(rows), est.apply(rows))


@pytest.mark.parametrize("precision", INTEGERS)
@pytest.mark.parametrize("shift", [0.0, 1e6, -1e-9])
def test_regression_within_the_stated_error(shift: float, precision: str) -> None:
    X, y = make_regression(300, 5, random_state=0)
    y = y * (1e-12 if abs(shift) == 1e-9 else 1.0) + shift
    for est in (
        DecisionTreeRegressor(max_depth=6),
        RandomForestRegressor(7, random_state=0),
        GradientBoostingRegressor(n_estimators=6, random_state=0),
    ):
        est.fit(X, y)
        model = edgeinfer.convert(est, precision=precision)
        error = largest_error(model) + 1e-7 * np.abs(y).max()
        assert np.abs(model.predict(X) - est.predict(X)).max() <= error
        assert error < {"int16": 1e-6, "int8": 1e-4}[precision] * np.abs(y).max() * 10


@pytest.mark.parametrize("precision", INTEGERS)
def test_isolation(precision: str) -> None:
    X, _ = data()
    est = IsolationForest(n_estimators=20, random_state=0).fit(X)
    model = edgeinfer.convert(est, precision=precision)
    assert np.abs(model.score_samples(X) - est.score_samples(X)).max() < 1e-3
    clear = np.abs(est.decision_function(X)) > 1e-3
    np.testing.assert_array_equal(model.predict(X)[clear], est.predict(X)[clear])


@pytest.mark.parametrize("dtype", ["int32", "int16"])
def test_pure_leaves_lose_nothing(dtype: str) -> None:
    X, y = data()
    model = edgeinfer.convert(RandomForestClassifier(13, random_state=0).fit(X, y))
    (op,) = (node.op for node in model.graph.nodes if isinstance(node.op, TreeEnsemble))
    quantized, _ = integer_leaves(op, dtype)
    assert_op(quantized, X[:50], rtol=0.0)
    (want, *_), (have, *_) = op.reference(X), quantized.reference(X)
    np.testing.assert_array_equal(have, want.astype(np.float32))


def test_float32_keeps_the_cuts() -> None:
    """Rows of float64 as well stay on their side of cuts that lie between float32 numbers."""
    X, y = data()
    est = HistGradientBoostingClassifier(max_iter=4, random_state=0).fit(X + 1e-9, y)
    exact, narrow = (edgeinfer.convert(est, precision=p) for p in ("float64", "float32"))
    rows = probes(exact, X)
    for same in (rows, rows.astype(np.float32)):
        np.testing.assert_array_equal(narrow.decision_function(same), exact.decision_function(same))


def test_features_of_float32_reach_the_same_leaf() -> None:
    """What exported C runs: features are float32 from the beginning."""
    X, y = data()
    for est in (CLASSIFIERS[1], CLASSIFIERS[4]):
        model = edgeinfer.convert(est.fit(X, y), precision="int8")
        (op,) = (node.op for node in model.graph.nodes if isinstance(node.op, TreeEnsemble))
        narrow = op.on_float32()
        assert narrow is not None
        rows = probes(model, X).astype(np.float32)
        for h, w in zip(narrow.reference(rows), op.reference(rows.astype(float)), strict=True):
            np.testing.assert_array_equal(h, w)
        assert_op(narrow, rows[:64], rtol=0.0)
