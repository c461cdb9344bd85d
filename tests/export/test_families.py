"""One model of every family, in three precisions, on the host and on emulated cores: one image
for each of them, the host's answers from all.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import edgeinfer
from edgeinfer.export.targets.build import WARNINGS
from edgeinfer.export.targets.machines import find_machine
from edgeinfer.export.targets.toolchain import has_c_library, missing_tools
from tests.compilers import need, run
from tests.export.firmware import Call, parts_of, run_all, write_sources

FOREST = RandomForestClassifier(5, max_depth=4, random_state=0)
SOURCES: dict[str, Any] = {
    "linear": Ridge(),
    "logistic": LogisticRegression(max_iter=500),
    "tree": DecisionTreeClassifier(max_depth=4, random_state=0),
    "forest": FOREST,
    "boosting": GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0),
    "histograms": HistGradientBoostingRegressor(max_iter=4, max_leaf_nodes=6, random_state=0),
    "isolation": IsolationForest(n_estimators=4, max_samples=32, random_state=0),
    "neighbours": KNeighborsClassifier(3),
    "kernels": SVC(),
    "network": make_pipeline(
        StandardScaler(), MLPClassifier((9,), solver="lbfgs", max_iter=200, random_state=0)
    ),
    "projection": make_pipeline(SimpleImputer(), MinMaxScaler(), PCA(2), LogisticRegression()),
    "scaler": make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
    "columns": make_pipeline(
        ColumnTransformer([("a", StandardScaler(), [2, 0]), ("b", MinMaxScaler(), [1, 3])]),
        LogisticRegression(),
    ),
    "voting": VotingClassifier([("l", LogisticRegression(max_iter=500)), ("f", FOREST)]),
    "stacking": StackingClassifier(
        [("t", DecisionTreeClassifier(max_depth=2)), ("l", LogisticRegression(max_iter=500))], cv=2
    ),
    "bagging": BaggingClassifier(
        DecisionTreeClassifier(max_depth=3), n_estimators=3, random_state=0
    ),
}
PRECISIONS = ("float64", "float32", "int16", "int8")
WITHOUT_LIBRARY = ("tree", "forest", "isolation", "network", "scaler", "linear")
"""Families that need no libm, in int8, for compilers that come without a C library."""


def _rows() -> np.ndarray:
    """Rows of the data, and some that are refused or missing something."""
    X = load_iris().data[::13].astype(np.float32)
    bad = X[:3].copy()
    bad[0, 1], bad[1, 2], bad[2, 0] = np.nan, np.inf, 3e38
    return np.concatenate([X, bad])


def _calls() -> Iterator[Call]:
    X, y = load_iris(return_X_y=True)
    for family, source in SOURCES.items():
        source.fit(X, X @ (1.0, 2.0, -1.0, 0.5) if family in ("linear", "histograms") else y)
        for precision in PRECISIONS:
            model = edgeinfer.convert(source, precision=precision, calibration=X)
            for method in ("predict", "predict_proba", "decision_function", "transform"):
                if method not in model.graph.methods:
                    continue
                name = f"{family} {precision} {method}"
                yield Call(name, model, method, _rows(), {})
                if family in ("forest", "tree", "boosting") and method == "predict":
                    for optimize in ("size", "speed"):
                        options = {"forest": "inline", "optimize": optimize}
                        yield Call(f"{name} {optimize}", model, method, _rows(), options)


@cache
def calls() -> list[Call]:
    """Every family in every precision; converting them takes longest, so only once."""
    return list(_calls())


def _check(target: str, chosen: list[Call], folder: Path, compiler: str | None, level: str) -> None:
    machine = find_machine(target)
    missing = missing_tools(machine, compiler)
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    answers = run_all(chosen, machine, folder, compiler, level)
    assert len(answers) == len(chosen)
    wrong = {name: a for name, a in answers.items() if a[0] != 1.0}
    assert not wrong, f"{target}: {wrong}"


@pytest.mark.parametrize(
    ("target", "compiler"),
    [
        ("host", "gcc"),
        ("host", "clang"),
        ("cortex-m0", None),
        ("cortex-m3", None),
        ("cortex-m4", None),
    ],
)
def test_every_family(target: str, compiler: str | None, tmp_path: Path) -> None:
    chosen = [c for c in calls() if target == "host" or "float64" not in c.name]
    _check(target, chosen, tmp_path, compiler, "O1")


def test_clang_compiles_them_for_cortex_m(tmp_path: Path) -> None:
    clang, gcc = need("clang"), need("arm-none-eabi-gcc")
    listing = run(gcc, "-E", "-v", "-x", "c", "/dev/null").stderr.decode().split()
    library = next(p for p in listing if p.endswith("arm-none-eabi/include"))
    sources = write_sources(parts_of([c for c in calls() if "float64" not in c.name]), tmp_path)
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    for target in ("cortex-m0", "cortex-m3", "cortex-m4"):
        flags = [f for f in find_machine(target).flags if not f.startswith("--specs")]
        arguments = ["--target=arm-none-eabi", *flags, "-std=c99", *WARNINGS, "-isystem", library]
        run(clang, *arguments, "-O1", "-c", tmp_path / "all.c", "-o", tmp_path / "all.o")


def test_riscv(tmp_path: Path) -> None:
    """All families where the compiler has a C library, else those that need none of it."""
    chosen = calls()
    if shutil.which("riscv64-unknown-elf-gcc") and not has_c_library(find_machine("riscv32")):
        names = {f"{family} int8 predict" for family in WITHOUT_LIBRARY}
        chosen = [c for c in chosen if c.name in names]
    _check("riscv32", chosen, tmp_path, None, "O1")
