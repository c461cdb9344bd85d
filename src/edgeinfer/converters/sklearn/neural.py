"""Multi-layer perceptrons."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import (
    argmax_labels,
    log_of,
    logistic_proba,
    regressor,
    sign_labels,
)
from edgeinfer.graph import Method
from edgeinfer.ops import Dense, Reshape, SignIndex, Softmax, Unary

ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
OUTPUTS = {"identity": None, "logistic": "logistic", "exp": "exp", "softmax": None}
"""Functions of the output layer that work elementwise; softmax is an op of its own."""


def layers(est: Any, ctx: Context, x: str) -> str:
    """The output layer before its activation, shape (outputs,)."""
    if est.activation not in ACTIVATIONS:
        raise ctx.unsupported(
            est,
            f"the activation is {est.activation!r}; those that work: {', '.join(ACTIVATIONS)}",
        )
    if est.out_activation_ not in OUTPUTS:
        raise ctx.unsupported(
            est,
            f"the output's activation is {est.out_activation_!r}; "
            f"those that work: {', '.join(OUTPUTS)}",
        )
    ctx.check_input(est, x)
    last = len(est.coefs_) - 1
    for number, (coef, intercept) in enumerate(zip(est.coefs_, est.intercepts_, strict=True)):
        hidden = number != last
        weights = np.ascontiguousarray(np.asarray(coef, dtype=np.float64).T)
        activation = "relu" if hidden and est.activation == "relu" else "linear"
        x = ctx.emit(Dense(weights, np.asarray(intercept, dtype=np.float64), activation), x)
        if hidden and est.activation in ("logistic", "tanh"):
            x = ctx.emit(Unary(est.activation), x)
    return x


def outputs(est: Any, ctx: Context, x: str) -> tuple[str, str]:
    """The output layer before and after its activation, shape (outputs,), or () for one output.

    Softmax is left out: before and after are the same.
    """
    y = layers(est, ctx, x)
    if ctx.width(y) == 1:
        y = ctx.emit(Reshape(()), y)
    function = OUTPUTS[est.out_activation_]
    return y, y if function is None else ctx.emit(Unary(function), y)


@converter("sklearn", "MLPRegressor")
def mlp_regressor(est: Any, ctx: Context, x: str) -> Methods:
    return regressor(outputs(est, ctx, x)[1])


@converter("sklearn", "MLPClassifier")
def mlp_classifier(est: Any, ctx: Context, x: str) -> Methods:
    """One class of two or many, or with several labels at once a 0/1 column for each."""
    raw, y = outputs(est, ctx, x)
    if est.out_activation_ == "softmax":
        proba = ctx.emit(Softmax(), raw)
        predict = argmax_labels(ctx, raw, est.classes_)
    elif ctx.builder.types[raw].shape:
        proba = y
        predict = Method((ctx.emit(SignIndex(0.5), y),))
    else:
        proba = logistic_proba(ctx, raw)
        predict = sign_labels(ctx, y, est.classes_, 0.5)
    method = Method((proba,))
    return {"predict": predict, "predict_proba": method, "predict_log_proba": log_of(ctx, method)}
