"""One thread, answers checked before anything is timed, the machine written beside the figures."""

from __future__ import annotations

import os

# Before NumPy and the peers are imported: their thread pools read these once.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from typing import Any  # noqa: E402

import pytest  # noqa: E402

from bench.machine import describe  # noqa: E402


def pytest_benchmark_update_machine_info(config: Any, machine_info: dict[str, Any]) -> None:
    machine_info.update(describe())


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Benchmarks are what this folder is for; `--benchmark-skip` of the tests does not hold."""
    config.option.benchmark_skip = False
