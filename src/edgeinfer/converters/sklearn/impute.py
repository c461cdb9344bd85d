"""SimpleImputer and its indicator of missing values."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import transformer
from edgeinfer.converters.sklearn.selection import select
from edgeinfer.ops import BinaryConst, Concat, Impute, Unary


def missing_number(est: Any, ctx: Context) -> float:
    """What counts as missing, as a number; None, pandas.NA and strings are refused."""
    value = est.missing_values
    if not isinstance(value, Real):
        raise ctx.unsupported(
            est, f"missing_values={value!r} is no number; np.nan and numbers work"
        )
    return float(value)


def is_missing(ctx: Context, x: str, missing: float) -> str:
    """1.0 where `x` is `missing`, else 0.0."""
    if np.isnan(missing):
        return ctx.emit(Unary("isnan"), x)
    return ctx.emit(BinaryConst("eq", np.array([missing])), x)


@converter("sklearn", "SimpleImputer")
def simple_imputer(est: Any, ctx: Context, x: str) -> Methods:
    missing = missing_number(est, ctx)
    ctx.check_input(est, x, allow_nan=bool(np.isnan(missing)))
    statistics = np.asarray(est.statistics_)
    try:
        numbers = statistics.astype(np.float64)
    except (TypeError, ValueError) as err:
        raise ctx.unsupported(est, "fills in strings; only numeric columns can be imputed") from err
    kept = np.arange(numbers.size)
    if not est.keep_empty_features:
        kept = np.flatnonzero(~np.isnan(numbers))
    # Values are filled in as the dtype of the fit has them: 0.1 of a float32 column is not 0.1.
    fill_dtype = np.dtype(getattr(est, "_fill_dtype", statistics.dtype))
    fill = statistics[kept].astype(fill_dtype).astype(np.float64)
    y = ctx.emit(Impute(missing, fill), select(ctx, x, kept))
    if est.add_indicator:
        columns = np.asarray(est.indicator_.features_)
        y = ctx.emit(Concat(), y, is_missing(ctx, select(ctx, x, columns), missing))
    return transformer(y)


@converter("sklearn", "MissingIndicator")
def missing_indicator(est: Any, ctx: Context, x: str) -> Methods:
    """1.0 where a value is missing, 0.0 elsewhere (scikit-learn has True and False)."""
    missing = missing_number(est, ctx)
    ctx.check_input(est, x, allow_nan=bool(np.isnan(missing)))
    columns = np.asarray(est.features_)
    if est.features == "missing-only" and est.error_on_new and columns.size < ctx.width(x):
        raise ctx.unsupported(
            est,
            "error_on_new=True, which refuses values that are missing where none was in the fit; "
            "the nearest that works is error_on_new=False, or SimpleImputer(add_indicator=True)",
        )
    return transformer(is_missing(ctx, select(ctx, x, columns), missing))
