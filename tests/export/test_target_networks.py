"""Integer networks on emulated cores: every kernel the host's integers, with and without SMLAD."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgeinfer
from edgeinfer.export.targets.machines import find_machine
from edgeinfer.export.targets.toolchain import missing_tools
from edgeinfer.graph import GraphBuilder, Info, Method, TensorType
from edgeinfer.measurement.target import measure_target
from edgeinfer.runtime.model import Model
from tests.converters.networks import mlperf, package_files
from tests.ops.examples import network

ROWS = 3
KINDS = ("QConv2D", "QDepthwiseConv2D", "Pool2D", "QBinary", "QSoftmax", "QReduce", "Table8")
TARGETS = ("cortex-m0", "cortex-m3", "cortex-m4")


def _need(target: str) -> None:
    missing = missing_tools(find_machine(target))
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def _side_by_side() -> tuple[Model, dict[str, np.ndarray]]:
    """One model of all int8 examples of network ops, each with inputs of its own; and rows."""
    examples = [
        e
        for e in network.EXAMPLES
        if e.op.kind in KINDS and all(x.dtype == np.int8 and len(x) >= ROWS for x in e.inputs)
    ]
    rows = {f"x{i}_{j}": x[:ROWS] for i, e in enumerate(examples) for j, x in enumerate(e.inputs)}
    builder = GraphBuilder({name: TensorType("int8", x.shape[1:]) for name, x in rows.items()})
    outputs = [
        builder.emit(e.op, *(f"x{i}_{j}" for j in range(len(e.inputs))))
        for i, e in enumerate(examples)
    ]
    graph = builder.build({"run": Method(tuple(outputs), "tuple")}, Info(estimator="examples"))
    return Model(graph), rows


@pytest.mark.parametrize("target", TARGETS)
def test_every_kernel_on_an_emulated_core(target: str) -> None:
    _need(target)
    model, rows = _side_by_side()
    assert len(model.graph.nodes) > 50
    assert measure_target(model, rows, target).agreement == 1.0


def test_keyword_spotting_on_an_emulated_core() -> None:
    """A whole network: the host's integers, and it stays as small as it is."""
    path = mlperf("kws_int8")
    _need("cortex-m4")
    model = edgeinfer.convert(path)
    (tensor,) = model.graph.inputs.values()
    rows = np.random.default_rng(0).integers(-128, 128, (2, *tensor.shape)).astype(np.int8)
    report = measure_target(model, rows, "cortex-m4")
    assert report.agreement == 1.0
    assert report.code_bytes < 8_000
    assert report.scratch_bytes < 17_000
    assert report.static_bytes == 0
    assert report.instructions is not None
    assert report.instructions < 6_500_000


def _wakeword() -> Path:
    files = package_files("pymicro_wakeword")
    if not files:
        pytest.skip("needs pymicro-wakeword")
    return files[0]


@pytest.mark.parametrize("target", ["cortex-m4", "host"])
def test_state_belongs_to_the_caller(target: str) -> None:
    """A streaming network takes its state as arguments and gives the next: nothing is static."""
    path = _wakeword()
    _need(target)
    model = edgeinfer.convert(path)
    generator = np.random.default_rng(0)
    rows = {
        name: generator.integers(-128, 128, (2, *t.shape)).astype(t.dtype)
        for name, t in model.graph.inputs.items()
    }
    assert len(rows) > 1
    report = measure_target(model, rows, target, method="run")
    assert report.agreement == 1.0
    assert report.static_bytes == 0
    assert measure_target(model, rows, target, method="reset").agreement == 1.0
