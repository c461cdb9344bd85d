"""`edgeinfer.measure`: latency, throughput, sizes, energy proxies and agreement of models."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeinfer.errors import InvalidInputError, InvalidParameterError
from edgeinfer.measurement.energy import Rapl, operation_model
from edgeinfer.measurement.latency import batch_of, batches, one_row
from edgeinfer.measurement.report import Measurement, Report
from edgeinfer.measurement.size import main_method, sizes
from edgeinfer.runtime.calls import caller, one_thread
from edgeinfer.runtime.inputs import InputPreparer
from edgeinfer.runtime.model import Model
from edgeinfer.runtime.program import chosen_isa
from edgeinfer.verification.compare import Comparison
from edgeinfer.verification.promise import promise_of

BATCH_ROWS = 10_000
Progress = Callable[[str, int, int], None]


def measure(
    models: Model | Sequence[Model] | Mapping[str, Model],
    X: Any,
    *,
    source: Any = None,
    labels: Any = None,
    method: str | None = None,
    seconds: float = 0.5,
    batch_rows: int = BATCH_ROWS,
    progress: Progress | None = None,
) -> Report:
    """Measure one model, or several side by side (usually one in each precision).

    Parameters
    ----------
    models : a Model, a list of them, or a dict of them by name
    X : rows to answer, of shape (rows, features)
    source : estimator or Model, optional
        What the models' answers are compared with on X.
    labels : array-like of shape (rows,), optional
        True classes or targets of X: gives the accuracy or R2.
    method : str, optional
        Which method; default `predict`, or what the model has instead.
    seconds : float
        About how long each model is timed, for latency and for throughput.
    batch_rows : int
        Rows of a batch; X is repeated if it has fewer.
    progress : callable (what, done, total), optional

    Raises
    ------
    InvalidInputError, InvalidParameterError
    """
    named = _named(models)
    if seconds <= 0 or batch_rows < 1:
        raise InvalidParameterError("seconds and batch_rows have to be positive")
    tell = progress or (lambda what, done, total: None)
    wanted = _Wanted(X, source, labels, method, seconds, batch_rows)
    results = []
    for number, (name, model) in enumerate(named.items()):
        tell(f"measuring {name}", number, len(named))
        results.append(_one(name, model, wanted))
    tell("measured", len(named), len(named))
    return Report(tuple(results), machine())


def _named(models: Any) -> dict[str, Model]:
    if isinstance(models, Model):
        return {models.precision: models}
    if isinstance(models, Mapping):
        named = {str(name): model for name, model in models.items()}
    else:
        named = {}
        for model in models:
            base = name = getattr(model, "precision", "")
            number = 2
            while name in named:
                name, number = f"{base} ({number})", number + 1
            named[name] = model
    if not named or not all(isinstance(model, Model) for model in named.values()):
        raise InvalidParameterError("takes a Model, or a list or dict of Models")
    return named


@dataclass(frozen=True)
class _Wanted:
    """What is asked for of every model."""

    X: Any
    source: Any
    labels: Any
    method: str | None
    seconds: float
    batch_rows: int


def _one(name: str, model: Model, wanted: _Wanted) -> Measurement:
    method = wanted.method or main_method(model)
    call = caller(model, method)
    rows = _rows(model, wanted.X)
    agreement = error = score = joules = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = call(rows)
        weight = sizes(model, method)
        latency = one_row(call, rows, wanted.seconds)
        batch = batch_of(rows, wanted.batch_rows)
        call(batch)
        rapl = Rapl()
        before = rapl.read()
        throughput = batches(call, batch, wanted.seconds)
        if rapl.available:
            joules = rapl.since(before) / (throughput.calls * throughput.batch_rows)
        if wanted.source is not None:
            agreement, error = _compare(model, method, answers, wanted)
        if wanted.labels is not None:
            score = _score(model, answers, wanted.labels)
    return Measurement(
        name,
        model.graph.info.estimator,
        model.precision,
        latency,
        throughput,
        weight,
        operation_model(model, weight),
        joules,
        agreement,
        error,
        score,
    )


def _rows(model: Model, X: Any) -> np.ndarray:
    """X as the model reads it without further conversion."""
    (only,) = model.graph.inputs.values()
    if len(only.shape) != 1 or only.dtype != "float64":
        rows = np.ascontiguousarray(X, dtype=only.dtype)
        if rows.shape[1:] != only.shape or not len(rows):
            raise InvalidInputError(f"takes rows of shape {only.shape}, got {rows.shape}")
        return rows
    prepare = InputPreparer.of(model.graph)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.ascontiguousarray(prepare(X), dtype=np.float64)


def _compare(
    model: Model, method: str, answers: Any, wanted: _Wanted
) -> tuple[float, float | None]:
    """Share of rows answered as the source does, and the largest relative error of values."""
    source, X = wanted.source, wanted.X
    if isinstance(source, Model):
        expected = caller(source, method)(_rows(source, X))
    elif hasattr(source, method):
        with one_thread():
            expected = getattr(source, method)(X)
    else:
        raise InvalidParameterError(f"{type(source).__name__} has no {method!r} to compare with")
    info = model.graph.info
    labels = method == "predict" and info.classes is not None
    comparison = Comparison(method, promise_of(model.graph, None, None), labels)
    problem = comparison.add(answers, expected, len(X), False)
    if problem is not None:
        raise InvalidParameterError(f"source and model do not fit: {problem}")
    result, _ = comparison.finish()
    return result.agreement, result.relative_error


def _score(model: Model, answers: Any, labels: Any) -> float:
    """Accuracy of a classifier, R2 of a regressor."""
    truth, found = np.asarray(labels), np.asarray(answers)
    if found.shape != truth.shape:
        raise InvalidInputError(f"labels of shape {truth.shape} for answers of {found.shape}")
    if model.graph.info.classes is not None:
        return float((found == truth).mean())
    left = float(((truth - found) ** 2).sum())
    all_ = float(((truth - truth.mean(axis=0)) ** 2).sum())
    return 1 - left / all_ if all_ else float("nan")


def machine() -> dict[str, str]:
    """What the figures depend on besides the model."""
    try:
        cpus = len(os.sched_getaffinity(0))
    except AttributeError:
        cpus = os.cpu_count() or 1
    return {
        "processor": _processor(),
        "cpus": str(cpus),
        "instructions": chosen_isa(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
