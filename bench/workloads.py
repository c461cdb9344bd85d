"""What is measured: fitted models and the rows they answer, one entry per workload.

Every workload is trained here on data that comes with scikit-learn or is made from a fixed seed,
when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Fitted:
    """An estimator, the rows to answer, and what it was trained on."""

    source: Any
    X: np.ndarray
    training: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True)
class Workload:
    """A fitted model, the rows to time it on, and who is timed.

    `make` returns the estimator and X; `method` is what is called; `peers` are names in
    `bench.peers.PEERS`; `precisions` are edgeinfer's; `target` is the ratio to the best peer that
    the project has set itself, per precision or for all (key "").
    """

    name: str
    make: Callable[[], Fitted]
    peers: tuple[str, ...]
    method: str = "predict"
    rows: int | None = None
    precisions: tuple[str, ...] = ("float64", "float32")
    targets: tuple[tuple[str, float], ...] = ()

    def target(self, precision: str) -> float | None:
        """The ratio to reach in `precision`; None where there is none."""
        targets = dict(self.targets)
        return targets.get(precision, targets.get(""))


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return np.ascontiguousarray(X), y


@cache
def _physics(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """28 features of which 20 tell something: the shape of the HIGGS data, float32 values."""
    from sklearn.datasets import make_classification

    X, y = make_classification(
        rows, 28, n_informative=20, n_redundant=4, flip_y=0.1, random_state=0
    )
    return X.astype(np.float32).astype(np.float64), y


def _repeat(X: np.ndarray, rows: int) -> np.ndarray:
    return np.ascontiguousarray(np.resize(X, (rows, X.shape[1])))


def ridge() -> Fitted:
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge

    X, y = load_diabetes(return_X_y=True)
    return Fitted(Ridge().fit(X, y), X)


def scaled_logistic() -> Fitted:
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return Fitted(model.fit(X, y), X)


def tree() -> Fitted:
    from sklearn.tree import DecisionTreeClassifier

    X, y = _digits()
    return Fitted(DecisionTreeClassifier(random_state=0).fit(X, y), X)


def forest(trees: int) -> Callable[[], Fitted]:
    def make() -> Fitted:
        from sklearn.ensemble import RandomForestClassifier

        X, y = _digits()
        model = RandomForestClassifier(trees, random_state=0, n_jobs=1)
        return Fitted(model.fit(X, y), X)

    return make


def small_network() -> Fitted:
    from sklearn.neural_network import MLPClassifier

    X, y = _digits()
    model = MLPClassifier((64, 32), max_iter=300, random_state=0)
    return Fitted(model.fit(X / 16, y), X / 16)


@cache
def physics_forest(max_depth: int | None) -> Fitted:
    """100 trees: of depth 8, or full (some 340,000 nodes)."""
    from sklearn.ensemble import RandomForestClassifier

    X, y = _physics(22_000)
    model = RandomForestClassifier(100, max_depth=max_depth, random_state=0, n_jobs=2)
    model.fit(X[:12_000], y[:12_000])
    model.n_jobs = 1
    return Fitted(model, np.ascontiguousarray(X[12_000:]))


def boosting(trees: int, leaves: int) -> Callable[[], Fitted]:
    @cache
    def make() -> Fitted:
        from sklearn.ensemble import HistGradientBoostingClassifier

        X, y = _physics(22_000)
        model = HistGradientBoostingClassifier(
            max_iter=trees, max_leaf_nodes=leaves, early_stopping=False, random_state=0
        )
        training = X[:12_000], y[:12_000]
        return Fitted(model.fit(*training), np.ascontiguousarray(X[12_000:]), training)

    return make


def xgboosting(trees: int, leaves: int) -> Callable[[], Fitted]:
    """A source that XGBoost and daal4py run themselves, so that all answers are of one model."""

    @cache
    def make() -> Fitted:
        from xgboost import XGBClassifier

        X, y = _physics(22_000)
        model = XGBClassifier(
            n_estimators=trees,
            max_leaves=leaves,
            max_depth=0,
            grow_policy="lossguide",
            tree_method="hist",
            n_jobs=1,
        )
        model.fit(X[:12_000].astype(np.float32), y[:12_000])
        return Fitted(model, np.ascontiguousarray(X[12_000:]))

    return make


def wide_network() -> Fitted:
    """64-256-256-10 on digits."""
    from sklearn.neural_network import MLPClassifier

    X, y = _digits()
    model = MLPClassifier((256, 256), max_iter=60, random_state=0).fit(X / 16, y)
    return Fitted(model, _repeat(X / 16, 10_000))


def kernel_machine() -> Fitted:
    from sklearn.svm import SVC

    X, y = _digits()
    return Fitted(SVC().fit(X / 16, y), _repeat(X / 16, 10_000))


def neighbours(points: int, features: int, queries: int) -> Callable[[], Fitted]:
    """Pixels-like integers for 784 features, correlated normals otherwise."""

    @cache
    def make() -> Fitted:
        from sklearn.neighbors import NearestNeighbors

        rng = np.random.default_rng(0)
        basis = rng.normal(size=(16, features))
        X = rng.normal(size=(points + queries, 16)) @ basis
        X += 0.3 * rng.normal(size=X.shape)
        if features == 784:
            X = np.clip(np.rint(40 * X / X.std() + 60), 0, 255)
        X = X.astype(np.float32).astype(np.float64)
        source = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(X[:points])
        return Fitted(source, np.ascontiguousarray(X[points:]))

    return make


FOREST_PEERS = ("scikit-learn", "onnxruntime", "treelite", "ydf")
BOOSTING_PEERS = (
    "scikit-learn",
    "onnxruntime",
    "xgboost",
    "lightgbm",
    "lleaves",
    "daal4py",
    "ydf-own",
)
SAME_BOOSTING_PEERS = ("xgboost-source", "daal4py-source")
NEIGHBOUR_PEERS = ("scikit-learn", "scikit-learn-intelex", "faiss", "usearch")
INTEGERS = ("float64", "float32", "int16", "int8")

ONE_ROW = (
    Workload("linear", ridge, ("scikit-learn", "onnxruntime"), rows=1),
    Workload("scaler + logistic", scaled_logistic, ("scikit-learn", "onnxruntime"), rows=1),
    Workload("tree", tree, ("scikit-learn", "onnxruntime"), rows=1),
    Workload("forest of 10", forest(10), ("scikit-learn", "onnxruntime", "treelite"), rows=1),
    Workload("forest of 100", forest(100), ("scikit-learn", "onnxruntime", "treelite"), rows=1),
    Workload("MLP 64-32", small_network, ("scikit-learn", "onnxruntime"), rows=1),
)
FORESTS = (
    Workload(
        "forest 100 x depth 8",
        lambda: physics_forest(8),
        (*FOREST_PEERS, "tl2cgen"),
        precisions=INTEGERS,
        targets=(("", 6.0),),
    ),
    Workload(
        "forest 100 x full",
        lambda: physics_forest(None),
        FOREST_PEERS,
        precisions=INTEGERS,
        targets=(("", 4.0),),
    ),
)
BOOSTING = (
    Workload(
        "boosting 100 x 31",
        boosting(100, 31),
        BOOSTING_PEERS,
        precisions=INTEGERS,
        targets=(("", 2.5),),
    ),
    Workload(
        "boosting 500 x 63",
        boosting(500, 63),
        BOOSTING_PEERS,
        precisions=INTEGERS,
        targets=(("", 2.0),),
    ),
    Workload(
        "boosting 100 x 31, one row",
        boosting(100, 31),
        BOOSTING_PEERS,
        rows=1,
        targets=(("", 8.0),),
    ),
    Workload(
        "boosting 500 x 63, one row",
        boosting(500, 63),
        BOOSTING_PEERS,
        rows=1,
        targets=(("", 8.0),),
    ),
    *(
        Workload(
            f"XGBoost {trees} x {leaves}" + ("" if rows is None else ", one row"),
            xgboosting(trees, leaves),
            SAME_BOOSTING_PEERS,
            rows=rows,
            targets=(("", 8.0 if rows else target),),
        )
        for rows in (None, 1)
        for trees, leaves, target in ((100, 31, 2.5), (500, 63, 2.0))
    ),
)
DENSE = (
    Workload(
        "MLP 64-256-256-10",
        wide_network,
        ("scikit-learn", "onnxruntime"),
        precisions=INTEGERS,
        targets=(("float32", 1.1), ("int8", 5.0)),
    ),
    Workload(
        "SVC rbf on digits",
        kernel_machine,
        ("scikit-learn", "onnxruntime"),
        targets=(("float32", 10.0),),
    ),
)
NETWORKS = ("kws", "ic", "vww", "ad")


def network_workload(network: str, dtype: str) -> str:
    """What one call of a network of MLPerf Tiny is called in the results."""
    return f"network {network} {dtype}"


MEANS = (
    ("one row", tuple(w.name for w in ONE_ROW), 6.0),
    ("networks in int8", tuple(network_workload(n, "int8") for n in NETWORKS), 1.5),
    ("networks in float32", tuple(network_workload(n, "float32") for n in NETWORKS), 1.0),
)
"""Workloads whose target holds for their geometric mean."""

NEIGHBOURS = tuple(
    Workload(
        f"5 nearest of {points} x {features}, {queries} "
        + ("query" if queries == 1 else "queries"),
        neighbours(points, features, 360),
        NEIGHBOUR_PEERS,
        method="kneighbors",
        rows=queries,
        targets=(("", target),),
    )
    for points, features, target in ((60_000, 784, 3.0), (20_000, 28, 2.0))
    for queries in (360, 1)
)
