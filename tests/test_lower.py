"""How programs are laid out."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

import edgeinfer
from edgeinfer.graph import GraphBuilder, Info, Method, TensorType
from edgeinfer.lower import lower
from edgeinfer.ops import Binary, Move, Unary
from edgeinfer.runtime.program import available_isas, compile_program, run_op
from tests.examples_of_ops import Example, all_examples
from tests.oracle import assert_bits_equal

STACK_ARENA = 16384
"""What program.c has on its stack."""


def test_one_row_has_an_arena_of_its_own() -> None:
    """A block's arena does not fit the stack, a row's does; both answer alike."""
    X, y = load_digits(return_X_y=True)
    model = edgeinfer.convert(RandomForestClassifier(5, random_state=0).fit(X, y))
    tensors = model.graph.methods["predict_proba"].tensors
    program = lower(model.graph, tensors)
    assert program.row is not None
    assert program.row.row is None
    assert program.row.block_rows == 1
    assert program.row.arena_bytes == lower(model.graph, tensors, block_rows=1).arena_bytes
    assert program.row.arena_bytes < STACK_ARENA < program.arena_bytes
    blocks = [step.block for step in program.steps]
    assert [step.block for step in program.row.steps] == blocks
    want = model.predict_proba(X)
    for row in range(0, len(X), 100):
        one = X[row : row + 1]
        np.testing.assert_array_equal(model.predict_proba(one), want[row : row + 1])
        # Other types and layouts are staged, which the arena has room for.
        np.testing.assert_array_equal(
            model.predict_proba(one.astype(np.float32)), want[row : row + 1]
        )


IN_PLACE = [example for example in all_examples() if example.op.in_place]


@pytest.mark.parametrize("isa", available_isas())
@pytest.mark.parametrize("example", IN_PLACE, ids=str)
def test_elementwise_ops_overwrite_what_nobody_reads_again(example: Example, isa: str) -> None:
    """Each input in turn is the only one that may be overwritten; the answer stays the same."""
    op, types = example.op, example.types
    (want,) = run_op(op, *example.inputs, isa=isa)
    for place in op.in_place:
        names = [f"x{i}" for i in range(len(types))]
        builder = GraphBuilder(dict(zip(names, types, strict=True)))
        operands = list(names)
        operands[place] = builder.emit(copy_of(types[place]), names[place])
        result = builder.emit(op, *operands)
        output = builder.emit(copy_of(builder.types[result]), result)
        graph = builder.build({"run": Method((output,), "tuple")}, Info(estimator="elementwise"))
        steps = lower(graph, (output,)).steps
        same_size = types[place].row_bytes == builder.types[result].row_bytes
        same = same_size and types[place].dtype == builder.types[result].dtype
        assert (steps[1].inputs[place] == steps[1].outputs[0]) == same
        (have,) = compile_program(graph, (output,), isa=isa).run(*example.inputs)
        assert_bits_equal(have, want, f"over input {place}")


def test_what_is_read_again_is_not_overwritten() -> None:
    """A residual: the operand that lives on keeps its memory, the other one's is used."""
    kind = TensorType("float32", (37,))
    builder = GraphBuilder({"x": kind})
    first = builder.emit(copy_of(kind), "x")
    second = builder.emit(Unary("neg"), first)
    both = builder.emit(Binary("add"), first, second)
    again = builder.emit(Binary("mul"), first, both)
    output = builder.emit(copy_of(kind), again)
    graph = builder.build({"run": Method((output,), "tuple")}, Info(estimator="residual"))
    steps = lower(graph, (output,), block_rows=1).steps
    assert steps[2].outputs[0] == steps[2].inputs[1] != steps[2].inputs[0]
    assert steps[3].outputs[0] == steps[3].inputs[0]
    x = np.arange(37, dtype=np.float32)[None]
    np.testing.assert_array_equal(compile_program(graph, (output,)).run(x)[0], x * (x - x))
    assert lower(graph, (output,), block_rows=1).arena_bytes == 2 * 192


def copy_of(kind: TensorType) -> Move:
    """An op that copies: what it writes lies in the arena."""
    strides = tuple(prod(kind.shape[i + 1 :]) for i in range(len(kind.shape)))
    return Move(kind.shape, strides, 0)
