"""Decision trees and forests of them.

They compare float32 features with float64 thresholds, and average what the leaves hold tree by
tree: the sum first, then one division.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import argmax_labels, labels_of_columns, log_of
from edgeinfer.converters.trees import Forest, floor32, to_op
from edgeinfer.graph import Method
from edgeinfer.ops import ArgMax, BinaryConst, Concat, Lookup, Reshape, Select, SignIndex, Unary


def accepts_nan(est: Any) -> bool:
    """Whether a fitted tree takes missing values (it depends on its criterion and release)."""
    return bool(est._support_missing_values(np.zeros((1, 1))))


def read_trees(
    trees: Sequence[Any],
    values: Sequence[np.ndarray],
    targets: np.ndarray | None = None,
    features: Sequence[np.ndarray] | None = None,
) -> Forest:
    """scikit-learn's Tree objects, with what each of their nodes is worth: (nodes, width).

    `features`: for trees grown on some of the features, which these are.
    """
    sizes = np.array([tree.node_count for tree in trees])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shift = np.repeat(roots, sizes)

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(tree, name) for tree in trees])

    left = joined("children_left")
    inner = left >= 0
    feature = joined("feature")
    if features is not None:
        own = [f[np.maximum(t.feature, 0)] for f, t in zip(features, trees, strict=True)]
        feature = np.concatenate(own)
    return Forest(
        roots=roots,
        left=np.where(inner, left + shift, -1),
        right=np.where(inner, joined("children_right") + shift, -1),
        feature=np.where(inner, feature, 0),
        cut=floor32(joined("threshold")),
        missing_left=joined("missing_go_to_left") != 0,
        values=np.concatenate(values),
        targets=np.zeros(len(trees), np.int32) if targets is None else targets,
        ids=np.arange(len(left)) - shift,
    )


def _sums(est: Any, ctx: Context, x: str, classes: Sequence[int] | None) -> tuple[str, str]:
    """The mean of what the trees hold, outputs behind one another, and the leaves."""
    forest = getattr(est, "estimators_", [est])
    trees = [member.tree_ for member in forest]
    allow_nan = accepts_nan(forest[0])
    ctx.check_input(est, x, allow_nan=allow_nan, float32=True)
    if classes is None:
        values = [tree.value[:, :, 0] for tree in trees]
    else:
        values = [
            np.concatenate([tree.value[:, k, :n] for k, n in enumerate(classes)], axis=1)
            for tree in trees
        ]
    op = to_op(
        read_trees(trees, values),
        ctx.width(x),
        np.zeros(values[0].shape[1]),
        allow_nan=allow_nan,
        divisor=float(len(trees)),
    )
    mean, leaves = ctx.emit_many(op, x)
    return mean, leaves


def _apply(est: Any, ctx: Context, leaves: str) -> Methods:
    """A forest names a leaf per tree, a tree on its own one in all."""
    if hasattr(est, "tree_"):
        leaves = ctx.emit(Reshape(()), leaves)
    return {"apply": Method((leaves,))}


@converter(
    "sklearn",
    "DecisionTreeRegressor",
    "ExtraTreeRegressor",
    "RandomForestRegressor",
    "ExtraTreesRegressor",
)
def tree_regressor(est: Any, ctx: Context, x: str) -> Methods:
    mean, leaves = _sums(est, ctx, x, None)
    if est.n_outputs_ == 1:
        mean = ctx.emit(Reshape(()), mean)
    return {"predict": Method((mean,)), **_apply(est, ctx, leaves)}


@converter(
    "sklearn",
    "DecisionTreeClassifier",
    "ExtraTreeClassifier",
    "RandomForestClassifier",
    "ExtraTreesClassifier",
)
def tree_classifier(est: Any, ctx: Context, x: str) -> Methods:
    counts = [int(n) for n in np.atleast_1d(est.n_classes_)]
    mean, leaves = _sums(est, ctx, x, counts)
    if est.n_outputs_ == 1:
        proba = Method((mean,))
        predict = argmax_labels(ctx, mean, est.classes_)
    else:
        ends = np.cumsum(counts)
        parts = tuple(
            ctx.emit(Select(np.arange(end - n, end, dtype=np.int32)), mean)
            for end, n in zip(ends.tolist(), counts, strict=True)
        )
        proba = Method(parts, "list")
        indices = ctx.emit(Concat(), *(ctx.emit(ArgMax(), part) for part in parts))
        predict = labels_of_columns(ctx, indices, est.classes_)
    return {
        "predict": predict,
        "predict_proba": proba,
        "predict_log_proba": log_of(ctx, proba),
        **_apply(est, ctx, leaves),
    }


# IsolationForest ---------------------------------------------------------------------------------


def _inlier_depth(est: Any, denominator: float) -> float:
    """The smallest sum of depths that counts as an inlier.

    `predict` compares ``-2 ** (-depths / denominator)`` with the offset, and the offset often is
    the score of one of the rows of the fit: the last bit of the power decides. So the answer
    is read off the estimator's own arithmetic, by halving the interval of depths.
    """

    def inlier(depths: float) -> bool:
        ratio = np.array([depths]) / denominator if denominator else np.ones(1)
        return bool((-(2 ** (-ratio)) - est.offset_)[0] >= 0)

    low, high = np.float64(-1.0), np.float64(1e300)
    if inlier(low):
        return -np.inf
    if not inlier(high):
        return np.inf
    # Halve the integers that order the doubles from 0 on, once below 0 is known to be out.
    if inlier(0.0):
        return 0.0
    bits = [int(np.float64(v).view(np.int64)) for v in (0.0, high)]
    while bits[1] - bits[0] > 1:
        middle = (bits[0] + bits[1]) // 2
        bits[inlier(float(np.int64(middle).view(np.float64)))] = middle
    return float(np.int64(bits[1]).view(np.float64))


@converter("sklearn", "IsolationForest")
def isolation_forest(est: Any, ctx: Context, x: str) -> Methods:
    """The mean depth at which a row is alone; infinity and NaN are taken as values."""
    trees = [member.tree_ for member in est.estimators_]
    paths = zip(est._decision_path_lengths, est._average_path_length_per_tree, strict=True)
    op = to_op(
        read_trees(
            trees,
            [(length + extra - 1.0)[:, None] for length, extra in paths],
            features=est.estimators_features_,
        ),
        ctx.width(x),
        np.zeros(1),
        allow_nan=True,
    )
    depths, _ = ctx.emit_many(op, x)
    depths = ctx.emit(Reshape(()), depths)
    denominator = len(trees) * _average_path_length(int(est._max_samples))
    if denominator:
        ratio = ctx.emit(BinaryConst("div", np.array([denominator])), depths)
    else:  # fitted on one row: every ratio is 1
        ratio = ctx.emit(BinaryConst("mul", np.zeros(1)), depths)
        ratio = ctx.emit(BinaryConst("add", np.ones(1)), ratio)
    scores = ctx.emit(Unary("neg"), ctx.emit(Unary("exp2"), ctx.emit(Unary("neg"), ratio)))
    decision = ctx.emit(BinaryConst("sub", np.array([float(est.offset_)])), scores)
    inlier = ctx.emit(SignIndex(_inlier_depth(est, denominator), inclusive=True), depths)
    return {
        "predict": Method((ctx.emit(Lookup(np.array([-1, 1])), inlier),)),
        "decision_function": Method((decision,)),
        "score_samples": Method((scores,)),
    }


def _average_path_length(n: int) -> float:
    """How deep an unsuccessful search in a tree of n rows goes on average."""
    if n <= 2:
        return float(n == 2)
    return float(2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n)
