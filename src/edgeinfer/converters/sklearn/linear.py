"""Linear models: X @ coef.T + intercept, and what each makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import argmax_labels, log_of, regressor
from edgeinfer.graph import Method
from edgeinfer.ops import Dense, Reshape, Softmax


def affine(est: Any, ctx: Context, x: str) -> str:
    """The tensor of ``X @ coef_.T + intercept_``: shape () for one output, else (outputs,)."""
    ctx.check_input(est, x)
    coef = np.asarray(est.coef_, dtype=np.float64)
    weights = np.atleast_2d(coef)
    bias = np.broadcast_to(np.asarray(est.intercept_, dtype=np.float64), len(weights)).copy()
    y = ctx.emit(Dense(weights, bias), x)
    return ctx.emit(Reshape(()), y) if coef.ndim == 1 else y


@converter("sklearn", "LinearRegression", "Ridge", "Lasso", "ElasticNet")
def linear_regressor(est: Any, ctx: Context, x: str) -> Methods:
    return regressor(affine(est, ctx, x))


@converter("sklearn", "LogisticRegression")
def logistic_regression(est: Any, ctx: Context, x: str) -> Methods:
    scores = affine(est, ctx, x)
    if ctx.width(scores) == 1:
        raise ctx.unsupported(est, "binary: to be done")
    proba = Method((ctx.emit(Softmax(), scores),))
    return {
        "predict": argmax_labels(ctx, scores, est.classes_),
        "decision_function": Method((scores,)),
        "predict_proba": proba,
        "predict_log_proba": log_of(ctx, proba),
    }
