"""Scalers, imputers, selectors and projections against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

import edgeinfer
from edgeinfer.converters._registry import to_graph
from edgeinfer.errors import (
    InvalidInputError,
    NotFittedError,
    UnsupportedError,
)
from tests.oracle import assert_same

IRIS, IRIS_Y = load_iris(return_X_y=True)
RNG = np.random.default_rng(11)
# Columns of very different size, one constant, one nearly constant, one of small integers.
WILD = np.column_stack(
    [
        RNG.normal(size=60),
        1e9 + RNG.normal(size=60),
        np.full(60, 0.1),
        np.where(np.arange(60) == 7, 1e-300, 0.0),
        RNG.integers(-2, 3, 60),
    ]
)
WILD_Y = WILD[:, 0] - 2 * WILD[:, 4]
SPECIAL = np.vstack([WILD, np.zeros(5), np.full(5, -0.0), np.full(5, 1e-310), np.full(5, 1e300)])
HOLES = np.where(RNG.random((60, 5)) < 0.2, np.nan, WILD)
EMPTY = HOLES.copy()
EMPTY[:, 1] = np.nan
COUNTS = RNG.integers(-1, 3, (60, 5)).astype(np.float64)

SCALERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    StandardScaler(with_mean=False, with_std=False),
    MinMaxScaler(),
    MinMaxScaler((-3, 7.5)),
    MinMaxScaler(clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False),
    RobustScaler(with_scaling=False),
    RobustScaler(with_centering=False, with_scaling=False),
    RobustScaler(quantile_range=(10.0, 80.0), unit_variance=True),
]
if "clip" in MaxAbsScaler().get_params():
    SCALERS.append(MaxAbsScaler(clip=True))


@pytest.mark.parametrize("precision", ["float64", "float32", "int16", "int8"])
@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_scalers_are_equal_bit_for_bit_in_every_precision(scaler: Any, precision: str) -> None:
    """Without a matrix product there is nothing to narrow: a transformer alone stays float64."""
    with np.errstate(all="ignore"):
        assert_same(scaler.fit(WILD), SPECIAL, precision, rtol=0.0)
        assert_same(scaler.fit(HOLES), HOLES, precision, rtol=0.0)


ROWWISE = [
    Normalizer("l1"),
    Normalizer("l2"),
    Normalizer("max"),
    Binarizer(),
    Binarizer(threshold=1.0),
    Binarizer(threshold=-0.1),
]


@pytest.mark.parametrize("est", ROWWISE, ids=str)
@pytest.mark.parametrize("precision", ["float64", "int8"])
def test_rowwise(est: Any, precision: str) -> None:
    tiny = [[0, 0, 0, 0, 0], [1e-15, 0, 0, 0, 0], [3e-15, -1e-16, 0, 0, 0], [-0.0, 1, 1, 2, 3]]
    X = np.vstack([WILD, tiny])
    assert_same(est.fit(X), X, precision, rtol=1e-15)


@pytest.mark.parametrize("est", [Normalizer(), Binarizer(), PCA(2), SelectKBest(k=2)], ids=str)
def test_those_that_refuse_nan(est: Any) -> None:
    model = edgeinfer.convert(est.fit(IRIS, IRIS_Y), precision="float64")
    for value in (np.nan, np.inf, -np.inf):
        X = IRIS.copy()
        X[3, 2] = value
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            est.transform(X)
        with pytest.raises(InvalidInputError, match="NaN" if np.isnan(value) else "infinity"):
            model.transform(X)


@pytest.mark.parametrize("est", [StandardScaler(), MinMaxScaler(), RobustScaler()], ids=str)
def test_scalers_take_nan_but_not_infinity(est: Any) -> None:
    model = edgeinfer.convert(est.fit(IRIS), precision="float64")
    X = IRIS[:3].copy()
    X[0, 0] = np.nan
    np.testing.assert_array_equal(model.transform(X), est.transform(X))
    X[0, 0] = np.inf
    with pytest.raises(InvalidInputError, match="infinity"):
        model.transform(X)


IMPUTERS = [
    (SimpleImputer(), HOLES),
    (SimpleImputer(strategy="median"), HOLES),
    (SimpleImputer(strategy="most_frequent"), HOLES),
    (SimpleImputer(strategy="constant"), HOLES),
    (SimpleImputer(strategy="constant", fill_value=-7.5), HOLES),
    (SimpleImputer(strategy=np.max), HOLES),
    (SimpleImputer(add_indicator=True), HOLES),
    (SimpleImputer(), EMPTY),
    (SimpleImputer(add_indicator=True), EMPTY),
    (SimpleImputer(strategy="constant"), EMPTY),
    (SimpleImputer(strategy="most_frequent"), EMPTY),
    (SimpleImputer(keep_empty_features=True), EMPTY),
    (SimpleImputer(strategy="constant", fill_value=3.0, keep_empty_features=True), EMPTY),
    (SimpleImputer(strategy="most_frequent", keep_empty_features=True, add_indicator=True), EMPTY),
    (SimpleImputer(missing_values=-1), COUNTS),
    (SimpleImputer(missing_values=0.0, strategy="median", add_indicator=True), COUNTS),
    (SimpleImputer(missing_values=5, strategy="most_frequent"), COUNTS),
    (MissingIndicator(features="all"), HOLES),
    (MissingIndicator(error_on_new=False), EMPTY),
    (MissingIndicator(missing_values=2, error_on_new=False), COUNTS),
]


@pytest.mark.parametrize("precision", ["float64", "int8"])
@pytest.mark.parametrize(("imputer", "X"), IMPUTERS)
def test_imputers(imputer: Any, X: np.ndarray, precision: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        imputer.fit(X)
        want = imputer.transform(X)
        fresh = X[::-1].copy()  # values missing where none was in the fit
        fresh[:4] = imputer.missing_values
        want_fresh = imputer.transform(fresh)
    model = edgeinfer.convert(imputer, precision=precision)
    np.testing.assert_array_equal(model.transform(X), want)
    np.testing.assert_array_equal(model.transform(fresh), want_fresh)


def test_imputers_of_other_dtypes_fill_in_what_the_fit_had() -> None:
    narrow = HOLES.astype(np.float32)
    for strategy in ("mean", "constant"):
        imputer = SimpleImputer(strategy=strategy, fill_value=0.1).fit(narrow)
        X = narrow.astype(np.float64)
        model = edgeinfer.convert(imputer, precision="float64")
        np.testing.assert_array_equal(model.transform(X), imputer.transform(X))
    integers = SimpleImputer(missing_values=-1, strategy="most_frequent").fit(COUNTS.astype(int))
    assert_same(integers, COUNTS)


def test_imputers_of_objects_are_refused_by_name() -> None:
    text = np.array([["a", "b"], ["a", np.nan]], dtype=object)
    with pytest.raises(UnsupportedError, match=r"SimpleImputer.*strings"):
        edgeinfer.convert(SimpleImputer(strategy="most_frequent").fit(text))
    nothing = np.array([[1.0, None], [2.0, 3.0]], dtype=object)
    with pytest.raises(UnsupportedError, match="missing_values=None"):
        edgeinfer.convert(SimpleImputer(missing_values=None, strategy="most_frequent").fit(nothing))
    with pytest.raises(UnsupportedError, match="error_on_new=False"):
        edgeinfer.convert(MissingIndicator().fit(np.where(np.eye(5) > 0, np.nan, 1.0)[:2]))


SELECTORS = [
    VarianceThreshold(),
    VarianceThreshold(0.5),
    SelectKBest(k=2),
    SelectKBest(k="all"),
    SelectPercentile(percentile=30),
    SelectFpr(alpha=1e-3),
    SelectFdr(alpha=1e-3),
    SelectFwe(alpha=1e-3),
    GenericUnivariateSelect(mode="k_best", param=1),
    SelectFromModel(Ridge(), threshold="median"),
    SelectFromModel(DecisionTreeRegressor(random_state=0), max_features=2),
    SequentialFeatureSelector(LinearRegression(), n_features_to_select=2, cv=2),
]


@pytest.mark.parametrize("selector", SELECTORS, ids=str)
def test_selectors(selector: Any) -> None:
    X = np.column_stack([IRIS, np.zeros(150), RNG.normal(size=150)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        selector.fit(X, IRIS_Y)
    for precision in ("float64", "int8"):
        assert_same(selector, X, precision, rtol=0.0)


def test_selectors_take_nan_where_their_estimator_does() -> None:
    assert_same(VarianceThreshold().fit(HOLES), np.where(HOLES > 1, np.inf, HOLES), rtol=0.0)
    tree = SelectFromModel(DecisionTreeRegressor(random_state=0)).fit(HOLES, WILD_Y)
    assert_same(tree, HOLES, rtol=0.0)
    ridge = edgeinfer.convert(SelectFromModel(Ridge()).fit(WILD, WILD_Y))
    with pytest.raises(InvalidInputError, match="NaN"):
        ridge.transform(HOLES)


def test_a_selector_of_nothing_gives_no_columns() -> None:
    selector = SelectFpr(alpha=0.0).fit(RNG.normal(size=(150, 3)), IRIS_Y)
    model = assert_same(selector, RNG.normal(size=(4, 3)))
    assert model.transform(IRIS[:, :3]).shape == (150, 0)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_recursive_elimination_predicts_as_its_estimator(precision: str) -> None:
    for est in (RFE(Ridge(), n_features_to_select=2), RFECV(Ridge(), cv=2)):
        model = assert_same(est.fit(IRIS, IRIS_Y), IRIS, precision)
        assert {"predict", "transform"} == set(model.graph.methods)


PROJECTIONS = [
    PCA(),
    PCA(2),
    PCA(0.9, whiten=True),
    PCA(3, svd_solver="randomized", random_state=0),
    IncrementalPCA(2, whiten=True),
    TruncatedSVD(2, random_state=0),
    TruncatedSVD(3, algorithm="arpack", random_state=0),
]


@pytest.mark.parametrize("est", PROJECTIONS, ids=str)
def test_projections(est: Any) -> None:
    assert_same(est.fit(IRIS), IRIS)
    est.fit(StandardScaler().fit_transform(IRIS))
    assert_same(est, IRIS, "float32", rtol=1e-5)


def test_whitening_of_degenerate_data_stays_finite() -> None:
    X = np.outer(np.arange(20.0), [1, 2, 3])
    model = edgeinfer.convert(PCA(whiten=True).fit(X), precision="float64")
    assert np.isfinite(model.transform(X)).all()


FUNCTIONS = [None, np.exp, np.log1p, np.sqrt, np.square, np.absolute, np.negative, np.tanh]


@pytest.mark.parametrize("func", FUNCTIONS, ids=lambda f: getattr(f, "__name__", "none"))
def test_numpy_functions(func: Any) -> None:
    assert_same(FunctionTransformer(func).fit(IRIS), IRIS, rtol=1e-15)
    assert_same(FunctionTransformer(func, validate=True).fit(IRIS), IRIS, rtol=1e-15)


def test_function_transformer_checks_only_when_told() -> None:
    X = IRIS[:2].copy()
    X[0, 0] = np.inf
    free = edgeinfer.convert(FunctionTransformer(np.tanh).fit(IRIS))
    assert free.transform(X)[0, 0] == 1.0
    strict = edgeinfer.convert(FunctionTransformer(np.tanh, validate=True).fit(IRIS))
    with pytest.raises(InvalidInputError, match="infinity"):
        strict.transform(X)


def test_python_functions_are_refused_with_what_works() -> None:
    for func in (lambda X: X + 1, np.cbrt):
        with pytest.raises(UnsupportedError, match=r"FunctionTransformer.*np\.log1p"):
            edgeinfer.convert(FunctionTransformer(func).fit(IRIS))
    with pytest.raises(UnsupportedError, match="kw_args"):
        edgeinfer.convert(FunctionTransformer(np.exp, kw_args={"where": True}).fit(IRIS))


def test_unfitted_is_refused() -> None:
    for est in (StandardScaler(), SimpleImputer(), PCA(), VarianceThreshold()):
        with pytest.raises(NotFittedError, match=type(est).__name__):
            edgeinfer.convert(est)
    with pytest.raises(UnsupportedError, match="number of features"):
        edgeinfer.convert(FunctionTransformer())


RANGES = [
    (StandardScaler(), (-6.0, 6.0)),
    (MinMaxScaler((2, 3)), (2.0, 3.0)),
    (MaxAbsScaler(), (-1.0, 1.0)),
    (Normalizer(), (-1.0, 1.0)),
    (Binarizer(), (0.0, 1.0)),
    (PCA(whiten=True), (-6.0, 6.0)),
    (RobustScaler(unit_variance=True), (-6.0, 6.0)),
    (RobustScaler(), (-4.447, 4.448)),
    (StandardScaler(with_std=False), None),
    (SimpleImputer(), None),
]


@pytest.mark.parametrize(("est", "want"), RANGES, ids=str)
def test_ranges_that_integers_can_rely_on(est: Any, want: tuple[float, float] | None) -> None:
    graph = to_graph(est.fit(IRIS))
    (tensor,) = graph.methods["transform"].tensors
    if want is None:
        assert tensor not in graph.ranges
    else:
        np.testing.assert_allclose(graph.ranges[tensor], want, rtol=1e-3)
