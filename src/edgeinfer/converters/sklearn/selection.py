"""Feature selectors: the columns of their support mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import transformer
from edgeinfer.ops import Select

INNER = ("predict", "predict_proba", "predict_log_proba", "decision_function")
"""What recursive elimination has of the estimator it ends with."""


def select(ctx: Context, x: str, columns: np.ndarray) -> str:
    """The given columns of `x`; `x` itself if that is all of them, in order."""
    if np.array_equal(columns, np.arange(ctx.width(x))):
        return x
    y = ctx.emit(Select(np.asarray(columns, dtype=np.int32)), x)
    ctx.keep_range(y, x)
    return y


def support(est: Any, ctx: Context, x: str) -> str:
    """The columns that `est` keeps, after the check it makes."""
    if _allows_nan(est):
        ctx.check_width(est, x)  # such a selector takes infinity as well
    else:
        ctx.check_input(est, x)
    return select(ctx, x, np.flatnonzero(est.get_support()))


def _allows_nan(est: Any) -> bool:
    """What the estimator's tags say of NaN in X; scikit-learn before 1.6 kept them elsewhere."""
    try:
        from sklearn.utils import get_tags
    except ImportError:
        return bool(est._get_tags()["allow_nan"])
    return bool(get_tags(est).input_tags.allow_nan)


@converter(
    "sklearn",
    "VarianceThreshold",
    "SelectKBest",
    "SelectPercentile",
    "SelectFpr",
    "SelectFdr",
    "SelectFwe",
    "GenericUnivariateSelect",
    "SelectFromModel",
    "SequentialFeatureSelector",
)
def selector(est: Any, ctx: Context, x: str) -> Methods:
    return transformer(support(est, ctx, x))


@converter("sklearn", "RFE", "RFECV")
def recursive_elimination(est: Any, ctx: Context, x: str) -> Methods:
    transform_only = ctx.transform_only
    y = support(est, ctx, x)
    methods = transformer(y)
    if not transform_only:
        with ctx.step("estimator_"):
            inner = ctx.convert(est.estimator_, y)
        methods |= {name: method for name, method in inner.items() if name in INNER}
    return methods
