"""Exported models on emulated cores: the host's answers, and figures that make sense."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

import edgeinfer
from edgeinfer.export.targets.machines import find_machine
from edgeinfer.export.targets.toolchain import missing_tools
from edgeinfer.measurement.target import measure_target


@pytest.mark.parametrize("target", ["cortex-m0", "cortex-m3", "cortex-m4"])
def test_forest_on_an_emulated_core(target: str) -> None:
    missing = missing_tools(find_machine(target))
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    X, y = load_iris(return_X_y=True)
    forest = RandomForestClassifier(4, max_depth=4, random_state=0).fit(X, y)
    model = edgeinfer.convert(forest, precision="int8", calibration=X)
    report = measure_target(model, X[::5].astype(np.float32), target)
    assert report.agreement == 1.0
    assert report.instructions is not None
    assert 20 < report.instructions < 5000
    assert report.static_bytes == 0
    assert report.ram_bytes == report.scratch_bytes
    assert report.flash_bytes == report.code_bytes + report.constant_bytes > 0
