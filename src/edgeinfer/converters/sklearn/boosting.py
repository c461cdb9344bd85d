"""Gradient boosting: trees that add to raw predictions, one by one, and a link behind them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import argmax_labels, log_of, regressor, sign_labels
from edgeinfer.converters.sklearn.tree import read_trees
from edgeinfer.converters.trees import Forest, to_op
from edgeinfer.graph import Method
from edgeinfer.ops import (
    Binary,
    BinaryConst,
    Cast,
    CheckFinite,
    Clip,
    Concat,
    Reduce,
    Reshape,
    Select,
    Softmax,
    Unary,
)

CONSTANT_INITS = {
    "DummyRegressor": ("mean", "median", "quantile", "constant"),
    "DummyClassifier": ("prior", "most_frequent", "constant"),
}
FLOAT32_INITS = ("sklearn.tree.", "sklearn.ensemble._forest", "sklearn.ensemble._gb")
"""Where estimators live that round features to float32 themselves. A model that boosts from
another one hands it float32 features, and some then compute everything in float32."""

PROBES = 64


def _constant(value: float) -> np.ndarray:
    return np.array([value])


def _two_classes(ctx: Context, probability: str) -> str:
    """[1 - p, p] of p, shape (1,)."""
    other = ctx.emit(BinaryConst("mul", _constant(-1.0)), probability)
    return ctx.emit(Concat(), ctx.emit(BinaryConst("add", _constant(1.0)), other), probability)


def _link_name(est: Any) -> str:
    return type(est._loss.link).__name__


def _inverse_link(est: Any, ctx: Context, raw: str) -> str:
    """Predictions of raw predictions: means, or probabilities of all classes."""
    link = _link_name(est)
    if link == "IdentityLink":
        return raw
    if link == "LogLink":
        return ctx.emit(Unary("exp"), raw)
    if link == "MultinomialLogit":
        return ctx.emit(Softmax(), raw)
    if link == "HalfLogitLink":
        raw = ctx.emit(BinaryConst("mul", _constant(2.0)), raw)
    elif link != "LogitLink":
        raise ctx.unsupported(est, f"the link function {link} of its loss is unknown")
    return _two_classes(ctx, ctx.emit(Unary("logistic"), raw))


def _regressor(est: Any, ctx: Context, raw: str) -> Methods:
    return regressor(ctx.emit(Reshape(()), _inverse_link(est, ctx, raw)))


def _classifier(est: Any, ctx: Context, raw: str, *, zero_is_positive: bool) -> Methods:
    """Two classes are told by the sign of one raw prediction, more by the largest."""
    scores = ctx.emit(Reshape(()), raw) if ctx.width(raw) == 1 else raw
    if ctx.width(raw) == 1:
        predict = sign_labels(ctx, scores, est.classes_, inclusive=zero_is_positive)
    else:
        predict = argmax_labels(ctx, scores, est.classes_)
    methods = {
        "predict": predict,
        "predict_proba": Method((_inverse_link(est, ctx, raw),)),
        "decision_function": Method((scores,)),
    }
    if hasattr(est, "predict_log_proba"):
        methods["predict_log_proba"] = log_of(ctx, methods["predict_proba"])
    return methods


# GradientBoosting --------------------------------------------------------------------------------


def _constant_init(est: Any, ctx: Context, x: str) -> np.ndarray | None:
    """The raw prediction that boosting begins with, if it is the same for every row."""
    init, width = est.init_, est.n_trees_per_iteration_
    if isinstance(init, str):  # "zero"
        return np.zeros(width)
    strategies = CONSTANT_INITS.get(type(init).__name__, ())
    if init.strategy not in strategies if strategies else True:
        return None
    start = est._raw_predict_init(np.zeros((1, ctx.width(x)), np.float32))
    return np.ascontiguousarray(start[0], np.float64)


def _computes_in_float64(est: Any, width: int) -> bool:
    """Whether the init makes of float32 features what it makes of the same ones as float64.

    Tried on rows between the cuts of the trees; an init that is not sure of its answers differs
    as well.
    """
    cuts = [np.append(m.tree_.threshold[m.tree_.feature >= 0], 0.0) for m in est.estimators_.flat]
    low, high = min(c.min() for c in cuts) - 1, max(c.max() for c in cuts) + 1
    rows = np.random.default_rng(0).uniform(low, high, (PROBES, width)).astype(np.float32)
    answer = est.init_.predict_proba if hasattr(est, "classes_") else est.init_.predict
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        narrow, wide = answer(rows), answer(rows.astype(np.float64))
    return narrow.dtype != np.float32 and np.array_equal(narrow, wide)


def _computed_init(est: Any, ctx: Context, x: str) -> str:
    """Raw predictions of the init estimator."""
    init = est.init_
    if not type(init).__module__.startswith(FLOAT32_INITS):
        if not _computes_in_float64(est, ctx.width(x)):
            raise ctx.unsupported(
                est,
                f"init={type(init).__name__} computes in float32 or by chance here, which "
                "edgeinfer does not follow; what works as init: trees, forests, boosting, "
                "neighbours, support vectors with a kernel, 'zero' and the default",
            )
        x = ctx.emit(Cast("float64"), ctx.emit(Cast("float32"), x))
    width = est.n_trees_per_iteration_
    with ctx.step("init"):
        methods = ctx.convert(init, x)
    if not hasattr(est, "classes_"):
        method = methods["predict"]
        if method.labels or len(method.tensors) != 1:
            raise ctx.unsupported(est, f"init={type(init).__name__} does not predict numbers")
        return ctx.emit(Reshape((1,)), method.tensors[0])
    if "predict_proba" not in methods:
        raise ctx.unsupported(est, f"init={type(init).__name__} has no predict_proba")
    (p,) = methods["predict_proba"].tensors
    if width == 1:
        p = ctx.emit(Select(np.array([1], np.int32)), p)
    eps = float(np.finfo(np.float64).eps)
    p = ctx.emit(Clip(eps, 1 - eps), p)
    if width > 1:  # log(p / geometric mean)
        mean = ctx.emit(Reduce("sum"), ctx.emit(Unary("log"), p))
        mean = ctx.emit(BinaryConst("div", _constant(float(width))), mean)
        ratio = ctx.emit(Binary("div"), p, ctx.emit(Unary("exp"), mean))
        return ctx.emit(Unary("log"), ratio)
    other = ctx.emit(BinaryConst("mul", _constant(-1.0)), p)
    other = ctx.emit(BinaryConst("add", _constant(1.0)), other)
    raw = ctx.emit(Unary("log"), ctx.emit(Binary("div"), p, other))
    if _link_name(est) == "HalfLogitLink":
        raw = ctx.emit(BinaryConst("mul", _constant(0.5)), raw)
    return raw


@converter("sklearn", "GradientBoostingClassifier", "GradientBoostingRegressor")
def gradient_boosting(est: Any, ctx: Context, x: str) -> Methods:
    ctx.check_input(est, x, float32=True)
    stages, width = est.estimators_.shape
    trees = [member.tree_ for member in est.estimators_.ravel()]
    forest = read_trees(
        trees,
        [est.learning_rate * tree.value[:, 0, :1] for tree in trees],
        np.tile(np.arange(width), stages),
    )
    start = _constant_init(est, ctx, x)
    base = np.zeros(width) if start is None else start
    op = to_op(forest, ctx.width(x), base, allow_nan=False)
    init = [_computed_init(est, ctx, x)] if start is None else []
    raw, leaves = ctx.emit_many(op, x, *init)
    names = ctx.emit(Cast("float64"), leaves)
    if not hasattr(est, "classes_"):
        return {**_regressor(est, ctx, raw), "apply": Method((names,))}
    names = ctx.emit(Reshape((stages, width)), names)
    methods = _classifier(est, ctx, raw, zero_is_positive=True)
    return {**methods, "apply": Method((names,))}


# HistGradientBoosting ----------------------------------------------------------------------------


def _as_boosted(est: Any, ctx: Context, x: str) -> tuple[str, dict[int, np.ndarray]]:
    """Features in the order the trees know them, and the categories of those that have some.

    With categories the estimator encodes them by their order among those of the fit, puts them
    first, and refuses infinity among them.
    """
    if est._preprocessor is None:
        return x, {}
    encoder = est._preprocessor.named_transformers_["encoder"]
    categories = {}
    for number, values in enumerate(encoder.categories_):
        known = np.asarray(values)
        if known.dtype.kind not in "iufb":
            raise ctx.unsupported(
                est,
                f"its categorical feature number {number} has values that are no numbers "
                f"({known[0]!r}); encode them before the fit, for example with OrdinalEncoder",
            )
        known = known.astype(np.float64)
        categories[number] = known[~np.isnan(known)]
    where = np.asarray(est.is_categorical_, bool)
    order = [np.flatnonzero(where).astype(np.int32), np.flatnonzero(~where).astype(np.int32)]
    first = ctx.emit(Select(order[0]), x)
    ctx.emit_many(CheckFinite(type(est).__name__, allow_nan=True), first)
    if not order[1].size:
        return first, categories
    return ctx.emit(Concat(), first, ctx.emit(Select(order[1]), x)), categories


def _read_predictors(est: Any, categories: dict[int, np.ndarray]) -> Forest:
    predictors = [p for iteration in est._predictors for p in iteration]
    sizes = np.array([len(p.nodes) for p in predictors])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shift = np.repeat(roots, sizes)
    nodes = np.concatenate([p.nodes for p in predictors])
    inner = nodes["is_leaf"] == 0
    category_set = sets = None
    if categories:
        tables = [p.raw_left_cat_bitsets.reshape(-1, 8) for p in predictors]
        counts = np.array([len(table) for table in tables])
        offset = np.repeat(np.cumsum(counts) - counts, sizes)
        own = (nodes["is_categorical"] != 0) & inner
        category_set = np.where(own, offset + nodes["bitset_idx"], -1)
        words = np.ascontiguousarray(np.concatenate(tables), "<u4")
        sets = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little").astype(bool)
    return Forest(
        roots=roots,
        left=np.where(inner, nodes["left"].astype(np.int64) + shift, -1),
        right=np.where(inner, nodes["right"].astype(np.int64) + shift, -1),
        feature=np.where(inner, nodes["feature_idx"], 0),
        cut=nodes["num_threshold"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"] != 0,
        values=nodes["value"].astype(np.float64)[:, None],
        targets=np.tile(np.arange(est.n_trees_per_iteration_), len(est._predictors)),
        category_set=category_set,
        sets=sets,
        categories=categories,
    )


@converter("sklearn", "HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
def hist_gradient_boosting(est: Any, ctx: Context, x: str) -> Methods:
    features, categories = _as_boosted(est, ctx, x)
    width = est.n_trees_per_iteration_
    base = np.broadcast_to(np.asarray(est._baseline_prediction, np.float64).ravel(), (width,))
    if est._predictors:
        forest = _read_predictors(est, categories)
    else:
        raise ctx.unsupported(est, "has no trees (max_iter=0)")
    op = to_op(forest, ctx.width(features), base.copy(), allow_nan=True)
    raw = ctx.emit(op, features)
    if not hasattr(est, "classes_"):
        return _regressor(est, ctx, raw)
    return _classifier(est, ctx, raw, zero_is_positive=False)
