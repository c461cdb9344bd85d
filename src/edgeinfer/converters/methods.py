"""From scores to the methods users call, the same for every estimator family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeinfer.converters._registry import Context, Methods
from edgeinfer.graph import Method
from edgeinfer.ops import ArgMax, Complement, Lookup, SignIndex, Unary


def transformer(tensor: str) -> Methods:
    """Methods of a transformer whose result is `tensor`."""
    return {"transform": Method((tensor,))}


def regressor(tensor: str) -> Methods:
    """Methods of a regressor whose prediction is `tensor`."""
    return {"predict": Method((tensor,))}


def labels_of(ctx: Context, index: str, classes: np.ndarray) -> Method:
    """`predict` for one target: the class label of each index of the tensor `index` (int64, ()).

    Integer labels are looked up natively; others after the native call, from the label table.
    """
    classes = np.asarray(classes)
    if classes.dtype == np.int64:
        return Method((ctx.emit(Lookup(classes), index),))
    return Method((index,), labels=(ctx.builder.add_labels(classes),))


def labels_of_columns(ctx: Context, index: str, classes: Sequence[np.ndarray]) -> Method:
    """`predict` for several targets: column k of `index` (int64, (targets,)) in ``classes[k]``."""
    tables = tuple(ctx.builder.add_labels(np.asarray(c)) for c in classes)
    return Method((index,), labels=tables)


def argmax_labels(ctx: Context, scores: str, classes: np.ndarray) -> Method:
    """`predict` as the class with the highest score (the first of equals)."""
    return labels_of(ctx, ctx.emit(ArgMax(), scores), classes)


def sign_labels(
    ctx: Context, margin: str, classes: np.ndarray, threshold: float = 0.0, inclusive: bool = False
) -> Method:
    """`predict` of two classes by one margin of shape (): the second where it is above."""
    return labels_of(ctx, ctx.emit(SignIndex(threshold, inclusive), margin), classes)


def log_of(ctx: Context, proba: Method) -> Method:
    """`predict_log_proba` as the logarithm of `predict_proba`."""
    tensors = tuple(ctx.emit(Unary("log"), t) for t in proba.tensors)
    return Method(tensors, proba.layout)


def binary_proba(ctx: Context, positive: str) -> str:
    """The probabilities (of two classes) from that of the second, `positive`, of shape ()."""
    return ctx.emit(Complement(), positive)


def logistic_proba(ctx: Context, margin: str) -> str:
    """The probabilities (of two classes) whose log odds are `margin`, of shape ()."""
    return ctx.emit(Complement("logistic"), margin)
