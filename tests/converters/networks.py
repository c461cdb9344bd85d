"""Where networks for tests come from, and who is asked for the right answer."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MLPERF = Path(__file__).parents[2].parent / "shared" / "models" / "mlperf-tiny"


def mlperf(name: str) -> Path:
    """A network of MLPerf Tiny; skips where they are not present."""
    path = MLPERF / f"{name}.tflite"
    if not path.exists():
        pytest.skip(f"needs {path.name} of MLPerf Tiny in {MLPERF}")
    return path


def package_files(package: str) -> list[Path]:
    """The .tflite files inside an installed package; none if it is not there."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.rglob("*.tflite"))


def micro(data: bytes, *feeds: np.ndarray) -> list[np.ndarray]:
    """Outputs of TensorFlow Lite Micro for one row of each input; a fresh interpreter."""
    return micro_session(data)(*feeds)


def micro_session(data: bytes, outputs: int = 1) -> MicroSession:
    """TensorFlow Lite Micro with this network; skips where it is not installed."""
    runtime = pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="needs tflite-micro as the oracle"
    )
    return MicroSession(
        runtime.Interpreter.from_bytes(
            data,
            arena_size=8 << 20,
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
        ),
        outputs,
    )


class MicroSession:
    """TensorFlow Lite Micro with one network: calling it runs one row, and its state goes on."""

    def __init__(self, interpreter: Any, outputs: int) -> None:
        self.interpreter = interpreter
        self.outputs = outputs

    def __call__(self, *feeds: np.ndarray) -> list[np.ndarray]:
        for index, feed in enumerate(feeds):
            self.interpreter.set_input(feed, index)
        self.interpreter.invoke()
        return [self.interpreter.get_output(i).copy() for i in range(self.outputs)]

    def tensor(self, index: int) -> np.ndarray:
        """A tensor of the first subgraph after the last call."""
        return np.asarray(self.interpreter.GetTensor(index, 0)["tensor_data"])


def litert(path: Path, *feeds: np.ndarray) -> list[np.ndarray]:
    """Outputs of LiteRT for one row of each input."""
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert")
    interpreter = module.Interpreter(str(path), num_threads=1)
    details = interpreter.get_input_details()
    for detail, feed in zip(details, feeds, strict=True):
        interpreter.resize_tensor_input(detail["index"], feed.shape)
    interpreter.allocate_tensors()
    for detail, feed in zip(details, feeds, strict=True):
        interpreter.set_tensor(detail["index"], feed)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]).copy() for d in interpreter.get_output_details()]
