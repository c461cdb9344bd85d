"""Products of features, bins and categories against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

import edgeinfer
from edgeinfer.errors import InvalidInputError, UnsupportedError
from tests.oracle import assert_same

IRIS, IRIS_Y = load_iris(return_X_y=True)
RNG = np.random.default_rng(4)
CODES = RNG.integers(-2, 5, (80, 3)).astype(np.float64)


@pytest.mark.parametrize("interaction_only", [False, True])
@pytest.mark.parametrize("include_bias", [False, True])
@pytest.mark.parametrize("degree", [0, 1, 2, 3, 4, (2, 3), (3, 3)])
def test_products_are_equal_bit_for_bit(
    degree: Any, include_bias: bool, interaction_only: bool
) -> None:
    if degree == 0 and not include_bias:
        return
    est = PolynomialFeatures(degree, include_bias=include_bias, interaction_only=interaction_only)
    assert_same(est.fit(IRIS), IRIS, rtol=0.0)
    if est.n_output_features_:
        assert_same(make_pipeline(StandardScaler(), est).fit(IRIS), IRIS, rtol=0.0)


@pytest.mark.parametrize("encode", ["ordinal", "onehot-dense"])
@pytest.mark.parametrize("strategy", ["uniform", "quantile", "kmeans"])
@pytest.mark.parametrize("n_bins", [2, 5, [2, 3, 4, 7]])
def test_bins(n_bins: Any, strategy: str, encode: str) -> None:
    est = KBinsDiscretizer(n_bins, strategy=strategy, encode=encode, random_state=0, subsample=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        est.fit(IRIS)
    edges = np.vstack([np.resize(e, 12) for e in est.bin_edges_]).T
    X = np.vstack([IRIS, IRIS * 3 - 5, edges, np.nextafter(edges, -9), np.nextafter(edges, 99)])
    assert_same(est, X, rtol=0.0)
    with pytest.raises(InvalidInputError, match="NaN"):
        edgeinfer.convert(est).transform(np.where(IRIS > 5, np.nan, IRIS))


@pytest.mark.parametrize("drop", [None, "first", "if_binary"])
def test_categories(drop: str | None) -> None:
    est = OneHotEncoder(handle_unknown="ignore", drop=drop, sparse_output=False)
    codes = np.column_stack([CODES, CODES[:, 0] > 0])
    est.fit(codes)
    fresh = np.vstack([codes, codes + 0.5, codes + 3, np.full((1, 4), np.nan), [[-0.0] * 4]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(est, fresh, rtol=0.0)


def test_in_pipelines_that_are_sparse_inside() -> None:
    for first in (OneHotEncoder(handle_unknown="ignore"), KBinsDiscretizer(3, subsample=None)):
        est = make_pipeline(first, LogisticRegression(max_iter=500)).fit(IRIS, IRIS_Y)
        assert_same(est, IRIS)
        model = edgeinfer.convert(est, precision="int8")  # zeros and ones need no data
        assert np.mean(model.predict(IRIS) == est.predict(IRIS)) > 0.95


def test_refused_with_what_works() -> None:
    for options in ({}, {"handle_unknown": "ignore", "min_frequency": 2}):
        with pytest.raises(UnsupportedError, match=r"OneHotEncoder: .*work"):
            edgeinfer.convert(OneHotEncoder(**options).fit(CODES))
    text = OneHotEncoder(handle_unknown="ignore").fit(np.array([["a"], ["b"]], dtype=object))
    with pytest.raises(UnsupportedError, match="no numbers"):
        edgeinfer.convert(text)
    with pytest.raises(UnsupportedError, match="no numbers, or NaN"):
        edgeinfer.convert(OneHotEncoder(handle_unknown="ignore").fit([[np.nan], [1.0]]))
