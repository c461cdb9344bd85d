"""Linear and neural models in integers: agreement, what is folded, what is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor

import edgeinfer
from edgeinfer.converters._registry import Context
from edgeinfer.errors import CalibrationError, InvalidInputError
from edgeinfer.graph import Graph, GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import ArgMax, BinaryConst, CheckFinite, Dense, Softmax, Unary
from edgeinfer.quantize.scheme import to_precision
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.test_linear import CLASSIFIERS, MULTIPLE, SINGLE, TWO, X, Y, classes, fitted

INTEGERS = ("int8", "int16")
NEAR = {"int8": 0.06, "int16": 6e-4}
"""Allowed error relative to the spread of the outputs."""
ACTIVATIONS = ("identity", "logistic", "tanh", "relu")


def kinds(model: edgeinfer.Model, method: str = "predict") -> list[str]:
    graph = model.graph
    return [node.op.kind for node in graph.needed(graph.methods[method].tensors)]


def assert_near(have: Any, want: Any, precision: str) -> None:
    have, want = np.asarray(have, float), np.asarray(want, float)
    assert have.shape == want.shape
    spread = max(float(np.ptp(want)), 1e-9)
    assert np.abs(have - want).max() <= NEAR[precision] * spread


def assert_margins_agree(model: Any, est: Any, data: np.ndarray, precision: str) -> None:
    """Labels are equal wherever the source's own decision is clearer than the allowed error."""
    if hasattr(est, "decision_function"):
        scores = est.decision_function(data)
        assert_near(model.decision_function(data), scores, precision)
        error = NEAR[precision] * np.ptp(scores)
    else:
        scores = est.predict_proba(data)
        error = 2 * NEAR[precision]
    ordered = np.sort(scores, axis=1) if scores.ndim == 2 else np.c_[-scores, scores] / 2
    clear = np.abs(ordered[:, -1] - ordered[:, -2]) > 2 * error
    assert clear.mean() > 0.5 or precision == "int8"
    want = est.predict(data)
    assert model.predict(data).dtype == want.dtype
    np.testing.assert_array_equal(model.predict(data)[clear], want[clear])


@pytest.mark.parametrize("precision", INTEGERS)
@pytest.mark.parametrize("name", SINGLE)
def test_regressors(name: str, precision: str) -> None:
    log = "Poisson" in name or "Tweedie" in name or "Gamma" in name
    est = fitted(SINGLE[name], X, np.round(Y / 40) + 1 if log else Y)
    model = edgeinfer.convert(est, precision=precision, calibration=X)
    assert "DenseInt" in kinds(model)
    assert "Dense" not in kinds(model)
    assert_near(model.predict(X), est.predict(X), precision)


@pytest.mark.parametrize("precision", INTEGERS)
@pytest.mark.parametrize("name", MULTIPLE)
def test_regressors_of_several_outputs(name: str, precision: str) -> None:
    est = fitted(MULTIPLE[name], X, TWO)
    model = edgeinfer.convert(est, precision=precision, calibration=X)
    assert_near(model.predict(X), est.predict(X), precision)


@pytest.mark.parametrize("precision", INTEGERS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name: str, precision: str) -> None:
    for n, labels in ((2, ["no", "yes"]), (3, [7, -1, 5])):
        data, y = classes(n, labels)
        est = fitted(CLASSIFIERS[name], data, y)
        model = edgeinfer.convert(est, precision=precision, calibration=data)
        assert_margins_agree(model, est, data, precision)
        if hasattr(est, "predict_proba"):
            want = est.predict_proba(data)
            limit = 0.2 if precision == "int8" else 0.01
            assert np.abs(model.predict_proba(data) - want).max() < limit
            assert model.predict_proba(data).dtype == np.float32


@pytest.mark.parametrize("precision", INTEGERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_perceptrons(activation: str, precision: str) -> None:
    """Hidden layers are integers from end to end; most labels of data never seen agree."""
    data, y = load_digits(return_X_y=True)
    est = fitted(
        MLPClassifier((24, 12), activation=activation, max_iter=15, random_state=0),
        data[:700],
        y[:700],
    )
    model = edgeinfer.convert(est, precision=precision, calibration=data[:300])
    have = kinds(model)
    assert have.count("DenseInt") == 3
    assert not {"Dense", "Unary", "Dequantize"} & set(have)
    unseen = data[700:]
    agreement = (model.predict(unseen) == est.predict(unseen)).mean()
    assert agreement >= (0.96 if precision == "int8" else 0.995)
    report = model.report
    assert report["calibration_rows"] == 300
    assert report["outputs"]["predict"]["agreement"] > 0.97
    assert report["outputs"]["predict_proba"]["max_abs_error"] < 0.5


@pytest.mark.parametrize("precision", INTEGERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_perceptron_regressors(activation: str, precision: str) -> None:
    est = MLPRegressor(
        hidden_layer_sizes=(16, 8), activation=activation, max_iter=200, random_state=0
    )
    fitted(est, X * 3, Y / 50)
    model = edgeinfer.convert(est, precision=precision, calibration=X * 3)
    error = np.abs(model.predict(X * 3) - est.predict(X * 3)).max()
    assert error <= (0.08 if precision == "int8" else 0.002) * np.ptp(est.predict(X * 3))


def test_integers_are_the_same_on_every_instruction_set() -> None:
    data, y = load_digits(return_X_y=True)
    for activation in ACTIVATIONS:
        est = MLPClassifier((19,), activation=activation, max_iter=5, random_state=0)
        fitted(est, data[:300], y[:300])
        for precision in INTEGERS:
            graph = edgeinfer.convert(est, precision=precision, calibration=data[:200]).graph
            (writer,) = [n for n in graph.nodes if n.op.kind == "DenseInt"][-1:]
            worst, *others = [
                compile_program(graph, writer.outputs, isa).run(data[:100])[0]
                for isa in available_isas()
            ]
            for other in others:
                np.testing.assert_array_equal(worst, other)
            want = graph.evaluate({"X": data[:100]}, writer.outputs)[writer.outputs[0]]
            np.testing.assert_array_equal(worst, want)


def test_rows_do_not_depend_on_their_neighbours() -> None:
    model = edgeinfer.convert(Ridge().fit(X, TWO), precision="int8", calibration=X)
    alone = np.vstack([model.predict(row[None]) for row in X[:20]])
    np.testing.assert_array_equal(alone, model.predict(X)[:20])


# Scalers before the product -----------------------------------------------------------------------


def scaled_graph(data: np.ndarray, *, ranges: bool = False, hidden: bool = False) -> Graph:
    """(X - mean) / deviation, checked again, then one or two dense layers."""
    rng = np.random.default_rng(0)
    builder = GraphBuilder({"X": TensorType("float64", (data.shape[1],))})
    ctx = Context(builder)
    builder.emit_many(CheckFinite("Scaler", allow_nan=True), "X")
    x = ctx.emit(BinaryConst("sub", data.mean(axis=0)), "X")
    x = ctx.emit(BinaryConst("div", data.std(axis=0)), x)
    builder.emit_many(CheckFinite("Classifier"), x)
    if ranges:
        ctx.expect_range(x, -4.0, 4.0)
    if hidden:
        x = ctx.emit(Dense(rng.normal(size=(6, data.shape[1])), rng.normal(size=6)), x)
        x = ctx.emit(BinaryConst("div", rng.uniform(0.5, 4, 6)), x)
        x = ctx.emit(BinaryConst("sub", rng.uniform(0.5, 4, 6)), x)
    scores = ctx.emit(Dense(rng.normal(size=(3, builder.types[x].size)), rng.normal(size=3)), x)
    methods = {
        "predict": Method((ctx.emit(ArgMax(), scores),)),
        "predict_proba": Method((ctx.emit(Softmax(), scores),)),
        "decision_function": Method((scores,)),
    }
    return builder.build(methods, Info("Scaled"))


def raw_data(offset: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(5)
    return offset + rng.normal(size=(400, 5)) * np.array([1e-3, 1.0, 50.0, 7.0, 1e4])


@pytest.mark.parametrize("precision", INTEGERS)
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("offset", [0.0, 3e5])
def test_scalers_fold_into_the_quantization(precision: str, hidden: bool, offset: float) -> None:
    """Also where the features lie so far from zero that float32 could not tell them apart."""
    data = raw_data(offset)
    graph = scaled_graph(data, hidden=hidden)
    model = edgeinfer.Model(to_precision(graph, precision, data))
    have = kinds(model)
    assert "BinaryConst" not in have
    assert have.count("DenseInt") == 1 + hidden
    assert ("Cast" in have) == (offset == 0.0)
    want = graph.evaluate({"X": data}, graph.methods["decision_function"].tensors)
    assert_near(model.decision_function(data), next(iter(want.values())), precision)


def test_folding_keeps_the_guards() -> None:
    data = raw_data()
    model = edgeinfer.Model(to_precision(scaled_graph(data), "int8", data))
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(InvalidInputError, match=r"Classifier|Scaler"):
            model.predict(np.where(data[:3] == data[1, 1], bad, data[:3]))


def test_without_data_the_scaler_tells_the_range() -> None:
    data = raw_data()
    graph = scaled_graph(data, ranges=True)
    model = edgeinfer.Model(to_precision(graph, "int16", None))
    want = graph.evaluate({"X": data}, graph.methods["decision_function"].tensors)
    assert_near(model.decision_function(data), next(iter(want.values())), "int16")
    assert model.report == {"calibration_rows": 0}
    far = data.mean(axis=0) + 12 * data.std(axis=0) * np.eye(data.shape[1])  # outliers
    want = graph.evaluate({"X": far}, graph.methods["decision_function"].tensors)
    assert_near(model.decision_function(far), next(iter(want.values())), "int16")


def test_without_data_and_scaler_there_is_an_error() -> None:
    for est in (
        Ridge().fit(X, Y),
        LogisticRegression().fit(X, Y > 100),
        fitted(MLPRegressor(hidden_layer_sizes=(3,), max_iter=3), X, Y),
    ):
        with pytest.raises(CalibrationError, match="give some rows"):
            edgeinfer.convert(est, precision="int8")
    hidden = scaled_graph(raw_data(), ranges=True, hidden=True)
    with pytest.raises(CalibrationError, match="all its layers"):
        to_precision(hidden, "int8", None)


def test_data_that_the_model_refuses() -> None:
    bad = X.copy()
    bad[3, 2] = np.nan
    with pytest.raises(CalibrationError, match="NaN"):
        edgeinfer.convert(Ridge().fit(X, Y), precision="int8", calibration=bad)


# Odd ranges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", INTEGERS)
def test_constant_features_and_dead_units(precision: str) -> None:
    data = X.copy()
    data[:, 3] = 5.0
    data[:, 4] = 0.0
    est = fitted(MLPRegressor(hidden_layer_sizes=(8,), max_iter=50, random_state=0), data, Y / 50)
    est.intercepts_[0][:3] = -100.0  # these units are never above zero
    est.coefs_[1][4] = 0.0
    model = edgeinfer.convert(est, precision=precision, calibration=data)
    error = np.abs(model.predict(data) - est.predict(data)).max()
    assert error <= NEAR[precision] * max(np.ptp(est.predict(data)), 1.0)
    moved = data.copy()
    moved[:, 3] = 5.5  # outside what was seen, but not outside what its neighbours do
    assert np.abs(model.predict(moved) - est.predict(moved)).max() < 1.0


def test_one_row_of_calibration() -> None:
    model = edgeinfer.convert(Ridge().fit(X, Y), precision="int16", calibration=X[:1])
    np.testing.assert_allclose(model.predict(X[:1]), Ridge().fit(X, Y).predict(X[:1]), rtol=1e-3)


@pytest.mark.parametrize("precision", INTEGERS)
def test_far_larger_bias_than_weights(precision: str) -> None:
    """A bias of 1e9 in a hidden layer whose weights are near 1 leaves its accumulator alone."""
    builder = GraphBuilder({"X": TensorType("float64", (2,))})
    hidden = builder.emit(Dense(np.eye(2), np.array([1e9, -1e9]), "relu"), "X")
    builder.emit(Dense(np.eye(2), np.zeros(2)), hidden)
    y = builder.emit(Unary("ident"), builder.emit(Dense(np.eye(2), np.zeros(2)), hidden))
    graph = builder.build({"transform": Method((y,))}, Info())
    data = np.random.default_rng(0).normal(size=(50, 2))
    model = edgeinfer.Model(to_precision(graph, precision, data))
    np.testing.assert_allclose(model.transform(data)[:, 0], 1e9, rtol=0.01)
    assert (model.transform(data)[:, 1] == 0).all()
