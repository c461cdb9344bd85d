"""Small trees as tables per level, for kernels that take 64 rows through a level at once.

A row's node is a byte: its number among the inner nodes of its level. Per level there are tables of
one byte per inner node: its rank, its column (numbered within the level), and what its children
are: below 128 the number of an inner node of the next level; above, a leaf.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_LEAVES = 256
NARROW_LEAVES = 128
"""Up to here a leaf's number fits the byte of a node, beside the bit that says leaf."""
MAX_INNER = 128
READABLE = 128
"""Bytes behind the tables that a kernel may read, and ignores."""
LANES = 64


@dataclass(frozen=True)
class Plan:
    """The tables, as `ei_trees_params` describes them."""

    trees: np.ndarray
    levels: np.ndarray
    columns: np.ndarray
    tables: np.ndarray
    leaf_nodes: np.ndarray
    """The nodes of the leaves, tree by tree, from left to right."""
    first_leaf: np.ndarray
    """Of each node's leaves the number of the leftmost one in its tree."""
    leaves_below: np.ndarray
    """How many leaves each node has."""
    work: float
    """Vector operations per row, to compare with the steps of a walk."""


def plan_levels(nodes: np.ndarray, roots: np.ndarray) -> Plan | None:
    """Tables for the trees of a TreeEnsemble; None if one of them is too large or deep."""
    n_nodes, n_trees = len(nodes), len(roots) - 1
    left = nodes[:, 1].astype(np.int64)
    inner = left != np.arange(n_nodes)
    tree = np.repeat(np.arange(n_trees), np.diff(roots))
    n_leaves = np.bincount(tree[~inner], minlength=n_trees)
    if n_leaves.max(initial=0) > MAX_LEAVES:
        return None

    # All trees level by level: every inner node gets its place and the number of its level.
    place = np.full(n_nodes, -1)
    level_of = np.full(n_nodes, -1)
    frontier, depth = roots[:-1].astype(np.int64), 0
    visits = np.bincount(frontier, minlength=n_nodes)
    levels_inner: list[np.ndarray] = []
    while frontier.size:
        current = frontier[inner[frontier]]
        owner = tree[current]
        if not (np.diff(owner) >= 0).all() or (visits > 1).any():
            return None  # no trees, but something that shares nodes
        counts = np.bincount(owner, minlength=n_trees)
        if counts.max(initial=0) > MAX_INNER:
            return None
        place[current] = np.arange(current.size) - (np.cumsum(counts) - counts)[owner]
        level_of[current] = depth
        frontier = (left[current][:, None] + np.arange(2)).ravel()
        visits += np.bincount(frontier, minlength=n_nodes)
        levels_inner.append(current)
        if not (tree[frontier] == np.repeat(owner, 2)).all():
            return None
        depth += 1
    if not (visits == 1).all():
        return None

    at = np.flatnonzero(inner)
    first_leaf, leaves_below = _leaves_from_left(left, levels_inner)
    key = tree[at] * max(depth, 1) + level_of[at]
    keys, level, sizes = np.unique(key, return_inverse=True, return_counts=True)
    wide = n_leaves > NARROW_LEAVES
    level_tree = keys // max(depth, 1)
    lengths = sizes * np.where(wide[level_tree], 6, 4)
    offsets = np.cumsum(lengths) - lengths

    column = (nodes[at, 0] & 0xFFFF).astype(np.int64)
    pairs, number = np.unique(level * (1 << 16) + column, return_inverse=True)
    first = np.searchsorted(pairs, np.arange(len(keys) + 1) << 16)

    leaf_nodes = np.flatnonzero(~inner)
    leaf_nodes = leaf_nodes[np.lexsort((first_leaf[leaf_nodes], tree[leaf_nodes]))]
    code = np.where(inner, place, 0x80 | (first_leaf & 0x7F))
    code[~inner & wide[tree]] = 0xFF

    tables = np.zeros(int(lengths.sum()) + READABLE, np.uint8)
    start, size = offsets[level] + place[at], sizes[level]
    tables[start] = np.minimum(nodes[at, 0] >> 16, 0xFF)
    tables[start + size] = number.ravel() - first[level]
    tables[start + 2 * size] = code[left[at]]
    tables[start + 3 * size] = code[left[at] + 1]
    large = wide[tree[at]]
    start, size, children = start[large], size[large], left[at][large]
    tables[start + 4 * size] = first_leaf[children]
    tables[start + 5 * size] = first_leaf[children + 1]

    tree_levels = np.searchsorted(level_tree, np.arange(n_trees + 1))
    trees = np.stack(
        [tree_levels[:-1], tree_levels[1:], np.cumsum(n_leaves) - n_leaves, n_leaves], axis=1
    )
    levels = np.stack([offsets, sizes, first[:-1], np.diff(first)], axis=1)
    return Plan(
        np.ascontiguousarray(trees, np.int32),
        np.ascontiguousarray(levels, np.int32),
        ((pairs & 0xFFFF) * LANES).astype(np.int32),
        tables,
        leaf_nodes,
        first_leaf,
        leaves_below,
        (12.0 * len(keys) + 3.0 * len(pairs)) / LANES,
    )


def _leaves_from_left(left: np.ndarray, levels: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Of each node the number of its leftmost leaf, and how many leaves it has.

    `levels`: the inner nodes of each level; leaves of a tree are numbered from left to right.
    """
    below = np.ones(len(left), np.int64)
    for nodes in reversed(levels):
        below[nodes] = below[left[nodes]] + below[left[nodes] + 1]
    first = np.zeros(len(left), np.int64)
    for nodes in levels:
        first[left[nodes]] = first[nodes]
        first[left[nodes] + 1] = first[nodes] + below[left[nodes]]
    return first, below
