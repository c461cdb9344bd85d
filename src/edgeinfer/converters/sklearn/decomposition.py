"""Projections: a matrix product, a shift, and for whitening a division."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import transformer
from edgeinfer.converters.sklearn.scaling import SPREAD
from edgeinfer.graph import Method
from edgeinfer.ops import Binary, BinaryConst, Dense, Reduce


@converter("sklearn", "PCA", "IncrementalPCA")
def pca(est: Any, ctx: Context, x: str) -> Methods:
    transform_only = ctx.transform_only
    ctx.check_input(est, x)
    components = np.asarray(est.components_, dtype=np.float64)
    shift = np.asarray(est.mean_, dtype=np.float64) @ components.T
    y = ctx.emit(Dense(components.copy(), -shift), x)
    deviation = np.sqrt(np.asarray(est.explained_variance_, dtype=np.float64))
    if est.whiten:
        y = ctx.emit(BinaryConst("div", np.maximum(deviation, np.finfo(np.float64).eps)), y)
        deviation = np.ones(1)
    spread = SPREAD * float(deviation.max(initial=0.0))
    ctx.expect_range(y, -spread, spread)
    methods = transformer(y)
    if hasattr(est, "score_samples") and not transform_only:
        try:
            precision = est.get_precision()
        except np.linalg.LinAlgError:
            pass  # degenerate data has no density: the source's method raises this too
        else:
            methods["score_samples"] = _log_likelihood(est, precision, ctx, x)
    return methods


def _log_likelihood(est: Any, precision: np.ndarray, ctx: Context, x: str) -> Method:
    """Logarithm of a normal distribution's density; `precision` is its inverse covariance."""
    precision = np.asarray(precision, dtype=np.float64)
    centred = ctx.emit(BinaryConst("sub", np.array(est.mean_, dtype=np.float64)), x)
    turned = ctx.emit(Dense(precision.T.copy(), np.zeros(len(precision))), centred)
    distance = ctx.emit(Reduce("sum"), ctx.emit(Binary("mul"), centred, turned))
    half = ctx.emit(BinaryConst("mul", np.array([-0.5])), distance)
    sign, log_det = np.linalg.slogdet(precision)
    log_det = log_det if sign > 0 else -np.inf
    rest = 0.5 * (len(precision) * np.log(2.0 * np.pi) - log_det)
    return Method((ctx.emit(BinaryConst("sub", np.array([rest])), half),))


@converter("sklearn", "TruncatedSVD")
def truncated_svd(est: Any, ctx: Context, x: str) -> Methods:
    ctx.check_input(est, x)
    components = np.asarray(est.components_, dtype=np.float64)
    return transformer(ctx.emit(Dense(components.copy(), np.zeros(len(components))), x))
