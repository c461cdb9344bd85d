"""Compact trees against the ensembles they are made of, and what their check refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import edgeinfer
from edgeinfer.errors import GraphError, InvalidInputError
from edgeinfer.ops import SmallTrees, TreeEnsemble
from edgeinfer.ops.tree_small import float_keys, on_codes, small_trees
from edgeinfer.quantize.tree import integer_leaves
from edgeinfer.runtime.program import run_op
from tests.ops.examples import tree_small as made

ENSEMBLES = {
    "forest": (made.FOREST, False),
    "missing": (made.MISSING, True),
    "boosted": (made.BOOSTED, False),
    "tree": (made.SINGLE, False),
    "stump": (made.STUMP, False),
}


def _at_the_cuts(op: TreeEnsemble, allow_nan: bool) -> np.ndarray:
    """Rows whose features are at a cut, one ULP beside it, far out, zero or missing."""
    rng = np.random.default_rng(5)
    cuts = op.cuts if op.cuts.size else np.zeros(1, np.float32)
    beside = [np.nextafter(cuts, np.float32(side)) for side in (-np.inf, np.inf)]
    special = np.array([0.0, -0.0, 3e38, -3e38, 1e-45], np.float32)
    pool = np.concatenate([cuts, *beside, special, [np.float32(np.nan)] * (9 * allow_nan)])
    return rng.choice(pool[~np.isinf(pool)], (400, op.n_features)).astype(np.float32)


@pytest.mark.parametrize("name", ENSEMBLES)
@pytest.mark.parametrize("values", ["float64", "int32", "int16"])
def test_same_sums_as_the_ensemble(name: str, values: str) -> None:
    op, allow_nan = ENSEMBLES[name]
    if values != "float64":
        op = integer_leaves(op, values)[0]
    op = replace(op, ids=None)
    small = small_trees(op, allow_nan)
    assert small is not None
    x = _at_the_cuts(op, allow_nan)
    want = run_op(op, x)[0]
    np.testing.assert_array_equal(run_op(small, x)[0], want)
    pair = on_codes(small)
    assert pair is not None
    np.testing.assert_array_equal(run_op(pair[1], run_op(pair[0], x)[0])[0], want)


def test_keys_order_as_floats_do() -> None:
    values = np.sort(np.random.default_rng(0).normal(size=99).astype(np.float32) * 1e-38)
    assert (np.diff(float_keys(values)) > 0).all()
    assert float_keys(np.array([-0.0], np.float32)) == float_keys(np.array([0.0], np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_guard_is_in_it(bad: float) -> None:
    small = small_trees(made.FOREST, False)
    assert small is not None
    row = np.zeros((1, 5), np.float32)
    row[0, 4] = bad
    with pytest.raises(InvalidInputError, match="NaN" if np.isnan(bad) else "infinity"):
        run_op(small, row)
    big = np.full((1, 5), 3e38, np.float32)  # the sum overflows, no value is infinite
    np.testing.assert_array_equal(run_op(small, big)[0], small.reference(big)[0])


def _small() -> SmallTrees:
    small = small_trees(integer_leaves(made.FOREST, "int16")[0], False)
    assert small is not None
    assert not small.wide
    return small


def _looping(op: SmallTrees) -> dict[str, Any]:
    nodes = op.nodes.copy()  # the root's right child is the root
    nodes[0] &= np.uint32((1 << op.right_shift) - 1)
    return {"nodes": nodes}


@pytest.mark.parametrize(
    "change",
    [
        _looping,
        lambda op: {"nodes": op.nodes | np.uint32(0xFF << op.right_shift & 0xFFFFFFFF)},
        lambda op: {"nodes": op.nodes[:-1]},
        lambda op: {"n_columns": 1},
        lambda op: {"keys": op.keys[:1]},
        lambda op: {"sizes": op.sizes[::-1] + np.uint16(1)},
        lambda op: {"first_leaf": int(op.sizes.max()) - 1},
        lambda op: {"starts": op.starts[:1]},
        lambda op: {"starts": op.starts + np.uint16(1)},
        lambda op: {"classes": op.classes + np.uint8(200)},
        lambda op: {"classes": None},
        lambda op: {"n_pure": 250},
        lambda op: {"base": np.full(op.base.size, (1 << 31) - 1, np.int32)},
        lambda op: {"base": op.base.astype(np.float64)},
        lambda op: {"rank_shift": 40},
        lambda op: {"left_shift": op.rank_shift},
        lambda op: {"wide": True},
        lambda op: {"targets": np.zeros(op.sizes.size, np.uint8)},
        lambda op: {"divisor": float("nan")},
    ],
)
def test_unsound_tables_are_refused(change: Any) -> None:
    op = _small()
    with pytest.raises(GraphError):
        replace(op, **change(op))


def test_an_ensemble_without_a_compact_form() -> None:
    assert (
        small_trees(replace(made.FOREST, cuts=made.FOREST.cuts.astype(np.float64)), False) is None
    )


@pytest.mark.parametrize("trees", [1, 2, 5, 40])
def test_a_vote_may_end_before_the_last_tree(trees: int) -> None:
    """A settled vote is the one that all trees give; ties are settled by all of them."""
    rng = np.random.default_rng(trees)
    X = rng.normal(size=(300, 4)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
    forest = RandomForestClassifier(trees, max_depth=3, random_state=0).fit(X, y)
    model = edgeinfer.convert(forest, precision="int8", calibration=X)
    ensemble = next(n.op for n in model.graph.nodes if isinstance(n.op, TreeEnsemble))
    small = small_trees(replace(ensemble, ids=None), True)
    assert small is not None
    voting = replace(small, vote=True)
    assert voting.majority < 2**31 - 1
    rows = np.concatenate([X, (X[::7] * 3).round() / 3])
    want = small.reference(rows)[0].argmax(axis=1)
    np.testing.assert_array_equal(run_op(voting, rows)[0], want)
    np.testing.assert_array_equal(model.predict(rows), forest.classes_[want])
