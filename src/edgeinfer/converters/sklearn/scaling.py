"""Scalers and what else works on each value or row by itself.

Ranges for integer models without calibration data: a scaler that centres and divides says that
its values lie within `SPREAD` of what it divides by, taken as standard deviations of a normal
distribution; MinMaxScaler says its `feature_range`, MaxAbsScaler and Normalizer -1 to 1,
Binarizer 0 to 1. Values beyond saturate, which `model.report` counts on calibration data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import transformer
from edgeinfer.ops import Binary, BinaryConst, Clip, Normalize, Unary

SPREAD = 6.0
"""Standard deviations around the mean within which scaled values are expected."""


def constant(values: Any) -> np.ndarray:
    """One float64 per feature, or one for all."""
    return np.atleast_1d(np.asarray(values, dtype=np.float64))


@converter("sklearn", "StandardScaler")
def standard_scaler(est: Any, ctx: Context, x: str) -> Methods:
    ctx.check_input(est, x, allow_nan=True)
    y = x
    if est.with_mean:
        y = ctx.emit(BinaryConst("sub", constant(est.mean_)), y)
    if est.with_std:
        y = ctx.emit(BinaryConst("div", constant(est.scale_)), y)
        centre = 0.0 if est.with_mean else constant(est.mean_)
        spread = SPREAD * np.sqrt(constant(est.var_))
        low, high = (centre - spread) / est.scale_, (centre + spread) / est.scale_
        ctx.expect_range(y, np.min(low), np.max(high))
    return transformer(y)


@converter("sklearn", "RobustScaler")
def robust_scaler(est: Any, ctx: Context, x: str) -> Methods:
    ctx.check_input(est, x, allow_nan=True)
    y = x
    if est.with_centering:
        y = ctx.emit(BinaryConst("sub", constant(est.center_)), y)
    if est.with_scaling:
        y = ctx.emit(BinaryConst("div", constant(est.scale_)), y)
        if est.with_centering:
            sigma = 1.0 if est.unit_variance else _sigma_in_quantiles(*est.quantile_range)
            ctx.expect_range(y, -SPREAD * sigma, SPREAD * sigma)
    return transformer(y)


def _sigma_in_quantiles(low: float, high: float) -> float:
    """The standard deviation of a normal distribution, in distances between two percentiles."""
    from statistics import NormalDist

    q = np.clip([low / 100, high / 100], 1e-3, 1 - 1e-3)
    span = NormalDist().inv_cdf(float(q[1])) - NormalDist().inv_cdf(float(q[0]))
    return 1 / span if span > 0 else np.inf


@converter("sklearn", "MinMaxScaler")
def min_max_scaler(est: Any, ctx: Context, x: str) -> Methods:
    ctx.check_input(est, x, allow_nan=True)
    low, high = map(float, est.feature_range)
    y = ctx.emit(BinaryConst("mul", constant(est.scale_)), x)
    y = ctx.emit(BinaryConst("add", constant(est.min_)), y)
    if est.clip:
        y = ctx.emit(Clip(low, high), y)
    ctx.expect_range(y, low, high)
    return transformer(y)


@converter("sklearn", "MaxAbsScaler")
def max_abs_scaler(est: Any, ctx: Context, x: str) -> Methods:
    ctx.check_input(est, x, allow_nan=True)
    y = ctx.emit(BinaryConst("div", constant(est.scale_)), x)
    if getattr(est, "clip", False):  # an option since scikit-learn 1.9
        y = ctx.emit(Clip(-1.0, 1.0), y)
    ctx.expect_range(y, -1.0, 1.0)
    return transformer(y)


@converter("sklearn", "Normalizer")
def normalizer(est: Any, ctx: Context, x: str) -> Methods:
    ctx.check_input(est, x)
    # scikit-learn takes norms that are nearly zero for zero, and divides by one.
    y = ctx.emit(Normalize(est.norm, below=10 * float(np.finfo(np.float64).eps)), x)
    ctx.expect_range(y, -1.0, 1.0)
    return transformer(y)


@converter("sklearn", "Binarizer")
def binarizer(est: Any, ctx: Context, x: str) -> Methods:
    ctx.check_input(est, x)
    y = ctx.emit(BinaryConst("gt", constant(est.threshold)), x)
    ctx.expect_range(y, 0.0, 1.0)
    return transformer(y)


UFUNCS = {
    "absolute": "abs",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "log": "log",
    "log1p": "log1p",
    "negative": "neg",
    "sqrt": "sqrt",
    "tanh": "tanh",
}
"""NumPy functions of one argument that are ops."""


@converter("sklearn", "FunctionTransformer")
def function_transformer(est: Any, ctx: Context, x: str) -> Methods:
    if est.validate:
        ctx.check_input(est, x)
    else:
        ctx.read_all(x)
    if est.func is None:
        return transformer(x)
    name = est.func.__name__ if isinstance(est.func, np.ufunc) else None
    if est.kw_args or (name not in UFUNCS and name != "square"):
        known = ", ".join(f"np.{n}" for n in sorted([*UFUNCS, "square"]))
        raise ctx.unsupported(
            est,
            f"func={est.func!r} is Python code that edgeinfer cannot look into; the nearest that "
            f"works is one of {known} (without kw_args), or func=None",
        )
    if name == "square":
        return transformer(ctx.emit(Binary("mul"), x, x))
    return transformer(ctx.emit(Unary(UFUNCS[str(name)]), x))
