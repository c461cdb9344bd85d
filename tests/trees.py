"""Rows that put trees to the test, and the comparison that wants the same answers bit for bit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import edgeinfer
from edgeinfer.ops import TreeEnsemble
from tests.oracle import assert_op, assert_same

LABELS = {
    "int": np.array([3, 7, 12]),
    "str": np.array(["cat", "dog", "mouse"]),
    "bool": np.array([False, True, True]),
}


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
