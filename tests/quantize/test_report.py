"""What calibration sees, and what the report says of it."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score

import edgeinfer
from edgeinfer.errors import CalibrationError
from edgeinfer.graph import Graph, GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import BinaryConst, CheckFinite, Unary
from edgeinfer.quantize.calibrate import CHUNK, Calibration
from edgeinfer.quantize.report import make_report
from edgeinfer.quantize.scheme import Rewriter, to_precision


def graph() -> Graph:
    builder = GraphBuilder({"X": TensorType("float64", (3,))})
    builder.emit_many(CheckFinite("test", allow_nan=True), "X")
    double = builder.emit(BinaryConst("mul", np.array([2.0])), "X")
    y = builder.emit(Unary("exp"), double)
    builder.ranges[double] = (-1.0, 3.0)
    return builder.build({"transform": Method((y,))}, Info())


def test_observation_in_chunks_is_that_of_all_rows() -> None:
    data = np.random.default_rng(0).normal(size=(2 * CHUNK + 17, 3))
    data[5, 1] = np.nan
    calibration = Calibration(graph(), data)
    for tensor, values in (("X", data), (graph().nodes[1].outputs[0], data * 2)):
        low, high = calibration.range(tensor)
        np.testing.assert_array_equal(low, np.nanmin(values, axis=0))
        np.testing.assert_array_equal(high, np.nanmax(values, axis=0))
        np.testing.assert_allclose(calibration.mean(tensor), np.nanmean(values, axis=0), atol=1e-12)


def test_the_data_run_through_the_graph_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    original = Unary.reference
    monkeypatch.setattr(Unary, "reference", lambda op, x: runs.append(len(x)) or original(op, x))
    calibration = Calibration(graph(), np.ones((5, 3)))
    for node in graph().nodes[1:]:
        calibration.range(node.outputs[0])
        calibration.mean(node.outputs[0])
    assert runs == [5]


def test_a_feature_without_any_finite_value() -> None:
    data = np.ones((4, 3))
    data[:, 2] = np.nan
    calibration = Calibration(graph(), data)
    assert calibration.range("X")[0].tolist() == [1, 1, 0]


def test_ranges_known_without_data() -> None:
    calibration = Calibration(graph(), None)
    low, high = calibration.range(graph().nodes[1].outputs[0])
    assert low.tolist() == [-1] * 3
    assert high.tolist() == [3] * 3
    assert calibration.mean("X") is None
    with pytest.raises(CalibrationError, match="calibration=X"):
        calibration.range("X")


def test_saturation_is_counted() -> None:
    data = np.array([[0.0, 1, 2], [1, 1, 9], [2, -5, 2], [3, 1, 2]])
    rw = Rewriter(graph(), "int8", data, {})
    rw.watch("X", np.zeros(3), np.array([3.0, 1, 2]))
    report = make_report(rw, to_precision(graph(), "float32", data))
    assert report["saturated"] == {"X": 2 / 12}
    assert report["outputs"]["transform"]["max_abs_error"] < 1e-3 * np.exp(18)


def test_numbers_have_errors_and_labels_agreement() -> None:
    X, y = load_iris(return_X_y=True)
    outputs = edgeinfer.convert(LogisticRegression().fit(X, y), precision="int8", calibration=X)
    labels, shares = (outputs.report["outputs"][m] for m in ("predict", "predict_proba"))
    assert labels.keys() == {"agreement"}
    assert shares.keys() == {"max_abs_error", "mean_abs_error", "r2", "top_agreement"}
    assert shares["top_agreement"] == labels["agreement"] > 0.95
    assert 0 < shares["mean_abs_error"] < shares["max_abs_error"] < 0.2
    assert 0.99 < shares["r2"] < 1.0
    forest = GradientBoostingClassifier(n_estimators=3, random_state=0).fit(X, y)
    report = edgeinfer.convert(forest, precision="int8", calibration=X).report["outputs"]
    assert report["apply"] == {"agreement": 1.0}
    line = edgeinfer.convert(Ridge().fit(X, y), precision="int8", calibration=X)
    have, want = line.predict(X), Ridge().fit(X, y).predict(X)
    told = line.report["outputs"]["predict"]
    assert told.keys() == {"max_abs_error", "mean_abs_error", "r2"}
    assert told["max_abs_error"] == pytest.approx(np.abs(have - want).max(), rel=1e-4)
    assert told["r2"] == pytest.approx(r2_score(want, have), rel=1e-6)
    flat = Ridge().fit(X, np.ones(len(X)))
    assert "r2" not in edgeinfer.convert(flat, precision="int8", calibration=X).report["outputs"]
