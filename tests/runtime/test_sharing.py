"""Models in other threads and processes: pickled, copied, forked."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import edgeinfer
from edgeinfer.format import dump_bytes
from edgeinfer.graph import Graph

X, y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.fixture(scope="module")
def model() -> edgeinfer.Model:
    return edgeinfer.convert(LogisticRegression(max_iter=200).fit(X, NAMES), precision="float64")


def _through_joblib(model: edgeinfer.Model, folder: Path) -> edgeinfer.Model:
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib")


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("way", ["pickle", "copy", "deepcopy", "joblib"])
def test_carried_models_answer_the_same(
    model: edgeinfer.Model, way: str, used: bool, tmp_path: Path
) -> None:
    """Whether or not its methods had been compiled before."""
    fresh = edgeinfer.Model(model.graph)
    if used:
        fresh.predict(X)
        fresh.run({"X": X})
    again = {
        "pickle": lambda m: pickle.loads(pickle.dumps(m)),
        "copy": copy.copy,
        "deepcopy": copy.deepcopy,
        "joblib": lambda m: _through_joblib(m, tmp_path),
    }[way](fresh)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert dump_bytes(again.graph) == dump_bytes(model.graph)


def test_a_pickle_is_the_model_file(model: edgeinfer.Model) -> None:
    """No object of the runtime is in it: a pickle of today loads in later versions."""
    function, (data,) = model.__reduce__()
    assert data == dump_bytes(model.graph)
    assert function(data).predict(X[:1])[0] == model.predict(X[:1])[0]


def test_many_threads_share_a_model(model: edgeinfer.Model) -> None:
    """Also while its methods are compiled, and with blocks of all sizes."""
    want = model.predict_proba(X)
    fresh = edgeinfer.Model(model.graph)
    many = np.tile(X, (40, 1))

    def work(n: int) -> bool:
        if n % 7 == 0:
            return bool((fresh.predict_proba(many) == np.tile(want, (40, 1))).all())
        rows = slice(n % 100, n % 100 + 1 + n % 50)
        labels = fresh.predict(X[rows])
        return bool((fresh.predict_proba(X[rows]) == want[rows]).all() and len(labels))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))


def _large() -> tuple[edgeinfer.Model, np.ndarray]:
    """A model and a batch that several threads work on."""
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(3000, 200))
    source = LogisticRegression(max_iter=5).fit(wide[:200], rng.integers(0, 9, 200))
    return edgeinfer.convert(source, precision="float64"), wide


def _in_child(graph: Graph, wide: np.ndarray) -> np.ndarray:
    return edgeinfer.Model(graph).predict_proba(wide)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
def test_a_forked_child_answers(model: edgeinfer.Model) -> None:
    """After the parent has used its threads, which a child does not have: nothing hangs."""
    big, wide = _large()
    want = big.predict_proba(wide)
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        answers = [pool.apply_async(_in_child, (big.graph, wide)) for _ in range(4)]
        for answer in answers:
            np.testing.assert_array_equal(answer.get(timeout=60), want)
    np.testing.assert_array_equal(big.predict_proba(wide), want)
