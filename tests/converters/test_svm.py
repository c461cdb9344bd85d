"""Kernel machines against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

import edgeinfer
from edgeinfer.errors import UnsupportedError
from tests.oracle import assert_same

KERNELS = ("linear", "poly", "rbf", "sigmoid")


def fit(est: Any, X: Any, y: Any = None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the deprecation of probability
        return est.fit(X, y)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("cls", [SVC, NuSVC])
def test_classifiers(cls: Any, kernel: str, precision: str) -> None:
    X, y = load_iris(return_X_y=True)
    X = X - X.mean(axis=0)  # a sigmoid of large products is flat
    options = {"kernel": kernel, "coef0": 0.5, "degree": 2}
    names = np.array(["setosa", "versicolor", "virginica"])
    rtol = 1e-10 if precision == "float64" else 2e-5
    assert_same(fit(cls(**options), X, y), X, precision, rtol=rtol)
    assert_same(
        fit(cls(decision_function_shape="ovo", **options), X, names[y]), X, precision, rtol=rtol
    )
    assert_same(fit(cls(break_ties=True, **options), X, y), X, precision, rtol=rtol)
    two = y < 2
    assert_same(fit(cls(**options), X[two], y[two] == 1), X, precision, rtol=rtol)


@pytest.mark.parametrize("classes", [2, 3])
def test_probability(classes: int) -> None:
    X, y = load_iris(return_X_y=True)
    keep = y < classes
    model = fit(SVC(probability=True, random_state=0), X[keep], y[keep])
    assert_same(model, X, rtol=1e-8)
    # The rounds of the coupling stop at 0.005: a float32 decision may stop one round earlier.
    assert_same(model, X, "float32", rtol=1e-3)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_regressors(kernel: str, precision: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    rtol = 1e-10 if precision == "float64" else 2e-5
    for cls in (SVR, NuSVR):
        assert_same(cls(kernel=kernel).fit(X, y), X, precision, rtol=rtol)
    assert_same(OneClassSVM(kernel=kernel).fit(X), X, "float64")


def test_many_classes() -> None:
    X, y = load_digits(return_X_y=True)
    assert_same(SVC().fit(X[:400], y[:400]), X)
    assert_same(SVC().fit(X[:400], y[:400]), X, "float32")


@pytest.mark.parametrize(("precision", "least"), [("int16", 1.0), ("int8", 0.99)])
@pytest.mark.parametrize("kernel", KERNELS)
def test_codes(kernel: str, precision: str, least: float) -> None:
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    source = SVC(kernel=kernel, coef0=0.5).fit(X, y)
    model = edgeinfer.convert(source, precision=precision)
    assert (model.predict(X) == source.predict(X)).mean() >= least
    model = edgeinfer.convert(source, precision=precision, calibration=X)
    assert model.report["outputs"]["predict"]["agreement"] >= least
    X, y = load_diabetes(return_X_y=True)
    regressor = SVR(kernel=kernel, C=100.0).fit(X, y)
    error = edgeinfer.convert(regressor, precision=precision).predict(X) - regressor.predict(X)
    # The third power of a product of 8-bit codes, say, is what 8 bits make of it.
    loss = {"int16": 0.001, "int8": {"poly": 0.25, "sigmoid": 0.15}.get(kernel, 0.05)}
    assert np.sqrt((error**2).mean()) < loss[precision] * y.std()


def test_fitted_on_sparse_data() -> None:
    X, y = load_iris(return_X_y=True)
    assert_same(SVC().fit(csr_matrix(X), y), X)


def test_no_support_vectors() -> None:
    X, y = np.arange(8.0)[:, None], np.zeros(8)
    model = SVR(epsilon=1.0).fit(X, y)
    assert len(model.support_vectors_) == 0
    assert_same(model, X)


@pytest.mark.parametrize("kernel", ["precomputed", lambda a, b: a @ b.T])
def test_other_kernels_are_refused(kernel: Any) -> None:
    X, y = load_iris(return_X_y=True)
    data = X @ X.T if kernel == "precomputed" else X
    with pytest.raises(UnsupportedError, match="SVC"):
        edgeinfer.convert(SVC(kernel=kernel).fit(data, y))
