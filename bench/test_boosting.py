"""How fast is gradient boosting?"""

from typing import Any

import pytest

from bench.contest import contenders, run
from bench.workloads import BOOSTING, Workload


@pytest.mark.parametrize(("workload", "engine"), contenders(BOOSTING))
def test_boosting(benchmark: Any, workload: Workload, engine: str) -> None:
    run(benchmark, workload, engine)
