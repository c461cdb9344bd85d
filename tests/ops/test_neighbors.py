"""Neighbour search, votes and means against their NumPy references, on every instruction set."""

import numpy as np
import pytest

from edgeinfer.errors import GraphError, InvalidInputError
from edgeinfer.graph import Graph, Method, Node, TensorType
from edgeinfer.ops import NeighborMean, NeighborProba, NeighborSearch, NeighborVote
from edgeinfer.ops.neighbors import METRICS, nearest
from edgeinfer.runtime.program import available_isas, compile_program, run_op
from tests.oracle import assert_op


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of length one, which is what the cosine is taken of."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize("stored", ["float64", "float32"])
@pytest.mark.parametrize("metric", METRICS)
def test_search(metric: str, stored: str) -> None:
    rng = np.random.default_rng(0)
    for count, features, k in ((1, 1, 1), (9, 3, 9), (700, 5, 4), (130, 33, 40)):
        points, x = rng.normal(size=(count, features)), rng.normal(size=(30, features))
        if metric == "cosine":
            points, x = unit(points), unit(x)
        x[: min(count, 5)] = points.astype(stored)[:5]
        op = NeighborSearch(points.astype(stored), k, metric, p=2.5)
        assert_op(op, x, rtol=1e-14)
        assert_op(op, x.astype(np.float32), rtol=1e-6)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "minkowski"])
def test_ties_are_broken_alike(metric: str) -> None:
    rng = np.random.default_rng(1)
    for levels, features in ((2, 6), (3, 2), (6, 4)):
        points = rng.integers(0, levels, (500, features)).astype(np.float64)
        x = rng.integers(0, levels, (40, features)).astype(np.float64)
        for k in (1, 2, 7, 16, 100, 499, 500):
            assert_op(NeighborSearch(points, k, metric, p=1.0), x, rtol=0.0)


def test_equals_are_in_the_order_of_their_indices() -> None:
    assert nearest(np.array([1.0, 0.0, 1.0, 0.0, 1.0]), 5).tolist() == [1, 3, 0, 2, 4]
    points = np.zeros((300, 2))
    distances, indices = run_op(NeighborSearch(points, 300), np.zeros((1, 2)))
    np.testing.assert_array_equal(indices[0], np.arange(300))
    assert not distances.any()


def test_weights_of_a_minkowski_distance() -> None:
    rng = np.random.default_rng(2)
    points, x = rng.normal(size=(90, 4)), rng.normal(size=(7, 4))
    weights = np.array([0.0, 1.0, 3.0, 0.25])
    assert_op(NeighborSearch(points, 6, "minkowski", 3.0, weights), x, rtol=1e-14)


@pytest.mark.parametrize("scale", [1e-200, 1e-160, 1e-30, 1e30, 1e150])
def test_magnitudes(scale: float) -> None:
    rng = np.random.default_rng(3)
    points, x = scale * rng.normal(size=(90, 4)), scale * rng.normal(size=(7, 4))
    for metric in ("euclidean", "manhattan", "chebyshev"):
        assert_op(NeighborSearch(points, 6, metric), x, rtol=1e-14)


def test_distances_beyond_float64_are_refused() -> None:
    points = np.array([[0.0, 0.0], [1e200, 0.0], [-1e308, 1e308]])
    x = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert_op(NeighborSearch(points, 1), x)
    for isa in available_isas():
        with pytest.raises(InvalidInputError, match="beyond float64"):
            run_op(NeighborSearch(points, 2), x, isa=isa)
    with pytest.raises(InvalidInputError, match="beyond float64"):
        run_op(NeighborSearch(points, 3, "manhattan"), x + 1e308)


def test_a_row_that_is_not_finite_has_no_neighbours() -> None:
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(InvalidInputError, match="beyond float64"):
            run_op(NeighborSearch(np.zeros((3, 1)), 1), np.array([[bad]]))


@pytest.fixture
def found() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    distances = np.sort(rng.integers(1, 5, (200, 12)) / 4, axis=1)
    distances[:5, :3] = 0.0
    distances[5, :2] = 1e-310
    return rng.integers(0, 50, (200, 12)), distances


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("weighted", [False, True])
def test_votes(found: tuple[np.ndarray, np.ndarray], weighted: bool, dtype: str) -> None:
    indices, distances = found[0], found[1].astype(dtype)
    rng = np.random.default_rng(5)
    for classes, outputs in ((1, 1), (2, 3), (9, 2)):
        labels = rng.integers(0, classes, (50, outputs)).astype(np.int32)
        assert_op(NeighborVote(labels, classes, weighted, flat=False), indices, distances)
        one = np.ascontiguousarray(labels[:, :1])
        assert_op(NeighborVote(one, classes, weighted), indices, distances)
        proba = NeighborProba(one[:, 0].copy(), classes, weighted)
        assert_op(proba, indices, distances, rtol=1e-15 if dtype == "float64" else 1e-6)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("weighted", [False, True])
def test_means(found: tuple[np.ndarray, np.ndarray], weighted: bool, dtype: str) -> None:
    indices, distances = found[0], found[1].astype(dtype)
    targets = np.random.default_rng(6).normal(size=(50, 3)).astype(dtype)
    rtol = 1e-14 if dtype == "float64" else 1e-6
    assert_op(NeighborMean(targets, weighted, flat=False), indices, distances, rtol=rtol)
    one = np.ascontiguousarray(targets[:, :1])
    assert_op(NeighborMean(one, weighted), indices, distances, rtol=rtol)


def test_sums_of_many_neighbours_are_numpys() -> None:
    rng = np.random.default_rng(7)
    targets = rng.normal(size=(5000, 1))
    for k in (1, 7, 8, 9, 127, 128, 129, 300, 4001):
        indices = rng.integers(0, 5000, (3, k))
        (mean,) = run_op(NeighborMean(targets), indices, np.ones((3, k)))
        np.testing.assert_array_equal(mean, targets[:, 0][indices].mean(axis=1))


def test_foreign_indices_are_refused() -> None:
    labels = np.zeros((4, 1), np.int32)
    distances = np.ones((1, 2))
    ops = (
        NeighborVote(labels),
        NeighborVote(labels, weighted=True),
        NeighborProba(labels[:, 0].copy()),
        NeighborMean(np.zeros((4, 1))),
    )
    for op in ops:
        for index in (-1, 4, 1 << 40):
            for isa in available_isas():
                with pytest.raises(InvalidInputError, match="outside the table"):
                    run_op(op, np.array([[0, index]]), distances, isa=isa)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "expected 0 < n_neighbors"),
        ({"k": 6}, "expected 0 < n_neighbors"),
        ({"metric": "hamming"}, "unknown metric"),
        ({"p": 0.0}, "power"),
        ({"p": np.nan}, "power"),
        ({"weights": np.ones(2)}, "weights belong"),
        ({"metric": "minkowski", "weights": np.ones(3)}, "needs 2 weights"),
        ({"points": np.zeros((0, 2))}, "points"),
        ({"points": np.zeros((5, 0))}, "features"),
        ({"points": np.zeros((5, 2), np.int64)}, "dtype"),
    ],
)
def test_contradictions_are_refused(change: dict, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        NeighborSearch(**{"points": np.zeros((5, 2)), "k": 3, **change})


def test_labels_have_to_be_classes() -> None:
    for labels in ([[0], [2]], [[-1], [0]]):
        with pytest.raises(GraphError, match="not a class"):
            NeighborVote(np.array(labels, np.int32), 2)
    with pytest.raises(GraphError, match="flat"):
        NeighborVote(np.zeros((3, 2), np.int32), 2)
    with pytest.raises(GraphError, match="at least one point"):
        NeighborProba(np.zeros(0, np.int32), 2)
    with pytest.raises(GraphError, match="int64"):
        run_op(NeighborProba(np.zeros(3, np.int32)), np.zeros((1, 2)), np.zeros((1, 2)))


def test_programs_of_one_model_share_the_points() -> None:
    op = NeighborSearch(np.random.default_rng(0).normal(size=(40, 3)), 4)
    nodes = (Node(op, ("x",), ("d", "i")),)
    graph = Graph({"x": TensorType("float64", (3,))}, nodes, {"run": Method(("d", "i"), "tuple")})
    programs = [compile_program(graph, names) for names in (("d", "i"), ("i", "d"))]
    first, second = (dict(p.lowered.steps[0].block.arrays())["points"] for p in programs)
    assert first is second
