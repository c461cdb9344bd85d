"""Every operator in every type it comes in: integers as TensorFlow Lite Micro bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

from edgeinfer.converters.tflite import network_to_graph, operators
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.networks import micro_session
from tests.converters.operator_cases import CASES, Case, T
from tests.converters.operator_table import PAGE, marks, with_table

ROWS = 5


def feed(rng: np.random.Generator, kind: T, row: int) -> np.ndarray:
    """Row 0 and 1 the bounds, row 2 the zero point, then anything the type holds."""
    if kind.dtype == "float32":
        low, high = (-6.0 if kind.low is None else kind.low), (kind.high or 6.0)
        return rng.uniform(low, high, kind.shape).astype(np.float32)
    if kind.dtype == "bool":
        return (
            np.asarray(rng.integers(0, 2, kind.shape) > 0)
            if row > 1
            else np.full(kind.shape, row > 0)
        )
    info = np.iinfo(kind.dtype)
    low = int(info.min if kind.low is None else kind.low)
    high = int(info.max if kind.high is None else kind.high)
    if row < 3:
        value = (low, high, min(max(kind.zero, low), high))[row]
        return np.full(kind.shape, value, kind.dtype)
    x = rng.integers(low, high + 1, size=kind.shape).astype(kind.dtype)
    flat = x.reshape(-1)
    if row == 3 and kind.dtype == "int8" and kind.low is None and flat.size >= 256:
        flat[:256] = np.arange(-128, 128)
    flat[0], flat[-1] = low, high
    return x


def lite_session(data: bytes) -> Any:
    """A function that runs LiteRT's reference kernels on one row of each input."""
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert")
    reference = module.OpResolverType.BUILTIN_REF
    interpreter = module.Interpreter(
        model_content=data, num_threads=1, experimental_op_resolver_type=reference
    )
    interpreter.allocate_tensors()

    def run(*feeds: np.ndarray) -> list[np.ndarray]:
        for detail, value in zip(interpreter.get_input_details(), feeds, strict=True):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        return [interpreter.get_tensor(d["index"]).copy() for d in interpreter.get_output_details()]

    return run


@pytest.mark.parametrize("case", CASES, ids=str)
def test_operator(case: Case) -> None:
    """All instruction sets answer as the oracle does, for rows alone and many rows at once."""
    graph = network_to_graph(case.network)
    rng = np.random.default_rng(len(CASES))
    rows = [tuple(feed(rng, kind, row) for kind in case.inputs) for row in range(ROWS)]
    if case.oracle == "micro":
        oracle = micro_session(case.network, len(case.outputs))
    else:
        oracle = lite_session(case.network)
    want = [[np.array(out) for out in oracle(*row)] for row in rows]
    kinds = list(graph.inputs.values())
    feeds = [
        np.concatenate([row[i].reshape(1, *kind.shape) for row in rows]).astype(kind.dtype)
        for i, kind in enumerate(kinds)
    ]
    tensors = graph.methods["run"].tensors
    for isa in available_isas():
        have = compile_program(graph, tensors, isa).run(*feeds)
        for number, tensor in enumerate(have):
            for row in range(ROWS):
                expected = want[row][number]
                got = tensor[row].reshape(expected.shape)
                if case.tolerance == 0:
                    np.testing.assert_array_equal(got, expected, err_msg=f"{isa} row {row}")
                elif expected.dtype.kind == "f":
                    scale = float(np.abs(expected).max(initial=1e-30))
                    near = case.tolerance
                    np.testing.assert_allclose(got, expected, near, near * scale, err_msg=isa)
                else:
                    apart = np.abs(got.astype(np.int64) - expected.astype(np.int64)).max()
                    assert apart <= case.tolerance, (isa, row)


def test_the_documentation_lists_what_is_tested() -> None:
    """``python -m tests.converters.operator_table`` writes the table."""
    text = PAGE.read_text()
    assert with_table(text) == text
    known = set(operators())
    assert set(marks()) <= known
    for name in known:
        assert name in text or name.startswith(("LOGICAL_", "LESS", "GREATER", "EQUAL", "NOT_EQ"))
