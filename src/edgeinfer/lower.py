"""Graph -> LoweredProgram: which kernels run in which order, and where their tensors lie.

This one lowering feeds both the native program (`runtime/`) and the C exporter (`export/`):
nothing in it knows pointers, only kernels' names, parameter blocks and offsets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeinfer.errors import GraphError
from edgeinfer.graph import Graph, Node, TensorType
from edgeinfer.ops import Block

ALIGNMENT = 64
BLOCK_BYTES = 96 * 1024
"""Arena a block of rows may take: what stays in a second-level cache beside the parameters."""
MAX_BLOCK_ROWS = 256
MAX_ARENA_BYTES = 1 << 33

ARENA, INPUT, OUTPUT = 0, 1, 2


@dataclass(frozen=True)
class Slot:
    """Where a step finds a tensor: `place` is ARENA (at `offset`), INPUT or OUTPUT (`index`)."""

    place: int
    index: int
    offset: int
    row_bytes: int


@dataclass(frozen=True)
class Step:
    """One kernel call."""

    kernel: str
    block: Block
    node: Node
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    scratch: int


@dataclass(frozen=True)
class LoweredProgram:
    """Everything needed to run some tensors of a graph.

    `staging` is, per input, the arena offset where a block of it goes when it has to be converted.
    """

    steps: tuple[Step, ...]
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    staging: tuple[int, ...]
    arena_bytes: int
    block_rows: int
    macs_per_row: float
    param_bytes: float


class _Arena:
    """Places byte ranges, each for a span of steps, so that ranges alive together are apart."""

    def __init__(self) -> None:
        self.placed: list[tuple[int, int, int, int]] = []  # offset, end, first step, last step

    def place(self, size: int, first: int, last: int) -> int:
        size = -(-max(size, 1) // ALIGNMENT) * ALIGNMENT
        offset = 0
        for start, end, born, dies in sorted(self.placed):
            if first <= dies and born <= last:
                if start - offset >= size:
                    break
                offset = max(offset, end)
        self.placed.append((offset, offset + size, first, last))
        return offset

    @property
    def size(self) -> int:
        return max((end for _, end, _, _ in self.placed), default=0)


def lower(graph: Graph, outputs: Sequence[str], block_rows: int | None = None) -> LoweredProgram:
    """Lower what `outputs` needs.

    `block_rows` is how many rows run through the whole program at a time; the default keeps the
    arena in cache, a microcontroller wants 1.
    """
    if len(set(outputs)) != len(outputs):
        raise GraphError("an output is named twice")
    if set(outputs) & set(graph.inputs):
        raise GraphError("an input cannot be an output; copy it with Unary('ident')")
    types = graph.types
    nodes = graph.needed(outputs)
    lowered = [node.op.lower(*(types[name] for name in node.inputs)) for node in nodes]

    # A tensor is alive from the step that writes it to the last one that reads it.
    written = {name: step for step, node in enumerate(nodes) for name in node.outputs}
    last_read = {name: step for step, node in enumerate(nodes) for name in node.inputs}
    in_arena = [name for name in written if name not in outputs]

    if block_rows is None:
        per_row = sum(types[name].row_bytes for name in (*in_arena, *graph.inputs))
        per_row += sum(low.scratch_per_row for low in lowered)
        block_rows = max(1, min(MAX_BLOCK_ROWS, BLOCK_BYTES // max(per_row, 1)))
        if block_rows >= 16:
            block_rows -= block_rows % 16

    arena = _Arena()
    staging = tuple(
        arena.place(t.row_bytes * block_rows, -1, last_read.get(name, -1))
        for name, t in graph.inputs.items()
    )
    slots = {
        name: Slot(INPUT, i, 0, t.row_bytes) for i, (name, t) in enumerate(graph.inputs.items())
    }
    slots |= {name: Slot(OUTPUT, i, 0, types[name].row_bytes) for i, name in enumerate(outputs)}
    for name in in_arena:
        row_bytes = types[name].row_bytes
        last = last_read.get(name, written[name])
        slots[name] = Slot(
            ARENA, 0, arena.place(row_bytes * block_rows, written[name], last), row_bytes
        )

    steps = []
    cost = 0.0
    param_bytes = 0.0
    for number, (node, low) in enumerate(zip(nodes, lowered, strict=True)):
        scratch = low.scratch_fixed + low.scratch_per_row * block_rows
        steps.append(
            Step(
                low.kernel,
                low.block,
                node,
                tuple(slots[name] for name in node.inputs),
                tuple(slots[name] for name in node.outputs),
                arena.place(scratch, number, number) if scratch else 0,
            )
        )
        node_cost = node.op.cost(*(types[name] for name in node.inputs))
        cost += node_cost.macs
        param_bytes += node_cost.param_bytes
    if arena.size > MAX_ARENA_BYTES:
        raise GraphError(f"the program needs {arena.size} bytes of arena, too much")
    return LoweredProgram(
        tuple(steps),
        tuple(graph.inputs.values()),
        tuple(types[name] for name in outputs),
        staging,
        arena.size,
        block_rows,
        cost,
        param_bytes,
    )
