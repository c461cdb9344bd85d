"""Neighbours in integer precisions: exact by default, rounded and measured with exact=False."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import edgeinfer
from edgeinfer.errors import GraphError, UnsupportedError
from edgeinfer.ops import NeighborSearchInt
from edgeinfer.ops.neighbors import METRICS_OF_CODES
from tests.oracle import assert_op

LEVELS = {"int8": 254, "int16": 65534}


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("metric", METRICS_OF_CODES)
def test_integer_search(metric: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    info = np.iinfo(dtype)
    for count, features, k in ((1, 1, 1), (300, 5, 4), (77, 40, 77)):
        codes = rng.integers(info.min, info.max + 1, (count, features)).astype(dtype)
        x = rng.integers(info.min, info.max + 1, (30, features)).astype(dtype)
        x[:2] = [[info.min], [info.max]]
        codes[-1] = info.min
        assert_op(NeighborSearchInt(codes, 0.37, k, metric), x, rtol=1e-7)
        few = (codes % 3).astype(dtype)
        assert_op(NeighborSearchInt(few, 1.0, k, metric), (x % 3).astype(dtype), rtol=1e-7)


def test_the_longest_sums_do_not_overflow() -> None:
    for dtype in ("int8", "int16"):
        info = np.iinfo(dtype)
        codes = np.full((3, 32768), info.min, dtype)
        codes[1, :7] += 1
        x = np.full((1, 32768), info.max, dtype)
        assert_op(NeighborSearchInt(codes, 1.0, 3), x, rtol=1e-7)


def test_contradictions_are_refused() -> None:
    codes = np.zeros((4, 2), np.int8)
    for change, message in (
        ({"k": 5}, "n_neighbors"),
        ({"scale": 0.0}, "scale"),
        ({"scale": np.nan}, "scale"),
        ({"metric": "minkowski"}, "no metric"),
        ({"codes": np.zeros((4, 32769), np.int8)}, "features"),
    ):
        with pytest.raises(GraphError, match=message):
            NeighborSearchInt(**{"codes": codes, "k": 2, **change})


@pytest.mark.parametrize("precision", LEVELS)
@pytest.mark.parametrize("metric", METRICS_OF_CODES)
def test_rounded_distances_are_as_close_as_the_codes(metric: str, precision: str) -> None:
    X = load_diabetes().data
    source = NearestNeighbors(n_neighbors=4, metric=metric, algorithm="brute").fit(X[:300])
    model = edgeinfer.convert(source, precision=precision, exact=False, calibration=X[300:])
    distances, indices = model.kneighbors(X[300:])
    features = X.shape[1]
    span = 2.0 if metric == "cosine" else float(np.ptp(X[:300], axis=0).max())
    # Each feature of row and point errs by half a step; rows outside the points saturate.
    error = features * span / LEVELS[precision] * (4 if metric in ("sqeuclidean", "cosine") else 1)
    inside = ((X[300:] >= X[:300].min(axis=0)) & (X[300:] <= X[:300].max(axis=0))).all(axis=1)
    want = source.kneighbors(X[300:])[0]
    np.testing.assert_allclose(distances[inside], want[inside], atol=error)
    assert np.isfinite(distances).all()
    assert ((indices >= 0) & (indices < 300)).all()
    assert model.report["outputs"]["kneighbors"]["max_abs_error"] > 0.0


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_the_loss_is_measured(weights: str) -> None:
    X, y = load_digits(return_X_y=True)
    source = make_pipeline(StandardScaler(), KNeighborsClassifier(weights=weights))
    source.fit(X[:1000], y[:1000])
    sizes = {}
    for precision in LEVELS:
        model = edgeinfer.convert(source, precision=precision, exact=False, calibration=X[1000:])
        agreement = float((model.predict(X[1000:]) == source.predict(X[1000:])).mean())
        assert agreement > 0.98
        assert model.report["outputs"]["predict"]["agreement"] == pytest.approx(agreement)
        assert model.report["rounded_points"]["bytes_saved"] > 0
        sizes[precision] = len(model.__reduce__()[1][0])
    exact = edgeinfer.convert(source, precision="int8")
    np.testing.assert_array_equal(exact.predict(X[1000:]), source.predict(X[1000:]))
    assert sizes["int8"] < sizes["int16"] < len(exact.__reduce__()[1][0])


def test_no_data_is_needed() -> None:
    X, y = load_diabetes(return_X_y=True)
    for weights in ("uniform", "distance"):
        source = KNeighborsRegressor(weights=weights).fit(X[:300], np.column_stack([y, -y])[:300])
        for exact in (True, False):
            model = edgeinfer.convert(source, precision="int16", exact=exact)
            close = np.isclose(model.predict(X[300:]), source.predict(X[300:]), rtol=1e-10)
            near = np.isclose(model.predict(X[300:]), source.predict(X[300:]), rtol=1e-2)
            assert close.all() if exact else near.mean() > 0.95
    same = NearestNeighbors(n_neighbors=2).fit(np.ones((5, 3)))
    assert (
        not edgeinfer.convert(same, precision="int8", exact=False)
        .kneighbors(np.ones((2, 3)))[0]
        .any()
    )


def test_what_has_no_integer_search_is_refused() -> None:
    source = NearestNeighbors(p=3).fit(np.eye(6))
    edgeinfer.convert(source, precision="int8")
    with pytest.raises(UnsupportedError, match="use exact=True"):
        edgeinfer.convert(source, precision="int8", exact=False)
