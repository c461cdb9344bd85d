"""One workload, one engine: build it, check its answers against the source, time it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from bench.peers import INPUT, OWN_MODEL, PEERS
from bench.workloads import Fitted, Workload

OURS = "edgeinfer "


def contenders(workloads: Iterable[Workload]) -> list[Any]:
    """Every engine of every workload, as parameters of a test; a workload's stand together."""
    return [
        pytest.param(workload, engine, id=f"{workload.name}: {engine}")
        for workload in workloads
        for engine in (*workload.peers, *(OURS + precision for precision in workload.precisions))
    ]


def run(benchmark: Any, workload: Workload, engine: str) -> None:
    """Time `engine` on `workload`, after a look at its answers.

    An engine of edgeinfer has to answer as the source does; how far a peer agrees is recorded.
    """
    fitted = workload.make()
    answer, dtype = _engine(fitted, workload, engine)
    rows = np.ascontiguousarray(fitted.X[: workload.rows], dtype=dtype)
    benchmark.group = workload.name
    precision = engine.removeprefix(OURS)
    benchmark.extra_info.update(
        workload=workload.name,
        engine=engine,
        rows=len(rows),
        target=workload.target(precision) if engine != precision else None,
        agreement=agreement(fitted, workload, answer, dtype, engine),
    )
    one = len(rows) == 1 and workload.method == "predict"
    if one:
        # Thousands of calls a round: the timer and the loop must not be what is timed.
        benchmark.pedantic(answer, (rows,), rounds=15, iterations=_calls(answer, rows))
    else:
        benchmark.pedantic(answer, (rows,), rounds=7, iterations=1, warmup_rounds=1)


def _engine(fitted: Fitted, workload: Workload, engine: str) -> tuple[Any, type]:
    if engine in PEERS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answer = PEERS[engine](fitted, workload.method)
                answer(np.ascontiguousarray(fitted.X[:2], dtype=INPUT[engine]))
        except Exception as err:  # a peer may fail in any way; the suite goes on and shows it
            pytest.skip(f"{engine}: {type(err).__name__}: {str(err)[:200]}")
        return answer, INPUT[engine]
    import edgeinfer

    precision = engine.removeprefix(OURS)
    model = edgeinfer.convert(fitted.source, precision=precision, calibration=fitted.X[:1000])
    dtype = np.float64 if precision == "float64" else np.float32
    return getattr(model, workload.method), dtype


def _calls(answer: Any, rows: np.ndarray) -> int:
    """So many calls that a round takes some milliseconds."""
    from timeit import timeit

    once = timeit(lambda: answer(rows), number=5) / 5
    return max(5, min(5000, int(0.005 / once)))


def agreement(
    fitted: Fitted, workload: Workload, answer: Any, dtype: type, engine: str
) -> float | None:
    """Share of rows answered as the source answers them; None for a model of its own.

    Raises AssertionError where edgeinfer answers otherwise than its precision promises.
    """
    if engine in OWN_MODEL:
        return None
    rows = np.ascontiguousarray(fitted.X[:2000], dtype=dtype)
    want = _comparable(getattr(fitted.source, workload.method)(rows.astype(np.float64)))
    have = _comparable(answer(rows))
    if want.dtype.kind == "f":
        same = np.isclose(have.reshape(want.shape), want, rtol=1e-4, atol=1e-6)
    else:
        same = have.reshape(want.shape) == want
    share = float(same.reshape(len(same), -1).all(axis=1).mean())
    if engine.startswith(OURS):
        least = 0.99 if engine.endswith(("int8", "int16")) else 0.999
        assert share >= least, f"{engine} agrees on {share:.2%} of the rows of {workload.name}"
    return share


def _comparable(result: Any) -> np.ndarray:
    """Labels, values, or of neighbours the sorted indices (equal distances have no order)."""
    if isinstance(result, tuple):
        return np.sort(np.asarray(result[1], dtype=np.int64), axis=1)
    return np.asarray(result)
