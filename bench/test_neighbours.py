"""How fast is exact nearest-neighbour search?"""

from typing import Any

import pytest

from bench.contest import contenders, run
from bench.workloads import NEIGHBOURS, Workload


@pytest.mark.parametrize(("workload", "engine"), contenders(NEIGHBOURS))
def test_neighbours(benchmark: Any, workload: Workload, engine: str) -> None:
    run(benchmark, workload, engine)
