"""The engines edgeinfer is compared with, each through its own best call, on one thread.

A peer is a function ``build(fitted, method)`` that returns what is timed: a function of rows.
Whatever a peer needs is prepared before (its model, its input type), so that only the answer is
timed. A peer that is not installed, or that cannot take the model, raises; the suite shows that.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.workloads import Fitted

Answer = Callable[[np.ndarray], Any]
Build = Callable[[Fitted, str], Answer]

PEERS: dict[str, Build] = {}
INPUT: dict[str, type] = {}
"""The dtype of the rows each peer is given: its own, so that no conversion is timed."""
OWN_MODEL: set[str] = set()
"""Peers that cannot take the source's model: they run one of the same size, trained here."""


def peer(name: str, dtype: type = np.float32, own: bool = False) -> Callable[[Build], Build]:
    """Register a peer."""

    def register(build: Build) -> Build:
        PEERS[name] = build
        INPUT[name] = dtype
        if own:
            OWN_MODEL.add(name)
        return build

    return register


@peer("scikit-learn", np.float64)
def scikit_learn(fitted: Fitted, method: str) -> Answer:
    answer: Answer = getattr(fitted.source, method)
    return answer


@peer("onnxruntime")
def onnxruntime(fitted: Fitted, method: str) -> Answer:
    import onnxruntime as ort
    from skl2onnx import to_onnx

    source = fitted.source
    options = {id(source): {"zipmap": False}} if hasattr(source, "classes_") else None
    network = to_onnx(source, fitted.X[:1].astype(np.float32), options=options)
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = ort.InferenceSession(
        network.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    (name,) = (i.name for i in session.get_inputs())
    wanted = [session.get_outputs()[0].name]
    return lambda rows: session.run(wanted, {name: rows})[0]


@peer("treelite")
def treelite(fitted: Fitted, method: str) -> Answer:
    import treelite as tl

    model = tl.sklearn.import_model(fitted.source)
    return lambda rows: _labels(fitted.source, tl.gtil.predict(model, rows, nthread=1))


@peer("tl2cgen")
def tl2cgen(fitted: Fitted, method: str) -> Answer:
    import tl2cgen as cgen
    import treelite as tl

    library = os.path.join(tempfile.mkdtemp(), "forest.so")
    model = tl.sklearn.import_model(fitted.source)
    cgen.export_lib(model, toolchain="gcc", libpath=library, params={"parallel_comp": 4})
    predictor = cgen.Predictor(library, nthread=1)
    return lambda rows: _labels(fitted.source, predictor.predict(cgen.DMatrix(rows)))


@peer("ydf")
def ydf(fitted: Fitted, method: str) -> Answer:
    import ydf as library

    model = library.from_sklearn(fitted.source)
    return lambda rows: _labels(fitted.source, model.predict({"features": rows}, num_threads=1))


def _labels(source: Any, scores: np.ndarray) -> np.ndarray:
    """Class labels of the scores of a forest."""
    scores = np.asarray(scores)
    scores = scores.reshape(len(scores), -1)
    if scores.shape[1] == 1:
        return np.asarray(source.classes_[(scores[:, 0] > 0.5).astype(int)])
    return np.asarray(source.classes_[scores.argmax(axis=1)])


def _size(fitted: Fitted) -> tuple[int, int]:
    """Trees and leaves of the source."""
    return int(fitted.source.max_iter), int(fitted.source.max_leaf_nodes)


def _training(fitted: Fitted) -> tuple[np.ndarray, np.ndarray]:
    assert fitted.training is not None
    return fitted.training


@peer("xgboost", own=True)
def xgboost(fitted: Fitted, method: str) -> Answer:
    booster = _xgboost_booster(fitted)
    answer: Answer = booster.inplace_predict
    return answer


def _xgboost_booster(fitted: Fitted) -> Any:
    import xgboost as xgb

    trees, leaves = _size(fitted)
    model = xgb.XGBClassifier(
        n_estimators=trees,
        max_leaves=leaves,
        max_depth=0,
        grow_policy="lossguide",
        tree_method="hist",
        n_jobs=1,
    )
    X, y = _training(fitted)
    booster = model.fit(X.astype(np.float32), y).get_booster()
    booster.set_param({"nthread": 1})
    return booster


@peer("xgboost-source")
def xgboost_source(fitted: Fitted, method: str) -> Answer:
    """The source itself through its fastest call, on one thread."""
    booster = fitted.source.get_booster()
    booster.set_param({"nthread": 1})
    return lambda rows: _labels(fitted.source, booster.inplace_predict(rows))


@peer("daal4py-source")
def daal4py_source(fitted: Fitted, method: str) -> Answer:
    import daal4py as d4p

    d4p.daalinit(1)
    answer: Answer = d4p.mb.convert_model(fitted.source.get_booster()).predict
    return answer


@peer("lightgbm", np.float64, own=True)
def lightgbm(fitted: Fitted, method: str) -> Answer:
    import lightgbm as lgb

    booster = _lightgbm_booster(fitted, lgb)
    return lambda rows: booster.predict(rows, num_threads=1)


@peer("lleaves", np.float64, own=True)
def lleaves(fitted: Fitted, method: str) -> Answer:
    """LightGBM's model compiled; lleaves wants a llvmlite older than others may have here."""
    import lightgbm as lgb
    import lleaves as library

    path = os.path.join(tempfile.mkdtemp(), "model.txt")
    _lightgbm_booster(fitted, lgb).save_model(path)
    model = library.Model(model_file=path)
    model.compile()
    return lambda rows: model.predict(rows, n_jobs=1)


def _lightgbm_booster(fitted: Fitted, lgb: Any) -> Any:
    trees, leaves = _size(fitted)
    model = lgb.LGBMClassifier(n_estimators=trees, num_leaves=leaves, n_jobs=1, verbose=-1)
    return model.fit(*_training(fitted)).booster_


@peer("daal4py", own=True)
def daal4py(fitted: Fitted, method: str) -> Answer:
    import daal4py as d4p

    d4p.daalinit(1)
    model = d4p.mb.convert_model(_xgboost_booster(fitted))
    answer: Answer = model.predict
    return answer


@peer("ydf-own", own=True)
def ydf_own(fitted: Fitted, method: str) -> Answer:
    import ydf as library

    trees, leaves = _size(fitted)
    learner = library.GradientBoostedTreesLearner(
        label="label",
        num_trees=trees,
        growing_strategy="BEST_FIRST_GLOBAL",
        max_num_nodes=leaves,
        max_depth=-1,
        early_stopping="NONE",
        validation_ratio=0.0,
    )
    library.verbose(0)
    X, y = _training(fitted)
    names = [f"f{i}" for i in range(X.shape[1])]
    data = dict(zip(names, X.T.astype(np.float32), strict=True))
    model = learner.train({**data, "label": y.astype(str)})
    return lambda rows: model.predict(dict(zip(names, rows.T, strict=True)), num_threads=1)


@peer("scikit-learn-intelex", np.float64)
def scikit_learn_intelex(fitted: Fitted, method: str) -> Answer:
    from daal4py import daalinit
    from sklearnex.neighbors import NearestNeighbors

    daalinit(1)
    model = NearestNeighbors(n_neighbors=fitted.source.n_neighbors, algorithm="brute")
    model.fit(fitted.source._fit_X)
    answer: Answer = model.kneighbors
    return answer


@peer("faiss")
def faiss(fitted: Fitted, method: str) -> Answer:
    import faiss as library

    library.omp_set_num_threads(1)
    points = np.ascontiguousarray(fitted.source._fit_X, dtype=np.float32)
    index = library.IndexFlatL2(points.shape[1])
    index.add(points)
    return lambda rows: index.search(rows, fitted.source.n_neighbors)


@peer("usearch")
def usearch(fitted: Fitted, method: str) -> Answer:
    from usearch.index import MetricKind, search

    points = np.ascontiguousarray(fitted.source._fit_X, dtype=np.float32)

    def answer(rows: np.ndarray) -> Any:
        found = search(
            points, rows, fitted.source.n_neighbors, MetricKind.L2sq, exact=True, threads=1
        )
        return found.distances, found.keys.reshape(len(rows), -1)

    return answer
