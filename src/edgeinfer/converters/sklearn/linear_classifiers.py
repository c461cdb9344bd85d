"""Linear classifiers: decisions as `linear.affine` has them, and labels and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import (
    argmax_labels,
    binary_proba,
    log_of,
    logistic_proba,
    sign_labels,
)
from edgeinfer.converters.sklearn.linear import affine_of, as_dense
from edgeinfer.graph import Method
from edgeinfer.ops import (
    BinaryConst,
    Clip,
    Dense,
    Impute,
    Normalize,
    Reshape,
    SignIndex,
    Softmax,
    Unary,
)


def decisions(est: Any, ctx: Context, x: str) -> str:
    """decision_function: shape () for a single column, else (columns,)."""
    scores = affine_of(est, ctx, x, as_dense(est.coef_), est.intercept_)
    return ctx.emit(Reshape(()), scores) if ctx.width(scores) == 1 else scores


def is_binary(ctx: Context, scores: str) -> bool:
    """Whether one margin decides between two classes."""
    return not ctx.builder.types[scores].shape


def classifier(est: Any, ctx: Context, scores: str) -> Methods:
    """`predict` and `decision_function` of `scores`."""
    if is_binary(ctx, scores):
        predict = sign_labels(ctx, scores, est.classes_)
    else:
        predict = argmax_labels(ctx, scores, est.classes_)
    return {"predict": predict, "decision_function": Method((scores,))}


def with_proba(ctx: Context, methods: Methods, proba: str) -> Methods:
    """`methods`, with probabilities and their logarithms."""
    method = Method((proba,))
    return {**methods, "predict_proba": method, "predict_log_proba": log_of(ctx, method)}


def one_vs_rest_proba(ctx: Context, scores: str) -> str:
    """Probabilities of each class against all others, normalised; all zero: all the same."""
    if is_binary(ctx, scores):
        return logistic_proba(ctx, scores)
    return _shares(ctx, ctx.emit(Unary("logistic"), scores))


def _shares(ctx: Context, values: str) -> str:
    return ctx.emit(Normalize("share"), values)


@converter("sklearn", "LinearSVC", "PassiveAggressiveClassifier", "Perceptron")
def margin_classifier(est: Any, ctx: Context, x: str) -> Methods:
    """Labels and decisions, no probabilities."""
    return classifier(est, ctx, decisions(est, ctx, x))


@converter("sklearn", "RidgeClassifier", "RidgeClassifierCV")
def ridge_classifier(est: Any, ctx: Context, x: str) -> Methods:
    """With several labels at once, predict is a 0/1 column for each."""
    scores = decisions(est, ctx, x)
    if not est._label_binarizer.y_type_.startswith("multilabel"):
        return classifier(est, ctx, scores)
    return {
        "predict": Method((ctx.emit(SignIndex(), scores),)),
        "decision_function": Method((scores,)),
    }


@converter("sklearn", "LogisticRegression", "LogisticRegressionCV")
def logistic_regression(est: Any, ctx: Context, x: str) -> Methods:
    """Softmax of the decisions; releases before 1.8 also fit one class against the rest."""
    scores = decisions(est, ctx, x)
    scheme = getattr(est, "multi_class", "auto")
    if is_binary(ctx, scores) and scheme == "multinomial":
        raise ctx.unsupported(
            est,
            "multi_class='multinomial' with two classes is not converted; fit it with "
            "multi_class='auto', which for two classes is the usual logistic regression",
        )
    one_vs_rest = scheme in ("ovr", "warn") or getattr(est, "solver", "") == "liblinear"
    if is_binary(ctx, scores) or one_vs_rest:
        proba = one_vs_rest_proba(ctx, scores)
    else:
        proba = ctx.emit(Softmax(), scores)
    return with_proba(ctx, classifier(est, ctx, scores), proba)


@converter("sklearn", "SGDClassifier")
def sgd_classifier(est: Any, ctx: Context, x: str) -> Methods:
    """Probabilities with loss='log_loss' and 'modified_huber' only, as in scikit-learn."""
    scores = decisions(est, ctx, x)
    methods = classifier(est, ctx, scores)
    if est.loss == "log_loss":
        return with_proba(ctx, methods, one_vs_rest_proba(ctx, scores))
    if est.loss == "modified_huber":
        moved = ctx.emit(BinaryConst("add", np.ones(1)), ctx.emit(Clip(-1.0, 1.0), scores))
        half = ctx.emit(BinaryConst("div", np.full(1, 2.0)), moved)
        proba = binary_proba(ctx, half) if is_binary(ctx, scores) else _shares(ctx, half)
        return with_proba(ctx, methods, proba)
    return methods


@converter("sklearn", "LinearDiscriminantAnalysis")
def linear_discriminant_analysis(est: Any, ctx: Context, x: str) -> Methods:
    """Decisions, probabilities, and unless solver='lsqr' the projection."""
    scores = decisions(est, ctx, x)
    binary = is_binary(ctx, scores)
    proba = logistic_proba(ctx, scores) if binary else ctx.emit(Softmax(), scores)
    methods = classifier(est, ctx, scores)
    methods["predict_proba"] = Method((proba,))
    # A probability of zero counts as the smallest normal number.
    fill = np.full(ctx.width(proba), np.finfo(np.float64).tiny)
    methods["predict_log_proba"] = log_of(ctx, Method((ctx.emit(Impute(0.0, fill), proba),)))
    if est.solver in ("svd", "eigen"):
        centred = x
        if est.solver == "svd":
            centred = ctx.emit(BinaryConst("sub", as_dense(est.xbar_)), x)
        components = as_dense(est.scalings_)[:, : est._max_components].T
        weights = np.ascontiguousarray(components)
        methods["transform"] = Method((ctx.emit(Dense(weights, np.zeros(len(weights))), centred),))
    return methods
