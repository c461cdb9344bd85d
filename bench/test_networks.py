"""How fast are the networks of MLPerf Tiny, one input at a time, beside LiteRT on one thread?

A call is what a program has to do for one answer: hand over the input, run, fetch the output.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.workloads import NETWORKS, network_workload

FOLDER = Path(__file__).parents[2] / "shared" / "models" / "mlperf-tiny"
TOLERANCE = {"int8": 40, "float32": 0.05}
"""LiteRT's own integers differ by a few units, and it rounds the activations of kws_float32."""

Call = Callable[[], np.ndarray]


def ours(path: Path, x: np.ndarray) -> Call:
    import edgeinfer

    model = edgeinfer.convert(path)
    ((name, kind),) = model.inputs.items()
    feeds = {name: x.reshape(1, *kind.shape)}
    (output,) = model.outputs
    return lambda: model.run(feeds)[output]


def with_litert(path: Path, x: np.ndarray) -> Call:
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert")
    interpreter = module.Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    (result,) = interpreter.get_output_details()
    value = x.reshape(source["shape"])

    def call() -> np.ndarray:
        interpreter.set_tensor(source["index"], value)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(result["index"]))

    return call


ENGINES = {"edgeinfer": ours, "litert": with_litert}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("network", NETWORKS)
def test_networks(benchmark: Any, network: str, dtype: str, engine: str) -> None:
    path = FOLDER / f"{network}_{dtype}.tflite"
    if not path.exists():
        pytest.skip(f"needs {path.name} of MLPerf Tiny in {FOLDER}")
    x = example(path, dtype)
    call = ENGINES[engine](path, x)
    answer = call().astype(np.float64).reshape(-1)
    check = ours(path, x)().astype(np.float64).reshape(-1)
    scale = 1.0 if dtype == "int8" else float(np.abs(check).max())
    assert np.abs(answer - check).max() <= TOLERANCE[dtype] * scale
    benchmark.group = f"{network} {dtype}"
    benchmark.extra_info.update(
        workload=network_workload(network, dtype),
        engine=f"edgeinfer {dtype}" if engine == "edgeinfer" else engine,
        rows=1,
        target=None,
        agreement=None,
    )
    benchmark(call)


def example(path: Path, dtype: str) -> np.ndarray:
    """One input."""
    from edgeinfer.converters.tflite import network_to_graph

    (kind,) = network_to_graph(path).inputs.values()
    rng = np.random.default_rng(0)
    if dtype == "int8":
        return rng.integers(-128, 128, size=kind.shape).astype(np.int8)
    return rng.normal(size=kind.shape).astype(np.float32)
