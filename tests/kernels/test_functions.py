"""`edgeinfer.kernels` against NumPy, on every instruction set; and what it refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors
from sklearn.tree import DecisionTreeRegressor

from edgeinfer import kernels
from edgeinfer.errors import InvalidInputError, InvalidParameterError
from edgeinfer.kernels import _call

RNG = np.random.default_rng(2)
every_isa = pytest.mark.parametrize("isa", kernels.available_isas())


def _draw(dtype: str, *shape: int) -> np.ndarray:
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max, shape, endpoint=True).astype(dtype)


@every_isa
@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 3, 2), (9, 130, 33)])
def test_integer_products_are_exact(isa: str, shape: tuple[int, int, int]) -> None:
    rows, inputs, outputs = shape
    for a_type, b_type, sums in (
        ("int8", "int8", "int32"),
        ("int16", "int16", "int64"),
        ("int16", "int8", "int64"),
    ):
        function = kernels.matmul_int8 if a_type == "int8" else kernels.matmul_int16
        a, b = _draw(a_type, rows, inputs), _draw(b_type, inputs, outputs)
        b = np.maximum(b, np.iinfo(b_type).min + 1)
        bias = RNG.integers(-1000, 1000, outputs).astype(sums)
        want = a.astype("int64") @ b.astype("int64")
        have = function(a, b, isa=isa)
        assert have.dtype == sums
        np.testing.assert_array_equal(have, want)
        want = (a.astype("int64") - 7) @ b.astype("int64") + bias
        np.testing.assert_array_equal(function(a, b, bias, a_zero_point=7, isa=isa), want)
        strided = np.repeat(a, 2, axis=1)[:, ::2]
        np.testing.assert_array_equal(
            function(strided, np.asfortranarray(b), bias, a_zero_point=7, isa=isa), want
        )


@every_isa
def test_integer_extremes_do_not_overflow(isa: str) -> None:
    """The longest sums that are accepted, all of one sign."""
    for value in (-128, 127):
        a, b = np.full((2, 40_000), value, np.int8), np.full((40_000, 1), 127, np.int8)
        want = a.astype("int64") @ b.astype("int64")
        np.testing.assert_array_equal(kernels.matmul_int8(a, b, isa=isa), want)
    a, b = np.full((2, 50_000), -32768, np.int16), np.full((50_000, 1), -32767, np.int16)
    want = a.astype("int64") @ b.astype("int64")
    np.testing.assert_array_equal(kernels.matmul_int16(a, b, isa=isa), want)


def test_what_could_overflow_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="overflow"):
        kernels.matmul_int8(np.ones((1, 50_000), np.int8), np.full((50_000, 1), 127, np.int8))
    with pytest.raises(InvalidParameterError, match="overflow"):
        kernels.matmul_int16(np.ones((1, 140_000), "int16"), np.full((140_000, 1), 32767, "int16"))
    with pytest.raises(InvalidParameterError, match="-32768"):
        kernels.matmul_int16(np.ones((1, 1), np.int16), np.full((1, 1), -32768, np.int16))


@every_isa
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floating_products(isa: str, dtype: str) -> None:
    function = getattr(kernels, f"matmul_{dtype}")
    a, b = RNG.normal(size=(9, 30)).astype(dtype), RNG.normal(size=(30, 21)).astype(dtype)
    bias = RNG.normal(size=21).astype(dtype)
    bound = 30 * np.finfo(dtype).eps * (np.abs(a) @ np.abs(b) + np.abs(bias))
    exact = a.astype("float64") @ b.astype("float64")
    assert (np.abs(function(a, b, isa=isa) - exact) <= bound).all()
    want = np.maximum(exact + bias, 0)
    have = function(a, b, bias, activation="relu", isa=isa)
    assert have.dtype == dtype
    assert (np.abs(have - want) <= bound).all()
    np.testing.assert_array_equal(have, function(a, b, bias, activation="relu", isa="portable"))


@every_isa
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elementwise(isa: str, dtype: str) -> None:
    x, y = RNG.normal(size=(2, 7, 5)).astype(dtype)
    rtol = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(kernels.unary("exp", x, isa=isa), np.exp(x), rtol=rtol)
    np.testing.assert_array_equal(kernels.binary("add", x, y, isa=isa), x + y)
    np.testing.assert_array_equal(kernels.binary("mul", x, y[:, 0].copy(), isa=isa), x * y[:, :1])
    soft = kernels.softmax(x, isa=isa)
    np.testing.assert_allclose(soft.sum(axis=-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(kernels.softmax(x, log=True, isa=isa), np.log(soft), rtol=1e-4)
    np.testing.assert_array_equal(kernels.argmax(x, isa=isa), x.argmax(axis=-1))


@every_isa
@pytest.mark.parametrize(
    "metric", ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "minkowski", "cosine"]
)
def test_nearest(isa: str, metric: str) -> None:
    points, queries = RNG.normal(size=(200, 6)), RNG.normal(size=(30, 6))
    extra = {"p": 3.0} if metric == "minkowski" else {}
    source = NearestNeighbors(n_neighbors=4, algorithm="brute", metric=metric, **extra).fit(points)
    want_distances, want_indices = source.kneighbors(queries)
    distances, indices = kernels.nearest(points, queries, 4, metric, isa=isa, **extra)
    np.testing.assert_array_equal(indices, want_indices)
    np.testing.assert_allclose(distances, want_distances, rtol=1e-9, atol=1e-9)
    narrow = kernels.nearest(points.astype("f4"), queries.astype("f4"), 1, metric, isa=isa, **extra)
    assert narrow[0].dtype == np.float32


@every_isa
def test_tree_sums(isa: str) -> None:
    X = RNG.normal(size=(300, 4))
    trees = [DecisionTreeRegressor(max_depth=d, random_state=d) for d in (1, 3, 9)]
    parts = [tree.fit(X, X @ RNG.normal(size=4)).tree_ for tree in trees]
    starts = np.cumsum([0] + [p.node_count for p in parts])
    left = np.concatenate(
        [
            np.where(p.children_left < 0, -1, p.children_left + s)
            for p, s in zip(parts, starts[:-1], strict=True)
        ]
    )
    right = np.concatenate(
        [
            np.where(p.children_right < 0, -1, p.children_right + s)
            for p, s in zip(parts, starts[:-1], strict=True)
        ]
    )
    arrays = {
        "feature": np.concatenate([p.feature for p in parts]),
        "threshold": np.concatenate([p.threshold for p in parts]),
        "left": left,
        "right": right,
        "value": np.concatenate([p.value[:, :, 0] for p in parts]),
    }
    Z = RNG.normal(size=(50, 4)).astype(np.float32).astype(np.float64)
    have = kernels.tree_sums(Z, roots=starts[:-1].tolist(), isa=isa, **arrays)
    want = sum(tree.predict(Z) for tree in trees)
    np.testing.assert_allclose(have[:, 0], want, rtol=1e-14)


def _stump() -> dict[str, np.ndarray]:
    return {
        "feature": np.array([0, 0, 0]),
        "threshold": np.array([0.5, 0.0, 0.0]),
        "left": np.array([1, -1, -1]),
        "right": np.array([2, -1, -1]),
        "value": np.array([[0.0], [1.0], [2.0]]),
    }


def test_tree_edges() -> None:
    x = np.array([[0.5], [np.nextafter(0.5, 1)], [np.nan]])
    np.testing.assert_array_equal(kernels.tree_sums(x, **_stump())[:, 0], [1.0, 2.0, 2.0])
    left = kernels.tree_sums(x, missing_left=np.ones(3, bool), **_stump())
    np.testing.assert_array_equal(left[:, 0], [1.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("left", [0, -1, -1], "cycle"),
        ("left", [2, -1, -1], "two parents"),
        ("left", [3, -1, -1], "child"),
        ("left", [-1, -1, -1], "one child"),
        ("feature", [1, 0, 0], "feature"),
        ("threshold", [np.nan, 0.0, 0.0], "NaN"),
    ],
)
def test_what_is_no_tree_is_refused(name: str, value: list[float], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        kernels.tree_sums(np.zeros((1, 1)), **{**_stump(), name: np.array(value)})
    with pytest.raises(InvalidParameterError, match="root"):
        kernels.tree_sums(np.zeros((1, 1)), roots=[9], **_stump())


def test_wrong_arguments_are_refused() -> None:
    a = np.ones((2, 3), np.float32)
    for wrong in (
        lambda: kernels.matmul_float32(a, a),
        lambda: kernels.matmul_float32(a.astype(float), a.T),
        lambda: kernels.matmul_float32(a[0], a.T),
        lambda: kernels.matmul_float32(a.tolist(), a.T),
        lambda: kernels.matmul_float32(a, a.T, np.ones(3, "f4")),
        lambda: kernels.matmul_float32(a, a.T, np.ones(2)),
        lambda: kernels.matmul_float32(a, a.T[:, :0]),
        lambda: kernels.matmul_float32(a.astype(">f4"), a.T),
        lambda: kernels.unary("exp", np.float64(1.0)),
        lambda: kernels.unary("exp", np.array(1.0)),
        lambda: kernels.binary("add", a, a.astype(float)),
        lambda: kernels.binary("add", a, a[:1]),
        lambda: kernels.nearest(a, a[:, :2], 1),
        lambda: kernels.tree_sums(a, **{**_stump(), "left": np.zeros(3)}),
    ):
        with pytest.raises(InvalidInputError):
            wrong()
    for wrong in (
        lambda: kernels.matmul_float32(a, a.T, activation="swish"),
        lambda: kernels.matmul_float32(a, a.T, isa="z80"),
        lambda: kernels.matmul_int8(a.astype("i1"), a.T.astype("i1"), a_zero_point=128),
        lambda: kernels.unary("cosh", a),
        lambda: kernels.softmax(a[:, :0]),
        lambda: kernels.nearest(a, a, 3),
        lambda: kernels.nearest(a, a, 1, "hamming"),
    ):
        with pytest.raises(InvalidParameterError):
            wrong()


def test_programs_are_kept_by_content() -> None:
    a, b = np.ones((2, 3)), np.ones((3, 4))
    _call._programs.clear()
    first = kernels.matmul_float64(a, b)
    kernels.matmul_float64(a, b.copy())
    assert len(_call._programs) == 1
    b[0, 0] = 5  # in place: the same array, other weights
    second = kernels.matmul_float64(a, b)
    assert (first[0, 0], second[0, 0]) == (3.0, 7.0)
    for n in range(_call.KEPT + 5):
        kernels.matmul_float64(np.ones((1, n + 1)), np.ones((n + 1, 1)))
    assert len(_call._programs) == _call.KEPT


def test_many_threads() -> None:
    a, b = RNG.normal(size=(50, 20)), RNG.normal(size=(20, 10))
    want = kernels.matmul_float64(a, b)

    def work(n: int) -> bool:
        other = kernels.matmul_float64(a, b + n % 3)
        return bool(
            np.array_equal(kernels.matmul_float64(a, b), want) and other.shape == want.shape
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))
