"""CatBoost's estimators with symmetric trees over numeric features.

Trees compare float32 features with float32 borders (``x > border`` sets a bit of the leaf's
number), leaves are float64. Facts: the model saved as JSON.
"""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.boosters import classifier, scalar, scaled
from edgeinfer.converters.methods import regressor
from edgeinfer.converters.trees import Forest, to_op
from edgeinfer.graph import Method
from edgeinfer.ops import Reshape, Unary

EXPONENTIAL = ("Poisson", "Tweedie")
IDENTITY = (
    "RMSE",
    "MAE",
    "Quantile",
    "LogLinQuantile",
    "MAPE",
    "Huber",
    "Expectile",
    "LogCosh",
    "Lq",
)


def _document(est: Any, ctx: Context) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        est.save_model(path, format="json")
        with open(path, encoding="utf-8") as stream:
            document: dict[str, Any] = json.load(stream)
    if "oblivious_trees" not in document:
        raise ctx.unsupported(
            est, "trees that are not symmetric; grow_policy='SymmetricTree' works"
        )
    kinds = {s["split_type"] for t in document["oblivious_trees"] for s in t["splits"] or ()}
    if kinds - {"FloatFeature"}:
        raise ctx.unsupported(
            est, f"splits of type {', '.join(sorted(kinds))}; numeric features work"
        )
    return document


def _forest(document: dict[str, Any], outputs: int) -> Forest:
    """A symmetric tree of depth d as 2^d - 1 nodes and 2^d leaves, level by level."""
    flat = {
        f["feature_index"]: (f["flat_feature_index"], f["nan_value_treatment"] != "AsTrue")
        for f in document["features_info"].get("float_features", ())
    }
    parts: dict[str, list[np.ndarray]] = {
        name: [] for name in ("left", "right", "feature", "cut", "missing", "values")
    }
    roots = []
    count = 0
    for tree in document["oblivious_trees"]:
        splits = tree["splits"] or []
        depth = len(splits)
        inner = (1 << depth) - 1
        number = np.arange(2 * inner + 1)
        level = np.floor(np.log2(number + 1)).astype(np.int64)
        # The last split is the highest bit of a leaf's number: it goes to the root.
        of_level = [splits[depth - 1 - k] for k in range(depth)]
        features = np.array([flat[s["float_feature_index"]][0] for s in of_level] + [0])
        lefts = np.array([flat[s["float_feature_index"]][1] for s in of_level] + [True])
        borders = np.array([s["border"] for s in of_level] + [0.0], np.float32)
        is_inner = number < inner
        values = np.zeros((len(number), outputs))
        values[inner:] = np.reshape(tree["leaf_values"], (inner + 1, outputs))
        roots.append(count)
        parts["left"].append(np.where(is_inner, 2 * number + 1 + count, -1))
        parts["right"].append(np.where(is_inner, 2 * number + 2 + count, -1))
        parts["feature"].append(features[level])
        parts["cut"].append(borders[level])
        parts["missing"].append(lefts[level])
        parts["values"].append(values)
        count += len(number)
    joined = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    return Forest(
        roots=np.array(roots),
        left=joined["left"],
        right=joined["right"],
        feature=joined["feature"],
        cut=joined["cut"],
        missing_left=joined["missing"],
        values=joined["values"],
        targets=np.zeros(len(roots), np.int32),
    )


def margins(est: Any, ctx: Context, x: str) -> tuple[str, str]:
    """The raw values (outputs,), and the name of the loss function."""
    document = _document(est, ctx)
    scale, bias = document["scale_and_bias"]
    bias = np.atleast_1d(np.asarray(bias, np.float64))
    outputs = len(document["oblivious_trees"][0]["leaf_values"]) >> len(
        document["oblivious_trees"][0]["splits"] or []
    )
    ctx.check_width(est, x)
    op = to_op(_forest(document, outputs), ctx.width(x), np.zeros(outputs), allow_nan=True)
    if bias.size not in (1, outputs):
        raise ctx.unsupported(est, f"{bias.size} biases for {outputs} outputs")
    loss = document["model_info"]["params"]["loss_function"]["type"]
    return scaled(ctx, ctx.emit(op, x), float(scale), bias), str(loss)


@converter("catboost", "CatBoostClassifier")
def catboost_classifier(est: Any, ctx: Context, x: str) -> Methods:
    sums, loss = margins(est, ctx, x)
    if loss not in ("Logloss", "CrossEntropy", "MultiClass"):
        raise ctx.unsupported(est, f"the loss function {loss}; Logloss and MultiClass work")
    if est.get_probability_threshold() not in (None, 0.5) and ctx.width(sums) == 1:
        raise ctx.unsupported(est, "a probability threshold other than 0.5")
    methods = classifier(ctx, sums, np.asarray(est.classes_), log=True)
    if ctx.width(sums) > 1:  # a column of labels, as CatBoost has it
        predict = methods["predict"]
        methods["predict"] = Method(
            (ctx.emit(Reshape((1,)), predict.tensors[0]),), predict.layout, predict.labels
        )
    return methods


@converter("catboost", "CatBoostRegressor")
def catboost_regressor(est: Any, ctx: Context, x: str) -> Methods:
    sums, loss = margins(est, ctx, x)
    if ctx.width(sums) > 1:
        if loss != "MultiRMSE":
            raise ctx.unsupported(est, f"the loss function {loss}")
        return regressor(sums)
    margin = scalar(ctx, sums)
    if loss in EXPONENTIAL:
        return regressor(ctx.emit(Unary("exp"), margin))
    if loss not in IDENTITY:
        raise ctx.unsupported(est, f"the loss function {loss}")
    return regressor(margin)
