"""What gradient boosting libraries share: margins of trees, and what a prediction makes of them."""

from __future__ import annotations

import numpy as np

from edgeinfer.converters._registry import Context, Methods
from edgeinfer.converters.methods import argmax_labels, labels_of, log_of
from edgeinfer.graph import Method
from edgeinfer.ops import ArgMax, Binary, BinaryConst, Concat, Reshape, SignIndex, Softmax, Unary


def scalar(ctx: Context, tensor: str) -> str:
    """A tensor of shape (1,) with shape ()."""
    return ctx.emit(Reshape(()), tensor)


def two_classes(ctx: Context, margin: str, sigmoid: float = 1.0) -> tuple[str, str]:
    """The probability of the second class, shape (), and those of both, of a margin (1,)."""
    dtype = ctx.builder.types[margin].dtype
    if sigmoid != 1.0:
        margin = ctx.emit(BinaryConst("mul", np.array([sigmoid], dtype)), margin)
    second = ctx.emit(Unary("logistic"), margin)
    negative = ctx.emit(Unary("neg"), second)
    first = ctx.emit(BinaryConst("add", np.ones(1, dtype)), negative)
    return scalar(ctx, second), ctx.emit(Concat(), first, second)


def classifier(
    ctx: Context,
    margins: str,
    classes: np.ndarray,
    *,
    sigmoid: float = 1.0,
    log: bool = False,
    by_argmax: bool = False,
) -> Methods:
    """`predict` and `predict_proba` of two classes by one margin, or of several by one each.

    Of two classes the second is predicted where its probability is above 0.5, or (`by_argmax`)
    above that of the first; `log`: the library has predict_log_proba.
    """
    if ctx.width(margins) == 1:
        second, both = two_classes(ctx, margins, sigmoid)
        index = ctx.emit(ArgMax(), both) if by_argmax else ctx.emit(SignIndex(0.5), second)
        predict = labels_of(ctx, index, classes)
        proba = Method((both,))
    else:
        probabilities = ctx.emit(Softmax(), margins)
        predict = argmax_labels(ctx, probabilities, classes)
        proba = Method((probabilities,))
    methods = {"predict": predict, "predict_proba": proba}
    return methods | ({"predict_log_proba": log_of(ctx, proba)} if log else {})


def one_against_rest(ctx: Context, margins: str, classes: np.ndarray, sigmoid: float) -> Methods:
    """Several classes with a sigmoid each, not summing to one: LightGBM's multiclassova."""
    dtype = ctx.builder.types[margins].dtype
    if sigmoid != 1.0:
        margins = ctx.emit(BinaryConst("mul", np.array([sigmoid], dtype)), margins)
    scores = ctx.emit(Unary("logistic"), margins)
    return {
        "predict": argmax_labels(ctx, scores, classes),
        "predict_proba": Method((scores,)),
    }


def scaled(ctx: Context, sums: str, scale: float, bias: np.ndarray) -> str:
    """``sums * scale + bias``, leaving out what changes nothing."""
    if scale != 1.0:
        sums = ctx.emit(BinaryConst("mul", np.array([scale])), sums)
    return ctx.emit(BinaryConst("add", bias), sums) if bias.any() else sums


def signed_square(ctx: Context, margin: str) -> str:
    """``sign(x) * x * x``: what LightGBM's `reg_sqrt` undoes."""
    return ctx.emit(Binary("mul"), margin, ctx.emit(Unary("abs"), margin))
