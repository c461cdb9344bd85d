"""Estimators made of other estimators, against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import edgeinfer
from edgeinfer.errors import InvalidInputError, UnsupportedError
from tests.oracle import assert_same

IRIS, IRIS_Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[IRIS_Y]
SUGAR, SUGAR_Y = load_diabetes(return_X_y=True)
LABELS_X, LABELS = make_multilabel_classification(120, 6, n_classes=3, random_state=0)
RNG = np.random.default_rng(2)
TWO_Y = np.column_stack([SUGAR_Y, np.sqrt(SUGAR_Y)])


def tree(**options: Any) -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=3, random_state=0, **options)


def boughs() -> DecisionTreeRegressor:
    return DecisionTreeRegressor(max_depth=3, random_state=0)


logistic, line = LogisticRegression(max_iter=300), Ridge()
BASES = [("a", logistic), ("b", tree()), ("c", RidgeClassifier())]
SOFT = BASES[:2]

CLASSIFIERS = [
    OneVsRestClassifier(logistic),
    OneVsRestClassifier(tree()),
    OneVsRestClassifier(LinearSVC(random_state=0)),
    OneVsRestClassifier(Ridge()),
    OneVsOneClassifier(logistic),
    OneVsOneClassifier(tree()),
    OneVsOneClassifier(LinearSVC(random_state=0)),
    CalibratedClassifierCV(logistic, cv=2),
    CalibratedClassifierCV(LinearSVC(random_state=0), cv=2),
    CalibratedClassifierCV(tree(), cv=3, ensemble=False),
    VotingClassifier(BASES),
    VotingClassifier(BASES, weights=[1, 0.5, 2]),
    VotingClassifier([*SOFT, ("gone", "drop")], voting="soft"),
    VotingClassifier(SOFT, voting="soft", weights=[3, 0.7]),
    StackingClassifier(BASES, cv=2),
    StackingClassifier(BASES, passthrough=True, cv=2, final_estimator=tree()),
    StackingClassifier([("p", make_pipeline(StandardScaler(), logistic))], cv=2),
    StackingClassifier(SOFT, stack_method="predict", cv=2),
    BaggingClassifier(tree(), 5, random_state=0),
    BaggingClassifier(logistic, 4, max_features=0.5, max_samples=0.3, random_state=0),
    BaggingClassifier(RidgeClassifier(), 4, bootstrap_features=True, random_state=0),
    AdaBoostClassifier(n_estimators=6, random_state=0),
    AdaBoostClassifier(tree(), n_estimators=4, learning_rate=0.3, random_state=0),
    AdaBoostClassifier(logistic, n_estimators=3, random_state=0),
]
TARGETS = {
    "int": IRIS_Y,
    "str": NAMES,
    "two": np.minimum(IRIS_Y, 1),
    "two str": np.array(["yes", "no"])[np.minimum(IRIS_Y, 1)],
    "bool": IRIS_Y == 1,
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("number", range(len(CLASSIFIERS)))
def test_classifiers(number: int, target: str) -> None:
    est = CLASSIFIERS[number]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        est.fit(IRIS, TARGETS[target])
    X = np.vstack([IRIS, IRIS + RNG.normal(0, 0.3, IRIS.shape)])
    assert_same(est, X)


REGRESSORS = [
    VotingRegressor([("a", line), ("b", boughs())]),
    VotingRegressor([("a", line), ("b", boughs())], weights=[0.3, 2]),
    StackingRegressor([("a", line), ("b", boughs())], cv=2),
    StackingRegressor([("a", line), ("b", boughs())], LinearRegression(), cv=2, passthrough=True),
    BaggingRegressor(boughs(), 5, random_state=0),
    BaggingRegressor(line, 5, max_features=0.6, random_state=0),
    TransformedTargetRegressor(line, transformer=StandardScaler()),
    TransformedTargetRegressor(line, transformer=StandardScaler(with_mean=False)),
    TransformedTargetRegressor(line, transformer=MinMaxScaler((1, 2))),
    TransformedTargetRegressor(line, transformer=MaxAbsScaler()),
    TransformedTargetRegressor(line, transformer=RobustScaler()),
    TransformedTargetRegressor(line, func=np.log1p, inverse_func=np.expm1),
    TransformedTargetRegressor(boughs(), transformer=FunctionTransformer()),
    TransformedTargetRegressor(line),
]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("number", range(len(REGRESSORS)))
def test_regressors(number: int, precision: str) -> None:
    assert_same(REGRESSORS[number].fit(SUGAR, SUGAR_Y), SUGAR, precision)


SEVERAL = [
    MultiOutputRegressor(line),
    MultiOutputRegressor(boughs()),
    RegressorChain(line, order=[1, 0]),
    RegressorChain(boughs()),
    BaggingRegressor(boughs(), 3, random_state=0),
    TransformedTargetRegressor(line, transformer=StandardScaler()),
    TransformedTargetRegressor(boughs(), func=np.log1p, inverse_func=np.expm1),
]


@pytest.mark.parametrize("number", range(len(SEVERAL)))
def test_several_targets(number: int) -> None:
    assert_same(SEVERAL[number].fit(SUGAR, TWO_Y), SUGAR)


MULTILABEL = [
    MultiOutputClassifier(logistic),
    MultiOutputClassifier(tree()),
    MultiOutputClassifier(RidgeClassifier()),
    OneVsRestClassifier(logistic),
    OneVsRestClassifier(tree()),
    ClassifierChain(logistic),
    ClassifierChain(logistic, order=[2, 0, 1], chain_method="predict_proba"),
    ClassifierChain(logistic, chain_method="decision_function"),
    ClassifierChain(tree(), order="random", random_state=0),
]


@pytest.mark.parametrize("number", range(len(MULTILABEL)))
def test_multilabel(number: int) -> None:
    assert_same(MULTILABEL[number].fit(LABELS_X, LABELS), LABELS_X + 0.25)


def test_outputs_with_string_labels() -> None:
    y = np.column_stack([NAMES, np.array(["x", "longer"])[np.minimum(IRIS_Y, 1)]])
    assert_same(MultiOutputClassifier(tree()).fit(IRIS, y), IRIS)


def test_a_bag_without_some_class() -> None:
    y = np.where(np.arange(150) == 149, 7, IRIS_Y)
    est = BaggingClassifier(KNeighborsClassifier(3), 4, max_samples=0.2, random_state=0)
    est.fit(IRIS, y)
    assert any(len(part.classes_) < 4 for part in est.estimators_)
    assert_same(est, IRIS * RNG.normal(1, 1e-3, IRIS.shape))


def test_nested() -> None:
    est = make_pipeline(
        StandardScaler(),
        VotingClassifier(
            [
                ("stack", StackingClassifier(SOFT, cv=2)),
                ("bag", BaggingClassifier(tree(), 3, random_state=0)),
            ],
            voting="soft",
        ),
    )
    assert_same(est.fit(IRIS, NAMES), IRIS)
    under = make_pipeline(StackingClassifier(SOFT, cv=2), LogisticRegression())
    assert_same(under.fit(IRIS, IRIS_Y), IRIS)


REFUSED = [
    (CalibratedClassifierCV(logistic, method="isotonic", cv=2), "nearest that works is 'sigmoid'"),
    (AdaBoostRegressor(n_estimators=2), "AdaBoostRegressor.*no converter"),
    (
        TransformedTargetRegressor(line, func=np.cbrt, inverse_func=lambda y: y**3),
        "step transformer_.*cannot be inverted",
    ),
    (
        VotingClassifier([("deep", make_pipeline(GaussianProcessClassifier()))]),
        r"GaussianProcessClassifier \(step deep -> gaussianprocessclassifier\)",
    ),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refusals_say_where_and_what_works(number: int) -> None:
    est, message = REFUSED[number]
    with pytest.raises(UnsupportedError, match=message):
        edgeinfer.convert(est.fit(IRIS[::3], IRIS_Y[::3]))


def test_members_check_their_input() -> None:
    model = edgeinfer.convert(VotingClassifier(SOFT, voting="soft").fit(IRIS, IRIS_Y))
    X = IRIS.copy()
    X[0, 0] = np.nan
    with pytest.raises(InvalidInputError, match="NaN"):
        model.predict(X)
    holes = np.where(RNG.random(IRIS.shape) < 0.2, np.nan, IRIS)
    forest = BaggingClassifier(RandomForestClassifier(3, random_state=0), 2, random_state=0)
    assert_same(forest.fit(holes, IRIS_Y), holes)


@pytest.mark.parametrize("precision", ["float32", "int16", "int8"])
@pytest.mark.parametrize("number", range(len(CLASSIFIERS)))
def test_narrow_precisions_count_votes_exactly(number: int, precision: str) -> None:
    """Only members lose digits; what is counted and compared after them does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        est = make_pipeline(StandardScaler(), CLASSIFIERS[number]).fit(IRIS, NAMES)
    model = edgeinfer.convert(est, precision=precision, calibration=IRIS)
    agreement = np.mean(model.predict(IRIS) == est.predict(IRIS))
    assert agreement >= {"float32": 1.0, "int16": 0.98, "int8": 0.9}[precision]


def test_members_with_the_same_check_share_it() -> None:
    graph = edgeinfer.convert(BaggingClassifier(tree(), 5, random_state=0).fit(IRIS, IRIS_Y)).graph
    assert [node.op.kind for node in graph.nodes].count("CheckFinite") == 1
