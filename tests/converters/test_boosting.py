"""Gradient boosting against scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

import edgeinfer
from edgeinfer.errors import InvalidInputError, UnsupportedError
from tests.oracle import assert_same
from tests.trees import LABELS, assert_identical

FEW = {"n_estimators": 6, "random_state": 0}
FEW_HIST = {"max_iter": 6, "random_state": 0, "min_samples_leaf": 5}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """HistGradientBoosting waits long for its threads on a machine that does other things."""
    with threadpool_limits(1):
        yield


def classes(labels: str = "int", n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_classification(
        300, 6, n_informative=5, n_redundant=0, n_classes=n_classes, random_state=0
    )
    return X, LABELS[labels][y]


def numbers() -> tuple[np.ndarray, np.ndarray]:
    X, y = make_regression(300, 5, random_state=0)
    return X, y


@pytest.mark.parametrize("labels", LABELS)
def test_gradient_boosting_classes(labels: str) -> None:
    X, y = classes(labels)
    assert_identical(GradientBoostingClassifier(**FEW).fit(X, y), X)


@pytest.mark.parametrize("loss", ["log_loss", "exponential"])
@pytest.mark.parametrize("init", [None, "zero"])
def test_gradient_boosting_two_classes(loss: str, init: Any) -> None:
    X, y = classes(n_classes=2)
    assert_identical(GradientBoostingClassifier(**FEW, loss=loss, init=init).fit(X, y), X)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_gradient_boosting_regression(loss: str) -> None:
    X, y = numbers()
    assert_identical(GradientBoostingRegressor(**FEW, loss=loss).fit(X, y), X)
    assert_identical(GradientBoostingRegressor(**FEW, loss=loss, init="zero").fit(X, y), X)


@pytest.mark.parametrize(
    "init",
    [
        RandomForestRegressor(3, max_depth=2, random_state=0),
        DecisionTreeRegressor(max_depth=2),
        HistGradientBoostingRegressor(**FEW_HIST),
        KNeighborsRegressor(algorithm="kd_tree"),
        SVR(),
        make_pipeline(SelectKBest(k=3), DecisionTreeRegressor(max_depth=2)),
    ],
)
def test_regression_from_an_estimator(init: Any) -> None:
    X, y = numbers()
    source = GradientBoostingRegressor(**FEW, init=init).fit(X, y)
    for precision in ("float64", "float32"):
        assert_same(source, X, precision)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("loss", ["log_loss", "exponential"])
def test_classes_from_an_estimator(n_classes: int, loss: str) -> None:
    if (n_classes, loss) == (3, "exponential"):
        return
    X, y = classes(n_classes=n_classes)
    for init in (
        RandomForestClassifier(4, max_depth=2, random_state=0),
        DecisionTreeClassifier(),
        HistGradientBoostingClassifier(**FEW_HIST),
        KNeighborsClassifier(algorithm="kd_tree"),
    ):
        source = GradientBoostingClassifier(**FEW, loss=loss, init=init).fit(X, y)
        assert_same(source, X)


def test_an_init_that_computes_in_float32_is_refused() -> None:
    X, y = numbers()
    init = LinearRegression()
    source = GradientBoostingRegressor(**FEW, init=init).fit(X, y)
    with pytest.raises(UnsupportedError, match="GradientBoostingRegressor: init=LinearRegression"):
        edgeinfer.convert(source)
    X, y = classes(n_classes=2)
    source = GradientBoostingClassifier(**FEW, init=LogisticRegression()).fit(X, y)
    with pytest.raises(UnsupportedError, match="init=LogisticRegression computes in float32"):
        edgeinfer.convert(source)
    dice = DummyClassifier(strategy="uniform", random_state=0)
    with pytest.raises(UnsupportedError, match="DummyClassifier"):
        edgeinfer.convert(GradientBoostingClassifier(**FEW, init=dice).fit(X, y))


def test_gradient_boosting_refuses_nan() -> None:
    X, y = numbers()
    model = edgeinfer.convert(GradientBoostingRegressor(**FEW).fit(X, y))
    holes = X.copy()
    holes[2, 1] = np.nan
    with pytest.raises(InvalidInputError, match="NaN"):
        model.predict(holes)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_hist_classes(labels: str, precision: str) -> None:
    X, y = classes(labels)
    X = X.astype(np.float32).astype(np.float64)
    source = HistGradientBoostingClassifier(**FEW_HIST).fit(X, y)
    if precision == "float64":
        assert_identical(source, X)
    assert_same(source, X, precision, rtol=1e-14)


def test_hist_two_classes_and_their_ties() -> None:
    X, y = classes(n_classes=2)
    assert_identical(HistGradientBoostingClassifier(**FEW_HIST).fit(X, y), X)
    even = np.zeros((40, 1))
    y = np.arange(40) % 2
    assert_identical(HistGradientBoostingClassifier(**FEW_HIST).fit(even, y), even)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "gamma", "poisson"])
def test_hist_regression(loss: str) -> None:
    X, y = numbers()
    y = np.exp(y / 100)
    assert_same(HistGradientBoostingRegressor(**FEW_HIST, loss=loss).fit(X, y), X, rtol=1e-13)
    source = HistGradientBoostingRegressor(**FEW_HIST, loss="quantile", quantile=0.7).fit(X, y)
    assert_identical(source, X)


def with_holes(X: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)
    holes = X.copy()
    holes[rng.random(X.shape) < 0.2] = np.nan
    holes[rng.random(X.shape) < 0.02] = np.inf
    holes[rng.random(X.shape) < 0.02] = -np.inf
    return holes


def test_hist_missing_values_and_infinity() -> None:
    X, y = classes()
    holes = with_holes(X)
    for fitted_on in (X, holes):
        source = HistGradientBoostingClassifier(**FEW_HIST).fit(fitted_on, y)
        model = assert_identical(source, X)
        have, want = model.decision_function(holes), source.decision_function(holes)
        np.testing.assert_array_equal(have, want)


@pytest.mark.parametrize("missing", [False, True])
def test_hist_categories(missing: bool) -> None:
    """Codes with gaps, negative and fractional ones, unknown ones, missing ones."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4)).astype(np.float32).astype(np.float64)
    X[:, 1] = rng.choice([-3.0, 0.5, 2.0, 7.0, 300.0, 1e6], 500)
    X[:, 3] = rng.integers(0, 40, 500)
    y = np.isin(X[:, 1], (0.5, 300.0)) * 3 + np.sin(X[:, 3] * 7) + X[:, 0]
    if missing:
        X[rng.random(X.shape) < 0.1] = np.nan
    source = HistGradientBoostingRegressor(
        **FEW_HIST, categorical_features=[1, 3], max_leaf_nodes=9
    ).fit(X, y)
    strange = X.copy()
    strange[::3, 1] = rng.choice([-1.0, 0.0, 2.5, 255.0, 256.0, np.nan], len(strange[::3]))
    strange[1::3, 3] = rng.choice([40.0, 2.5, -1.0, np.nan], len(strange[1::3]))
    for precision in ("float64", "float32"):
        model = edgeinfer.convert(source, precision=precision)
        for rows in (X, strange):
            np.testing.assert_array_equal(model.predict(rows), source.predict(rows))
    strange[0, 3] = np.inf
    with pytest.raises(InvalidInputError, match="infinity"):
        model.predict(strange)
    strange[0, 3], strange[0, 0] = 1.0, np.inf
    np.testing.assert_array_equal(model.predict(strange), source.predict(strange))


def test_hist_nothing_but_categories() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 9, (300, 2)).astype(float)
    y = np.isin(X[:, 0], (1, 5)) + rng.normal(size=300) / 9
    source = HistGradientBoostingRegressor(**FEW_HIST, categorical_features=[0, 1]).fit(X, y)
    model = edgeinfer.convert(source)
    np.testing.assert_array_equal(model.predict(X), source.predict(X))


def test_hist_categories_of_strings_are_refused() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=90), "b": rng.choice(["red", "blue"], 90)})
    frame["b"] = frame["b"].astype("category")
    source = HistGradientBoostingRegressor(**FEW_HIST, categorical_features="from_dtype")
    source.fit(frame, frame["a"])
    with pytest.raises(UnsupportedError, match="no numbers"):
        edgeinfer.convert(source)
