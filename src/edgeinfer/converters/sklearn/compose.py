"""Estimators that put others one behind the other or side by side, and searches over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import transformer
from edgeinfer.converters.sklearn.selection import select
from edgeinfer.ops import BinaryConst, Concat, Select

DELEGATED = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "transform",
)
"""What pipelines and searches have of the estimator inside them."""


def delegated(methods: Methods) -> Methods:
    """The methods that a pipeline or search hands on."""
    return {name: method for name, method in methods.items() if name in DELEGATED}


def is_passthrough(est: Any) -> bool:
    """Whether this step of a pipeline or union changes nothing."""
    return est is None or (isinstance(est, str) and est == "passthrough")


@converter("sklearn", "Pipeline")
def pipeline(est: Any, ctx: Context, x: str) -> Methods:
    transform_only = ctx.transform_only
    *steps, (last_name, last) = est.steps
    if is_passthrough(last) and all(is_passthrough(step) for _, step in steps):
        ctx.read_all(x)
    for name, step in steps:
        if not is_passthrough(step):
            with ctx.step(name):
                x = ctx.transform(step, x)
    if is_passthrough(last):
        return transformer(x)
    with ctx.step(last_name):
        return delegated(ctx.convert(last, x, transform_only=transform_only))


@converter(
    "sklearn",
    "GridSearchCV",
    "RandomizedSearchCV",
    "HalvingGridSearchCV",
    "HalvingRandomSearchCV",
)
def search(est: Any, ctx: Context, x: str) -> Methods:
    if not hasattr(est, "best_estimator_"):
        raise ctx.unsupported(
            est,
            "refit=False leaves no fitted model behind; fit it with refit=True, or convert the "
            "estimator you fit with best_params_",
        )
    transform_only = ctx.transform_only
    with ctx.step("best_estimator_"):
        return delegated(ctx.convert(est.best_estimator_, x, transform_only=transform_only))


def side_by_side(ctx: Context, blocks: Sequence[str], x: str) -> str:
    """All `blocks` in one tensor; without any, no columns at all."""
    if not blocks:
        return ctx.emit(Select(np.empty(0, np.int32)), x)
    if len(blocks) == 1:
        return blocks[0]
    y = ctx.emit(Concat(), *blocks)
    ctx.keep_range(y, *blocks)
    return y


def weighted(ctx: Context, block: str, weight: float | None) -> str:
    """`block` times the weight of its transformer."""
    if weight is None:
        return block
    y = ctx.emit(BinaryConst("mul", np.array([float(weight)])), block)
    if block in ctx.builder.ranges:
        ends = sorted(end * float(weight) for end in ctx.builder.ranges[block])
        ctx.expect_range(y, ends[0], ends[1])
    return y


@converter("sklearn", "FeatureUnion")
def feature_union(est: Any, ctx: Context, x: str) -> Methods:
    weights = est.transformer_weights or {}
    blocks = []
    for name, step in est.transformer_list:
        if isinstance(step, str) and step == "drop":
            continue
        with ctx.step(name):
            if is_passthrough(step):
                ctx.read_all(x)
                block = x
            else:
                block = ctx.transform(step, x)
        blocks.append(weighted(ctx, block, weights.get(name)))
    return transformer(side_by_side(ctx, blocks, x))


@converter("sklearn", "ColumnTransformer")
def column_transformer(est: Any, ctx: Context, x: str) -> Methods:
    """Columns are taken by the positions that the fit resolved, however they were named there.

    A frame's columns are found by name when the model is called, so they may come in any order
    and with others beside them, as in scikit-learn.
    """
    if est.n_features_in_ != ctx.width(x):
        ctx.check_width(est, x)
    weights = est.transformer_weights or {}
    positions = est._transformer_to_input_indices
    blocks = []
    for name, step, columns in est.transformers_:
        indices = np.asarray(positions[name], dtype=np.int64)
        if (isinstance(step, str) and step == "drop") or indices.size == 0:
            continue
        with ctx.step(name):
            if np.isscalar(columns):
                raise ctx.unsupported(
                    step,
                    f"gets column {columns!r} as a 1-D array; the nearest that works is "
                    f"[{columns!r}], which gives it 2-D",
                )
            ctx.read_named(x, indices)
            part = _part(ctx, x, indices)
            block = part if is_passthrough(step) else ctx.transform(step, part)
        blocks.append(weighted(ctx, block, weights.get(name)))
    return transformer(side_by_side(ctx, blocks, x))


def _part(ctx: Context, x: str, indices: np.ndarray) -> str:
    """The columns as a tensor of their own, so that their checks do not read the others."""
    if x not in ctx.builder.inputs:
        return select(ctx, x, indices)
    return ctx.emit(Select(indices.astype(np.int32)), x)
