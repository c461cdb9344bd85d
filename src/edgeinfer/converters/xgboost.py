"""XGBoost's scikit-learn estimators.

Trees compare float32 features strictly (``x < cut``), leaves are float32 and summed in float32,
tree by tree, on top of the base score. Facts: the model's own JSON (``save_raw("json")``).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.boosters import classifier, scalar
from edgeinfer.converters.methods import labels_of, regressor
from edgeinfer.converters.trees import Forest, strictly_below, to_op
from edgeinfer.graph import Method
from edgeinfer.ops import SignIndex, Unary

LOGISTIC = ("binary:logistic", "reg:logistic", "binary:logitraw")
EXPONENTIAL = ("count:poisson", "reg:gamma", "reg:tweedie")
IDENTITY = (
    "reg:squarederror",
    "reg:linear",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
    "reg:squaredlogerror",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
)


def _learner(est: Any, ctx: Context) -> dict[str, Any]:
    learner: dict[str, Any] = json.loads(bytes(est.get_booster().save_raw("json")))["learner"]
    if learner["gradient_booster"]["name"] not in ("gbtree", "dart"):
        raise ctx.unsupported(est, "the booster gblinear; boosters of trees work")
    if not np.isnan(est.missing):
        raise ctx.unsupported(est, f"missing={est.missing!r}; NaN as the missing value works")
    return learner


def _base_margins(learner: dict[str, Any], outputs: int) -> np.ndarray:
    """The base score as margins: what the trees' sums start from."""
    text = learner["learner_model_param"]["base_score"]
    score = np.array(json.loads(text) if text.startswith("[") else [float(text)], np.float32)
    objective = learner["objective"]["name"]
    with np.errstate(divide="ignore"):
        if objective in LOGISTIC:
            score = -np.log(np.float32(1) / score - np.float32(1))
        elif objective in EXPONENTIAL:
            score = np.log(score)
    return np.ascontiguousarray(np.broadcast_to(score.astype(np.float32), (outputs,)))


def _forest(trees: list[dict[str, Any]], weights: list[float], targets: list[int]) -> Forest:
    sizes = np.array([len(tree["left_children"]) for tree in trees])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shift = np.repeat(roots, sizes)

    def joined(name: str, dtype: Any) -> np.ndarray:
        return np.concatenate([np.asarray(tree[name], dtype) for tree in trees])

    left = joined("left_children", np.int64)
    inner = left >= 0
    condition = joined("split_conditions", np.float32)
    weight = np.repeat(np.asarray(weights, np.float32), sizes)
    return Forest(
        roots=roots,
        left=np.where(inner, left + shift, -1),
        right=np.where(inner, joined("right_children", np.int64) + shift, -1),
        feature=np.where(inner, joined("split_indices", np.int64), 0),
        cut=strictly_below(condition),
        missing_left=joined("default_left", np.int64) != 0,
        values=np.where(inner, np.float32(0), condition * weight)[:, None],
        targets=np.array(targets, np.int32),
        ids=np.arange(len(left)) - shift,
    )


def margins(est: Any, ctx: Context, x: str) -> tuple[str, str | None, dict[str, Any]]:
    """The margins (outputs,) in float32, the leaves of each tree, and the learner's JSON."""
    learner = _learner(est, ctx)
    booster = learner["gradient_booster"]
    weights = booster.get("weight_drop")
    model = booster["gbtree"]["model"] if "gbtree" in booster else booster["model"]
    trees = model["trees"]
    best = learner["attributes"].get("best_iteration")
    if best is not None:  # early stopping: predict ends with the best round
        trees = trees[: model["iteration_indptr"][int(best) + 1]]
    if any(any(tree["split_type"]) for tree in trees):
        raise ctx.unsupported(est, "splits by categories; encode them as numbers before the fit")
    if any(int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in trees):
        raise ctx.unsupported(
            est, "trees with vector leaves; multi_strategy='one_output_per_tree' works"
        )
    parameters = learner["learner_model_param"]
    outputs = max(int(parameters["num_class"]), int(parameters.get("num_target", 1)), 1)
    ctx.check_input(est, x, allow_nan=True, float32=True)
    base = _base_margins(learner, outputs)
    op = to_op(
        _forest(trees, weights or [1.0] * len(trees), model["tree_info"][: len(trees)]),
        ctx.width(x),
        base,
        allow_nan=True,
    )
    sums, leaves = ctx.emit_many(op, x)
    return sums, leaves, learner


@converter("xgboost", "XGBClassifier", "XGBRFClassifier")
def xgboost_classifier(est: Any, ctx: Context, x: str) -> Methods:
    sums, _, learner = margins(est, ctx, x)
    objective = learner["objective"]["name"]
    classes = np.asarray(est.classes_)
    if objective not in ("binary:logistic", "multi:softprob", "multi:softmax"):
        raise ctx.unsupported(
            est, f"the objective {objective}; binary:logistic and multi:softprob work"
        )
    if ctx.width(sums) == 1 and objective != "binary:logistic":
        raise ctx.unsupported(est, f"the objective {objective} of one output")
    if ctx.width(sums) > 1 and objective == "binary:logistic":  # one sigmoid for each label
        proba = ctx.emit(Unary("logistic"), sums)
        return {
            "predict": Method((ctx.emit(SignIndex(0.5), proba),)),
            "predict_proba": Method((proba,)),
        }
    return classifier(ctx, sums, classes)


@converter("xgboost", "XGBRegressor", "XGBRFRegressor", "XGBRanker")
def xgboost_regressor(est: Any, ctx: Context, x: str) -> Methods:
    sums, _, learner = margins(est, ctx, x)
    objective = learner["objective"]["name"]
    if ctx.width(sums) == 1:
        sums = scalar(ctx, sums)
    if objective in EXPONENTIAL:
        return regressor(ctx.emit(Unary("exp"), sums))
    if objective in ("reg:logistic", "binary:logistic"):
        return regressor(ctx.emit(Unary("logistic"), sums))
    if objective == "binary:hinge":
        return {"predict": labels_of(ctx, ctx.emit(SignIndex(0.0), sums), np.array([0.0, 1.0]))}
    if objective not in IDENTITY and objective != "binary:logitraw":
        raise ctx.unsupported(est, f"the objective {objective}")
    return regressor(sums)
