"""How long does one row take?"""

from typing import Any

import pytest

from bench.contest import contenders, run
from bench.workloads import ONE_ROW, Workload


@pytest.mark.parametrize(("workload", "engine"), contenders(ONE_ROW))
def test_one_row(benchmark: Any, workload: Workload, engine: str) -> None:
    run(benchmark, workload, engine)
