"""Small trees side by side, for kernels that take one row through many of them at once.

All inner nodes are tested, whether the row comes there or not, 64 tests at a time. A test that says
right takes the leaves of its left child from what is left of its tree's leaves, a word of 32 or 64
bits; the first leaf that remains is the row's (QuickScorer). Trees lie side by side in a vector of
64 bytes, so that no step looks anything up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.ops._base import aligned
from edgeinfer.ops.tree_levels import Plan

MAX_LEAVES = 64
MAX_COLUMNS = 128
"""So many codes of a row fit the registers that tests look them up in."""
MAX_BYTES = 1 << 20
"""All tests are read for each row: no more than a second-level cache has."""
TESTS = 64
VECTOR_BITS = 512


@dataclass(frozen=True)
class Marks:
    """The tables, as `ei_trees_params` describes them."""

    bits: int
    blocks: np.ndarray
    tests: np.ndarray
    leaves: np.ndarray


def mark_leaves(plan: Plan, nodes: np.ndarray, roots: np.ndarray, n_columns: int) -> Marks | None:
    """Tables for the trees of a TreeEnsemble that has `plan`; None if they are too large."""
    most = int(plan.trees[:, 3].max())
    if most > MAX_LEAVES or n_columns > MAX_COLUMNS:
        return None
    bits = 32 if most <= 32 else 64
    together, word = VECTOR_BITS // bits, np.dtype(f"<u{bits // 8}")
    per_block = TESTS // together

    n_trees = len(roots) - 1
    left = nodes[:, 1].astype(np.int64)
    at = np.flatnonzero(left != np.arange(len(nodes)))
    tree = np.repeat(np.arange(n_trees), np.diff(roots))[at]
    counts = np.bincount(tree, minlength=n_trees)
    step = np.arange(len(at)) - (np.cumsum(counts) - counts)[tree]
    group, lane = np.divmod(tree, together)
    steps = np.maximum.reduceat(counts, np.arange(0, n_trees, together))
    blocks = np.append(0, np.cumsum(-(-steps // per_block)))
    n_blocks = int(blocks[-1])
    if n_blocks * TESTS * (2 + bits // 8) > MAX_BYTES:
        return None

    # Tests that fill up a block never say right: no code is larger than their rank.
    tests = np.zeros((max(n_blocks, 1), 2, TESTS), np.uint8)
    tests[:, 1] = 0xFF
    leaves = np.zeros((max(n_blocks, 1), TESTS), word)
    block, inside = blocks[group] + step // per_block, step % per_block * together + lane
    tests[block, 0, inside] = nodes[at, 0] & 0xFFFF
    tests[block, 1, inside] = np.minimum(nodes[at, 0] >> 16, 0xFF)
    gone = (word.type(1) << plan.leaves_below[left[at]].astype(word)) - word.type(1)
    leaves[block, inside] = ~(gone << plan.first_leaf[at].astype(word))
    # Aligned, so that no load of a vector touches two cache lines.
    return Marks(bits, blocks.astype(np.int32), aligned(tests), aligned(leaves.view(np.uint8)))
