"""Neighbour search, votes and means against their NumPy references, on every instruction set."""

from fractions import Fraction

import numpy as np
import pytest

from edgeinfer.errors import GraphError, InvalidInputError
from edgeinfer.graph import Graph, Method, Node, TensorType
from edgeinfer.ops import NeighborMean, NeighborProba, NeighborSearch, NeighborTree, NeighborVote
from edgeinfer.ops._expanded import fma, squares_of
from edgeinfer.ops._nearest import nearest, ordered
from edgeinfer.ops.neighbors import METRICS
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


def test_equals_end_where_the_source_has_them() -> None:
    assert nearest(np.array([1.0, 0.0, 1.0, 0.0, 1.0]), 5).tolist() == [3, 1, 4, 2, 0]
    sort = pytest.importorskip("sklearn.utils._sorting")._py_simultaneous_sort
    rng = np.random.default_rng(8)
    for k in (1, 2, 15, 16, 17, 100, 3000):
        organ = np.concatenate([np.arange(k // 2), np.arange(k - k // 2)[::-1]]).astype(np.float64)
        for values in (rng.integers(0, 4, k).astype(np.float64), rng.random(k), organ):
            want, order = values.copy(), np.arange(k)
            sort(want, order, k, use_three_way_partition=False)
            assert [i for _, i in ordered(list(zip(values, range(k), strict=True)))] == list(order)
    points = rng.integers(0, 2, (300, 2)).astype(np.float64)
    assert_op(NeighborSearch(points, 300), points[:9], rtol=0.0)


def expanding(points: np.ndarray, k: int, metric: str, order: str) -> NeighborSearch:
    """Distances expanded with the squares of the points, summed in that order."""
    norms = squares_of(points.astype(np.float64), order)
    return NeighborSearch(points, k, metric, norms=norms, order=order)


@pytest.mark.parametrize("stored", ["float64", "float32"])
@pytest.mark.parametrize("order", ["avx2", "avx512"])
@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean"])
def test_expanded_distances(metric: str, order: str, stored: str) -> None:
    rng = np.random.default_rng(9)
    for count, features, k in ((1, 1, 1), (9, 3, 9), (130, 17, 40), (90, 31, 4), (700, 50, 6)):
        points, x = 9 + rng.normal(size=(count, features)), 9 + rng.normal(size=(12, features))
        x[: min(count, 5)] = points.astype(stored)[:5]
        op = expanding(points.astype(stored), k, metric, order)
        assert_op(op, x, rtol=0.0)
        assert_op(op, x.astype(np.float32), rtol=1e-6)
        whole, parts = run_op(op, x), [run_op(op, row[None]) for row in x]
        for one, several in zip(whole, zip(*parts, strict=True), strict=True):
            np.testing.assert_array_equal(one, np.concatenate(several))
    assert op.lower(TensorType("float64", (50,))).kernel == "neighbors_codes_f64"


def test_expanded_distances_of_near_ties() -> None:
    rng = np.random.default_rng(10)
    for shift in (0.0, 1e3, 1e6):
        points = shift + np.round(rng.normal(size=(1600, 12)), 1)
        x = shift + np.round(rng.normal(size=(25, 12)), 1)
        x[:5], points[100:150] = points[:5], points[0]
        for k in (1, 5, 40):
            op = expanding(points, k, "sqeuclidean", "avx2")
            assert_op(op, x, rtol=0.0)
            assert_op(
                NeighborSearch(points[:200], k, norms=op.norms[:200], order="avx2"), x, rtol=0
            )


def test_one_rounding() -> None:
    rng = np.random.default_rng(11)
    a, b = rng.normal(size=(2, 3000))
    for c in (rng.normal(size=3000), -a * b, -a * b * (1 + 2.0**-50), 1e20 * rng.normal(size=3000)):
        want = [
            float(Fraction(u) * Fraction(v) + Fraction(w)) for u, v, w in zip(a, b, c, strict=True)
        ]
        np.testing.assert_array_equal(fma(a, b, c), want)


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
        ({"norms": np.zeros(5)}, "norms go with their order"),
        ({"order": "avx2"}, "norms go with their order"),
        ({"norms": np.zeros(5), "order": "neon"}, "unknown order"),
        ({"norms": np.zeros(4), "order": "avx2"}, "needs 5 norms"),
        ({"norms": np.zeros(5), "order": "avx2", "metric": "manhattan"}, "Euclidean"),
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


def by_codes(op: NeighborSearch) -> NeighborSearch:
    """The op, which is searched by codes."""
    assert op.lower(TensorType("float64", (op.points.shape[1],))).kernel == "neighbors_codes_f64"
    return op


DATA = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "shifted": lambda rng, shape: 1e6 + rng.normal(size=shape),
    "scaled": lambda rng, shape: rng.normal(size=shape) * 2.0 ** np.arange(-4, shape[1] - 4),
    "pixels": lambda rng, shape: rng.integers(0, 256, shape).astype(np.float64),
    "clusters": lambda rng, shape: rng.integers(0, 3, shape) + 1e-3 * rng.normal(size=shape),
    "decimals": lambda rng, shape: rng.integers(0, 9, shape) / 10,
    "twice": lambda rng, shape: np.repeat(rng.normal(size=(shape[0], shape[1])), 2, 0)[: shape[0]],
    "tiny": lambda rng, shape: 1e-120 * rng.normal(size=shape),
    "huge": lambda rng, shape: 1e120 * rng.normal(size=shape),
}


@pytest.mark.parametrize("stored", ["float64", "float32"])
@pytest.mark.parametrize("kind", DATA)
def test_search_by_codes(kind: str, stored: str) -> None:
    rng = np.random.default_rng(8)
    for count, features in ((2000, 9), (1030, 17)):
        points = DATA[kind](rng, (count, features))
        x = DATA[kind](rng, (21, features))
        x[:4] = points[7:11]
        x[4] = points.mean(axis=0)
        if stored == "float32":
            points = np.clip(points, -3e38, 3e38).astype(np.float32)
            x[:4] = points[7:11]
        for k in (1, 5, 33):
            op = NeighborSearch(points, k)
            if op.codes() is not None:
                by_codes(op)
            assert_op(op, x.astype(np.float64), rtol=1e-14)
            if stored == "float32" and kind not in ("tiny", "huge"):
                assert_op(op, x.astype(np.float32), rtol=1e-6)
    assert op.codes() is not None or kind in ("tiny", "huge", "scaled", "clusters", "twice")


def test_rows_far_from_the_points_are_searched_by_codes_too() -> None:
    rng = np.random.default_rng(9)
    points = rng.normal(size=(3000, 8))
    x = rng.normal(size=(30, 8)) * 10.0 ** np.arange(-10, 20)[:, None]
    x[3] = points[5] + 40.0
    for metric in ("euclidean", "sqeuclidean"):
        assert_op(by_codes(NeighborSearch(points, 4, metric)), x, rtol=1e-14)
        pixels = rng.integers(0, 256, (3000, 8)).astype(np.float64)
        assert_op(by_codes(NeighborSearch(pixels, 4, metric)), x, rtol=1e-14)


@pytest.mark.parametrize("levels", [2, 3, 8, 40])
def test_ties_found_by_codes(levels: int) -> None:
    rng = np.random.default_rng(levels)
    points = rng.integers(0, levels, (2500, 8)).astype(np.float64)
    x = rng.integers(0, levels, (25, 8)).astype(np.float64)
    for k in (1, 2, 5, 13, 64):
        assert_op(by_codes(NeighborSearch(points, k)), x, rtol=0.0)
        # Not on the grid: the codes err, the distances are as equal as before.
        assert_op(NeighborSearch(points / 3, k), x / 3, rtol=1e-15)
    same = np.full((2500, 8), 3.0)
    same[-1] = 4.0
    assert_op(by_codes(NeighborSearch(same, 3)), same[-2:], rtol=0.0)


def test_a_grid_of_256_values_is_hit_exactly() -> None:
    rng = np.random.default_rng(10)
    points = rng.integers(-300, -44, (3000, 8)).astype(np.float64)
    codes = NeighborSearch(points, 3).codes()
    assert codes is not None
    assert codes.error == 0.0
    assert codes.scale == 1.0


def test_where_codes_do_not_help_all_distances_are_computed() -> None:
    rng = np.random.default_rng(11)
    outliers = rng.normal(size=(3000, 8))
    outliers[0] = 1e6
    for points in (outliers, rng.normal(size=(30, 8)), np.full((3000, 8), 1e300)):
        op = NeighborSearch(points, 3)
        assert op.codes() is None
        assert_op(op, points[:9] + 0.5, rtol=1e-14)


def test_too_many_candidates() -> None:
    # Looks well spread in the sample that decides, but one row has thousands of close points.
    rng = np.random.default_rng(12)
    points = rng.normal(size=(4096, 8)) * 50
    points[1::2] = 30 + 1e-4 * rng.normal(size=(2048, 8))
    op = NeighborSearch(points, 4)
    assert_op(by_codes(op), np.vstack([points[1:20], rng.normal(size=(5, 8))]), rtol=1e-14)


def test_rows_that_are_not_finite_have_no_neighbours_by_codes() -> None:
    op = by_codes(NeighborSearch(np.random.default_rng(13).normal(size=(3000, 8)), 3))
    for bad in (np.nan, np.inf, -np.inf, 1e200):
        for isa in available_isas():
            with pytest.raises(InvalidInputError, match="beyond float64"):
                run_op(op, np.full((1, 8), bad), isa=isa)


@pytest.mark.parametrize("features", [1, 2])
def test_many_points_share_a_code(features: int) -> None:
    rng = np.random.default_rng(14)
    points, x = rng.random((20_000 // features, features)), rng.random((60, features))
    assert_op(by_codes(NeighborSearch(points, 5)), x, rtol=1e-14)


def test_errors_that_all_point_the_same_way() -> None:
    # On a grid of scale 1 the first point is at 80 codes, the second at 88; in truth it is nearer.
    rng = np.random.default_rng(15)
    points = rng.choice([-1.0, 1.0], (300, 64)) * rng.uniform(60, 126, (300, 64))
    points[:2] = [[10.49], [-10.51]]
    points[2:4] = [[-127.0], [127.0]]
    x = np.full((1, 64), -0.49)
    op = by_codes(NeighborSearch(points, 1))
    codes = op.codes()
    assert codes is not None
    assert codes.scale == 1.0
    assert_op(op, x, rtol=1e-14)
    assert run_op(op, x)[1] == 1


def tree(**change: object) -> NeighborTree:
    """A tree of two leaves."""
    fields: dict = {
        "points": np.arange(8.0).reshape(4, 2),
        "indices": np.array([2, 0, 3, 1], np.int32),
        "starts": np.array([0, 2, 4], np.int32),
        "low": np.array([[0.0, 1], [0, 1], [4, 5]]),
        "high": np.array([[6.0, 7], [2, 3], [6, 7]]),
        "k": 2,
    }
    return NeighborTree(**{**fields, **change})


def test_a_tree_finds_what_all_distances_find() -> None:
    x = np.random.default_rng(16).normal(3, 3, (40, 2))
    op = tree(k=3)
    assert_op(op, x, rtol=1e-14)
    for have, want in zip(run_op(op, x), run_op(op.in_order(), x), strict=True):
        np.testing.assert_array_equal(have, want)
    for isa in available_isas():
        with pytest.raises(InvalidInputError, match="beyond float64"):
            run_op(op, np.array([[1e200, 0.0]]), isa=isa)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indices": np.array([2, 0, 3, 3], np.int32)}, "not those of the points"),
        ({"indices": np.array([2, 0, 3, 4], np.int32)}, "not those of the points"),
        ({"indices": np.array([2, 0, 3, -1], np.int32)}, "not those of the points"),
        ({"indices": np.zeros(0, np.int32)}, "not those of the points"),
        ({"indices": np.array([2, 0, 3, 1 << 30], np.int32)}, "not those of the points"),
        ({"starts": np.array([0, 1, 2, 4], np.int32)}, "power of two"),
        ({"starts": np.array([0], np.int32)}, "has leaves"),
        ({"starts": np.array([0, 2, 5], np.int32)}, "do not hold"),
        ({"starts": np.array([1, 2, 4], np.int32)}, "do not hold"),
        ({"starts": np.array([0, 3, -2, 3, 4], np.int32)}, "overlap"),
        ({"low": np.zeros((2, 2))}, "bounds"),
        ({"high": np.zeros((3, 1))}, "bounds"),
        ({"high": None}, "boxes or balls"),
        ({"radius": np.zeros(3)}, "boxes or balls"),
        ({"high": None, "radius": np.zeros(2)}, "one radius"),
        ({"metric": "cosine"}, "no metric"),
        ({"metric": "minkowski", "weights": np.ones(2)}, "no weights"),
        ({"k": 5}, "n_neighbors"),
    ],
)
def test_unsound_trees_are_refused(change: dict, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        tree(**change)


def test_leaves_of_a_tree_cannot_wrap_round() -> None:
    points = np.zeros((8, 2))
    box = np.zeros((7, 2))
    for starts in ([0, 2, 4, 6, 8], [0, 2147483647, -2147483648, 6, 8], [0, 6, 2, 7, 8]):
        parts = points, np.arange(8, dtype=np.int32), np.array(starts, np.int32), box, box
        if starts[1] == 2:
            NeighborTree(*parts)
            continue
        with pytest.raises(GraphError, match="overlap"):
            NeighborTree(*parts)
