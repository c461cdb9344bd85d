"""Trees as if/else code, for targets whose programs are faster than their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edgeinfer.ops.tree_small import SmallTrees

MAX_DEPTH = 100
"""Compilers give up on blocks nested deeper than some 120."""
_C_TYPES = {"uint8": "uint8_t", "uint16": "uint16_t", "int32": "int32_t", "float64": "double"}


def can_inline(op: SmallTrees) -> bool:
    """Whether every tree is shallow enough to be nested blocks."""
    return all(_depth(left, right, op.first_leaf) <= MAX_DEPTH for _, _, left, right in trees(op))


def trees(op: SmallTrees) -> list[tuple[list[int], ...]]:
    """Columns, ranks, left and right children of each tree."""
    ends = np.cumsum(op.sizes.astype(np.int64))
    return [
        tuple(part[end - size : end].tolist() for part in op.parts)
        for end, size in zip(ends.tolist(), op.sizes.tolist(), strict=True)
    ]


def _depth(left: list[int], right: list[int], first_leaf: int) -> int:
    depth = [1] * len(left)
    for node in range(len(left)):
        for child in (left[node], right[node]):
            if child < first_leaf:
                depth[child] = max(depth[child], depth[node] + 1)
    return max(depth)


def source(op: SmallTrees, dtype: str, name: str) -> str:
    """The kernel `name` for `op` on codes of `dtype`: walks are code, votes come from tables."""
    value, total = _C_TYPES[op.values.dtype.name], _C_TYPES[op.base.dtype.name]
    parts = [_table(f"{name}_base", total, op.base)]
    if op.starts is None:
        parts.append(_table(f"{name}_values", value, op.values))
    elif op.n_rows > op.n_pure:
        assert op.classes is not None
        parts.append(_table(f"{name}_starts", "uint16_t", op.starts))
        parts.append(_table(f"{name}_classes", "uint8_t", op.classes))
        parts.append(_table(f"{name}_values", value, op.values))
        parts.append(
            f"static void {name}_add({total} *sums, uint32_t row) {{\n"
            f"  uint32_t e;\n"
            f"  for (e = {name}_starts[row]; e < {name}_starts[row + 1]; e++)\n"
            f"    sums[{name}_classes[e]] += {name}_values[e];\n}}"
        )
    body = []
    for tree, (columns, ranks, left, right) in enumerate(trees(op)):
        lines: list[str] = []
        _branch(lines, (columns, ranks, left, right), 0, op.first_leaf, "  ")
        body.append("\n".join([*lines, f"  {_vote(op, tree, name)}"]))
    result = _result(op)
    code = "\n".join(body)
    parts.append(
        f"static ei_status {name}(const void *params, const ei_io *io) {{\n"
        f"  const {_C_TYPES[dtype]} *const x = (const {_C_TYPES[dtype]} *)io->in[0];\n"
        f"  {total} *const sums = ({total} *)io->scratch;\n"
        f"  uint32_t row;\n  int32_t k;\n  (void)params;\n"
        f"  for (k = 0; k < {op.base.size}; k++) sums[k] = {name}_base[k];\n"
        f"{code}\n{result}  return EI_OK;\n}}"
    )
    return "\n\n".join(parts)


def _table(name: str, c_type: str, values: np.ndarray) -> str:
    numbers = ", ".join(repr(v) for v in values.tolist())
    return f"static const {c_type} {name}[{values.size}] = {{{numbers}}};"


def _branch(
    lines: list[str], tree: tuple[list[int], ...], node: int, first_leaf: int, indent: str
) -> None:
    """The blocks of `node` and what is below it."""
    columns, ranks, left, right = tree
    lines.append(f"{indent}if (x[{columns[node]}] <= {ranks[node]}) {{")
    for child, end in ((left[node], "} else {"), (right[node], "}")):
        if child >= first_leaf:
            lines.append(f"{indent}  row = {child - first_leaf};")
        else:
            _branch(lines, tree, child, first_leaf, indent + "  ")
        lines.append(f"{indent}{end}")


def _vote(op: SmallTrees, tree: int, name: str) -> str:
    """What the leaf of a tree adds."""
    if op.starts is None:
        target = 0 if op.targets is None else int(op.targets[tree])
        return f"sums[{target}] += {name}_values[row];"
    if op.n_pure == 0:
        return f"{name}_add(sums, row);"
    pure = f"sums[row] += {op.values[0].item()!r};"
    if op.n_rows == op.n_pure:
        return pure
    return f"if (row < {op.n_pure}) {pure[:-1]}; else {name}_add(sums, row - {op.n_pure});"


def _result(op: SmallTrees) -> str:
    """The lines that turn sums into the output."""
    if op.vote:
        return (
            f"  {{\n    int32_t best = {op.base.size - 1};\n"
            f"    for (k = best - 1; k >= 0; k--)\n"
            f"      if (sums[k] >= sums[best]) best = k;\n"
            f"    ((int32_t *)io->out[0])[0] = best;\n  }}\n"
        )
    kind, suffix = ("double", "") if op.values.dtype.kind == "f" else ("float", "f")
    return (
        f"  for (k = 0; k < {op.base.size}; k++)\n"
        f"    (({kind} *)io->out[0])[k] = "
        f"({kind})sums[k] * {op.scale!r}{suffix} / {op.divisor!r}{suffix};\n"
    )
