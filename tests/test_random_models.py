"""Random small models and random rows: what no example thought of.

The profile is fixed: the same examples in every run.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import edgeinfer
from edgeinfer import kernels
from edgeinfer.errors import InvalidInputError
from edgeinfer.runtime.program import available_isas
from tests.oracle import assert_close

few = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

SPECIAL = [0.0, -0.0, 5e-324, -5e-324, 1e-310, 1.2e-38, 1e-45, 3.4e38, -3.4e38, 1e5, -1e5]
MISSING = [np.nan, np.inf, -np.inf]


def rows_at(cuts: np.ndarray, features: int, draw: Any, values: list[float]) -> np.ndarray:
    """Rows whose values are thresholds, float64 and float32 beside them, or special ones."""
    near = [cuts]
    for end in (-np.inf, np.inf):
        near.append(np.nextafter(cuts, end))
        near.append(np.nextafter(cuts.astype(np.float32), np.float32(end)).astype(np.float64))
    pool = np.concatenate([*near, values])
    chosen = draw(st.lists(st.integers(0, pool.size - 1), min_size=12, max_size=60))
    return np.resize(pool[chosen], (max(1, len(chosen) // features), features))


@st.composite
def forests(draw: Any) -> tuple[Any, np.ndarray]:
    """A fitted ensemble of trees, and rows around its thresholds."""
    seed, features = draw(st.integers(0, 2**16)), draw(st.integers(1, 5))
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, features))
    if draw(st.booleans()):
        X = np.round(X, 1)
    X *= draw(st.sampled_from([1.0, 1e-30, 1e20]))
    depth = draw(st.sampled_from([1, 3, None]))
    kind = draw(st.sampled_from(["forest", "tree", "numbers"]))
    common = {"max_depth": depth, "random_state": seed}
    if kind == "numbers":
        model = ExtraTreesRegressor(4, **common).fit(X, rng.normal(size=60))
    else:
        y = rng.integers(0, draw(st.integers(2, 4)), 60)
        tree = DecisionTreeClassifier(**common)
        model = (RandomForestClassifier(4, **common) if kind == "forest" else tree).fit(X, y)
    trees = [model] if kind == "tree" else list(model.estimators_)
    cuts = np.concatenate([t.tree_.threshold[t.tree_.feature >= 0] for t in trees] + [[0.0]])
    return model, rows_at(cuts, features, draw, SPECIAL)


@few
@given(forests(), st.sampled_from(["float64", "float32", "int16", "int8"]))
def test_trees_reach_the_same_leaves(case: tuple[Any, np.ndarray], precision: str) -> None:
    source, X = case
    model = edgeinfer.convert(source, precision=precision)
    rows = X.astype(np.float32) if precision == "float32" else X
    np.testing.assert_array_equal(model.apply(rows), source.apply(rows))
    if precision == "float64" and hasattr(source, "classes_"):
        np.testing.assert_array_equal(model.predict(rows), source.predict(rows))


@st.composite
def pipelines(draw: Any) -> tuple[Any, np.ndarray]:
    """A scaler and a linear model, and rows of any finite values."""
    seed, features = draw(st.integers(0, 2**16)), draw(st.integers(1, 6))
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, features)) * 10.0 ** draw(st.integers(-6, 6))
    steps = draw(
        st.lists(st.sampled_from([StandardScaler, MinMaxScaler, MaxAbsScaler]), max_size=2)
    )
    last = draw(st.sampled_from([LinearRegression, Ridge]))
    targets = rng.normal(size=(40, draw(st.integers(1, 3))))
    model = make_pipeline(*(s() for s in steps), last()).fit(X, targets)
    return model, rows_at(X[:5].ravel(), features, draw, [*SPECIAL[:7], 1.0, 1e5])


@few
@given(pipelines())
def test_pipelines_answer_alike_and_survive_the_file(case: tuple[Any, np.ndarray]) -> None:
    source, X = case
    model = edgeinfer.convert(source, precision="float64")
    want, have = source.predict(X), model.predict(X)
    # Terms of a sum may cancel: what is promised is relative to the largest answer.
    scale = max(float(np.abs(want).max()), float(np.abs(source[-1].intercept_).max()), 1e-300)
    largest = float(np.abs(source[:-1].transform(X) if len(source) > 1 else X).max())
    terms = float(np.abs(source[-1].coef_).sum()) * largest
    np.testing.assert_allclose(have, want, rtol=1e-10, atol=1e-12 * max(scale, terms))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.edge"
        model.save(path)
        again = edgeinfer.load(path)
        np.testing.assert_array_equal(again.predict(X), have)
        assert (again.precision, again.n_features_in_) == ("float64", X.shape[1])
    one = [model.predict(row[None]) for row in X]
    np.testing.assert_array_equal(np.concatenate(one), have)


@few
@given(pipelines(), st.sampled_from(MISSING))
def test_what_the_source_refuses_is_refused(case: tuple[Any, np.ndarray], bad: float) -> None:
    source, X = case
    X[-1, -1] = bad
    for precision in ("float64", "float32"):
        try:
            edgeinfer.convert(source, precision=precision).predict(X)
        except InvalidInputError:
            continue
        raise AssertionError(f"{bad} was accepted")


small = st.integers(1, 40)


@few
@given(small, small, small, st.integers(0, 2**16), st.sampled_from(["int8", "int16"]))
def test_integer_products(rows: int, inner: int, columns: int, seed: int, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    most = np.iinfo(dtype).max
    a = rng.integers(-most - 1, most, (rows, inner), endpoint=True).astype(dtype)
    b = rng.integers(-most, most, (inner, columns), endpoint=True).astype(dtype)
    if seed % 3 == 0:  # the ends of the range
        a[...], b[...] = -most - 1, most
    want = a.astype(np.int64) @ b.astype(np.int64)
    function = getattr(kernels, f"matmul_{dtype}")
    for isa in available_isas():
        np.testing.assert_array_equal(function(a, b, isa=isa), want)


@few
@given(st.integers(1, 90), st.integers(1, 20), st.integers(0, 2**16), st.booleans())
def test_nearest(points: int, features: int, seed: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    known, rows = rng.normal(size=(points, features)), rng.normal(size=(7, features))
    if tied:
        known, rows = np.round(known), np.round(rows)
    k = 1 + seed % points
    distances, indices = kernels.nearest(known, rows, k, isa="portable")
    exact = np.sqrt(np.square(rows[:, None] - known).sum(axis=2))
    assert_close(distances, np.sort(exact, axis=1)[:, :k], 1e-12)
    assert_close(np.take_along_axis(exact, indices, axis=1), distances, 1e-12)
    for isa in available_isas():
        again = kernels.nearest(known, rows, k, isa=isa)
        np.testing.assert_array_equal(again[0], distances)
        np.testing.assert_array_equal(again[1], indices)
