"""RFFT2D of rows, and what is made of complex numbers: as LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.errors import UnsupportedError
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.test_operators import lite_session
from tests.converters.tflite_builder import NetworkBuilder

FRAMES = 3


def spectrum(last: str, size: int, length: int, rows: int = 1) -> bytes:
    """Frames, their transform, then one of the operators that take complex numbers."""
    b = NetworkBuilder()
    x = b.tensor("float32", (1, FRAMES, rows, size))
    lengths = b.constant(np.array([rows, length], np.int32))
    bins = length // 2 + 1
    complex_ = b.tensor("complex64", (1, FRAMES, rows, bins))
    b.operator("RFFT2D", [x, lengths], [complex_])
    if rows == 1:
        flat = b.tensor("complex64", (1, FRAMES, bins))
        b.operator("SQUEEZE", [complex_], [flat], "SqueezeOptions", SqueezeDims=[2])
        complex_ = flat
    if last:
        y = b.tensor("float32", (1, FRAMES, bins))
        options = "CastOptions" if last == "CAST" else ""
        b.operator(last, [complex_], [y], options)
        complex_ = y
    return b.build([x], [complex_])


@pytest.mark.parametrize("last", ["COMPLEX_ABS", "REAL", "IMAG", "CAST"])
@pytest.mark.parametrize(("size", "length"), [(32, 32), (25, 32), (40, 32), (256, 256)])
def test_as_litert(last: str, size: int, length: int) -> None:
    data = spectrum(last, size, length)
    graph = network_to_graph(data)
    oracle = lite_session(data)
    x = np.random.default_rng(1).normal(size=(4, 1, FRAMES, 1, size)).astype(np.float32)
    want = np.stack([oracle(row)[0][0] for row in x])
    kind = graph.inputs["tensor_0"]
    for isa in available_isas():
        program = compile_program(graph, graph.methods["run"].tensors, isa)
        (have,) = program.run(x.reshape(4, *kind.shape))
        np.testing.assert_allclose(have, want, 1e-5, 1e-5 * np.abs(want).max(), err_msg=isa)


def test_what_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="two dimensions"):
        network_to_graph(spectrum("", 32, 32, rows=2))
    with pytest.raises(UnsupportedError, match="complex"):
        network_to_graph(spectrum("", 32, 32))
