"""Nearest neighbours against scikit-learn."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
    RadiusNeighborsClassifier,
)
from threadpoolctl import threadpool_info, threadpool_limits

import edgeinfer
from edgeinfer.converters.sklearn.neighbors import squares_of_brute_force
from edgeinfer.errors import InvalidInputError, InvalidParameterError, UnsupportedError
from tests.oracle import assert_same

METRICS = ("euclidean", "sqeuclidean", "l2", "manhattan", "cityblock", "l1", "chebyshev", "cosine")
PRECISIONS = ("float64", "float32", "int16", "int8")


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """Which of several points equally far scikit-learn takes depends on its threads."""
    with threadpool_limits(1):
        yield


def assert_kneighbors(source: Any, X: np.ndarray, precision: str = "float64", **how: Any) -> None:
    """The same distances, and the same points in the same order."""
    model = edgeinfer.convert(source, precision=precision)
    distances, indices = model.kneighbors(X, **how)
    want, points = source.kneighbors(X, **how)
    assert indices.dtype == points.dtype
    np.testing.assert_allclose(distances, want, rtol=1e-10, atol=1e-7 * want.max())
    np.testing.assert_array_equal(indices, points)
    alone = model.kneighbors(X, return_distance=False, **how)
    np.testing.assert_array_equal(alone, indices)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", METRICS)
def test_classifier(metric: str, weights: str) -> None:
    X, y = load_digits(return_X_y=True)
    source = KNeighborsClassifier(4, metric=metric, weights=weights, algorithm="brute")
    source.fit(X[:1000], y[:1000])
    for precision in PRECISIONS:
        assert_same(source, X[1000:1200], precision, rtol=1e-10)
    assert_kneighbors(source, X[1000:1200])


@pytest.mark.parametrize(
    ("p", "algorithm"),
    [(p, a) for p in (1, 1.5, 2, 3, np.inf) for a in ("brute", "kd_tree", "ball_tree", "auto")],
)
def test_regressor(p: float, algorithm: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    for weights in ("uniform", "distance"):
        source = KNeighborsRegressor(6, weights=weights, p=p, algorithm=algorithm)
        for targets in (y, y.astype(np.int64), np.column_stack([y, -y]), y[:, None]):
            source.fit(X[:300], targets[:300])
            assert_same(source, X[300:], "float64")
    assert_kneighbors(source, X[300:])


def test_float32_targets_have_a_float32_mean() -> None:
    X, y = load_diabetes(return_X_y=True)
    source = KNeighborsRegressor(11).fit(X, y.astype(np.float32))
    model = edgeinfer.convert(source, precision="float64")
    want = source.predict(X)
    assert model.predict(X).dtype == want.dtype == np.float32
    np.testing.assert_array_equal(model.predict(X), want)


def test_distances_of_trees_are_the_same_bits() -> None:
    X = load_iris().data
    for algorithm in ("kd_tree", "ball_tree"):
        for p in (1, 2):
            source = NearestNeighbors(p=p, algorithm=algorithm).fit(X[::2])
            model = edgeinfer.convert(source, precision="float64")
            np.testing.assert_array_equal(
                model.kneighbors(X[1::2])[0], source.kneighbors(X[1::2])[0]
            )


SETS = {
    "digits": lambda: load_digits().data,
    "diabetes": lambda: load_diabetes().data,
    "tenths": lambda: np.round(np.random.default_rng(0).normal(size=(1500, 20)), 1),
    "far from zero": lambda: 1e4 + np.round(np.random.default_rng(0).normal(size=(1500, 12)), 2),
    "many features": lambda: np.random.default_rng(0).normal(size=(300, 256)),
}


def blas_has_avx512_kernels() -> bool:
    names = ("SkylakeX", "Cooperlake", "SapphireRapids")
    return any(pool.get("architecture") in names for pool in threadpool_info())


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_brute_force_is_the_same_bits(name: str, precision: str) -> None:
    X = SETS[name]()
    fitted, rows = X[::2], np.vstack([X[1::2][:70], X[::2][:30]])
    expands = squares_of_brute_force(fitted)[0] is not None
    for metric in ("euclidean", "sqeuclidean"):
        source = NearestNeighbors(n_neighbors=7, algorithm="brute", metric=metric).fit(fitted)
        model = edgeinfer.convert(source, precision=precision)
        distances, indices = model.kneighbors(rows)
        want, points = source.kneighbors(rows)
        if expands:  # the BLAS that is installed has to be one whose order is known
            if name not in ("digits", "many features") and blas_has_avx512_kernels():
                # They sum the points beyond whole blocks in another order: docs/design.md.
                limit = 8 * np.finfo(float).eps * (fitted**2).sum(axis=1).max()
                squares, wanted = (d if metric[0] == "s" else d**2 for d in (distances, want))
                if distances.dtype == np.float32:
                    limit += 3e-7 * wanted.max()
                assert np.abs(squares - wanted).max() <= limit
                continue
            np.testing.assert_array_equal(indices, points)
            np.testing.assert_array_equal(distances, want.astype(distances.dtype))
        else:
            np.testing.assert_allclose(distances, want, rtol=1e-5, atol=1e-5 * want.max())


def test_orders_of_sums_are_tried_not_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(1).normal(size=(60, 40))
    assert squares_of_brute_force(np.zeros((60, 40))) == (None, "")
    assert squares_of_brute_force(np.random.default_rng(1).normal(size=(60, 257))) == (None, "")
    other = lambda points, threads: np.square(points).sum(axis=1) * (1 + 1e-15)  # noqa: E731
    monkeypatch.setattr(
        "sklearn.metrics._pairwise_distances_reduction._base._sqeuclidean_row_norms64", other
    )
    assert squares_of_brute_force(X) == (None, "")
    source = KNeighborsRegressor(3, algorithm="brute").fit(X, X[:, 0])
    (op,) = (n.op for n in edgeinfer.convert(source).graph.nodes if n.op.kind == "NeighborSearch")
    assert op.constants().keys() == {"points"}


def test_minkowski_with_weights() -> None:
    X, y = load_iris(return_X_y=True)
    w = np.array([0.0, 2.0, 0.5, 1.0])
    for p in (1, 2, 3):
        for algorithm in ("brute", "ball_tree"):
            source = KNeighborsClassifier(
                metric_params={"w": w}, p=p, weights="distance", algorithm=algorithm
            ).fit(X, y)
            assert_same(source, X + 0.01)
            assert_kneighbors(source, X + 0.01)


LABELS = {
    "int64": np.array([7, -2, 9]),
    "int8": np.array([7, -2, 9], np.int8),
    "str": np.array(["setosa", "b", "virginica"]),
    "object": np.array(["setosa", "b", "virginica"], object),
    "bool": np.array([True, False, True]),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels(kind: str) -> None:
    X, y = load_iris(return_X_y=True)
    labels = LABELS[kind][y]
    for weights in ("uniform", "distance"):
        for algorithm in ("brute", "kd_tree"):
            source = KNeighborsClassifier(3, weights=weights, algorithm=algorithm)
            assert_same(source.fit(X, labels), X + 0.03)
            both = np.column_stack([labels, labels[::-1]])
            assert_same(source.fit(X, both), X + 0.03)


@pytest.mark.parametrize("levels", [2, 4, 10])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev"])
def test_ties_go_to_the_points_that_brute_force_takes(metric: str, levels: int) -> None:
    rng = np.random.default_rng(levels)
    X = rng.integers(0, levels, (900, 4)).astype(float)
    y = rng.integers(0, 3, 900)
    queries = rng.integers(0, levels, (200, 4)).astype(float)
    for k in (1, 2, 5, 14, 40):
        # Sums of eight weights and more depend on the order of equals, which the source does
        # not define: they may differ in the last bit, and so may the class of equal sums.
        for weights in ("uniform", "distance") if k < 8 else ("uniform",):
            source = KNeighborsClassifier(k, metric=metric, algorithm="brute", weights=weights)
            assert_same(source.fit(X, y), queries, rtol=1e-10)
        assert_kneighbors(source, queries)


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "minkowski"])
def test_ties_go_to_the_points_that_the_tree_takes(metric: str, algorithm: str) -> None:
    rng = np.random.default_rng(3)
    for levels, step in ((2, 1.0), (5, 0.1), (12, 0.3)):
        X = rng.integers(0, levels, (700, 3)) * step
        y = rng.integers(0, 3, 700)
        queries = rng.integers(0, 2 * levels, (150, 3)) * step / 2
        for k, leaf_size in ((1, 30), (5, 2), (7, 40), (40, 10)):
            source = KNeighborsClassifier(
                k, metric=metric, p=3, algorithm=algorithm, leaf_size=leaf_size
            )
            for precision in PRECISIONS if k == 5 else ("float64",):
                assert_same(source.fit(X, y), queries, precision, rtol=1e-10)
            assert_kneighbors(source, queries)


def test_rows_that_are_points() -> None:
    X, y = load_iris(return_X_y=True)
    for weights in ("uniform", "distance"):
        for algorithm in ("kd_tree", "ball_tree"):
            for source in (KNeighborsClassifier(5), KNeighborsRegressor(5)):
                source.set_params(weights=weights, algorithm=algorithm)
                assert_same(source.fit(X, y), X)


def test_smallest_models() -> None:
    X = np.array([[3.0], [1.0], [2.0]])
    queries = np.linspace(-3, 7, 23)[:, None]
    for n in (1, 2, 3):
        for k in range(1, n + 1):
            source = KNeighborsClassifier(k, algorithm="brute").fit(X[:n], [1, 0, 1][:n])
            assert_same(source, queries)
            for row in queries:  # for more rows than points it orders equals otherwise
                assert_kneighbors(source, row[None])


def test_options_of_kneighbors() -> None:
    X = load_digits().data
    source = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(X[:500])
    assert_kneighbors(source, X[500:700])
    for k in (1, 9, 500):
        assert_kneighbors(source, X[500:520], n_neighbors=k)
    model = edgeinfer.convert(source)
    model = edgeinfer.Model.__reduce__(model)[0](*model.__reduce__()[1])
    distances, indices = model.kneighbors(X[:4])
    assert distances.shape == indices.shape == (4, 3)
    np.testing.assert_array_equal(model.kneighbors(X[:4], None, False), indices)
    assert model.kneighbors(X[:4], 2, return_distance=False).shape == (4, 2)
    assert model.kneighbors(X[:4], np.int32(2))[0].shape == (4, 2)
    for n in range(1, 30):  # more than are kept
        assert model.kneighbors(X[:4], n)[0].shape == (4, n)
    for bad in (0, -1, 501):
        with pytest.raises(InvalidParameterError, match="n_neighbors"):
            model.kneighbors(X[:4], n_neighbors=bad)
    for wrong in (2.0, "2", True):
        with pytest.raises(InvalidParameterError, match="enter integer value"):
            model.kneighbors(X[:4], n_neighbors=wrong)
    with pytest.raises(UnsupportedError, match="radius has no counterpart"):
        model.kneighbors(X[:4], radius=3)
    with pytest.raises(TypeError, match="at most"):
        model.kneighbors(X[:4], 2, True, 3)
    with pytest.raises(TypeError, match="twice"):
        model.kneighbors(X[:4], 2, n_neighbors=3)
    for missing in ((), (None,)):
        with pytest.raises(InvalidInputError, match="X is missing"):
            model.kneighbors(*missing)


def test_input_is_checked() -> None:
    model = edgeinfer.convert(KNeighborsRegressor(2).fit(np.eye(4), np.arange(4.0)))
    for bad in (np.nan, np.inf):
        with pytest.raises(InvalidInputError, match="KNeighborsRegressor"):
            model.predict(np.full((2, 4), bad))
    with pytest.raises(InvalidInputError, match="beyond float64"):
        model.predict(np.full((2, 4), 1e200))


def test_sparse_training_data() -> None:
    X, y = load_digits(return_X_y=True)
    source = KNeighborsClassifier(algorithm="brute").fit(csr_array(X[:400]), y[:400])
    model = edgeinfer.convert(source)
    np.testing.assert_array_equal(model.predict(X[400:]), source.predict(X[400:]))


def test_points_are_kept_in_float32_only_where_that_is_exact() -> None:
    X, y = load_iris(return_X_y=True)
    for points, dtype in ((X, "float64"), (X.astype(np.float32), "float32")):
        source = KNeighborsClassifier().fit(points, y)
        for precision in PRECISIONS:
            model = edgeinfer.convert(source, precision=precision)
            (op,) = (n.op for n in model.graph.nodes if "points" in n.op.constants())
            assert op.constants()["points"].dtype == dtype


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (KNeighborsClassifier(weights=lambda d: d), "'uniform' or 'distance'"),
        (KNeighborsClassifier(metric="canberra"), "'canberra' has no translation; there are: eucl"),
        (KNeighborsClassifier(metric=lambda a, b: 0.0), "the metric <lambda> has no translation"),
        (KNeighborsClassifier(n_neighbors=21), "wants 21 neighbours"),
        (RadiusNeighborsClassifier(), "KNeighborsClassifier"),
    ],
)
def test_what_cannot_be_translated_is_refused(source: Any, message: str) -> None:
    X = np.arange(40.0).reshape(20, 2)
    source.fit(X, np.arange(20) % 2)
    with pytest.raises(UnsupportedError, match=message):
        edgeinfer.convert(source)


def test_targets_that_are_no_numbers_are_refused() -> None:
    source = KNeighborsRegressor().fit(np.arange(12.0).reshape(12, 1), ["a", "b"] * 6)
    with pytest.raises(UnsupportedError, match="its targets are not numbers"):
        edgeinfer.convert(source)
