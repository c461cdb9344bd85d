"""How programs are laid out."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

import edgeinfer
from edgeinfer.lower import lower

STACK_ARENA = 16384
"""What program.c has on its stack."""


def test_one_row_has_an_arena_of_its_own() -> None:
    """A block's arena does not fit the stack, a row's does; both answer alike."""
    X, y = load_digits(return_X_y=True)
    model = edgeinfer.convert(RandomForestClassifier(5, random_state=0).fit(X, y))
    tensors = model.graph.methods["predict_proba"].tensors
    program = lower(model.graph, tensors)
    assert program.row is not None
    assert program.row.row is None
    assert program.row.block_rows == 1
    assert program.row.arena_bytes == lower(model.graph, tensors, block_rows=1).arena_bytes
    assert program.row.arena_bytes < STACK_ARENA < program.arena_bytes
    blocks = [step.block for step in program.steps]
    assert [step.block for step in program.row.steps] == blocks
    want = model.predict_proba(X)
    for row in range(0, len(X), 100):
        one = X[row : row + 1]
        np.testing.assert_array_equal(model.predict_proba(one), want[row : row + 1])
        # Other types and layouts are staged, which the arena has room for.
        np.testing.assert_array_equal(
            model.predict_proba(one.astype(np.float32)), want[row : row + 1]
        )
