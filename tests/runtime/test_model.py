"""A model as a thing: immutable, shared by threads, saved, pickled, split over cores."""

from __future__ import annotations

import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

import edgeinfer
from edgeinfer.graph import GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import Dense

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
SOURCES: dict[str, Any] = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()).fit(X, NAMES),
    "tree": DecisionTreeClassifier(random_state=0).fit(X, Y),
    "scaler": StandardScaler().fit(X),
}
METHODS = ("predict", "predict_proba", "decision_function", "transform")


def answers(model: edgeinfer.Model, data: np.ndarray = X) -> dict[str, np.ndarray]:
    return {name: getattr(model, name)(data) for name in METHODS if name in model.graph.methods}


def assert_equal(have: dict[str, np.ndarray], want: dict[str, np.ndarray]) -> None:
    assert have.keys() == want.keys()
    for name, value in want.items():
        np.testing.assert_array_equal(have[name], value, err_msg=name)


@pytest.mark.parametrize("name", SOURCES)
def test_saved_pickled_and_dumped_models_answer_the_same(name: str, tmp_path: Path) -> None:
    model = edgeinfer.convert(SOURCES[name], precision="float64")
    want = answers(model)
    path = tmp_path / "model.edge"
    model.save(path)
    joblib.dump(model, tmp_path / "model.joblib")
    for again in (
        edgeinfer.load(path),
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib"),
    ):
        assert_equal(answers(again), want)
        assert again.precision == model.precision
        assert again.n_features_in_ == 4
        assert repr(again) == repr(model)
        if hasattr(model, "classes_"):
            np.testing.assert_array_equal(again.classes_, model.classes_)
    edgeinfer.load(path).save(tmp_path / "again.edge")
    assert (tmp_path / "again.edge").read_bytes() == path.read_bytes()


def test_a_model_cannot_be_changed() -> None:
    model = edgeinfer.convert(SOURCES["logistic"])
    want = answers(model)
    for name in ("graph", "precision", "predict", "anything"):
        with pytest.raises(AttributeError):
            setattr(model, name, None)
        with pytest.raises(AttributeError):
            delattr(model, name)
    for node in model.graph.nodes:
        for constant in node.op.constants().values():
            with pytest.raises(ValueError, match="read-only"):
                constant[...] = 0
    # What it hands out is the caller's own.
    model.classes_[:] = "other"
    model.inputs.clear()
    model.predict(X)[:] = "other"
    assert_equal(answers(model), want)
    assert list(model.classes_) == ["setosa", "versicolor", "virginica"]


def test_a_model_does_not_follow_its_source() -> None:
    source = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, NAMES)
    model = edgeinfer.convert(source)
    want = answers(model)
    source[0].mean_ += 1
    source[0].scale_ *= 2
    source[1].coef_[:] = 0
    source[1].classes_[:] = "other"
    assert_equal(answers(model), want)


def test_results_are_new_arrays() -> None:
    model = edgeinfer.convert(SOURCES["scaler"])
    data = X.copy()
    first = model.transform(data)
    kept = first.copy()
    assert not np.shares_memory(first, data)
    second = model.transform(data + 1)
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(data, X)


def test_many_threads_share_one_model() -> None:
    """Also while its methods are being compiled for the first time."""
    want = answers(edgeinfer.convert(SOURCES["logistic"], precision="float64"))
    for _ in range(5):
        model = edgeinfer.convert(SOURCES["logistic"], precision="float64")
        start = threading.Barrier(8)

        def work(number: int, model: Any = model, start: Any = start) -> None:
            start.wait()
            for turn in range(30):
                row = (number * 31 + turn) % len(X)
                assert_equal(
                    answers(model, X[row : row + 1]), {k: v[row : row + 1] for k, v in want.items()}
                )

        with ThreadPoolExecutor(8) as pool:
            for future in [pool.submit(work, number) for number in range(8)]:
                future.result()


def wide_model(width: int, layers: int) -> edgeinfer.Model:
    rng = np.random.default_rng(0)
    builder = GraphBuilder({"X": TensorType("float64", (width,))})
    tensor = "X"
    for _ in range(layers):
        weights = rng.normal(size=(width, width)) / np.sqrt(width)
        tensor = builder.emit(Dense(weights, np.zeros(width)), tensor)
    return edgeinfer.Model(builder.build({"transform": Method((tensor,))}, Info(estimator="Wide")))


def test_batches_split_over_threads_answer_the_same() -> None:
    model = wide_model(64, 2)
    data = np.random.default_rng(1).normal(size=(5003, 64))
    results = {}
    for threads in (1, 2, 3, 7):
        with threadpool_limits(threads):
            results[threads] = model.transform(data)
    for threads, result in results.items():
        np.testing.assert_array_equal(result, results[1], err_msg=f"{threads} threads")
    for row in (0, 1, 2500, 5002):
        np.testing.assert_array_equal(model.transform(data[row : row + 1])[0], results[1][row])


def test_a_bad_row_is_refused_whichever_thread_meets_it() -> None:
    model = edgeinfer.convert(SOURCES["logistic"])
    data = np.tile(X, (400, 1))
    for row in (0, 30_000, len(data) - 1):
        data[row, 1], kept = np.nan, data[row, 1]
        with threadpool_limits(4), pytest.raises(edgeinfer.EdgeInferError, match="NaN"):
            model.predict_proba(data)
        data[row, 1] = kept
    model.predict_proba(data)


def test_long_calls_leave_the_interpreter_to_others() -> None:
    """Another thread gets many turns while one is in native code, where it would get hardly one."""
    model = wide_model(256, 4)
    data = np.random.default_rng(1).normal(size=(2000, 256))
    model.transform(data[:1])
    entered, left = threading.Event(), threading.Event()

    def work() -> None:
        entered.set()
        for _ in range(4):
            model.transform(data)
        left.set()

    thread = threading.Thread(target=work)
    with threadpool_limits(1):
        thread.start()
        entered.wait()
        turns = 0
        while not left.is_set():
            time.sleep(0.001)
            turns += 1
        thread.join()
    assert turns > 20


def test_what_a_model_lacks_is_said() -> None:
    model = edgeinfer.convert(SOURCES["scaler"])
    with pytest.raises(AttributeError, match="StandardScaler has no 'predict'; it has: transform"):
        _ = model.predict
    with pytest.raises(AttributeError, match="classes_"):
        _ = model.classes_
    assert "transform" in dir(model)
    assert not hasattr(model, "feature_names_in_")
