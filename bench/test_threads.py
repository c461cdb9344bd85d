"""What do two threads bring on a big batch?"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import edgeinfer
from bench.workloads import DENSE, FORESTS, Workload

BIG = (FORESTS[0], DENSE[0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("workload", BIG, ids=lambda w: w.name)
def test_threads(benchmark: Any, workload: Workload, threads: int) -> None:
    if len(os.sched_getaffinity(0)) < threads:
        pytest.skip(f"this machine has no {threads} processors")
    fitted = workload.make()
    model = edgeinfer.convert(fitted.source, precision="float32")
    rows = np.ascontiguousarray(np.tile(fitted.X, (4, 1)), dtype=np.float32)
    with threadpool_limits(1):
        want = model.predict(rows)
    with threadpool_limits(threads):
        np.testing.assert_array_equal(model.predict(rows), want)
        benchmark.group = f"{workload.name}, {len(rows)} rows, threads"
        benchmark.extra_info.update(threads=threads)
        benchmark.pedantic(model.predict, (rows,), rounds=9, iterations=1, warmup_rounds=1)
