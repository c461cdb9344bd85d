"""What a model weighs: file, parameters, working memory, operations a row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edgeinfer.format import dump_bytes
from edgeinfer.lower import lower
from edgeinfer.runtime.model import Model


@dataclass(frozen=True)
class Layer:
    """One op: what it reads and gives (as text), its kernel, and what a row costs in it."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    kernel: str
    dtype: str
    parameter_bytes: int
    macs: float

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Sizes:
    """Sizes of a model, and of the program behind one of its methods.

    `parameter_bytes` are what the compiled method keeps in memory (tables packed for its
    kernels), `arena_bytes` the working memory of a block of `block_rows` rows, `row_arena_bytes`
    that of a single row. A row costs `macs_per_row` multiply-adds (or comparisons), reads
    `parameter_bytes_read` of parameters and moves `value_bytes_moved` of values between ops.
    """

    method: str
    file_bytes: int
    parameter_bytes: int
    arena_bytes: int
    block_rows: int
    row_arena_bytes: int
    macs_per_row: float
    parameter_bytes_read: float
    value_bytes_moved: int

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def layers(model: Model, method: str | None = None) -> list[Layer]:
    """The ops of a model in running order, or only those that `method` needs; no other names of
    the same memory (a reshape)."""
    graph = model.graph
    types = graph.types
    nodes = graph.nodes if method is None else graph.needed(graph.methods[method].tensors)
    result = []
    for node in nodes:
        if node.op.alias:  # the same memory under another name: nothing runs
            continue
        inputs = [types[name] for name in node.inputs]
        result.append(
            Layer(
                node.op.kind,
                tuple(map(str, inputs)),
                tuple(str(types[name]) for name in node.outputs),
                node.op.lower(*inputs).kernel,
                inputs[0].dtype,
                sum(c.nbytes for c in node.op.constants().values()),
                node.op.cost(*inputs).macs,
            )
        )
    return result


def sizes(model: Model, method: str | None = None) -> Sizes:
    """Sizes of `model` and of one of its methods (default: `main_method`)."""
    method = method or main_method(model)
    tensors = model.graph.methods[method].tensors
    program = lower(model.graph, tensors)
    single = lower(model.graph, tensors, block_rows=1)
    parameters = {
        id(array): array.nbytes for step in program.steps for _, array in step.block.arrays()
    }
    return Sizes(
        method,
        len(dump_bytes(model.graph)),
        sum(parameters.values()),
        program.arena_bytes,
        program.block_rows,
        single.arena_bytes,
        program.macs_per_row,
        program.param_bytes,
        sum(slot.row_bytes for step in program.steps for slot in (*step.inputs, *step.outputs)),
    )


def main_method(model: Model) -> str:
    """The method people mean when they name none: predict, transform, or the first there is."""
    methods = model.graph.methods
    return next((m for m in ("predict", "transform", "run") if m in methods), next(iter(methods)))
