"""How long until a model answers? Loading a forest of some 340,000 nodes, and importing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.workloads import Fitted, physics_forest

Load = Callable[[], Any]


def ours(fitted: Fitted, folder: Path) -> Load:
    import edgeinfer

    path = folder / "forest.edge"
    edgeinfer.convert(fitted.source, precision="float32").save(path)
    return lambda: edgeinfer.load(path).predict


def with_joblib(fitted: Fitted, folder: Path) -> Load:
    import joblib

    path = folder / "forest.joblib"
    joblib.dump(fitted.source, path)
    return lambda: joblib.load(path).predict


def with_onnxruntime(fitted: Fitted, folder: Path) -> Load:
    import onnxruntime as ort
    from skl2onnx import to_onnx

    path = folder / "forest.onnx"
    path.write_bytes(to_onnx(fitted.source, fitted.X[:1].astype(np.float32)).SerializeToString())

    def load() -> Any:
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return lambda rows: session.run(None, {"X": rows.astype(np.float32)})

    return load


def with_treelite(fitted: Fitted, folder: Path) -> Load:
    import treelite

    path = folder / "forest.treelite"
    treelite.sklearn.import_model(fitted.source).serialize(str(path))

    def load() -> Any:
        model = treelite.Model.deserialize(str(path))
        return lambda rows: treelite.gtil.predict(model, rows.astype(np.float32), nthread=1)

    return load


ENGINES = {
    "scikit-learn (joblib)": with_joblib,
    "onnxruntime": with_onnxruntime,
    "treelite": with_treelite,
    "edgeinfer float32": ours,
}


@pytest.mark.parametrize("answer", [False, True], ids=["load", "load and answer a row"])
@pytest.mark.parametrize("engine", ENGINES)
def test_load(benchmark: Any, tmp_path: Path, engine: str, answer: bool) -> None:
    fitted = physics_forest(None)
    try:
        load = ENGINES[engine](fitted, tmp_path)
        load()(fitted.X[:1])
    except Exception as err:
        if engine.startswith("edgeinfer"):
            raise
        pytest.skip(f"{engine}: {type(err).__name__}: {str(err)[:200]}")
    nodes = sum(tree.tree_.node_count for tree in fitted.source.estimators_)
    name = f"load {'and answer one row, ' if answer else ''}forest of {nodes // 1000}k nodes"
    benchmark.group = name
    benchmark.extra_info.update(
        workload=name, engine=engine, rows=1, target=None, agreement=None, nodes=nodes
    )
    row = fitted.X[:1].copy()
    run = (lambda: load()(row)) if answer else load
    benchmark.pedantic(run, rounds=11, iterations=1, warmup_rounds=1)


@pytest.mark.parametrize("module", ["numpy", "edgeinfer", "onnxruntime", "treelite", "sklearn"])
def test_import(benchmark: Any, module: str) -> None:
    code = f"import {module}"
    if module == "edgeinfer":
        code += "; edgeinfer.load"  # the first public name brings what is needed to run a model
    if subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode:
        pytest.skip(f"{module} is not there")
    benchmark.group = "import in a new process"
    engine = "edgeinfer float32" if module == "edgeinfer" else module
    benchmark.extra_info.update(
        workload="import in a new process", engine=engine, rows=0, target=None, agreement=None
    )
    benchmark.pedantic(
        subprocess.run,
        ([sys.executable, "-c", code],),
        {"check": True, "capture_output": True},
        rounds=5,
        iterations=1,
        warmup_rounds=1,
    )
