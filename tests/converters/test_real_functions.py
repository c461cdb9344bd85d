"""Functions of integers that neither library runs: the real function of what a code stands for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.tflite_builder import NetworkBuilder

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND": np.rint,
    "SIN": np.sin,
    "COS": np.cos,
    "NEG": np.negative,
    "SQUARE": np.square,
    "ELU": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "HARD_SWISH": lambda x: x * np.clip(x + 3, 0, 6) / 6,
}
BY_LINES = ("SQUARE", "ELU", "HARD_SWISH")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_int16(name: str) -> None:
    x_scale, y_scale = np.float32(1e-4), np.float32(3.3e-4)
    b = NetworkBuilder()
    x, y = b.tensor("int16", (1, 256), x_scale[None]), b.tensor("int16", (1, 256), y_scale[None])
    b.operator(name, [x], [y])
    graph = network_to_graph(b.build([x], [y]))
    codes = np.arange(-32768, 32768).astype(np.int16).reshape(-1, 256)
    real = FUNCTIONS[name]((codes.astype(np.float32) * x_scale).astype(np.float64))
    want = np.clip(np.rint(real / np.float64(y_scale)), -32768, 32767)
    for isa in available_isas():
        (have,) = compile_program(graph, graph.methods["run"].tensors, isa).run(codes)
        apart = np.abs(have.reshape(want.shape) - want)
        assert apart.max() <= (4 if name in BY_LINES else 1), isa
