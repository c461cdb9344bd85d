"""verify passes what is right, and says where it is wrong."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier

import edgeinfer
from edgeinfer.errors import InvalidInputError, InvalidParameterError, VerificationError
from edgeinfer.graph import Graph, GraphBuilder, Info, Method, QParams, TensorType
from edgeinfer.ops import BinaryConst, Cast, CheckFinite, Dense, Lookup, Op, Select, SignIndex
from edgeinfer.verification.compare import Comparison
from edgeinfer.verification.promise import limits_of, promise_of

X, Y = load_iris(return_X_y=True)
LOGISTIC = LogisticRegression(max_iter=500).fit(X, Y)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_faithful_model_passes(precision: str) -> None:
    model = edgeinfer.convert(LOGISTIC, precision=precision)
    result = edgeinfer.verify(model, LOGISTIC, X)
    assert result
    assert result.rows == len(X)
    assert {m.method for m in result.methods} == set(model.graph.methods)
    assert all(m.agreement == 1.0 for m in result.methods)
    json.dumps(result.to_dict())
    assert "predict_proba" in str(result)


def test_another_model_is_told_with_the_op_where_it_parts() -> None:
    other = LogisticRegression(C=0.3, max_iter=500).fit(X, Y)
    model = edgeinfer.convert(other, precision="float64")
    with pytest.raises(VerificationError, match=r"first op that leaves .* Dense") as caught:
        edgeinfer.verify(model, LOGISTIC, X)
    result = caught.value.verification
    assert result is not None
    assert not result
    assert result.difference is not None
    row = result.difference.row
    assert result.difference.expected == LOGISTIC.predict(X)[row]
    assert result.difference.found == other.predict(X)[row]
    assert not edgeinfer.verify(model, LOGISTIC, X, raises=False).passed


class Stump:
    """x[0] <= threshold of float32(x), as a tree compares."""

    def __init__(self, threshold: float, labels: tuple[Any, ...] = (5, 7)) -> None:
        self.threshold = threshold
        self.labels = np.array(labels)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.labels[(X[:, 0].astype(np.float32) > np.float64(self.threshold)).astype(int)]


def stump_model(threshold: float, *, inclusive: bool = False, round_: bool = True) -> Any:
    builder = GraphBuilder({"X": TensorType("float64", (2,))})
    builder.emit_many(CheckFinite("Stump"), "X")
    x = builder.emit(Select(np.array([0], np.int32)), "X")
    if round_:
        x = builder.emit(Cast("float64"), builder.emit(Cast("float32"), x))
    index = builder.emit(SignIndex(threshold, inclusive), x)
    label = builder.emit(Lookup(np.array([5, 7])), index)
    info = Info(estimator="Stump", classes=(builder.add_labels(np.array([5, 7])),))
    graph = builder.build({"predict": Method((label,))}, info)

    class Flat(Stump):
        def predict(self, X: np.ndarray) -> np.ndarray:
            return super().predict(X)[:, None]

    return edgeinfer.Model(graph), Flat(threshold)


DATA = np.array([[0.0, 1.0], [1.0, 2.0], [0.5, 3.0]])


def test_a_flip_one_ulp_beside_a_threshold_is_found() -> None:
    """On the data alone all three are right; only probes tell them apart."""
    model, source = stump_model(0.3)
    assert edgeinfer.verify(model, source, DATA).thresholds == 1
    for wrong, _ in (stump_model(0.3, round_=False), stump_model(float(np.float32(0.3)))):
        assert edgeinfer.verify(wrong, source, DATA, max_probes=0)
        with pytest.raises(VerificationError, match=r"probe row \d+: the source gives [57]"):
            edgeinfer.verify(wrong, source, DATA)


def test_less_or_equal_is_told_from_less() -> None:
    _, source = stump_model(0.5)
    wrong, _ = stump_model(0.5, inclusive=True)
    result = edgeinfer.verify(wrong, source, DATA, raises=False)
    assert not result
    assert edgeinfer.verify(wrong, source, DATA[:2], max_probes=0)


def test_both_thresholds_are_probed_when_the_source_is_a_model() -> None:
    right, _ = stump_model(0.3)
    wrong, _ = stump_model(0.7)
    far = DATA[:1]
    assert edgeinfer.verify(right, wrong, far, max_probes=0)
    for a, b in ((right, wrong), (wrong, right)):
        with pytest.raises(VerificationError, match="SignIndex"):
            edgeinfer.verify(a, b, far)


def test_frames() -> None:
    frame, y = load_diabetes(return_X_y=True, as_frame=True)
    source = Ridge().fit(frame, y)
    model = edgeinfer.convert(source)
    assert edgeinfer.verify(model, source, frame)
    assert edgeinfer.verify(model, source, frame.to_numpy())
    assert edgeinfer.verify(model, source, pl.DataFrame(frame.to_dict("list")))
    with pytest.raises(InvalidInputError, match="feature names"):
        edgeinfer.verify(model, source, frame.rename(columns={"age": "AGE"}))


def test_a_source_that_is_none() -> None:
    model = edgeinfer.convert(LOGISTIC)
    with pytest.raises(InvalidParameterError, match="is it the source"):
        edgeinfer.verify(model, object(), X)


@pytest.mark.parametrize("options", [{"max_loss": 1.5}, {"tolerance": -1}, {"max_probes": -1}])
def test_impossible_options(options: dict[str, Any]) -> None:
    model = edgeinfer.convert(LOGISTIC)
    with pytest.raises(InvalidParameterError):
        edgeinfer.verify(model, LOGISTIC, X, **options)


def test_data_neither_takes() -> None:
    data = X.copy()
    data[3, 1] = np.nan
    with pytest.raises(InvalidInputError, match=r"neither takes X.*NaN"):
        edgeinfer.verify(edgeinfer.convert(LOGISTIC), LOGISTIC, data)


def test_rows_only_one_of_them_takes() -> None:
    class Tolerant(Stump):
        def predict(self, X: np.ndarray) -> np.ndarray:
            return super().predict(np.nan_to_num(X))[:, None]

    model, source = stump_model(0.3)
    data = np.array([[np.nan, 1.0], [0.1, 1.0]])
    with pytest.raises(VerificationError, match="the model refuses rows that the source takes"):
        edgeinfer.verify(model, Tolerant(0.3), data)

    class Strict(Stump):
        def predict(self, X: np.ndarray) -> np.ndarray:
            if (X[:, 0] < 0).any():
                raise ValueError("negative")
            return super().predict(X)[:, None]

    with pytest.raises(VerificationError, match="the source refuses rows that the model takes"):
        edgeinfer.verify(model, Strict(0.3), -DATA)
    assert edgeinfer.verify(model, source, -DATA)


def test_wrong_shape_of_the_answer() -> None:
    model, _ = stump_model(0.3)
    with pytest.raises(VerificationError, match="shape"):
        edgeinfer.verify(model, Stump(0.3), DATA)


def test_tolerance_and_loss_are_what_was_asked_for() -> None:
    source = Ridge().fit(X, Y)
    model = edgeinfer.convert(source, precision="float32")
    assert edgeinfer.verify(model, source, X)
    with pytest.raises(VerificationError, match="within 1e-12"):
        edgeinfer.verify(model, source, X, tolerance=1e-12)
    other = LogisticRegression(C=0.3, max_iter=500).fit(X, Y)
    loose = edgeinfer.verify(
        edgeinfer.convert(other), LOGISTIC, X, max_loss=0.1, tolerance=0.9, raises=False
    )
    assert loose.methods[0].agreement < 1
    assert loose.methods[0].passed


def quantized(graph: Graph, precision: str) -> Graph:
    """The same graph behind an input that claims to be quantized."""
    inputs = {
        n: dataclasses.replace(t, qparams=QParams((1.0,), (0,))) for n, t in graph.inputs.items()
    }
    return dataclasses.replace(graph, inputs=inputs).with_info(precision=precision)


def test_promises() -> None:
    graph = edgeinfer.convert(LOGISTIC, precision="float64").graph
    assert promise_of(graph, None, None).rtol == 1e-10
    assert promise_of(graph.with_info(precision="int8"), None, None).rtol == 1e-5
    lossy = quantized(graph, "int8")
    assert limits_of(lossy) == (0.05, 0.05)
    assert limits_of(graph.with_info(precision="int8")) is None
    promise = promise_of(lossy, None, None)
    assert (promise.rtol, promise.label_loss, promise.value_loss) == (None, 0.05, 0.05)
    assert promise_of(quantized(graph, "int16"), None, 0.2).value_loss == 0.2
    assert promise_of(quantized(graph, "int16"), 0.3, None).label_loss == 0.3


def test_values_of_a_lossy_model_are_held_against_their_span() -> None:
    promise = promise_of(quantized(edgeinfer.convert(LOGISTIC).graph, "int8"), None, None)
    want = 1e6 + np.linspace(0, 1, 11)
    for error, passes in ((0.01, True), (0.1, False)):
        comparison = Comparison("predict", promise, labels=False)
        comparison.add(want + error, want, len(want), False)
        result, _ = comparison.finish()
        assert result.passed == passes
        assert result.rms_error == pytest.approx(error)


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        ([np.inf, 1.0], [np.inf, 1.0], True),
        ([np.nan, 1.0], [np.nan, 1.0], True),
        ([np.nan, 1.0], [1.0, 1.0], False),
        ([1.0, 1.0], [np.nan, 1.0], False),
        ([-np.inf, 1.0], [np.inf, 1.0], False),
        ([0.0, 1.0], [-0.0, 1.0], True),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["a", "c"], False),
        (["1", "2"], [1, 2], False),
        ([True, False], [True, False], True),
    ],
)
def test_comparing_values(found: list[Any], expected: list[Any], same: bool) -> None:
    promise = promise_of(edgeinfer.convert(LOGISTIC, precision="float64").graph, None, None)
    labels = isinstance(found[0], str)
    comparison = Comparison("predict", promise, labels)
    assert comparison.add(np.array(found), np.array(expected), 2, False) is None
    result, row = comparison.finish()
    assert result.passed == same
    assert (row is None) == same


def test_a_wrong_kernel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If an op's reference and its kernel differ, it is the kernel that is told."""
    model = edgeinfer.convert(Ridge().fit(X, Y), precision="float64")
    source = edgeinfer.convert(Ridge(alpha=9).fit(X, Y), precision="float64")
    right = Dense.reference

    def wrong(self: Op, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return (right(self, *inputs)[0] + 1,)  # type: ignore[arg-type]

    monkeypatch.setattr(Dense, "reference", wrong)
    result = edgeinfer.verify(model, source, X, raises=False)
    assert result.difference is not None
    assert "kernel of node" in result.difference.where
    assert "Dense" in result.difference.where


def test_pandas_labels() -> None:
    names = np.array(["setosa", "versicolor", "virginica"])
    source = LogisticRegression(max_iter=500).fit(pd.DataFrame(X, columns=list("abcd")), names[Y])
    model = edgeinfer.convert(source)
    assert edgeinfer.verify(model, source, pd.DataFrame(X, columns=list("abcd")))


def test_comparison_ops_have_thresholds() -> None:
    assert SignIndex(0.5).thresholds()[-1].tolist() == [0.5]
    assert BinaryConst("gt", np.array([1.0, 2.0])).thresholds()[1].tolist() == [2.0]
    assert BinaryConst("gt", np.array([3.0])).thresholds()[-1].tolist() == [3.0]
    assert not BinaryConst("add", np.array([3.0])).thresholds()


@pytest.mark.parametrize("precision", ["float64", "float32", "int16", "int8"])
def test_forests(precision: str) -> None:
    source = RandomForestClassifier(10, random_state=0).fit(X, Y)
    model = edgeinfer.convert(source, precision=precision)
    result = edgeinfer.verify(model, source, X)
    assert result.thresholds > 30
    assert result.probes > 100
    assert not result.not_probed
    by_name = {m.method: m for m in result.methods}
    assert by_name["apply"].limit == "equal"
    exact = precision.startswith("float")
    assert by_name["predict"].limit == ("equal" if exact else by_name["predict"].limit)
    other = RandomForestClassifier(10, random_state=1).fit(X, Y)
    with pytest.raises(VerificationError, match="apply"):
        edgeinfer.verify(model, other, X)


def test_leaves_are_equal_whatever_loss_is_allowed() -> None:
    source = RandomForestClassifier(3, random_state=0).fit(X, Y)
    other = RandomForestClassifier(3, random_state=1).fit(X, Y)
    model = edgeinfer.convert(source, precision="int8")
    result = edgeinfer.verify(model, other, X, max_loss=0.9, tolerance=0.9, raises=False)
    assert {m.method for m in result.methods if not m.passed} == {"apply"}


@pytest.mark.parametrize("precision", ["float64", "float32", "int8"])
def test_boosting_that_compares_in_float64(precision: str) -> None:
    source = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(X, Y)
    assert edgeinfer.verify(edgeinfer.convert(source, precision=precision), source, X)


def test_neighbours_at_equal_distances() -> None:
    """Points on a grid tie all the time."""
    rng = np.random.default_rng(0)
    points = rng.integers(0, 3, (300, 20)).astype(float)
    source = KNeighborsClassifier(5).fit(points, rng.integers(0, 3, 300))
    model = edgeinfer.convert(source, precision="int8", calibration=points)
    assert edgeinfer.verify(model, source, rng.integers(0, 3, (400, 20)).astype(float))
