"""Linear models against scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge

from tests.oracle import assert_same


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_ridge(precision: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    assert_same(Ridge().fit(X, y), X, precision)
    assert_same(Ridge().fit(X, np.column_stack([y, -y])), X, precision)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_multinomial_logistic(precision: str) -> None:
    X, y = load_iris(return_X_y=True)
    assert_same(LogisticRegression(max_iter=500).fit(X, y), X, precision)
