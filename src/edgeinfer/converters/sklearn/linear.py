"""Linear models: X @ coef.T + intercept, and what each makes of it.

Classifiers are in `linear_classifiers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import regressor, sign_labels
from edgeinfer.graph import Method
from edgeinfer.ops import BinaryConst, Dense, Reshape, Unary


def as_dense(matrix: Any) -> np.ndarray:
    """A fitted array as float64; `sparsify()` makes some of them sparse."""
    array = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    return np.ascontiguousarray(array, dtype=np.float64)


def affine_of(est: Any, ctx: Context, x: str, coef: np.ndarray, intercept: Any) -> str:
    """The tensor of ``X @ coef.T + intercept``, of shape (outputs,)."""
    ctx.check_input(est, x)
    weights = np.atleast_2d(coef)
    bias = np.broadcast_to(np.asarray(intercept, dtype=np.float64), (len(weights),)).copy()
    return ctx.emit(Dense(weights, bias), x)


def affine(est: Any, ctx: Context, x: str) -> str:
    """The tensor of ``X @ coef_.T + intercept_``: shape () for a flat coef_, else (outputs,)."""
    coef = as_dense(est.coef_)
    y = affine_of(est, ctx, x, coef, est.intercept_)
    return ctx.emit(Reshape(()), y) if coef.ndim == 1 else y


@converter(
    "sklearn",
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "HuberRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearRegression",
    "LinearSVR",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "TheilSenRegressor",
)
def linear_regressor(est: Any, ctx: Context, x: str) -> Methods:
    return regressor(affine(est, ctx, x))


@converter("sklearn", "SGDRegressor", "PassiveAggressiveRegressor")
def sgd_regressor(est: Any, ctx: Context, x: str) -> Methods:
    """Its prediction is flat, whatever shape `sparsify()` has given to coef_."""
    y = affine_of(est, ctx, x, as_dense(est.coef_), est.intercept_)
    return regressor(ctx.emit(Reshape(()), y))


LINKS = {"IdentityLink": None, "LogLink": "exp", "LogitLink": "logistic"}
"""Link functions of generalised linear models -> the function that inverts each."""


@converter("sklearn", "PoissonRegressor", "GammaRegressor", "TweedieRegressor")
def generalized_linear_regressor(est: Any, ctx: Context, x: str) -> Methods:
    """predict is the inverse link of the linear predictor."""
    y = affine(est, ctx, x)
    link = type(est._base_loss.link).__name__
    if link not in LINKS:
        raise ctx.unsupported(est, f"its link is {link}; those that work: {', '.join(LINKS)}")
    inverse = LINKS[link]
    return regressor(y if inverse is None else ctx.emit(Unary(inverse), y))


@converter("sklearn", "RANSACRegressor")
def ransac_regressor(est: Any, ctx: Context, x: str) -> Methods:
    """The estimator fitted on the inliers predicts."""
    with ctx.step("estimator_"):
        inner = ctx.convert(est.estimator_, x)
    if "predict" not in inner:
        raise ctx.unsupported(est, "its estimator_ has no predict")
    return {"predict": inner["predict"]}


@converter("sklearn", "SGDOneClassSVM")
def sgd_one_class_svm(est: Any, ctx: Context, x: str) -> Methods:
    """1 for inliers (a decision of zero is one), -1 for outliers, int32 as the source has it."""
    offset = np.asarray(est.offset_, dtype=np.float64)
    scores = affine_of(est, ctx, x, as_dense(est.coef_), -offset)
    decision = ctx.emit(Reshape(()), scores)
    labels = np.array([-1, 1], dtype=np.int32)
    return {
        "predict": sign_labels(ctx, decision, labels, inclusive=True),
        "decision_function": Method((decision,)),
        "score_samples": Method((ctx.emit(BinaryConst("add", np.ravel(offset)), decision),)),
    }
