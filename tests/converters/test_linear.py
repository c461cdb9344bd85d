"""Linear models against scikit-learn: every estimator, shape and kind of label."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model as lm
from sklearn.datasets import load_diabetes, make_classification
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.svm import LinearSVC, LinearSVR

import edgeinfer
from edgeinfer.errors import InvalidInputError, UnsupportedError
from tests.oracle import assert_same

FLOATS = ("float64", "float32")
X, Y = load_diabetes(return_X_y=True)
X, Y = X[:150] * 10, Y[:150]
TWO = np.column_stack([Y, -Y[::-1]])
COUNTS = np.round(Y / 40)

SINGLE: dict[str, Any] = {
    "LinearRegression": lm.LinearRegression(),
    "LinearRegression-no-intercept": lm.LinearRegression(fit_intercept=False),
    "LinearRegression-positive": lm.LinearRegression(positive=True),
    "Ridge": lm.Ridge(),
    "Ridge-sag": lm.Ridge(solver="sag", random_state=0),
    "RidgeCV": lm.RidgeCV(),
    "Lasso": lm.Lasso(0.5),
    "LassoCV": lm.LassoCV(cv=2, alphas=3),
    "ElasticNet": lm.ElasticNet(0.1),
    "ElasticNetCV": lm.ElasticNetCV(cv=2, alphas=3),
    "Lars": lm.Lars(),
    "LarsCV": lm.LarsCV(cv=2),
    "LassoLars": lm.LassoLars(0.5),
    "LassoLarsCV": lm.LassoLarsCV(cv=2),
    "LassoLarsIC": lm.LassoLarsIC(),
    "OrthogonalMatchingPursuit": lm.OrthogonalMatchingPursuit(),
    "OrthogonalMatchingPursuitCV": lm.OrthogonalMatchingPursuitCV(cv=2),
    "BayesianRidge": lm.BayesianRidge(),
    "ARDRegression": lm.ARDRegression(),
    "HuberRegressor": lm.HuberRegressor(max_iter=500),
    "TheilSenRegressor": lm.TheilSenRegressor(random_state=0, max_subpopulation=50),
    "RANSACRegressor": lm.RANSACRegressor(random_state=0),
    "RANSACRegressor-Lasso": lm.RANSACRegressor(lm.Lasso(0.1), random_state=0, min_samples=11),
    "QuantileRegressor": lm.QuantileRegressor(alpha=0.01),
    "LinearSVR": LinearSVR(max_iter=5000),
    "LinearSVR-no-intercept": LinearSVR(max_iter=5000, fit_intercept=False),
    "PoissonRegressor": lm.PoissonRegressor(),
    "GammaRegressor": lm.GammaRegressor(),
    "TweedieRegressor-identity": lm.TweedieRegressor(power=0, link="identity"),
    "TweedieRegressor-log": lm.TweedieRegressor(power=1.5, link="log"),
    "TweedieRegressor-auto": lm.TweedieRegressor(power=0),
}
for loss in ("squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"):
    SINGLE[f"SGDRegressor-{loss}"] = lm.SGDRegressor(loss=loss, random_state=0)

MULTIPLE: dict[str, Any] = {
    "LinearRegression": lm.LinearRegression(),
    "LinearRegression-no-intercept": lm.LinearRegression(fit_intercept=False),
    "Ridge": lm.Ridge(),
    "RidgeCV": lm.RidgeCV(),
    "Lasso": lm.Lasso(0.5),
    "ElasticNet": lm.ElasticNet(0.1),
    "Lars": lm.Lars(),
    "LassoLars": lm.LassoLars(0.5),
    "OrthogonalMatchingPursuit": lm.OrthogonalMatchingPursuit(),
    "MultiTaskLasso": lm.MultiTaskLasso(0.5),
    "MultiTaskLassoCV": lm.MultiTaskLassoCV(cv=2, alphas=3),
    "MultiTaskElasticNet": lm.MultiTaskElasticNet(0.5),
    "MultiTaskElasticNetCV": lm.MultiTaskElasticNetCV(cv=2, alphas=3),
}

LABELS: dict[str, list[Any]] = {
    "int": [5, -2, 7],
    "str": ["yes", "no", "maybe"],
    "bool": [True, False],
    "float": [1.0, -2.0, 5.0],
    "int32": list(np.array([3, 1, 2], np.int32)),
}

CLASSIFIERS: dict[str, Any] = {
    "LogisticRegression": lm.LogisticRegression(),
    "LogisticRegression-no-intercept": lm.LogisticRegression(fit_intercept=False),
    "LogisticRegressionCV": lm.LogisticRegressionCV(
        Cs=2, cv=2, l1_ratios=(0,), use_legacy_attributes=False, scoring="accuracy"
    ),
    "RidgeClassifier": lm.RidgeClassifier(),
    "RidgeClassifierCV": lm.RidgeClassifierCV(),
    "Perceptron": lm.Perceptron(random_state=0),
    "PassiveAggressiveClassifier": lm.PassiveAggressiveClassifier(random_state=0),
    "LinearSVC": LinearSVC(random_state=0),
    "LinearDiscriminantAnalysis": LinearDiscriminantAnalysis(),
    "LinearDiscriminantAnalysis-eigen": LinearDiscriminantAnalysis(
        solver="eigen", n_components=1, shrinkage=0.1
    ),
}
for loss in ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "huber"):
    CLASSIFIERS[f"SGDClassifier-{loss}"] = lm.SGDClassifier(loss=loss, alpha=0.1, random_state=0)


def fitted(est: Any, X: np.ndarray, y: np.ndarray) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return est.fit(X, y)


def classes(n: int, labels: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    data, y = make_classification(
        150, 6, n_informative=4, n_classes=n, random_state=n, class_sep=0.8
    )
    return data, np.array(labels)[y]


@pytest.mark.parametrize("precision", FLOATS)
@pytest.mark.parametrize("name", SINGLE)
def test_one_output(name: str, precision: str) -> None:
    y = COUNTS + 1 if "Poisson" in name or "Tweedie" in name else Y
    assert_same(fitted(SINGLE[name], X, y), X, precision)


@pytest.mark.parametrize("precision", FLOATS)
@pytest.mark.parametrize("name", MULTIPLE)
def test_several_outputs(name: str, precision: str) -> None:
    assert_same(fitted(MULTIPLE[name], X, TWO), X, precision)
    if not name.startswith("MultiTask"):
        assert_same(fitted(MULTIPLE[name], X, TWO[:, :1]), X, precision)


@pytest.mark.parametrize("precision", FLOATS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name: str, precision: str) -> None:
    for labels in LABELS.values():
        for n in (2, 3):
            if len(labels) < n:
                continue
            data, y = classes(n, labels)
            assert_same(fitted(CLASSIFIERS[name], data, y), data, precision)


@pytest.mark.parametrize("precision", FLOATS)
def test_ridge_classifier_with_several_labels(precision: str) -> None:
    data, y = classes(4, [0, 1, 2, 3])
    several = np.column_stack([y > 0, y > 1, y == 3]).astype(int)
    assert_same(lm.RidgeClassifier().fit(data, several), data, precision)
    assert_same(lm.RidgeClassifierCV().fit(data, several), data, precision)


@pytest.mark.parametrize("precision", FLOATS)
def test_sgd_one_class(precision: str) -> None:
    est = lm.SGDOneClassSVM(random_state=0, nu=0.3).fit(X)
    assert len(np.unique(est.predict(X))) == 2
    assert_same(est, X, precision)


def test_a_decision_of_zero_is_an_inlier() -> None:
    est = lm.SGDOneClassSVM().fit(np.ones((4, 1)))
    est.coef_, est.offset_ = np.array([1.0]), np.array([2.0])
    edge = np.array([[2.0], [np.nextafter(2.0, 0)], [np.nextafter(2.0, 3)]])
    assert est.predict(edge).tolist() == [1, -1, 1]
    assert_same(est, edge)


def test_a_margin_of_zero_is_the_first_class() -> None:
    est = lm.LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    est.coef_, est.intercept_ = np.array([[1.0]]), np.array([-2.0])
    edge = np.array([[2.0], [np.nextafter(2.0, 0)], [np.nextafter(2.0, 3)], [-0.0], [5e-324]])
    assert est.predict(edge).tolist() == ["no", "no", "yes", "no", "no"]
    assert_same(est, edge)


def test_equal_scores_are_the_first_class() -> None:
    est = lm.LogisticRegression().fit(np.eye(3), [7, 8, 9])
    est.coef_, est.intercept_ = np.eye(3), np.zeros(3)
    ties = np.array([[1.0, 1, 1], [0, 1, 1], [1, 1, 0], [np.nextafter(1, 0), 1, 1]])
    assert est.predict(ties).tolist() == [7, 8, 7, 8]
    assert_same(est, ties)


def test_extreme_scores() -> None:
    """Probabilities that are 0, 1 and smaller than any normal number."""
    data, y = classes(3, [0, 1, 2])
    for est in (
        fitted(lm.SGDClassifier(loss="log_loss", random_state=0), data, y),
        fitted(lm.SGDClassifier(loss="modified_huber", random_state=0), data, y),
        fitted(lm.LogisticRegression(), data, y),
        fitted(LinearDiscriminantAnalysis(), data, y),
    ):
        scale = np.array([1e-300, 1.0, 5.0, 30.0, 100.0, 1e4])[:, None, None]
        far = (data[:40] * scale).reshape(-1, data.shape[1])
        with np.errstate(all="ignore"):
            assert_same(est, far)
    est.coef_, est.intercept_ = np.zeros_like(est.coef_), np.full(3, -1e4)
    sgd = fitted(lm.SGDClassifier(loss="log_loss", random_state=0), data, y)
    sgd.coef_, sgd.intercept_ = np.zeros_like(sgd.coef_), np.full(3, -1e4)
    assert np.all(sgd.predict_proba(data) == 1 / 3)
    assert_same(sgd, data)


def test_sparse_coefficients() -> None:
    data, y = classes(3, [0, 1, 2])
    for target in (y, y > 0):
        for est in (
            lm.LogisticRegression(l1_ratio=1, C=0.05, solver="saga", max_iter=1000),
            lm.SGDClassifier(penalty="l1", random_state=0),
            LinearSVC(penalty="l1", C=0.05),
            lm.Perceptron(penalty="l1", random_state=0),
        ):
            assert_same(fitted(est, data, target).sparsify(), data)
    assert_same(lm.SGDRegressor(random_state=0).fit(X, Y / 100).sparsify(), X)


def test_one_against_the_rest_of_older_releases() -> None:
    """Releases before 1.8 fit several classes one by one with liblinear, or when asked to."""
    data, y = classes(3, [0, 1, 2])
    est = lm.LogisticRegression().fit(data, y)
    want = est._predict_proba_lr(data)
    for attribute, value in (("solver", "liblinear"), ("multi_class", "ovr")):
        other = lm.LogisticRegression().fit(data, y)
        setattr(other, attribute, value)
        have = edgeinfer.convert(other, precision="float64").predict_proba(data)
        np.testing.assert_allclose(have, want, rtol=1e-12)
    binary = lm.LogisticRegression().fit(data, y > 0)
    binary.multi_class = "multinomial"
    with pytest.raises(UnsupportedError, match="multi_class='auto'"):
        edgeinfer.convert(binary)


def test_links_and_parts_that_do_not_work_are_named() -> None:
    est = lm.PoissonRegressor().fit(X, COUNTS)

    class Strange:
        link = object()

    est._base_loss = Strange()
    with pytest.raises(UnsupportedError, match="PoissonRegressor: its link is object"):
        edgeinfer.convert(est)


@pytest.mark.parametrize("precision", FLOATS)
def test_shapes_and_layouts_of_the_input(precision: str) -> None:
    est = lm.Ridge().fit(X, TWO)
    model = edgeinfer.convert(est, precision=precision)
    want = model.predict(X)
    for other in (
        np.asfortranarray(X),
        np.repeat(X, 2, axis=1)[:, ::2],
        X[::-1][::-1],
        X.tolist(),
        X.astype(">f8"),
    ):
        np.testing.assert_array_equal(model.predict(other), want)
    np.testing.assert_array_equal(model.predict(X[:1]), want[:1])
    whole = np.round(X * 100)
    for dtype in (np.int64, np.int8, np.float32, np.float16):
        np.testing.assert_array_equal(
            model.predict(whole.astype(dtype)), model.predict(whole.astype(dtype).astype(float))
        )
    fixed = X.copy()
    fixed.flags.writeable = False
    np.testing.assert_array_equal(model.predict(fixed), want)
    for wrong in (X[:, :-1], X[0], X[None], np.where(X > 0.5, np.nan, X), X * np.inf):
        with pytest.raises(InvalidInputError):
            model.predict(wrong)


def test_one_feature() -> None:
    one = X[:, :1].copy()
    assert_same(lm.LinearRegression().fit(one, Y), one)
    assert_same(lm.LogisticRegression().fit(one, Y > 100), one)
