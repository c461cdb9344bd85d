"""How fast are forests on many rows?"""

from typing import Any

import pytest

from bench.contest import contenders, run
from bench.workloads import FORESTS, Workload


@pytest.mark.parametrize(("workload", "engine"), contenders(FORESTS))
def test_forests(benchmark: Any, workload: Workload, engine: str) -> None:
    run(benchmark, workload, engine)
