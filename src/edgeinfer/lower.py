"""Graph -> LoweredProgram: which kernels run in which order, and where their tensors lie.

This one lowering feeds both the native program (`runtime/`) and the C exporter (`export/`):
nothing in it knows pointers, only kernels' names, parameter blocks and offsets.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeinfer.errors import GraphError
from edgeinfer.graph import Graph, Node, TensorType
from edgeinfer.ops import Block
from edgeinfer.target import HOST, Target

BLOCK_BYTES = 96 * 1024
"""Arena a block of rows may take: what stays in a second-level cache beside the parameters."""
MAX_BLOCK_ROWS = 256
MAX_ARENA_BYTES = 1 << 33

ARENA, INPUT, OUTPUT, NOWHERE = 0, 1, 2, 3


@dataclass(frozen=True)
class Slot:
    """Where a step finds a tensor: `place` is ARENA (at `offset`), INPUT or OUTPUT (`index`).

    NOWHERE is an output that nobody reads, of an op with `optional_outputs`: a NULL pointer.
    """

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
    scratch_bytes: int = 0
    source: Callable[[str], str] | None = None


@dataclass(frozen=True)
class LoweredProgram:
    """Everything needed to run some tensors of a graph.

    `staging` is, per input, the arena offset where a block of it goes when it has to be converted.
    `row` is the same program with an arena for one row, None where blocks have no more than that.
    """

    steps: tuple[Step, ...]
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    staging: tuple[int, ...]
    arena_bytes: int
    block_rows: int
    macs_per_row: float
    param_bytes: float
    row: LoweredProgram | None = None


class _Arena:
    """Places byte ranges, each for a span of steps, so that ranges alive together are apart.

    Large ranges are placed first, each as low as it can lie: small ones then fill the gaps, which
    takes less memory than placing them in the order of the steps.
    """

    def __init__(self, alignment: int) -> None:
        self.alignment = alignment
        self.wanted: list[tuple[int, int, int]] = []  # size, first step, last step

    def want(self, size: int, first: int, last: int) -> int:
        """Ask for `size` bytes from step `first` to `last`; the index of the request."""
        size = -(-max(size, 1) // self.alignment) * self.alignment
        self.wanted.append((size, first, last))
        return len(self.wanted) - 1

    def place(self) -> tuple[list[int], int]:
        """The offset of each request, and the size of all."""
        offsets = [0] * len(self.wanted)
        placed: list[tuple[int, int, int, int]] = []  # sorted: offset, end, first step, last step
        order = sorted(range(len(self.wanted)), key=lambda i: -self.wanted[i][0])
        for request in order:
            size, first, last = self.wanted[request]
            offset = 0
            for start, end, born, dies in placed:
                if first <= dies and born <= last:
                    if start - offset >= size:
                        break
                    offset = max(offset, end)
            insort(placed, (offset, offset + size, first, last))
            offsets[request] = offset
        return offsets, max((end for _, end, _, _ in placed), default=0)


def _aliases(graph: Graph, nodes: Sequence[Node], outputs: Sequence[str]) -> dict[str, str]:
    """Which tensor's memory each tensor lies in.

    The output of an alias (a reshape) is its input's memory. Where it is an output of the program,
    the input is computed there in the first place, unless it is itself an input or an output.
    """
    place = {name: name for name in graph.inputs}
    place |= {name: name for node in nodes for name in node.outputs}
    for node in nodes:
        if not node.op.alias:
            continue
        (old,), (new,) = node.inputs, node.outputs
        if new not in outputs:
            target, source = place[old], new
        elif place[old] not in graph.inputs and place[old] not in outputs:
            target, source = new, place[old]
        else:
            continue
        place = {name: target if home == source else home for name, home in place.items()}
    return place


def _overwritten(
    graph: Graph, nodes: Sequence[Node], outputs: Sequence[str], place: dict[str, str]
) -> dict[str, str]:
    """`place`, where elementwise ops write over an input that nobody reads again."""
    types = graph.types
    kept = {*graph.inputs, *outputs}
    last_read = {place[name]: step for step, node in enumerate(nodes) for name in node.inputs}
    for step, node in enumerate(nodes):
        for i in node.op.in_place:
            old, new = place[node.inputs[i]], place[node.outputs[0]]
            same = types[node.inputs[i]].dtype == types[node.outputs[0]].dtype
            same = same and types[old].row_bytes == types[new].row_bytes
            if not same or last_read[old] != step or new not in last_read or {old, new} & kept:
                continue
            last_read[old] = last_read.pop(new)
            place = {name: old if home == new else home for name, home in place.items()}
            break
    return place


def lower(
    graph: Graph, outputs: Sequence[str], block_rows: int | None = None, target: Target = HOST
) -> LoweredProgram:
    """Lower what `outputs` needs.

    `block_rows` is how many rows run through the whole program at a time; the default keeps the
    arena in cache, a microcontroller wants 1. For a `target` that is not the host, ops choose
    compact kernels, and inputs are read where they are (`staging` is empty).
    """
    if len(set(outputs)) != len(outputs):
        raise GraphError("an output is named twice")
    if set(outputs) & set(graph.inputs):
        raise GraphError("an input cannot be an output; copy it with Unary('ident')")
    types = graph.types
    needed = graph.needed(outputs)
    place = _aliases(graph, needed, outputs)
    nodes = tuple(
        n for n in needed if not (n.op.alias and place[n.outputs[0]] == place[n.inputs[0]])
    )
    place = _overwritten(graph, nodes, outputs, place)
    lowered = []
    for node in nodes:
        inputs = [types[name] for name in node.inputs]
        lowered.append(
            node.op.lower(*inputs) if target.host else node.op.lower_for(target, *inputs)
        )

    # A tensor is alive from the step that writes it to the last one that reads it.
    written: dict[str, int] = {}
    for step, node in enumerate(nodes):
        for name in node.outputs:
            written.setdefault(place[name], step)
    last_read = {place[name]: step for step, node in enumerate(nodes) for name in node.inputs}
    unread = {
        name
        for node in nodes
        if node.op.optional_outputs
        for name in node.outputs
        if name not in outputs and name not in last_read
    }
    in_arena = [name for name in written if name not in outputs and name not in unread]

    if block_rows is None:
        per_row = sum(types[name].row_bytes for name in (*in_arena, *graph.inputs))
        per_row += sum(low.scratch_per_row for low in lowered)
        block_rows = max(1, min(MAX_BLOCK_ROWS, BLOCK_BYTES // max(per_row, 1)))
        if block_rows >= 16:
            block_rows -= block_rows % 16
        block_rows = max(block_rows, *(low.rows for low in lowered), 1)

    def laid_out(block_rows: int, row: LoweredProgram | None = None) -> LoweredProgram:
        """The program with an arena for so many rows."""
        arena = _Arena(target.alignment)
        staging = [
            arena.want(t.row_bytes * block_rows, -1, last_read.get(name, -1))
            for name, t in graph.inputs.items()
            if target.host
        ]
        tensors = {
            name: arena.want(
                types[name].row_bytes * block_rows,
                written[name],
                last_read.get(name, written[name]),
            )
            for name in in_arena
        }
        scratch_bytes = [low.scratch_fixed + low.scratch_per_row * block_rows for low in lowered]
        scratches = {
            number: arena.want(size, number, number)
            for number, size in enumerate(scratch_bytes)
            if size
        }
        offsets, arena_bytes = arena.place()

        slots = {
            name: Slot(INPUT, i, 0, t.row_bytes) for i, (name, t) in enumerate(graph.inputs.items())
        }
        slots |= {name: Slot(OUTPUT, i, 0, types[name].row_bytes) for i, name in enumerate(outputs)}
        slots |= {
            name: Slot(ARENA, 0, offsets[request], types[name].row_bytes)
            for name, request in tensors.items()
        }
        slots |= {name: Slot(NOWHERE, 0, 0, types[name].row_bytes) for name in unread}

        steps = []
        cost = 0.0
        param_bytes = 0.0
        for number, (node, low) in enumerate(zip(nodes, lowered, strict=True)):
            steps.append(
                Step(
                    low.kernel,
                    low.block,
                    node,
                    tuple(slots[place[name]] for name in node.inputs),
                    tuple(slots[place[name]] for name in node.outputs),
                    offsets[scratches[number]] if number in scratches else 0,
                    scratch_bytes[number],
                    low.source,
                )
            )
            node_cost = node.op.cost(*(types[name] for name in node.inputs))
            cost += node_cost.macs
            param_bytes += node_cost.param_bytes
        if arena_bytes > MAX_ARENA_BYTES:
            raise GraphError(f"the program needs {arena_bytes} bytes of arena, too much")
        return LoweredProgram(
            tuple(steps),
            tuple(graph.inputs.values()),
            tuple(types[name] for name in outputs),
            tuple(offsets[request] for request in staging),
            arena_bytes,
            block_rows,
            cost,
            param_bytes,
            row,
        )

    return laid_out(block_rows, laid_out(1) if block_rows > 1 else None)
