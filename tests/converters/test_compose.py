"""Pipelines, unions, column transformers and searches against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, SelectKBest, VarianceThreshold
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import edgeinfer
from edgeinfer.converters._registry import to_graph
from edgeinfer.errors import CalibrationError, InvalidInputError, NotFittedError, UnsupportedError
from tests.oracle import assert_same

IRIS, IRIS_Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[IRIS_Y]
RNG = np.random.default_rng(3)
HOLES = np.where(RNG.random(IRIS.shape) < 0.2, np.nan, IRIS)


def tree(**options: Any) -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=4, random_state=0, **options)


PIPELINES = [
    make_pipeline(StandardScaler()),
    make_pipeline(StandardScaler(), MinMaxScaler()),
    make_pipeline(StandardScaler(), tree()),
    make_pipeline(StandardScaler(), Ridge()),
    make_pipeline(PCA(2), DecisionTreeRegressor(max_depth=3, random_state=0)),
    make_pipeline("passthrough"),
    make_pipeline("passthrough", MinMaxScaler(), "passthrough"),
    make_pipeline("passthrough", make_pipeline(MinMaxScaler(), "passthrough"), tree()),
    Pipeline([("a", None), ("b", StandardScaler()), ("c", None)]),
    make_pipeline(SelectKBest(k=2), make_pipeline(RobustScaler(), make_pipeline(Ridge()))),
    make_pipeline(RFE(DecisionTreeRegressor(random_state=0), n_features_to_select=2), Ridge()),
    make_pipeline(make_union(StandardScaler(), PCA(2)), Ridge()),
    make_pipeline(MaxAbsScaler(), RFE(Ridge(), n_features_to_select=2)),
    make_pipeline(FunctionTransformer(np.log1p), Normalizer(), tree()),
]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("est", PIPELINES)
def test_pipelines(est: Pipeline, precision: str) -> None:
    target = NAMES if isinstance(est[-1], DecisionTreeClassifier) else IRIS_Y.astype(float)
    est.fit(IRIS, target)
    # The first step that does something knows the features; without one nobody does.
    if all(step in (None, "passthrough") for _, step in est.steps):
        with pytest.raises(UnsupportedError, match="number of features"):
            edgeinfer.convert(est)
        return
    assert_same(est, IRIS, precision)


@pytest.mark.parametrize("precision", ["float64", "float32", "int16", "int8"])
def test_an_imputer_lets_nan_through_to_where_it_may_go(precision: str) -> None:
    est = make_pipeline(SimpleImputer(), StandardScaler(), tree()).fit(HOLES, NAMES)
    rtol = 1e-6 if precision.startswith("f") else 1e-3  # shares of a leaf in 16 bits
    assert_same(est, HOLES, precision, rtol=rtol)
    late = make_pipeline(StandardScaler(), SimpleImputer(), tree()).fit(HOLES, NAMES)
    assert_same(late, HOLES, precision, rtol=rtol)
    never = make_pipeline(StandardScaler(), PCA(2), tree()).fit(IRIS, NAMES)
    model = edgeinfer.convert(never)
    with pytest.raises(InvalidInputError, match="NaN, which PCA does not accept"):
        model.predict(HOLES)


UNIONS = [
    FeatureUnion([("a", StandardScaler()), ("b", PCA(2))]),
    FeatureUnion([("a", StandardScaler()), ("b", "drop"), ("c", "passthrough")]),
    FeatureUnion(
        [("a", StandardScaler()), ("b", MinMaxScaler()), ("c", "passthrough")],
        transformer_weights={"a": 0.1, "c": -3},
    ),
    FeatureUnion([("one", SelectKBest(k=1))]),
    FeatureUnion([("a", make_pipeline(StandardScaler(), PCA(1))), ("b", make_union(PCA(2)))]),
    FeatureUnion([("first", "passthrough"), ("then", MinMaxScaler())]),
    FeatureUnion([("none", "drop"), ("then", MinMaxScaler())]),
]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("est", UNIONS)
def test_unions(est: FeatureUnion, precision: str) -> None:
    assert_same(est.fit(IRIS, IRIS_Y), IRIS, precision)


COLUMNS = {
    "positions": [0, 2],
    "reversed": [3, 1, 0],
    "negative": [-1],
    "slice": slice(1, 3),
    "open slice": slice(None, 2),
    "mask": [True, False, False, True],
    "array mask": np.array([False, True, True, False]),
    "callable": lambda X: [1],
    "nothing": [],
}
REMAINDERS = {
    "drop": "drop",
    "passthrough": "passthrough",
    "estimator": MinMaxScaler(),
}


@pytest.mark.parametrize("remainder", REMAINDERS)
@pytest.mark.parametrize("columns", COLUMNS)
def test_columns(columns: str, remainder: str) -> None:
    est = ColumnTransformer(
        [("scale", StandardScaler(), COLUMNS[columns])], remainder=REMAINDERS[remainder]
    )
    assert_same(est.fit(IRIS), IRIS, rtol=0.0)


COLUMN_TRANSFORMERS = [
    ColumnTransformer(
        [("b", MinMaxScaler(), [3]), ("a", StandardScaler(), [0, 3]), ("c", "drop", [1])],
        remainder="passthrough",
    ),
    ColumnTransformer(
        [("p", "passthrough", [2, 0]), ("s", StandardScaler(), [1])],
        transformer_weights={"p": 2.5, "s": 0.5},
    ),
    ColumnTransformer([("x", "drop", [0])]),
    ColumnTransformer([("x", "passthrough", [3, 2, 1, 0])]),
    ColumnTransformer([("x", "passthrough", [0, 1, 2, 3])]),
    make_column_transformer((PCA(2), slice(0, 3)), remainder=StandardScaler()),
    make_column_transformer(
        (make_pipeline(StandardScaler(), PCA(1)), [0, 1]),
        (make_column_transformer((MinMaxScaler(), [1]), remainder="passthrough"), [2, 3]),
    ),
]


@pytest.mark.parametrize("est", COLUMN_TRANSFORMERS)
def test_column_transformers(est: ColumnTransformer) -> None:
    assert_same(est.fit(IRIS), IRIS)
    assert_same(make_pipeline(StandardScaler(), est).fit(IRIS), IRIS)
    ordered = make_pipeline(est, VarianceThreshold())
    if est.fit_transform(IRIS).shape[1]:
        assert_same(ordered.fit(IRIS), IRIS)


def test_columns_that_nobody_reads_may_hold_anything() -> None:
    est = ColumnTransformer([("pca", PCA(1), [0, 1]), ("pass", "passthrough", [2])]).fit(IRIS)
    model = edgeinfer.convert(est, precision="float64")
    X = IRIS.copy()
    X[:, 2] = np.inf
    X[:, 3] = np.nan
    np.testing.assert_allclose(model.transform(X), est.transform(X), rtol=1e-12)
    X[0, 1] = np.nan
    with pytest.raises(InvalidInputError, match="PCA"):
        model.transform(X)


FRAME = pd.DataFrame(IRIS, columns=["sl", "sw", "pl", "pw"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("wrap", ["bare", "pipeline", "search"])
def test_frames_are_read_by_name(library: str, wrap: str) -> None:
    """In any order, with columns beside them, without those that are dropped: as scikit-learn."""
    columns = ColumnTransformer(
        [
            ("a", StandardScaler(), ["pl", "sl"]),
            ("b", MinMaxScaler(), ["pw"] if library == "polars" else make_column_selector("^pw")),
        ]
    )
    est: Any = columns
    if wrap != "bare":
        est = make_pipeline(columns, Ridge())
    if wrap == "search":
        est = GridSearchCV(est, {"ridge__alpha": [0.1, 1.0]}, cv=2)
    frame = FRAME if library == "pandas" else pl.DataFrame(FRAME)
    est.fit(frame, IRIS_Y)
    model = edgeinfer.convert(est, precision="float64")
    method = "transform" if wrap == "bare" else "predict"
    ours, theirs = getattr(model, method), getattr(est, method)
    shuffled = FRAME[["pw", "sl", "pl"]].assign(name="text", other=1)
    if library == "polars":
        shuffled = pl.DataFrame(shuffled.to_dict("list"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(ours(frame), theirs(frame), rtol=1e-10)
        np.testing.assert_allclose(ours(shuffled), theirs(shuffled), rtol=1e-10)
    without = shuffled.drop(columns="sl") if library == "pandas" else shuffled.drop("sl")
    with pytest.raises(ValueError, match=r"columns are missing: \{'sl'\}"):
        theirs(without)
    with pytest.raises(InvalidInputError, match=r"columns are missing: \{'sl'\}"):
        ours(without)
    again = edgeinfer.Model.__reduce__(model)
    loaded = again[0](*again[1])
    np.testing.assert_array_equal(getattr(loaded, method)(shuffled), ours(shuffled))


def test_a_step_that_reads_all_columns_wants_them_in_order() -> None:
    columns = ColumnTransformer([("a", StandardScaler(), ["pl"])])
    est = make_union(columns, MinMaxScaler()).fit(FRAME)
    model = edgeinfer.convert(est)
    with pytest.raises(ValueError, match="same order"):
        est.transform(FRAME[["pw", "pl", "sw", "sl"]])
    with pytest.raises(InvalidInputError, match="same order"):
        model.transform(FRAME[["pw", "pl", "sw", "sl"]])


SEARCHES = [
    GridSearchCV(tree(), {"max_depth": [2, 3]}, cv=2),
    GridSearchCV(make_pipeline(StandardScaler(), PCA(2)), {"pca__n_components": [1, 2]}, cv=2),
    RandomizedSearchCV(Ridge(), {"alpha": [0.1, 1, 10]}, n_iter=2, cv=2, random_state=0),
    HalvingGridSearchCV(tree(), {"max_depth": [2, 3]}, cv=2, random_state=0),
    make_pipeline(StandardScaler(), GridSearchCV(tree(), {"max_depth": [2, 3]}, cv=2)),
]


@pytest.mark.parametrize("est", SEARCHES)
def test_searches(est: Any) -> None:
    if "pca" in str(est).lower():
        est.set_params(scoring=lambda e, X, y=None: -e.transform(X).shape[1])
    assert_same(est.fit(IRIS, IRIS_Y), IRIS)


def test_a_search_without_a_model_is_refused() -> None:
    est = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2, refit=False).fit(IRIS, IRIS_Y)
    with pytest.raises((UnsupportedError, NotFittedError), match="refit=True"):
        edgeinfer.convert(est)


def test_errors_name_the_step() -> None:
    process = GaussianProcessRegressor().fit(IRIS[:5], IRIS_Y[:5])
    est = Pipeline([("scale", StandardScaler()), ("clf", Pipeline([("inner", process)]))])
    est.fit(IRIS[:5], IRIS_Y[:5])
    with pytest.raises(UnsupportedError, match=r"GaussianProcessRegressor \(step clf -> inner\)"):
        edgeinfer.convert(est)
    union = FeatureUnion([("f", make_pipeline(FunctionTransformer(lambda X: X)))]).fit(IRIS)
    with pytest.raises(UnsupportedError, match="step f -> functiontransformer"):
        edgeinfer.convert(union)
    one = ColumnTransformer([("flat", FunctionTransformer(np.exp), 0)])
    with pytest.raises((UnsupportedError, ValueError), match=r"flat|2D|dimension"):
        edgeinfer.convert(one.fit(IRIS))
    unfitted = Pipeline([("scale", StandardScaler()), ("line", LinearRegression())])
    with pytest.raises(NotFittedError, match="Pipeline"):
        edgeinfer.convert(unfitted)


def test_transformers_inside_need_not_predict() -> None:
    """Of an elimination in the middle only its mask is used, whatever it predicts with."""
    from sklearn.svm import NuSVR

    inner = RFE(NuSVR(kernel="linear"), n_features_to_select=2)
    est = make_pipeline(inner, StandardScaler()).fit(IRIS, IRIS_Y)
    graph = to_graph(est)
    assert [node.op.kind for node in graph.nodes].count("Select") == 1
    assert_same(est, IRIS)


def test_ranges_follow_the_columns() -> None:
    est = make_pipeline(
        make_union(MinMaxScaler(), StandardScaler()), SelectKBest(k=3), Ridge()
    ).fit(IRIS, IRIS_Y)
    graph = to_graph(est)
    known = {node.op.kind for node in graph.nodes for name in node.outputs if name in graph.ranges}
    assert {"Concat", "Select"} <= known


SCALED = [
    (StandardScaler(),),
    (MinMaxScaler(),),
    (MaxAbsScaler(),),
    (RobustScaler(),),
    (PCA(3, whiten=True),),
    (StandardScaler(), PCA(3)),
    (make_union(MinMaxScaler(), StandardScaler()), SelectKBest(k=5)),
    (make_column_transformer((StandardScaler(), [0, 2, 3]), (MinMaxScaler(), [1])),),
]


@pytest.mark.parametrize("precision", ["int16", "int8"])
@pytest.mark.parametrize("steps", SCALED)
def test_integers_behind_a_scaler_need_no_data(steps: tuple[Any, ...], precision: str) -> None:
    est = make_pipeline(*steps, LogisticRegression(max_iter=500)).fit(IRIS, NAMES)
    if isinstance(steps[0], PCA):  # the projection itself reads what nobody has scaled
        with pytest.raises(CalibrationError, match="calibration"):
            edgeinfer.convert(est, precision=precision)
        return
    model = edgeinfer.convert(est, precision=precision)
    assert any(t.qparams is not None for t in model.graph.types.values())
    assert np.mean(model.predict(IRIS) == est.predict(IRIS)) >= 0.96
