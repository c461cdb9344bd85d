"""Compiling a graph for an instruction set of this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from edgeinfer.errors import InvalidParameterError
from edgeinfer.graph import Graph, GraphBuilder, Info, Method, TensorType
from edgeinfer.lower import lower
from edgeinfer.ops import Op
from edgeinfer.runtime._native import ISAS, Program

ENVIRONMENT = "EDGEINFER_ISA"


def available_isas() -> tuple[str, ...]:
    """Instruction sets this build has kernels for and this processor can run, worst first."""
    return tuple(ISAS)


def chosen_isa() -> str:
    """The best instruction set, or the one that the variable EDGEINFER_ISA names.

    Raises InvalidParameterError when that one is not there.
    """
    wanted = os.environ.get(ENVIRONMENT)
    if not wanted:
        return available_isas()[-1]
    if wanted not in ISAS:
        raise InvalidParameterError(
            f"{ENVIRONMENT}={wanted} is not there; this machine has: {', '.join(ISAS)}"
        )
    return wanted


def compile_program(graph: Graph, outputs: Sequence[str], isa: str | None = None) -> Program:
    """The native program that computes `outputs` of `graph`."""
    return Program(lower(graph, outputs), isa or chosen_isa())


def compile_op(op: Op, inputs: Sequence[TensorType], isa: str | None = None) -> Program:
    """The native program of one op on its own."""
    names = [f"x{i}" for i in range(len(inputs))]
    builder = GraphBuilder(dict(zip(names, inputs, strict=True)))
    outputs = builder.emit_many(op, *names)
    if not outputs:  # a guard: what it guards has to be wanted
        from edgeinfer.ops import Unary

        outputs = (builder.emit(Unary("ident"), "x0"),)
    graph = builder.build({"run": Method(outputs, "tuple")}, Info())
    return compile_program(graph, outputs, isa)


def run_op(op: Op, *arrays: np.ndarray, isa: str | None = None) -> tuple[np.ndarray, ...]:
    """Run one op on arrays of shape ``(rows, *shape)``: how the kernels are called from Python."""
    inputs = [TensorType(a.dtype.name, a.shape[1:]) for a in arrays]
    return compile_op(op, inputs, isa).run(*arrays)
