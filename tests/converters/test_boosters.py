"""XGBoost, LightGBM and CatBoost against the libraries themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

import edgeinfer
from edgeinfer.errors import UnsupportedError
from tests.oracle import assert_close

PRECISIONS = ("float64", "float32", "int16", "int8")
METHODS = ("predict", "predict_proba", "predict_log_proba")
RTOL = {"float64": 1e-10, "float32": 1e-5, "int16": 1e-4, "int8": 2e-3}


def rows(X: np.ndarray, missing: bool) -> np.ndarray:
    """Data as float32 numbers, some of them missing."""
    X = X.astype(np.float32).astype(np.float64)
    if missing:
        X = X.copy()
        X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    return X


def assert_same(source: Any, X: np.ndarray, rtol: dict[str, float] = RTOL) -> None:
    for precision in PRECISIONS:
        model = edgeinfer.convert(source, precision=precision)
        # A tree that splits at a value of the data: exactly there, and one step beside it.
        probes = np.vstack([X, np.nextafter(X, -np.inf), np.nextafter(X, np.inf)])
        for name in METHODS:
            if not hasattr(model, name):
                continue
            want = np.asarray(getattr(source, name)(X))
            have = getattr(model, name)(X)
            if want.dtype.kind == "f":
                assert_close(have, want, rtol[precision], f"{name} {precision}")
            else:
                np.testing.assert_array_equal(have, want)
        if precision == "float64":
            want = np.asarray(source.predict(probes))
            assert_close(model.predict(probes), want, rtol[precision], "probes")


XGB_RTOL = {"float64": 2e-6, "float32": 2e-6, "int16": 1e-4, "int8": 2e-3}


@pytest.mark.parametrize("missing", [False, True])
def test_xgboost(missing: bool) -> None:
    xgb = pytest.importorskip("xgboost")
    X, y = load_iris(return_X_y=True)
    X = rows(X, missing)
    size = {"n_estimators": 12, "max_depth": 4, "n_jobs": 1}
    assert_same(xgb.XGBClassifier(**size).fit(X, y), X, XGB_RTOL)
    assert_same(xgb.XGBClassifier(**size).fit(X, y == 1), X, XGB_RTOL)
    assert_same(xgb.XGBClassifier(booster="dart", rate_drop=0.3, **size).fit(X, y), X, XGB_RTOL)
    assert_same(xgb.XGBRFClassifier(**size).fit(X, y), X, XGB_RTOL)
    X, y = load_diabetes(return_X_y=True)
    X = rows(X, missing)
    for objective in ("reg:squarederror", "count:poisson", "reg:gamma", "reg:absoluteerror"):
        assert_same(xgb.XGBRegressor(objective=objective, **size).fit(X, y), X, XGB_RTOL)
    assert_same(xgb.XGBRegressor(objective="reg:logistic", **size).fit(X, y > 100), X, XGB_RTOL)
    assert_same(xgb.XGBRegressor(**size).fit(X, np.stack([y, -y], axis=1)), X, XGB_RTOL)


def test_xgboost_early_stopping() -> None:
    xgb = pytest.importorskip("xgboost")
    X, y = load_breast_cancer(return_X_y=True)
    X = rows(X, False)
    model = xgb.XGBClassifier(n_estimators=200, early_stopping_rounds=3, learning_rate=0.5)
    model.fit(X[:400], y[:400], eval_set=[(X[400:], y[400:])], verbose=False)
    assert model.best_iteration < 199
    assert_same(model, X, XGB_RTOL)


def test_xgboost_refusals() -> None:
    xgb = pytest.importorskip("xgboost")
    X, y = load_iris(return_X_y=True)
    for options, match in (
        ({"missing": -1.0}, "missing=-1"),
        ({"booster": "gblinear"}, "gblinear"),
        ({"objective": "binary:hinge"}, "binary:hinge"),
    ):
        model = xgb.XGBClassifier(n_estimators=2, **options).fit(X, y == 1)
        with pytest.raises(UnsupportedError, match=match):
            edgeinfer.convert(model)


@pytest.mark.parametrize("missing", [False, True])
def test_lightgbm(missing: bool) -> None:
    lgb = pytest.importorskip("lightgbm")
    X, y = load_iris(return_X_y=True)
    X = rows(X, missing)
    size = {"n_estimators": 12, "num_leaves": 9, "min_child_samples": 5, "verbose": -1, "n_jobs": 1}
    names = np.array(["a", "bb", "ccc"])[y]
    assert_same(lgb.LGBMClassifier(**size).fit(X, names), X)
    assert_same(lgb.LGBMClassifier(**size).fit(X, y == 1), X)
    assert_same(lgb.LGBMClassifier(objective="multiclassova", sigmoid=0.7, **size).fit(X, y), X)
    bagging = {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1}
    assert_same(lgb.LGBMClassifier(**bagging, **size).fit(X, y), X)
    X, y = load_diabetes(return_X_y=True)
    X = rows(X, missing)
    for objective in ("regression", "poisson", "quantile", "gamma", "regression_l1"):
        assert_same(lgb.LGBMRegressor(objective=objective, **size).fit(X, y), X)
    assert_same(lgb.LGBMRegressor(reg_sqrt=True, **size).fit(X, y), X)
    assert_same(lgb.LGBMRegressor(boosting_type="dart", **size).fit(X, y), X)


def test_lightgbm_missing_where_there_was_none() -> None:
    """A NaN counts as 0 in a feature that had none in training."""
    lgb = pytest.importorskip("lightgbm")
    X, y = load_diabetes(return_X_y=True)
    X = rows(X, False)
    model = lgb.LGBMRegressor(n_estimators=20, verbose=-1).fit(X, y)
    assert_same(model, rows(X, True))
    assert_same(model, np.vstack([np.full(10, np.nan), np.zeros(10), -np.zeros(10)]))


def test_lightgbm_refusals() -> None:
    lgb = pytest.importorskip("lightgbm")
    X, y = load_iris(return_X_y=True)
    X[:, 0] = np.rint(X[:, 0])
    size = {"n_estimators": 3, "verbose": -1, "min_child_samples": 5}
    groups = {"min_data_per_group": 1, "cat_smooth": 0.0}
    model = lgb.LGBMClassifier(**groups, **size).fit(X[:, :1], y, categorical_feature=[0])
    with pytest.raises(UnsupportedError, match="categories"):
        edgeinfer.convert(model)
    model = lgb.LGBMRegressor(linear_tree=True, **size).fit(X, y)
    with pytest.raises(UnsupportedError, match="linear trees"):
        edgeinfer.convert(model)


@pytest.mark.parametrize("missing", [False, True])
def test_catboost(missing: bool) -> None:
    cb = pytest.importorskip("catboost")
    X, y = load_iris(return_X_y=True)
    X = rows(X, missing)
    size = {"iterations": 12, "depth": 4, "verbose": 0, "thread_count": 1}
    size |= {"allow_writing_files": False}
    names = np.array(["a", "bb", "ccc"])[y]
    assert_same(cb.CatBoostClassifier(**size).fit(X, names), X)
    assert_same(cb.CatBoostClassifier(**size).fit(X, y), X)
    assert_same(cb.CatBoostClassifier(**size).fit(X, (y == 1).astype(int)), X)
    X, y = load_diabetes(return_X_y=True)
    X = rows(X, missing)
    for loss in ("RMSE", "MAE", "Poisson", "Quantile:alpha=0.3"):
        assert_same(cb.CatBoostRegressor(loss_function=loss, **size).fit(X, y), X)
    both = cb.CatBoostRegressor(loss_function="MultiRMSE", **size)
    assert_same(both.fit(X, np.stack([y, -y], axis=1)), X)


def test_catboost_refusals() -> None:
    cb = pytest.importorskip("catboost")
    X, y = load_iris(return_X_y=True)
    size = {"iterations": 3, "verbose": 0, "allow_writing_files": False}
    model = cb.CatBoostClassifier(grow_policy="Lossguide", **size).fit(X, y)
    with pytest.raises(UnsupportedError, match="not symmetric"):
        edgeinfer.convert(model)
