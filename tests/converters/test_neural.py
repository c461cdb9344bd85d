"""Multi-layer perceptrons against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, make_classification
from sklearn.neural_network import MLPClassifier, MLPRegressor

import edgeinfer
from edgeinfer.errors import InvalidInputError, UnsupportedError
from tests.oracle import assert_same

FLOATS = ("float64", "float32")
ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
DATA, CLASSES = make_classification(120, 9, n_informative=6, n_classes=4, random_state=0)
LABELS = {
    "int": [4, -1, 9, 2],
    "str": ["a", "bb", "ccc", "d"],
    "bool": [True, False, False, False],
}


def fitted(est: Any, X: np.ndarray, y: np.ndarray) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return est.fit(X, y)


@pytest.mark.parametrize("precision", FLOATS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_classifier(activation: str, precision: str) -> None:
    for labels in LABELS.values():
        y = np.array(labels)[CLASSES]
        est = MLPClassifier((17, 5), activation=activation, max_iter=12, random_state=0)
        assert_same(fitted(est, DATA, y), DATA, precision)
    y = np.where(CLASSES > 1, "high", "low")
    est = MLPClassifier((7,), activation=activation, max_iter=12, random_state=0)
    assert_same(fitted(est, DATA, y), DATA, precision)


@pytest.mark.parametrize("precision", FLOATS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_several_labels(activation: str, precision: str) -> None:
    several = np.column_stack([CLASSES > 0, CLASSES > 1, CLASSES == 3]).astype(int)
    est = MLPClassifier((9, 4), activation=activation, max_iter=12, random_state=1)
    assert_same(fitted(est, DATA, several), DATA, precision)


@pytest.mark.parametrize("precision", FLOATS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_regressor(activation: str, precision: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    X, y = X[:100] * 10, y[:100] / 50
    for target in (y, np.column_stack([y, -y])):
        est = MLPRegressor(
            hidden_layer_sizes=(12, 6), activation=activation, max_iter=15, random_state=0
        )
        assert_same(fitted(est, X, target), X, precision)


@pytest.mark.parametrize("precision", FLOATS)
def test_poisson_loss(precision: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    est = MLPRegressor(hidden_layer_sizes=(6,), loss="poisson", max_iter=15, random_state=0)
    assert_same(fitted(est, X[:90] * 10, np.round(y[:90] / 30)), X[:90] * 10, precision)


@pytest.mark.parametrize("precision", FLOATS)
def test_saturated_units(precision: str) -> None:
    """Inputs so large that every unit is at its limit, and probabilities are 0 or 1."""
    for activation in ACTIVATIONS:
        est = MLPClassifier((5,), activation=activation, max_iter=12, random_state=0)
        fitted(est, DATA, CLASSES > 1)
        model = edgeinfer.convert(est, precision=precision)
        far = DATA * 1e4
        with np.errstate(all="ignore"):
            want = est.predict_proba(far)
        np.testing.assert_array_equal(model.predict(far), est.predict(far))
        rtol = 1e-9 if precision == "float64" else 0.01  # of scores near 1e5
        np.testing.assert_allclose(model.predict_proba(far), want, rtol=rtol, atol=1e-37)


def test_float32_training_data() -> None:
    est = MLPClassifier((6,), max_iter=10, random_state=0)
    X = DATA.astype(np.float32)
    assert fitted(est, X, CLASSES).coefs_[0].dtype == np.float32
    assert_same(est, X.astype(np.float64))


def test_what_does_not_work_is_named() -> None:
    est = fitted(MLPClassifier((4,), max_iter=5), DATA, CLASSES)
    est.activation = "swish"
    with pytest.raises(UnsupportedError, match="MLPClassifier: the activation is 'swish'"):
        edgeinfer.convert(est)
    est.activation, est.out_activation_ = "relu", "sparsemax"
    with pytest.raises(UnsupportedError, match="sparsemax"):
        edgeinfer.convert(est)
    model = edgeinfer.convert(fitted(MLPClassifier((4,), max_iter=5), DATA, CLASSES))
    with pytest.raises(InvalidInputError, match="NaN"):
        model.predict(np.full((1, 9), np.nan))
