"""The built wheel where nothing is but NumPy and safetensors: it loads, and answers as before.

smoke.py prepare FOLDER         with scikit-learn: saves models, rows and the answers to expect
smoke.py check FOLDER WHEEL     without: compares, and looks at what size and time cost
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

WHEEL_BYTES = 3_000_000
IMPORT_SECONDS = 0.060  # more than NumPy alone
LOAD_SECONDS = 0.005  # a model of 10 MB
NOISE = 4  # a busy machine may take this many times as long before it counts as a failure


def prepare(folder: Path) -> None:
    """Save some models of every kind, rows, and the answers of this environment."""
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    import edgeinfer

    folder.mkdir(parents=True, exist_ok=True)
    X, y = load_digits(return_X_y=True)
    names = np.array([f"digit {k}" for k in range(10)])[y]
    sources = {
        "forest": RandomForestClassifier(20, random_state=0).fit(X, y),
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, names),
    }
    np.save(folder / "X.npy", X)
    for name, source in sources.items():
        for precision in ("float64", "float32", "int16", "int8"):
            model = edgeinfer.convert(source, precision=precision, calibration=X)
            model.save(folder / f"{name}-{precision}.edge")
            np.save(folder / f"{name}-{precision}.npy", model.predict(X))
    rng = np.random.default_rng(0)
    rows, targets = rng.normal(size=(14_000, 20)), rng.normal(size=14_000)
    from sklearn.ensemble import RandomForestRegressor

    large = edgeinfer.convert(RandomForestRegressor(40, n_jobs=-1).fit(rows, targets))
    large.save(folder / "large.edge")


def check(folder: Path, wheel: Path) -> None:
    """Compare with what `prepare` saved; sizes and times against their budgets."""
    assert importlib.util.find_spec("sklearn") is None, "this environment has scikit-learn"
    import edgeinfer

    assert folder.resolve() in Path(edgeinfer.__file__).resolve().parents, edgeinfer.__file__
    X = np.load(folder / "X.npy")
    models = sorted(folder.glob("*-*.edge"))
    assert len(models) == 8, models
    for path in models:
        answers = edgeinfer.load(path).predict(X)
        assert (answers == np.load(path.with_suffix(".npy"))).all(), path
    print(f"{len(models)} models answer as they did where they were made")

    budget("wheel, bytes", wheel.stat().st_size, WHEEL_BYTES, 1)
    alone = process("import numpy")
    ours = process("import edgeinfer; edgeinfer.load")
    budget("import beyond NumPy, s", ours - alone, IMPORT_SECONDS, NOISE)
    large = folder / "large.edge"
    times = []
    for _ in range(20):
        start = time.perf_counter()
        edgeinfer.load(large)
        times.append(time.perf_counter() - start)
    size = large.stat().st_size / 1e7
    budget(f"loading {10 * size:.1f} MB, s per 10 MB", min(times) / size, LOAD_SECONDS, NOISE)


def budget(what: str, value: float, limit: float, noise: float) -> None:
    """Say how `value` stands to its budget; fail beyond `noise` times that."""
    print(f"{what}: {value:.4g} (budget {limit:g})")
    assert value <= limit * noise, f"{what}: {value:.4g} is over {noise} x {limit:g}"


def process(code: str) -> float:
    """The shortest of some runs of a new interpreter, in seconds."""
    times = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    action, *paths = sys.argv[1:]
    {"prepare": prepare, "check": check}[action](*map(Path, paths))
