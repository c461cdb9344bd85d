"""Estimators made of one per output, class or pair of classes, and targets transformed."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import (
    argmax_labels,
    binary_proba,
    log_of,
    regressor,
    sign_labels,
)
from edgeinfer.converters.sklearn.scaling import UFUNCS, constant
from edgeinfer.converters.sklearn.selection import select
from edgeinfer.graph import Method
from edgeinfer.ops import (
    Binary,
    BinaryConst,
    Cast,
    Concat,
    Normalize,
    Reduce,
    Reshape,
    SignIndex,
    Unary,
)


def column(ctx: Context, x: str, index: int) -> str:
    """Column `index` of `x`, of shape ()."""
    return ctx.emit(Reshape(()), select(ctx, x, np.array([index])))


def number(ctx: Context, est: Any, method: Method) -> str:
    """The prediction of a method as a float64 tensor; labels that are no integers are refused."""
    if method.labels or method.layout != "array":
        raise ctx.unsupported(
            est, "predicts labels that are no integers, and its predictions are used as numbers"
        )
    (tensor,) = method.tensors
    is_integer = ctx.builder.types[tensor].dtype == "int64"
    return ctx.emit(Cast("float64"), tensor) if is_integer else tensor


def positive(ctx: Context, est: Any, methods: Methods, method: str) -> str:
    """One number of a binary estimator by that method: of `predict_proba`, the second class's."""
    if method not in methods:
        raise ctx.unsupported(est, f"has no {method}")
    if method == "predict":
        return number(ctx, est, methods["predict"])
    (tensor,) = methods[method].tensors
    if method == "predict_proba":
        if ctx.width(tensor) != 2:
            raise ctx.unsupported(est, "needs two classes here")
        return column(ctx, tensor, 1)
    return ctx.emit(Reshape(()), tensor) if ctx.builder.types[tensor].shape else tensor


def score_method(est: Any) -> str:
    """What one-vs-rest and one-vs-one take for the confidence of an estimator."""
    from sklearn.base import is_regressor

    if is_regressor(est):
        return "predict"
    return "decision_function" if hasattr(est, "decision_function") else "predict_proba"


def offered(est: Any, methods: Methods) -> Methods:
    """Those of `methods` that the source has as well."""
    return {name: method for name, method in methods.items() if hasattr(est, name)}


# Outputs -----------------------------------------------------------------------------------------


@converter("sklearn", "MultiOutputRegressor")
def multi_output_regressor(est: Any, ctx: Context, x: str) -> Methods:
    outputs = []
    for number_, part in enumerate(est.estimators_):
        with ctx.step(f"estimators_[{number_}]"):
            outputs.append(number(ctx, part, ctx.convert(part, x)["predict"]))
    return regressor(ctx.emit(Concat(), *outputs))


@converter("sklearn", "MultiOutputClassifier")
def multi_output_classifier(est: Any, ctx: Context, x: str) -> Methods:
    parts = []
    for number_, part in enumerate(est.estimators_):
        with ctx.step(f"estimators_[{number_}]"):
            parts.append(ctx.convert(part, x))
    predicted = [part["predict"] for part in parts]
    kinds = {len(method.labels) for method in predicted}
    if len(kinds) > 1:
        raise ctx.unsupported(est, "some outputs have integer labels and some have others")
    index = ctx.emit(Concat(), *(method.tensors[0] for method in predicted))
    labels = tuple(table for method in predicted for table in method.labels)
    methods = {"predict": Method((index,), labels=labels)}
    if all("predict_proba" in part for part in parts):
        tensors = tuple(part["predict_proba"].tensors[0] for part in parts)
        methods["predict_proba"] = Method(tensors, "list")
    return offered(est, methods)


@converter("sklearn", "ClassifierChain", "RegressorChain")
def chain(est: Any, ctx: Context, x: str) -> Methods:
    """Each estimator sees the answers of those before it beside the features."""
    ctx.check_input(est, x)
    fed_by = getattr(est, "chain_method_", "predict")
    fed: list[str] = []
    answers: dict[str, list[str]] = {"predict": [], "predict_proba": [], "decision_function": []}
    for number_, part in enumerate(est.estimators_):
        with ctx.step(f"estimators_[{number_}]"):
            methods = ctx.convert(part, ctx.emit(Concat(), x, *fed) if fed else x)
            fed.append(positive(ctx, part, methods, fed_by))
            for name, tensors in answers.items():
                if hasattr(est, name):
                    tensors.append(positive(ctx, part, methods, name))
    places = np.argsort(np.asarray(est.order_))
    methods = {
        name: Method((ctx.emit(Concat(), *(tensors[place] for place in places)),))
        for name, tensors in answers.items()
        if tensors
    }
    if "predict_proba" in methods:
        methods["predict_log_proba"] = log_of(ctx, methods["predict_proba"])
    return offered(est, methods)


# Classes -----------------------------------------------------------------------------------------


@converter("sklearn", "OneVsRestClassifier")
def one_vs_rest(est: Any, ctx: Context, x: str) -> Methods:
    how = score_method(est.estimators_[0])
    threshold = 0.0 if how == "decision_function" else 0.5
    scores, positives = [], []
    for number_, part in enumerate(est.estimators_):
        with ctx.step(f"estimators_[{number_}]"):
            methods = ctx.convert(part, x)
            scores.append(positive(ctx, part, methods, how))
            if hasattr(est, "predict_proba"):
                positives.append(positive(ctx, part, methods, "predict_proba"))
    side = ctx.emit(Concat(), *scores)
    if est.label_binarizer_.y_type_ == "multiclass":
        predict = argmax_labels(ctx, side, est.classes_)
    elif len(scores) == 1:
        predict = sign_labels(ctx, scores[0], est.classes_, threshold)
    else:
        predict = Method((ctx.emit(SignIndex(threshold), side),))
    methods = {"predict": predict}
    if how == "decision_function":
        methods["decision_function"] = Method((scores[0] if len(scores) == 1 else side,))
    if positives:
        proba = ctx.emit(Concat(), *positives)
        if len(positives) == 1:
            proba = binary_proba(ctx, positives[0])
        if not est.multilabel_:
            proba = ctx.emit(Normalize("sum"), proba)
        methods["predict_proba"] = Method((proba,))
    return offered(est, methods)


@converter("sklearn", "OneVsOneClassifier")
def one_vs_one(est: Any, ctx: Context, x: str) -> Methods:
    """Votes of all pairs; sums of confidences, squeezed into a third of a vote, break ties."""
    if est.pairwise_indices_ is not None:
        raise ctx.unsupported(est, "of a precomputed kernel has no counterpart here")
    ctx.check_width(est, x)
    how = score_method(est.estimators_[0])
    votes, confidences = [], []
    for number_, part in enumerate(est.estimators_):
        with ctx.step(f"estimators_[{number_}]"):
            methods = ctx.convert(part, x)
            votes.append(positive(ctx, part, methods, "predict"))
            confidences.append(positive(ctx, part, methods, how))
    n = len(est.classes_)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    # For each class its pairs, in order, and whether it is the first of them. Votes and
    # confidences are those of the second, so the first counts them turned round.
    mine = [[k for k, pair in enumerate(pairs) if c in pair] for c in range(n)]
    first = np.array([[pairs[k][0] == c for k in mine[c]] for c in range(n)], dtype=np.float64)

    def per_class(values: list[str], turned: float) -> str:
        picked = select(ctx, ctx.emit(Concat(), *values), np.concatenate(mine))
        signed = ctx.emit(BinaryConst("mul", 1 - 2 * first.ravel()), picked)
        whole = ctx.emit(BinaryConst("add", turned * first.ravel()), signed)
        return ctx.emit(Reduce("sum"), ctx.emit(Reshape((n, n - 1)), whole))

    counted, total = per_class(votes, 1.0), per_class(confidences, 0.0)
    size = ctx.emit(BinaryConst("add", np.ones(1)), ctx.emit(Unary("abs"), total))
    squeezed = ctx.emit(Binary("div"), total, ctx.emit(BinaryConst("mul", np.full(1, 3.0)), size))
    scores = ctx.emit(Binary("add"), counted, squeezed)
    if n > 2:
        predict = argmax_labels(ctx, scores, est.classes_)
    else:
        scores = column(ctx, scores, 1)
        threshold = 0.0 if how == "decision_function" else 0.5
        predict = sign_labels(ctx, scores, est.classes_, threshold)
    return {"predict": predict, "decision_function": Method((scores,))}


@converter("sklearn", "CalibratedClassifierCV")
def calibrated(est: Any, ctx: Context, x: str) -> Methods:
    """The mean of sigmoids of decisions; the other calibrations are refused."""
    parts = []
    for number_, part in enumerate(est.calibrated_classifiers_):
        with ctx.step(f"calibrated_classifiers_[{number_}]"):
            parts.append(_calibrated(part, ctx, x))
    total = parts[0]
    for part in parts[1:]:
        total = ctx.emit(Binary("add"), total, part)
    proba = ctx.emit(BinaryConst("div", np.array([float(len(parts))])), total)
    return {
        "predict": argmax_labels(ctx, proba, est.classes_),
        "predict_proba": Method((proba,)),
    }


def _calibrated(part: Any, ctx: Context, x: str) -> str:
    inner = part.estimator
    if part.method != "sigmoid":
        raise ctx.unsupported(
            inner, f"is calibrated with method={part.method!r}; the nearest that works is 'sigmoid'"
        )
    if not np.array_equal(inner.classes_, part.classes):
        raise ctx.unsupported(inner, "has not seen every class, which its calibration needs here")
    how = "decision_function" if hasattr(inner, "decision_function") else "predict_proba"
    methods = ctx.convert(inner, x)
    two = len(part.classes) == 2
    scores = positive(ctx, inner, methods, how) if two else methods[how].tensors[0]
    slope = np.array([c.a_ for c in part.calibrators], dtype=np.float64)
    shift = np.array([c.b_ for c in part.calibrators], dtype=np.float64)
    line = ctx.emit(BinaryConst("mul", slope), scores)
    line = ctx.emit(BinaryConst("add", shift), line)
    proba = ctx.emit(Unary("logistic"), ctx.emit(Unary("neg"), line))
    proba = binary_proba(ctx, proba) if two else ctx.emit(Normalize("share"), proba)
    return ctx.emit(BinaryConst("min", np.ones(1)), proba)


# Targets -----------------------------------------------------------------------------------------


def _scaled(ctx: Context, x: str, fn: str, values: Any) -> str:
    return x if values is None else ctx.emit(BinaryConst(fn, constant(values)), x)


def _undo_scaling(scaler: Any, ctx: Context, x: str) -> str:
    """`inverse_transform` of a fitted scaler."""
    name = type(scaler).__name__
    if name == "StandardScaler":
        x = _scaled(ctx, x, "mul", scaler.scale_ if scaler.with_std else None)
        return _scaled(ctx, x, "add", scaler.mean_ if scaler.with_mean else None)
    if name == "RobustScaler":
        x = _scaled(ctx, x, "mul", scaler.scale_ if scaler.with_scaling else None)
        return _scaled(ctx, x, "add", scaler.center_ if scaler.with_centering else None)
    if name == "MaxAbsScaler":
        return _scaled(ctx, x, "mul", scaler.scale_)
    if name == "MinMaxScaler":
        return _scaled(ctx, _scaled(ctx, x, "sub", scaler.min_), "div", scaler.scale_)
    if name == "FunctionTransformer" and not scaler.inv_kw_args:
        undo = scaler.inverse_func
        if undo is None:
            return x
        if isinstance(undo, np.ufunc) and undo.__name__ in UFUNCS:
            return ctx.emit(Unary(UFUNCS[undo.__name__]), x)
    raise ctx.unsupported(
        scaler,
        "cannot be inverted here; what works: StandardScaler, MinMaxScaler, MaxAbsScaler, "
        "RobustScaler, and NumPy's " + ", ".join(sorted(UFUNCS)),
    )


@converter("sklearn", "TransformedTargetRegressor")
def transformed_target(est: Any, ctx: Context, x: str) -> Methods:
    with ctx.step("regressor_"):
        y = number(ctx, est.regressor_, ctx.convert(est.regressor_, x)["predict"])
    width = ctx.width(y)
    with ctx.step("transformer_"):
        y = _undo_scaling(est.transformer_, ctx, ctx.emit(Reshape((width,)), y))
    return regressor(ctx.emit(Reshape(()), y) if est._training_dim == 1 and width == 1 else y)
