"""Trees of any library as one TreeEnsemble: the layout of nodes, the columns of codes.

Converters fill a `Forest` with what their library holds; `to_op` does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgeinfer.ops import TreeEnsemble
from edgeinfer.ops.tree_ensemble import LEAF_RANK, best_code_bits, floor32, number_columns

__all__ = ["Forest", "floor32", "strictly_below", "to_op"]


@dataclass
class Forest:
    """Trees as flat arrays, all trees behind one another; a node is named by its place in them.

    Attributes
    ----------
    roots : (trees,) the root of each tree
    left, right : children, -1 for a leaf. A row goes left where ``feature <= cut``.
    feature, cut : what an inner node compares. `cut` in float32: the source rounds features to
        float32 before it compares, as `floor32` and `strictly_below` help to say.
    missing_left : where NaN goes
    values : (nodes, width) what a leaf adds
    targets : (trees,) the first output it adds to
    ids : what the source calls each node; None if it has no such names
    category_set : for a split by categories, its row in `sets`; else -1. None: there are none
    sets : (sets, categories) whether a category goes left
    categories : per feature with such splits the values of its categories, ascending, numbered
        as in `sets`; a value that is not among them goes where NaN goes
    """

    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    cut: np.ndarray
    missing_left: np.ndarray
    values: np.ndarray
    targets: np.ndarray
    ids: np.ndarray | None = None
    category_set: np.ndarray | None = None
    sets: np.ndarray | None = None
    categories: Mapping[int, np.ndarray] = field(default_factory=dict)


def strictly_below(cuts: np.ndarray) -> np.ndarray:
    """The cut c for which ``x <= c`` is ``x < cut``, in the cuts' own type."""
    below: np.ndarray = np.nextafter(cuts, cuts.dtype.type(-np.inf))
    return below


def to_op(
    forest: Forest,
    n_features: int,
    base: np.ndarray,
    *,
    allow_nan: bool,
    divisor: float = 1.0,
) -> TreeEnsemble:
    """The op that answers as `forest` does.

    `allow_nan`: whether the model takes NaN at all; if not, no column has to care for it.
    """
    order, tree, level = _order(forest)
    n_nodes = len(order)
    place = np.full(len(forest.left), -1, np.int64)
    place[order] = np.arange(n_nodes)

    inner = forest.left[order] >= 0
    nodes = np.empty((n_nodes, 2), np.uint32)
    nodes[:, 0] = LEAF_RANK << 16
    nodes[:, 1] = np.arange(n_nodes)
    nodes[inner, 1] = place[forest.left[order[inner]]]

    goes_right = ~forest.missing_left[order] & allow_nan
    splits = _categorical(forest, order)
    numeric = inner & (splits < 0)
    cuts, starts, local = _rank(forest.feature[order[numeric]], forest.cut[order[numeric]])
    features = forest.feature[order]
    bits = best_code_bits(starts)
    columns, number, rank = number_columns(
        features[numeric], local, goes_right[numeric], starts, bits
    )
    nodes[numeric, 0] = number | rank << 16

    cuts, columns, table = _category_columns(
        forest,
        order,
        splits=splits,
        goes_right=goes_right,
        cuts=cuts,
        columns=columns,
        nodes=nodes,
    )
    if len(columns) == 0:  # nothing but leaves: a column that no node looks at
        columns = np.array([[0, 0, 0, 0, -1]], np.int32)

    leaf_rows = np.ascontiguousarray(forest.values[order[~inner]])
    values, row = _distinct_rows(leaf_rows)
    leaves = np.zeros(n_nodes, np.int32)
    leaves[~inner] = row
    n_trees = len(forest.roots)
    depths = np.zeros(n_trees, np.int32)
    np.maximum.at(depths, tree, level)
    return TreeEnsemble(
        nodes,
        leaves,
        np.searchsorted(tree, np.arange(n_trees + 1)).astype(np.int32),
        depths,
        forest.targets.astype(np.int32),
        values,
        base,
        cuts,
        columns,
        table,
        None if forest.ids is None else forest.ids[order].astype(np.int32),
        n_features=n_features,
        code_bits=bits,
        divisor=divisor,
    )


def _order(forest: Forest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes tree by tree, level by level, siblings side by side; and the tree and level of each."""
    frontier = forest.roots.astype(np.int64)
    owner = np.arange(len(frontier))
    orders: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    levels: list[np.ndarray] = []
    while frontier.size:
        orders.append(frontier)
        owners.append(owner)
        levels.append(np.full(frontier.size, len(levels)))
        inner = forest.left[frontier] >= 0
        parents = frontier[inner]
        frontier = np.stack([forest.left[parents], forest.right[parents]], axis=1).ravel()
        owner = np.repeat(owner[inner], 2)
    tree = np.concatenate(owners)
    by_tree = np.argsort(tree, kind="stable")
    return np.concatenate(orders)[by_tree], tree[by_tree], np.concatenate(levels)[by_tree]


def _rank(
    feature: np.ndarray, cut: np.ndarray
) -> tuple[np.ndarray, dict[int, tuple[int, int]], np.ndarray]:
    """The distinct cuts by feature, where those of each begin and end, and each node's rank."""
    by_cut = np.lexsort((cut, feature))
    f, c = feature[by_cut], cut[by_cut]
    new = np.ones(len(f), bool)
    new[1:] = (f[1:] != f[:-1]) | (c[1:] != c[:-1])
    cuts = np.ascontiguousarray(c[new])
    used, first = np.unique(f[new], return_index=True)
    ends = np.append(first[1:], len(cuts))
    starts = {int(k): (int(a), int(b)) for k, a, b in zip(used, first, ends, strict=False)}
    rank = np.empty(len(f), np.int64)
    rank[by_cut] = np.cumsum(new) - 1
    begin = np.zeros(int(feature.max(initial=0)) + 1, np.int64)
    begin[used] = first
    return cuts, starts, rank - begin[feature]


def _categorical(forest: Forest, order: np.ndarray) -> np.ndarray:
    """The category set of each node, -1 for nodes without."""
    if forest.category_set is None:
        return np.full(len(order), -1)
    return np.where(forest.left[order] >= 0, forest.category_set[order], -1)


def _category_columns(
    forest: Forest,
    order: np.ndarray,
    *,
    splits: np.ndarray,
    goes_right: np.ndarray,
    cuts: np.ndarray,
    columns: np.ndarray,
    nodes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cuts, columns and bits with those of splits by categories; their nodes are filled in."""
    found = np.flatnonzero(splits >= 0)
    if not found.size:
        return cuts, columns, np.zeros(0, np.uint8)
    assert forest.sets is not None
    runs: dict[int, tuple[int, int]] = {}
    extra: dict[tuple[int, bytes, bool], list[int]] = {}
    for node in found.tolist():
        feature = int(forest.feature[order[node]])
        values = forest.categories[feature]
        if feature not in runs:
            runs[feature] = (len(cuts), len(cuts) + len(values))
            cuts = np.concatenate([cuts, values.astype(cuts.dtype)])
        members = np.packbits(forest.sets[splits[node], : len(values)], bitorder="little")
        extra.setdefault((feature, members.tobytes(), bool(goes_right[node])), []).append(node)
    rows, table = [], b""
    # Side by side by feature, so that one search serves all columns of a feature.
    for number, key in enumerate(sorted(extra), start=len(columns)):
        feature, packed, right = key
        rows.append((feature, *runs[feature], right, len(table) * 8))
        table += packed
        nodes[extra[key], 0] = number
    columns = np.concatenate([columns, np.array(rows, np.int32)])
    return cuts, columns, np.frombuffer(table, np.uint8)


def _distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows bit for bit, and which of them each row is."""
    as_bytes = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
    return np.ascontiguousarray(rows[first]), inverse.ravel()
