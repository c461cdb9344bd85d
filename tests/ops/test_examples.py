"""What follows from the table of examples for every op: references, kernels, files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from edgeinfer.format import dump_bytes, load_bytes
from edgeinfer.ops import OPS
from edgeinfer.runtime._native import KERNELS
from edgeinfer.runtime.program import available_isas, run_op
from tests.examples_of_ops import Example, all_examples, kernels_reached, kinds_without_example
from tests.oracle import assert_bits_equal, assert_close, assert_op

every_example = pytest.mark.parametrize("example", all_examples(), ids=str)


def test_every_op_has_an_example() -> None:
    assert len(OPS) > 10
    assert not kinds_without_example()


def test_every_kernel_is_reached_by_an_example() -> None:
    assert not set(KERNELS) - kernels_reached()


def test_the_list_of_kernels_is_the_compiled_one() -> None:
    csrc = Path(__file__).parents[2] / "src/edgeinfer/kernels/csrc"
    listed = re.findall(r"^EI_KERNEL\((\w+), (\w+)\)", (csrc / "ei_kernels.def").read_text(), re.M)
    assert {name: struct for name, (_, struct) in KERNELS.items()} == dict(listed)
    assert len(dict(listed)) == len(listed), "a kernel is listed twice"


@every_example
def test_kernel_against_reference(example: Example) -> None:
    assert_op(example.op, *example.inputs, rtol=example.rtol)


@every_example
def test_instruction_sets_agree_bit_for_bit(example: Example) -> None:
    """Always for integers; for floats where no function of the C library is involved."""
    worst, *others = available_isas()
    want = run_op(example.op, *example.inputs, isa=worst)
    for isa in others:
        for w, h in zip(want, run_op(example.op, *example.inputs, isa=isa), strict=True):
            if w.dtype.kind == "f" and not example.same_bits:
                assert_close(h, w, example.rtol, isa)
            else:
                assert_bits_equal(h, w, isa)


@every_example
def test_types_costs_and_files(example: Example) -> None:
    """`infer` says what comes out, `cost` is a count, and a file brings back the same op."""
    op, inputs = example.op, example.inputs
    inferred = op.infer(*example.types)
    results = op.reference(*inputs)
    assert [(r.dtype.name, r.shape[1:]) for r in results] == [(t.dtype, t.shape) for t in inferred]
    cost = op.cost(*example.types)
    assert 0 <= cost.macs < 1e9
    assert 0 <= cost.param_bytes < 1e9
    assert all(np.all(np.diff(values) > 0) for values in op.thresholds().values())

    data = example.edge()
    graph = load_bytes(data)
    assert dump_bytes(graph) == data, "saving what was loaded gives the same bytes"
    again = next(node.op for node in graph.nodes if node.op.kind == op.kind)
    assert repr(again.attributes()) == repr(op.attributes())
    assert again.constants().keys() == op.constants().keys()
    for name, constant in op.constants().items():
        loaded = again.constants()[name]
        assert loaded.dtype == constant.dtype
        np.testing.assert_array_equal(loaded, constant)
    for have, want in zip(run_op(again, *inputs), run_op(op, *inputs), strict=True):
        assert_bits_equal(have, want, "after loading")
