"""The tree op against its NumPy reference, and what it must refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgeinfer.errors import GraphError
from edgeinfer.graph import TensorType
from edgeinfer.ops import TreeEnsemble
from edgeinfer.ops.tree_ensemble import floor32, last_rounded_to, search_trees
from edgeinfer.ops.tree_levels import plan_levels
from tests.oracle import assert_op
from tests.trees import as_type, random_forest, rows


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("grid", [20, 4000])
@pytest.mark.parametrize("n_nodes", [1, 3, 31, 301])
@pytest.mark.parametrize("categories", [False, True])
def test_against_reference(dtype: str, grid: int, n_nodes: int, categories: bool) -> None:
    op = random_forest(dtype=dtype, grid=grid, n_nodes=n_nodes, categories=categories)
    for n in (1, 7, 8, 64, 77, 200):
        assert_op(op, rows(n), rtol=0.0)
    if dtype == "float32":
        with np.errstate(over="ignore"):
            assert_op(op, rows(40).astype(np.float32), rtol=0.0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("n_cuts", "steps"), [(1, 5), (31, 5), (32, 6), (100, 7), (128, 8), (255, 8), (256, 0)]
)
def test_few_cuts_are_searched_in_registers(dtype: str, n_cuts: int, steps: int) -> None:
    """Cuts that float32 cannot tell apart among them; rows at each, one step beside, between."""
    cuts = np.sort(np.random.default_rng(n_cuts).normal(size=n_cuts)).astype(dtype)
    cuts[1::3] = np.nextafter(cuts[::3][: cuts[1::3].size], cuts.dtype.type(np.inf))
    op = replace(random_forest(n_features=1, n_trees=1, n_nodes=3, dtype=dtype), code_bits=16)
    op = replace(op, cuts=cuts, columns=np.array([[0, 0, n_cuts, 1, -1]], np.int32))
    nodes = op.nodes.copy()
    for rank in sorted({0, n_cuts // 2, n_cuts - 1}):
        nodes[0, 0] = rank << 16
        split = replace(op, nodes=nodes.copy())
        fields = {n: v for n, _, v in split.lower(TensorType("float64", (1,))).block.fields}
        assert fields["groups"][0, 9] == steps
        beside = [np.nextafter(cuts, cuts.dtype.type(way)) for way in (-np.inf, np.inf)]
        x = np.concatenate([cuts, *beside, [np.inf, -np.inf, np.nan, 1e300, -0.0, 1e-320]])
        assert_op(split, x.astype(np.float64)[:, None], rtol=0.0)


def test_cuts_that_a_processor_may_take_for_zero_are_searched_as_they_are() -> None:
    cuts = np.array([0.0, 1e-40, 1.0])
    groups = np.zeros((1, 10), np.int32)
    groups[0, 2] = 3
    assert search_trees(cuts, groups).size == 0
    assert groups[0, 9] == 0


@pytest.mark.parametrize("code_bits", [8, 16])
@pytest.mark.parametrize("values", ["float64", "float32", "int32", "int16"])
def test_types_of_codes_and_values(values: str, code_bits: int) -> None:
    op = random_forest()
    other = replace(as_type(op, values), code_bits=16, scale=0.25)
    if code_bits == 8:
        other = replace(other, code_bits=8)
    assert_op(other, rows(), rtol=0.0)


def test_a_second_input_is_where_sums_begin() -> None:
    op = random_forest(width=3)
    init = np.random.default_rng(0).normal(size=(50, 3))
    assert_op(op, rows(), init, rtol=0.0)


def test_no_more_features_than_one() -> None:
    assert_op(random_forest(n_features=1), rows(n_features=1), rtol=0.0)


def broken(op: TreeEnsemble, name: str, index: Any, value: Any) -> Any:
    changed = getattr(op, name).copy()
    changed[index] = value
    return replace(op, **{name: changed})


@pytest.mark.parametrize(
    ("name", "index", "value"),
    [
        ("nodes", (0, 1), 0),  # the root as its own child: a leaf with a way out
        ("nodes", (5, 1), 2),  # a way back: a cycle
        ("nodes", (0, 1), 1 << 31),
        ("nodes", (0, 1), 9 * 31 - 1),  # the right child would lie behind the last node
        ("nodes", (0, 0), 0xFFFF),  # a column that is not there
        ("leaves", 3, -1),
        ("leaves", 3, 1 << 30),
        ("roots", 0, 1),
        ("roots", 1, 0),
        ("roots", -1, 1 << 30),
        ("roots", 1, -(1 << 31)),  # the difference to the next one wraps round
        ("targets", 0, (1 << 31) - 1),  # with the width of its values it wraps round
        ("depths", 0, -1),
        ("depths", 0, 1 << 30),
        ("targets", 0, 1),
        ("targets", 0, -1),
        ("columns", (0, 0), 5),
        ("columns", (0, 0), -1),
        ("columns", (0, 1), -1),
        ("columns", (0, 2), 1 << 20),
        ("columns", (0, 3), 2),
        ("columns", (0, 4), 1 << 30),
    ],
)
def test_what_would_leave_an_array_is_refused(name: str, index: Any, value: Any) -> None:
    with pytest.raises(GraphError):
        broken(random_forest(), name, index, value)


def test_sums_that_would_overflow_are_refused() -> None:
    op = random_forest()
    values = np.full(op.values.shape, 1 << 29, np.int32)
    with pytest.raises(GraphError, match="32 bits"):
        replace(op, values=values, base=op.base.astype(np.int32))


def test_rounding_to_float32() -> None:
    """`float32(x) <= cut` for float64 x, said in float32 and in float64."""
    rng = np.random.default_rng(0)
    cuts = np.concatenate([rng.normal(size=200), [0.0, 1e-46, 3.5e38, -3.5e38, 1.0, 1 + 1e-12]])
    narrow = floor32(cuts)
    with np.errstate(over="ignore"):
        for step in (-1, 0, 1):
            x = last_rounded_to(narrow)
            x = np.nextafter(x, step * np.inf) if step else x
            np.testing.assert_array_equal(x.astype(np.float32) <= cuts, np.full(len(x), step < 1))
            np.testing.assert_array_equal(x.astype(np.float32) <= narrow, step < 1)


@pytest.mark.parametrize(("n_nodes", "leaves"), [(31, 16), (301, 151)])
def test_small_trees_are_planned_level_by_level(n_nodes: int, leaves: int) -> None:
    """So that the comparisons above reach that path, with leaves in one table and in two."""
    op = replace(random_forest(n_nodes=n_nodes, n_trees=20), code_bits=8)
    plan = plan_levels(op.nodes, op.roots)
    assert plan is not None
    assert (plan.trees[:, 3] == leaves).all()
    lowered = op.lower(TensorType("float64", (5,)))
    assert lowered.note == "20 trees, 64 rows a level"
    assert plan_levels(*large_tree()) is None


@pytest.mark.parametrize("n_trees", [1, 16, 21])
@pytest.mark.parametrize(("n_nodes", "bits"), [(1, 0), (3, 32), (63, 32), (65, 64), (127, 64)])
@pytest.mark.parametrize("values", ["float64", "float32", "int32", "int16"])
def test_one_row_marks_leaves(n_trees: int, n_nodes: int, bits: int, values: str) -> None:
    """Few leaves: one row tests all nodes, and many rows pick their values in registers."""
    op = replace(random_forest(n_nodes=n_nodes, n_trees=n_trees, width=1), code_bits=8)
    op = as_type(replace(op, ids=None), values)
    fields = {name: value for name, _, value in op.lower(TensorType("float64", (5,))).block.fields}
    assert fields["mark_bits"] == bits
    assert_op(op, rows(150))


def test_trees_that_share_a_leaf_have_no_plan() -> None:
    """Files may hold such: they are walked. Node 6 has two parents, node 4 has none."""
    nodes = np.array([[0, 1], [1, 5], [2, 6], [0, 3], [0, 4], [0, 5], [0, 6], [0, 7]], np.uint32)
    nodes[3:, 0] = 0xFFFF << 16
    assert plan_levels(nodes, np.array([0, 8], np.int32)) is None


def large_tree() -> tuple[np.ndarray, np.ndarray]:
    op = random_forest(n_trees=1, n_nodes=601)
    return op.nodes, op.roots
