"""LightGBM's scikit-learn estimators.

Trees compare float64 features (``x <= cut``), leaves are float64 and summed round by round. A
feature without missing values in training takes a NaN for 0. Facts: the booster's own dump.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.boosters import classifier, one_against_rest, scalar, signed_square
from edgeinfer.converters.methods import regressor
from edgeinfer.converters.trees import Forest, to_op
from edgeinfer.ops import Unary

EXPONENTIAL = ("poisson", "gamma", "tweedie")
IDENTITY = (
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "quantile",
    "mape",
    "lambdarank",
    "rank_xendcg",
)


class _Nodes:
    """Nodes of all trees, read from the nested dictionaries of a dump."""

    def __init__(self, est: Any, ctx: Context) -> None:
        self.est, self.ctx = est, ctx
        self.left: list[int] = []
        self.right: list[int] = []
        self.feature: list[int] = []
        self.cut: list[float] = []
        self.missing_left: list[bool] = []
        self.value: list[float] = []

    def add_tree(self, root: dict[str, Any]) -> int:
        """Add a tree; the number of its root. Without recursion: leaf-wise trees grow deep."""
        first = self._add(root)
        todo = [(first, root)]
        while todo:
            number, node = todo.pop()
            for side, children in (("left_child", self.left), ("right_child", self.right)):
                if side in node:
                    children[number] = self._add(node[side])
                    todo.append((children[number], node[side]))
        return first

    def _add(self, node: dict[str, Any]) -> int:
        inner = "split_feature" in node
        if "leaf_const" in node or "leaf_coeff" in node:
            raise self.ctx.unsupported(self.est, "linear trees; constant leaves work")
        if inner and node["decision_type"] != "<=":
            raise self.ctx.unsupported(
                self.est, "splits by categories; encode them as numbers before the fit"
            )
        if inner and node["missing_type"] == "Zero":
            raise self.ctx.unsupported(self.est, "zero_as_missing; NaN as the missing value works")
        self.left.append(-1)
        self.right.append(-1)
        self.feature.append(node["split_feature"] if inner else 0)
        cut = float(node["threshold"]) if inner else 0.0
        self.cut.append(cut)
        none = inner and node["missing_type"] == "None"
        self.missing_left.append((cut >= 0.0) if none else bool(inner and node["default_left"]))
        self.value.append(0.0 if inner else float(node["leaf_value"]))
        return len(self.left) - 1


def margins(est: Any, ctx: Context, x: str) -> tuple[str, str]:
    """The raw scores (outputs,), and the objective as its string of parameters."""
    dump = est.booster_.dump_model(num_iteration=est.booster_.best_iteration)
    nodes = _Nodes(est, ctx)
    roots = [nodes.add_tree(tree["tree_structure"]) for tree in dump["tree_info"]]
    outputs = int(dump["num_tree_per_iteration"])
    ctx.check_width(est, x)
    op = to_op(
        Forest(
            roots=np.array(roots),
            left=np.array(nodes.left),
            right=np.array(nodes.right),
            feature=np.array(nodes.feature),
            cut=np.array(nodes.cut, np.float64),
            missing_left=np.array(nodes.missing_left),
            values=np.array(nodes.value)[:, None],
            targets=(np.arange(len(roots)) % outputs).astype(np.int32),
        ),
        ctx.width(x),
        np.zeros(outputs),
        allow_nan=True,
        divisor=float(len(roots) // outputs) if dump["average_output"] else 1.0,
    )
    return ctx.emit(op, x), str(dump.get("objective", ""))


def _parameter(objective: str, name: str, default: float) -> float:
    for part in objective.split()[1:]:
        key, _, value = part.partition(":")
        if key == name:
            return float(value)
    return default


@converter("lightgbm", "LGBMClassifier")
def lightgbm_classifier(est: Any, ctx: Context, x: str) -> Methods:
    sums, objective = margins(est, ctx, x)
    name = objective.partition(" ")[0]
    sigmoid = _parameter(objective, "sigmoid", 1.0)
    classes = np.asarray(est.classes_)
    if name == "multiclassova":
        return one_against_rest(ctx, sums, classes, sigmoid)
    if name not in ("binary", "multiclass"):
        raise ctx.unsupported(est, f"the objective {name or 'of a Python function'}")
    return classifier(ctx, sums, classes, sigmoid=sigmoid, by_argmax=True)


@converter("lightgbm", "LGBMRegressor", "LGBMRanker")
def lightgbm_regressor(est: Any, ctx: Context, x: str) -> Methods:
    sums, objective = margins(est, ctx, x)
    name, _, options = objective.partition(" ")
    margin = scalar(ctx, sums)
    if name in EXPONENTIAL:
        return regressor(ctx.emit(Unary("exp"), margin))
    if name == "cross_entropy":
        return regressor(ctx.emit(Unary("logistic"), margin))
    if name not in IDENTITY:
        raise ctx.unsupported(est, f"the objective {name or 'of a Python function'}")
    return regressor(signed_square(ctx, margin) if "sqrt" in options.split() else margin)
