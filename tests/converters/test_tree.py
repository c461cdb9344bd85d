"""Single trees and forests of them against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

import edgeinfer
from edgeinfer.errors import InvalidInputError
from tests.oracle import assert_same
from tests.trees import LABELS, assert_identical

TREES = (DecisionTreeClassifier, ExtraTreeClassifier)
FORESTS = (RandomForestClassifier, ExtraTreesClassifier)
REGRESSORS = (DecisionTreeRegressor, ExtraTreeRegressor)
REGRESSION_FORESTS = (RandomForestRegressor, ExtraTreesRegressor)


def classes(labels: str = "int", n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_classification(
        400, 8, n_informative=6, n_redundant=0, n_classes=n_classes, random_state=0
    )
    return X, LABELS[labels][y]


def build(cls: Any, **options: Any) -> Any:
    forest = "Forest" in cls.__name__ or "Trees" in cls.__name__
    return cls(random_state=0, **({"n_estimators": 7} if forest else {}), **options)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("cls", TREES + FORESTS)
def test_classifiers(cls: Any, labels: str, precision: str) -> None:
    X, y = classes(labels)
    assert_identical(build(cls, max_depth=5).fit(X, y), X, precision)


@pytest.mark.parametrize("cls", TREES + FORESTS)
def test_binary_and_full_depth(cls: Any) -> None:
    X, y = classes(n_classes=2)
    assert_identical(build(cls).fit(X, y), X)


@pytest.mark.parametrize("cls", TREES + FORESTS)
def test_several_targets(cls: Any) -> None:
    X, y = classes()
    assert_identical(build(cls).fit(X, np.column_stack([y, y > 5])), X)
    text = np.column_stack([LABELS["str"][y % 3], LABELS["str"][y % 2]])
    assert_identical(build(cls).fit(X, text), X)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("cls", REGRESSORS + REGRESSION_FORESTS)
def test_regressors(cls: Any, precision: str) -> None:
    X, y = make_regression(300, 6, random_state=0)
    assert_identical(build(cls).fit(X, y), X, precision)
    assert_identical(build(cls, max_depth=4).fit(X, np.column_stack([y, -y])), X, precision)


@pytest.mark.parametrize("options", [{"max_leaf_nodes": 17}, {"ccp_alpha": 0.01}, {"max_depth": 1}])
@pytest.mark.parametrize("cls", [DecisionTreeClassifier, RandomForestClassifier])
def test_grown_otherwise(cls: Any, options: dict[str, Any]) -> None:
    X, y = classes()
    assert_identical(build(cls, **options).fit(X, y), X)


@pytest.mark.parametrize("cls", TREES + FORESTS)
def test_one_leaf_and_one_feature(cls: Any) -> None:
    X, y = classes()
    assert_identical(build(cls).fit(X, np.zeros(len(X), int)), X)
    assert_identical(build(cls).fit(X[:, :1], y), X[:, :1])


def test_deep_and_one_sided() -> None:
    X = np.arange(300.0)[:, None] ** 3
    y = 2.0 ** np.arange(300)
    tree = DecisionTreeRegressor().fit(X, y)
    assert tree.get_depth() > 100
    assert_identical(tree, X)


@pytest.mark.parametrize(
    "cls", [DecisionTreeClassifier, ExtraTreeClassifier, RandomForestClassifier]
)
@pytest.mark.parametrize("everywhere", [False, True])
def test_missing_values(cls: Any, everywhere: bool) -> None:
    """Learned from missing values or not, NaN goes where scikit-learn sends it."""
    X, y = classes()
    rng = np.random.default_rng(1)
    holes = X.copy()
    holes[rng.random(X.shape) < 0.15] = np.nan
    model = assert_identical(build(cls, max_depth=6).fit(holes if everywhere else X, y), X)
    source = build(cls, max_depth=6).fit(holes if everywhere else X, y)
    np.testing.assert_array_equal(model.predict_proba(holes), source.predict_proba(holes))
    np.testing.assert_array_equal(model.apply(holes), source.apply(holes))


def test_values_that_trees_refuse() -> None:
    X, y = classes()
    model = edgeinfer.convert(DecisionTreeClassifier(random_state=0).fit(X, y))
    for value in (np.inf, -np.inf, 1e39):
        bad = X[:3].copy()
        bad[1, 2] = value
        with pytest.raises(InvalidInputError, match="infinity or a value too large"):
            model.predict(bad)
    X, y = make_regression(50, 3, random_state=0)
    absolute = DecisionTreeRegressor(criterion="absolute_error").fit(X, y)
    holes = X.copy()
    holes[0, 0] = np.nan
    model = edgeinfer.convert(absolute)
    try:
        want = absolute.predict(holes)
    except ValueError:
        with pytest.raises(InvalidInputError, match="NaN"):
            model.predict(holes)
    else:
        np.testing.assert_array_equal(model.predict(holes), want)


def test_more_cuts_than_codes_of_eight_bits() -> None:
    """A feature of some hundred cuts has several columns, and every answer stays the same."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 2))
    tree = DecisionTreeRegressor().fit(X, rng.normal(size=700))
    model = assert_identical(tree, X)
    assert max(len(v) for v in model.graph.nodes[1].op.thresholds().values()) > 510


def test_more_cuts_than_codes_of_sixteen_bits() -> None:
    rng = np.random.default_rng(0)
    X = np.sort(rng.normal(size=(75_000, 1)), axis=0)
    tree = DecisionTreeRegressor().fit(X, np.arange(75_000.0))
    model = edgeinfer.convert(tree)
    op = model.graph.nodes[1].op
    assert len(op.columns) >= 2
    assert op.cuts.size > 65_535
    np.testing.assert_array_equal(model.predict(X), tree.predict(X))
    np.testing.assert_array_equal(model.apply(X), tree.apply(X))


def test_features_no_tree_looks_at() -> None:
    X, y = classes()
    wide = np.concatenate([X, np.zeros((len(X), 300))], axis=1)
    assert_identical(build(RandomForestClassifier, max_depth=3).fit(wide, y), wide)


@pytest.mark.parametrize("contamination", ["auto", 0.1, 0.25])
@pytest.mark.parametrize("max_features", [1.0, 0.5])
def test_isolation_forest(contamination: Any, max_features: float) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(201, 6))
    source = IsolationForest(
        n_estimators=9, contamination=contamination, max_features=max_features, random_state=0
    ).fit(X)
    model = assert_same(source, X, rtol=1e-14)
    strange = X.copy()
    strange[rng.random(X.shape) < 0.05] = np.nan
    strange[rng.random(X.shape) < 0.05] = np.inf
    strange[rng.random(X.shape) < 0.05] = -1e39
    with np.errstate(over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = source.score_samples(strange)
        np.testing.assert_array_equal(model.predict(strange), source.predict(strange))
    np.testing.assert_allclose(model.score_samples(strange), want, rtol=1e-14)


def test_isolation_forest_of_one_and_two_rows() -> None:
    for n in (1, 2):
        X = np.arange(n * 2.0).reshape(n, 2)
        source = IsolationForest(n_estimators=3, random_state=0).fit(X)
        assert_same(source, np.concatenate([X, X + 0.5]), rtol=1e-14)
