"""Time: one row at a time, and whole batches."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Call = Callable[[np.ndarray], Any]
WARM_UP = 50


@dataclass(frozen=True)
class Latency:
    """Of calls with one row, in microseconds: half are faster than `median`, 99 % than `p99`."""

    median_us: float
    p99_us: float
    calls: int


@dataclass(frozen=True)
class Throughput:
    """Of calls with `batch_rows` rows: rows per second and processor time a row, all threads."""

    rows_per_second: float
    cpu_us_per_row: float
    batch_rows: int
    calls: int


def one_row(call: Call, X: np.ndarray, seconds: float = 0.5) -> Latency:
    """Time calls with single rows of X, one after the other, for about `seconds`.

    Every call is timed on its own, so that the slow ones show; what reading the clock takes
    is measured as well and taken off.
    """
    rows = [X[i : i + 1] for i in range(min(len(X), 1000))]
    for row in rows[:WARM_UP]:
        call(row)
    clock = time.perf_counter_ns
    empty = [-(clock() - clock()) for _ in range(1000)]
    overhead = float(np.median(empty))
    times: list[int] = []
    until = clock() + int(seconds * 1e9)
    while clock() < until or not times:
        for row in rows:
            start = clock()
            call(row)
            times.append(clock() - start)
            if times[-1] > 10_000_000 and clock() > until:
                break  # slow calls: do not finish the round
    measured = np.maximum(np.array(times) - overhead, 0.0) / 1000
    return Latency(float(np.median(measured)), float(np.percentile(measured, 99)), len(times))


def batches(call: Call, X: np.ndarray, seconds: float = 0.5) -> Throughput:
    """Time calls with all of X for about `seconds`; the median call counts.

    A call before the first that is timed is for the caller to make.
    """
    times: list[float] = []
    cpu: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times) < 3:
        start, start_cpu = time.perf_counter(), time.process_time()
        call(X)
        times.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
        if len(times) == 1 and times[0] > seconds:
            break
    # The processor clock is coarse: its mean over all calls is what can be trusted.
    return Throughput(
        len(X) / float(np.median(times)),
        float(np.mean(cpu)) / len(X) * 1e6,
        len(X),
        len(times),
    )


def batch_of(X: np.ndarray, rows: int) -> np.ndarray:
    """X, repeated until it has `rows` rows (or as it is, if it has more)."""
    if len(X) >= rows:
        return X
    times = -(-rows // len(X))
    return np.ascontiguousarray(np.concatenate([X] * times)[:rows])
