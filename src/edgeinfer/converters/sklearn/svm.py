"""Kernel machines: SVC, NuSVC, SVR, NuSVR, OneClassSVM."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import argmax_labels, labels_of, log_of, regressor
from edgeinfer.graph import Method
from edgeinfer.ops import (
    BinaryConst,
    KernelMachine,
    OneVsRest,
    PairCoupling,
    Reshape,
    SignIndex,
    Unary,
    Vote,
)
from edgeinfer.ops.kernel_machine import KERNELS


def _dense(matrix: Any) -> np.ndarray:
    """A fitted array of LIBSVM's, which is sparse where the training data were."""
    array = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    return np.ascontiguousarray(array, dtype=np.float64)


def decisions(est: Any, ctx: Context, x: str) -> str:
    """LIBSVM's own decision values, with LIBSVM's signs: shape (pairs of classes,) or (1,)."""
    if callable(est.kernel) or est.kernel not in KERNELS:
        name = "a Python function" if callable(est.kernel) else repr(est.kernel)
        raise ctx.unsupported(
            est, f"the kernel is {name}; the kernels that work are {', '.join(KERNELS)}"
        )
    ctx.check_input(est, x)
    classifier = hasattr(est, "classes_")
    vectors = _dense(est.support_vectors_).reshape(-1, ctx.width(x))
    counts = np.asarray(est._n_support if classifier else [len(vectors)], dtype=np.int32)
    columns = max(counts.size - 1, 1)
    coef = _dense(est._dual_coef_).reshape(columns, len(vectors))
    return ctx.emit(
        KernelMachine(
            vectors,
            np.ascontiguousarray(coef.T),
            np.asarray(est._intercept_, dtype=np.float64),
            counts,
            est.kernel,
            float(est._gamma),
            float(est.coef0),
            int(est.degree),
        ),
        x,
    )


@converter("sklearn", "SVC", "NuSVC")
def support_vector_classifier(est: Any, ctx: Context, x: str) -> Methods:
    raw = decisions(est, ctx, x)
    n_classes = len(est.classes_)
    if n_classes == 2:
        scores = ctx.emit(Reshape(()), ctx.emit(Unary("neg"), raw))
    elif est.decision_function_shape == "ovr":
        scores = ctx.emit(OneVsRest(), raw)
    else:
        scores = raw
    methods = {"decision_function": Method((scores,))}
    if not est.break_ties or n_classes == 2:
        methods["predict"] = labels_of(ctx, ctx.emit(Vote(), raw), est.classes_)
    elif est.decision_function_shape == "ovr":
        methods["predict"] = argmax_labels(ctx, scores, est.classes_)
    else:
        raise ctx.unsupported(est, "break_ties must be False when decision_function_shape is 'ovo'")
    if est.probability is True:
        prob_a, prob_b = (np.asarray(p, dtype=np.float64) for p in (est._probA, est._probB))
        proba = Method((ctx.emit(PairCoupling(prob_a, prob_b), raw),))
        methods |= {"predict_proba": proba, "predict_log_proba": log_of(ctx, proba)}
    return methods


@converter("sklearn", "SVR", "NuSVR")
def support_vector_regressor(est: Any, ctx: Context, x: str) -> Methods:
    return regressor(ctx.emit(Reshape(()), decisions(est, ctx, x)))


@converter("sklearn", "OneClassSVM")
def one_class_svm(est: Any, ctx: Context, x: str) -> Methods:
    scores = ctx.emit(Reshape(()), decisions(est, ctx, x))
    inlier = ctx.emit(SignIndex(0.0), scores)
    offset = np.asarray(est.offset_, dtype=np.float64).reshape(1)
    return {
        "predict": labels_of(ctx, inlier, np.array([-1, 1])),
        "decision_function": Method((scores,)),
        "score_samples": Method((ctx.emit(BinaryConst("add", offset), scores),)),
    }
