"""How fast are networks and kernel machines on many rows?"""

from typing import Any

import pytest

from bench.contest import contenders, run
from bench.workloads import DENSE, Workload


@pytest.mark.parametrize(("workload", "engine"), contenders(DENSE))
def test_dense(benchmark: Any, workload: Workload, engine: str) -> None:
    run(benchmark, workload, engine)
