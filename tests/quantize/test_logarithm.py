"""The logarithms of probabilities that only float64 can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

import edgeinfer

X, Y = load_iris(return_X_y=True)
FAR = np.concatenate([X, X * 8, X * 60, -X * 9]).astype(np.float32)


@pytest.mark.parametrize(
    "est",
    [
        LinearDiscriminantAnalysis(),
        LogisticRegression(C=100.0, max_iter=2000),
        MLPClassifier((8,), max_iter=300, random_state=0, learning_rate_init=0.02),
    ],
    ids=lambda e: type(e).__name__,
)
@pytest.mark.parametrize("classes", [3, 2])
def test_float32_keeps_what_its_probabilities_cannot(est: Any, classes: int) -> None:
    keep = classes > Y
    est.fit(X[keep], Y[keep])
    model = edgeinfer.convert(est, precision="float32")
    want, have = est.predict_log_proba(FAR.astype(np.float64)), model.predict_log_proba(FAR)
    assert have.dtype == np.float32
    assert want[np.isfinite(want)].min() < np.log(np.finfo(np.float32).tiny)
    # Who is on the brink of a probability of 0 (or of 1) may fall on either side of it.
    clear = np.abs(want + 745) > 1
    clear &= (want > -36) | (want < -37.5) | (classes > 2)
    assert clear.mean() > 0.9
    scale = np.abs(want[np.isfinite(want)]).max()
    np.testing.assert_allclose(have[clear], want[clear], rtol=1e-5, atol=2e-5 * scale)
