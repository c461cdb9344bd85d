"""Ensembles of any estimators: votes, stacks, bags and SAMME boosting."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import (
    argmax_labels,
    labels_of,
    log_of,
    regressor,
    sign_labels,
)
from edgeinfer.converters.sklearn.multi import column, number, offered
from edgeinfer.converters.sklearn.selection import select
from edgeinfer.graph import Method
from edgeinfer.ops import (
    Binary,
    BinaryConst,
    Cast,
    Concat,
    Lookup,
    Reshape,
    Select,
    Softmax,
    Unary,
)


def one_hot(ctx: Context, est: Any, predict: Method, classes: np.ndarray) -> str:
    """1.0 in the column of the class that `predict` answers, else 0.0.

    Nothing here may become a matrix product: that would be rounded to integers in int8.
    """
    (tensor,) = predict.tensors
    if predict.labels:
        table = ctx.builder.labels[predict.labels[0]]
    else:
        node = next(n for n in reversed(ctx.builder.nodes) if tensor in n.outputs)
        if not isinstance(node.op, Lookup):
            raise ctx.unsupported(est, "predicts labels that the ensemble cannot count as votes")
        (tensor,), table = node.inputs, node.op.table
    places = [np.flatnonzero(table == label) for label in np.asarray(classes)]
    codes = np.array([place[0] if place.size else -1 for place in places], dtype=np.float64)
    one = ctx.emit(Reshape((1,)), ctx.emit(Cast("float64"), tensor))
    wide = ctx.emit(Select(np.zeros(len(codes), np.int32)), one)
    return ctx.emit(BinaryConst("eq", codes), wide)


def add_up(ctx: Context, tensors: list[str]) -> str:
    """Their sum, in order."""
    total = tensors[0]
    for tensor in tensors[1:]:
        total = ctx.emit(Binary("add"), total, tensor)
    return total


def average(ctx: Context, tensors: list[str], weights: Any) -> str:
    """Their mean, weighted if there are weights."""
    scale = float(len(tensors))
    if weights is not None:
        scale = float(np.sum(np.asarray(weights, dtype=np.float64)))
        tensors = [
            ctx.emit(BinaryConst("mul", np.array([float(weight)])), tensor)
            for tensor, weight in zip(tensors, weights, strict=True)
        ]
    return ctx.emit(BinaryConst("div", np.array([scale])), add_up(ctx, tensors))


def _members(est: Any, ctx: Context, x: str) -> list[tuple[Any, Methods]]:
    """The fitted estimators of a voting or stacking ensemble, converted, named in errors."""
    names = [name for name, member in est.estimators if not _is_drop(member)]
    parts = []
    for name, member in zip(names, est.estimators_, strict=True):
        with ctx.step(name):
            parts.append((member, ctx.convert(member, x)))
    return parts


def _is_drop(member: Any) -> bool:
    return isinstance(member, str) and member == "drop"


@converter("sklearn", "VotingRegressor")
def voting_regressor(est: Any, ctx: Context, x: str) -> Methods:
    values = [number(ctx, part, methods["predict"]) for part, methods in _members(est, ctx, x)]
    if any(ctx.builder.types[value].shape for value in values):
        raise ctx.unsupported(est, "of several targets is not converted; one target works")
    answer = average(ctx, values, est._weights_not_none)
    return {**regressor(answer), "transform": Method((ctx.emit(Concat(), *values),))}


@converter("sklearn", "VotingClassifier")
def voting_classifier(est: Any, ctx: Context, x: str) -> Methods:
    parts = _members(est, ctx, x)
    weights = est._weights_not_none
    classes = np.asarray(est.classes_)
    if est.voting == "soft":
        probas = [_proba(ctx, part, methods) for part, methods in parts]
        scores = average(ctx, probas, weights)
        methods = {
            "predict": argmax_labels(ctx, scores, classes),
            "predict_proba": Method((scores,)),
        }
        if est.flatten_transform:
            methods["transform"] = Method((ctx.emit(Concat(), *probas),))
        return methods
    # The members were fitted on the numbers of the classes.
    numbers = np.arange(len(classes))
    votes = [one_hot(ctx, part, methods["predict"], numbers) for part, methods in parts]
    if weights is not None:
        votes = [
            ctx.emit(BinaryConst("mul", np.array([float(weight)])), vote)
            for vote, weight in zip(votes, weights, strict=True)
        ]
    answers = [methods["predict"].tensors[0] for _, methods in parts]
    return {
        "predict": argmax_labels(ctx, add_up(ctx, votes), classes),
        "transform": Method((ctx.emit(Concat(), *answers),)),
    }


def _proba(ctx: Context, est: Any, methods: Methods) -> str:
    if "predict_proba" not in methods or methods["predict_proba"].layout != "array":
        raise ctx.unsupported(est, "has no probabilities of one target, which the ensemble uses")
    return methods["predict_proba"].tensors[0]


@converter("sklearn", "StackingClassifier", "StackingRegressor")
def stacking(est: Any, ctx: Context, x: str) -> Methods:
    """The final estimator reads what the others answer, and with `passthrough` the features."""
    classes = getattr(est, "classes_", None)
    if isinstance(classes, list):
        raise ctx.unsupported(est, "of several targets is not converted; one target works")
    columns, numbers = [], []
    used = [method for method in est.stack_method_ if method is not None]
    for (part, methods), method in zip(_members(est, ctx, x), used, strict=True):
        if method == "predict":
            columns.append(number(ctx, part, methods["predict"]))
            numbers.append(methods["predict"].tensors[0])
        elif method == "predict_proba":
            proba = _proba(ctx, part, methods)
            two = classes is not None and len(classes) == 2
            columns.append(select(ctx, proba, np.array([1])) if two else proba)
        else:
            columns.append(methods[method].tensors[0])
    if est.passthrough:
        columns.append(x)
    features = ctx.emit(Concat(), *columns)
    transform_only = ctx.transform_only
    answer = {"transform": Method((features,))}
    if classes is not None and len(numbers) == len(columns):
        # Class numbers alone stay integers where they are the answer.
        answer["transform"] = Method((ctx.emit(Concat(), *numbers),))
    if transform_only:
        return answer
    with ctx.step("final_estimator_"):
        final = ctx.convert(est.final_estimator_, features)
    if classes is None:
        return {**answer, "predict": final["predict"]}
    # The final estimator was fitted on the numbers of the classes.
    if final["predict"].labels or ctx.builder.types[final["predict"].tensors[0]].shape:
        raise ctx.unsupported(est, "has a final estimator that does not predict class numbers")
    (index,) = final["predict"].tensors
    if ctx.builder.types[index].dtype != "int64":
        raise ctx.unsupported(est, "has a final estimator that does not predict class numbers")
    answer["predict"] = labels_of(ctx, index, classes)
    for name in ("predict_proba", "decision_function"):
        if name in final:
            answer[name] = final[name]
    return offered(est, answer)


@converter("sklearn", "BaggingRegressor")
def bagging_regressor(est: Any, ctx: Context, x: str) -> Methods:
    values = []
    for part, methods in _bag(est, ctx, x):
        values.append(number(ctx, part, methods["predict"]))
    return regressor(average(ctx, values, None))


@converter("sklearn", "BaggingClassifier")
def bagging_classifier(est: Any, ctx: Context, x: str) -> Methods:
    """Means of probabilities, or shares of votes where the members have none."""
    n = int(est.n_classes_)
    probas, decisions = [], []
    for part, methods in _bag(est, ctx, x):
        if "predict_proba" in methods:
            proba = _proba(ctx, part, methods)
            seen = np.asarray(part.classes_, dtype=np.int64)
            if len(seen) != n:  # a bag without some class
                place = np.full(n, len(seen), dtype=np.int32)
                place[seen] = np.arange(len(seen))
                none = ctx.emit(BinaryConst("mul", np.zeros(1)), column(ctx, proba, 0))
                proba = ctx.emit(Select(place), ctx.emit(Concat(), proba, none))
            probas.append(proba)
        else:
            probas.append(one_hot(ctx, part, methods["predict"], np.arange(n)))
        if hasattr(est, "decision_function"):
            decisions.append(methods["decision_function"].tensors[0])
    proba = average(ctx, probas, None)
    method = Method((proba,))
    methods = {
        "predict": argmax_labels(ctx, proba, est.classes_),
        "predict_proba": method,
        "predict_log_proba": log_of(ctx, method),
    }
    if decisions:
        methods["decision_function"] = Method((average(ctx, decisions, None),))
    return methods


def _bag(est: Any, ctx: Context, x: str) -> list[tuple[Any, Methods]]:
    """The members, each on its features."""
    ctx.check_width(est, x)
    parts = []
    members = zip(est.estimators_, est.estimators_features_, strict=True)
    for place, (part, features) in enumerate(members):
        with ctx.step(f"estimators_[{place}]"):
            parts.append((part, ctx.convert(part, select(ctx, x, np.asarray(features)))))
    return parts


@converter("sklearn", "AdaBoostClassifier")
def ada_boost(est: Any, ctx: Context, x: str) -> Methods:
    """SAMME: each member adds its weight to the class it predicts, and takes from the rest."""
    if getattr(est, "algorithm", "SAMME") == "SAMME.R":
        raise ctx.unsupported(est, "algorithm='SAMME.R'; the nearest that works is 'SAMME'")
    ctx.check_input(est, x)
    classes = np.asarray(est.classes_)
    n = len(classes)
    if n < 2:
        raise ctx.unsupported(est, "was fitted on a single class")
    shares = []
    for place, part in enumerate(est.estimators_):
        weight = float(est.estimator_weights_[place])
        with ctx.step(f"estimators_[{place}]"):
            predict = ctx.convert(part, x)["predict"]
        chosen = one_hot(ctx, part, predict, classes)
        # The sum of a number and a zero is exact, so that equal votes cancel as in the source.
        gain = ctx.emit(BinaryConst("mul", np.array([weight])), chosen)
        others = ctx.emit(BinaryConst("eq", np.zeros(1)), chosen)
        loss = ctx.emit(BinaryConst("mul", np.array([-1 / (n - 1) * weight])), others)
        shares.append(ctx.emit(Binary("add"), gain, loss))
    total = float(np.asarray(est.estimator_weights_).sum())
    scores = ctx.emit(BinaryConst("div", np.array([total])), add_up(ctx, shares))
    if n == 2:
        scores = ctx.emit(Binary("sub"), column(ctx, scores, 1), column(ctx, scores, 0))
        predict = sign_labels(ctx, scores, classes)
        both = ctx.emit(Concat(), ctx.emit(Unary("neg"), scores), scores)
        halves = ctx.emit(BinaryConst("div", np.full(1, 2.0)), both)
    else:
        predict = argmax_labels(ctx, scores, classes)
        halves = ctx.emit(BinaryConst("div", np.array([n - 1.0])), scores)
    proba = Method((ctx.emit(Softmax(), halves),))
    return {
        "predict": predict,
        "decision_function": Method((scores,)),
        "predict_proba": proba,
        "predict_log_proba": log_of(ctx, proba),
    }
