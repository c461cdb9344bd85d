"""Rows that put trees to the test, and the comparison that wants the same answers bit for bit."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

import edgeinfer
from edgeinfer.converters.trees import Forest, to_op
from edgeinfer.ops import TreeEnsemble
from tests.oracle import assert_op, assert_same

LABELS = {
    "int": np.array([3, 7, 12]),
    "str": np.array(["cat", "dog", "mouse"]),
    "bool": np.array([False, True, True]),
}


def random_forest(
    *,
    seed: int = 0,
    n_trees: int = 9,
    n_nodes: int = 31,
    n_features: int = 5,
    width: int = 2,
    dtype: str = "float64",
    grid: int = 20,
    categories: bool = False,
    allow_nan: bool = True,
) -> TreeEnsemble:
    """Trees that split a random leaf until they have `n_nodes` nodes, cuts on a coarse grid."""
    rng = np.random.default_rng(seed)
    left = np.full(n_trees * n_nodes, -1)
    right = left.copy()
    for tree in range(n_trees):
        leaves, free = [tree * n_nodes], tree * n_nodes + 1
        while free + 2 <= (tree + 1) * n_nodes:
            node = leaves.pop(int(rng.integers(len(leaves))))
            left[node], right[node] = free, free + 1
            leaves += [free, free + 1]
            free += 2
    total = len(left)
    feature = rng.integers(0, n_features, total)
    chosen = np.where((feature == 1) & categories, rng.integers(0, 4, total), -1)
    forest = Forest(
        roots=np.arange(n_trees) * n_nodes,
        left=left,
        right=right,
        feature=feature,
        cut=(rng.integers(-grid, grid, total) / 4).astype(dtype),
        missing_left=rng.random(total) < 0.5,
        values=rng.normal(size=(total, width)),
        targets=np.zeros(n_trees, np.int32),
        ids=np.arange(total),
        category_set=chosen,
        sets=rng.random((4, 11)) < 0.5,
        categories={1: np.arange(11.0) - 3},
    )
    return to_op(forest, n_features, np.arange(width) / 3, allow_nan=allow_nan, divisor=3.0)


def rows(n: int = 50, n_features: int = 5) -> np.ndarray:
    """Values on the grid of cuts, one step beside it, and everything that is no number."""
    rng = np.random.default_rng(1)
    x = rng.integers(-24, 24, (n, n_features)) / 4
    beside = rng.random(x.shape)
    x = np.where(beside < 0.2, np.nextafter(x, np.inf), x)
    x = np.where(beside > 0.8, np.nextafter(x, -np.inf), x)
    special = rng.random(x.shape)
    for at, value in ((0.02, np.nan), (0.04, np.inf), (0.06, -np.inf), (0.08, -0.0), (0.1, 1e300)):
        x[(special < at) & (special >= at - 0.02)] = value
    return x


def as_type(op: TreeEnsemble, values: str) -> TreeEnsemble:
    """The op with leaf values of another type, integers from rounding a hundred times as much."""
    factor = 100.0 if values.startswith("int") else 1.0
    base = values if values.startswith("float") else "int32"
    return replace(
        op,
        values=np.rint(op.values * factor).astype(values)
        if factor > 1
        else op.values.astype(values),
        base=np.rint(op.base * factor).astype(base) if factor > 1 else op.base.astype(base),
    )


def probes(model: edgeinfer.Model, X: np.ndarray, most: int = 40) -> np.ndarray:
    """Rows of X with one feature exactly at a cut, and one step of float64 or float32 beside it."""
    rng = np.random.default_rng(0)
    rows = [X[: min(len(X), 100)]]
    for node in model.graph.nodes:
        for feature, cuts in node.op.thresholds().items():
            if node.inputs != ("X",) or not cuts.size:
                continue
            values = rng.permutation(cuts)[:most]
            narrow = values.astype(np.float32)
            around = [values, np.nextafter(values, np.inf), np.nextafter(values, -np.inf)]
            around += [np.nextafter(narrow, np.float32(s * np.inf)) for s in (-1, 1)]
            points = np.concatenate([narrow, *around]).astype(np.float64)
            points = points[np.abs(points) < 3e38]
            beside = X[rng.integers(0, len(X), len(points))].copy()
            beside[:, feature] = points
            rows.append(beside)
    return np.concatenate(rows)


def assert_identical(source: Any, X: np.ndarray, precision: str = "float64") -> edgeinfer.Model:
    """Every method gives the very numbers of `source` (where
    it is an exponential or logarithm: within 1e-14), at cuts too.

    Also checks each tree op against its NumPy reference, on every instruction set.
    """
    model = edgeinfer.convert(source, precision=precision)
    rows = probes(model, X)
    assert_same(source, rows, precision, rtol=1e-14)
    exact = ["predict", "decision_function", "apply"]
    if not hasattr(source, "decision_function"):
        exact.append("predict_proba")  # an average of leaves, nothing that needs an exponential
    for name in exact:
        if hasattr(source, name) and hasattr(model, name):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                want, have = getattr(source, name)(rows), getattr(model, name)(rows)
            pairs = zip(have, want, strict=True) if isinstance(want, list) else [(have, want)]
            for h, w in pairs:
                assert h.dtype == w.dtype
                np.testing.assert_array_equal(h, w, err_msg=name)
    for node in model.graph.nodes:
        if isinstance(node.op, TreeEnsemble) and node.inputs == ("X",):
            assert_op(node.op, rows[:: len(rows) // 60 + 1])
    return model
