"""Damaged files, in the small: `make sanitize` does the same at length, under the sanitizers."""

from __future__ import annotations

import numpy as np
import pytest

from edgeinfer.errors import FormatError, InvalidInputError
from edgeinfer.format import dump_bytes, load_bytes
from edgeinfer.graph import GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import Dense, Dequantize, Select
from edgeinfer.runtime.model import Model
from edgeinfer.runtime.program import compile_program
from tests.examples_of_ops import Example, all_examples
from tests.mutations import Parts, campaign, corpus, survives


def _first(op: type) -> Example:
    return next(example for example in all_examples() if isinstance(example.op, op))


@pytest.fixture(scope="module")
def small() -> bytes:
    return _first(Dense).edge()


def test_every_truncation_is_refused(small: bytes) -> None:
    for length in range(len(small)):
        with pytest.raises(FormatError):
            load_bytes(small[:length])


def test_any_byte_may_be_changed(small: bytes) -> None:
    outcomes = set()
    for place in range(len(small)):
        for bit in (0, 3, 7):
            damaged = bytearray(small)
            damaged[place] ^= 1 << bit
            outcomes.add(survives(bytes(damaged)))
    assert outcomes == {"refused", "answered"}


def test_a_program_with_integer_inputs_reads_no_floats() -> None:
    """A file can call any graph a prediction: what is handed over has to be of the input's type."""
    builder = GraphBuilder({"X": TensorType("int8", (3,))})
    op = Dequantize(np.full(3, 0.5, np.float32), np.zeros(3, np.int32))
    graph = builder.build({"predict": Method((builder.emit(op, "X"),))}, Info())
    graph = load_bytes(dump_bytes(graph))
    assert not hasattr(Model(graph), "predict")  # which would read anything as float64
    program = compile_program(graph, graph.methods["predict"].tensors)
    for dtype in (np.float64, np.float32, np.int64, np.uint8):
        for X in (np.zeros((300, 3), dtype), np.zeros((3, 300), dtype).T):
            with pytest.raises(InvalidInputError, match="takes int8"):
                program.run(X)
    X = np.arange(-128, 127, dtype=np.int8).reshape(-1, 3)
    for same in (X, np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(program.run(same)[0], X / np.float32(2))


def test_random_mutations_of_every_family() -> None:
    outcomes = campaign(corpus(), 1500, seed=1_000_000)
    assert outcomes["refused"] > 300
    assert outcomes["answered"] > 100


def test_sound_files_pass_through_the_same_mill() -> None:
    """Otherwise `survives` could pass for refusing everything."""
    for family, files in corpus().items():
        for data in files:
            assert survives(data) == "answered", family


def test_taking_apart_and_joining_changes_nothing(small: bytes) -> None:
    again = Parts(Parts(small).joined())
    assert again.graph == Parts(small).graph
    assert again.body == Parts(small).body


def test_a_wrong_exception_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign that cannot fail is worth nothing: here a check of an op fails in a wrong way."""

    def check(self: Select) -> None:
        assert 0 <= self.indices.min(initial=0) <= self.indices.max(initial=0) < 5

    data = _first(Select).edge()
    monkeypatch.setattr(Select, "check", check)
    with pytest.raises(AssertionError, match=r"mutation \d+: AssertionError at"):
        campaign({"op-Select": [data]}, 500, seed=0)
