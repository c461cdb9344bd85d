"""Trees as if/else code, for targets whose programs are faster than their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edgeinfer.ops.tree_small import SmallTrees

MAX_DEPTH = 100
"""Compilers give up on blocks nested deeper than some 120."""
UNROLLED = 16
LAST = 128
"""Mark of the last entry of a row, in its class."""
REACH, MAX_POINTERS = 32, 3
"""How far a short load of a byte reaches on Cortex-M, and how many pointers leave it a register."""
_C_TYPES = {"uint8": "uint8_t", "uint16": "uint16_t", "int32": "int32_t", "float64": "double"}


def can_inline(op: SmallTrees) -> bool:
    """Whether every tree is shallow enough to be nested blocks, and entries can be marked."""
    if op.base.size > LAST:
        return False
    return all(_depth(left, right, op.first_leaf) <= MAX_DEPTH for _, _, left, right in trees(op))


def trees(op: SmallTrees) -> list[tuple[list[int], ...]]:
    """Columns, ranks, left and right children of each tree."""
    ends = np.cumsum(op.sizes.astype(np.int64))
    return [
        tuple(part[end - size : end].tolist() for part in op.parts)
        for end, size in zip(ends.tolist(), op.sizes.tolist(), strict=True)
    ]


def _with_entries(op: SmallTrees) -> list[tuple[list[int], ...]]:
    """The trees, with a leaf's first entry, behind the pure rows, for its row."""
    every = trees(op)
    if op.starts is None or op.n_rows == op.n_pure:
        return every
    rows = np.concatenate([np.arange(op.n_pure), op.n_pure + _entries(op)[0]])
    of_child = [*range(op.first_leaf), *(op.first_leaf + rows).tolist()]
    return [
        (columns, ranks, [of_child[c] for c in left], [of_child[c] for c in right])
        for columns, ranks, left, right in every
    ]


def _depth(left: list[int], right: list[int], first_leaf: int) -> int:
    depth = [1] * len(left)
    for node in range(len(left)):
        for child in (left[node], right[node]):
            if child < first_leaf:
                depth[child] = max(depth[child], depth[node] + 1)
    return max(depth)


def source(op: SmallTrees, dtype: str, name: str, optimize: str) -> str:
    """The kernel `name` for `op` on codes of `dtype`: a function for each tree, votes from tables.

    To be small, a function gets the codes as pointers `REACH` apart, so that short instructions
    reach them, and is compiled for size by compilers that can be told so.
    """
    code = _C_TYPES[dtype]
    pointers = min(-(-op.n_columns // REACH), MAX_POINTERS) if optimize == "size" else 1
    every = _with_entries(op)
    names = [f"{name}_t{number}" for number in range(len(every))]
    total = _C_TYPES[op.base.dtype.name]
    takes = ", ".join([f"const {code} *"] * pointers)
    given = ", ".join(f"x + {p * REACH}" if p else "x" for p in range(pointers))
    attribute = f"{name.upper()}_TREE " if optimize == "size" else ""
    parts = [_ATTRIBUTE.format(name=name.upper())] if attribute else []
    parts += [
        _tree(tree, op.first_leaf, f"{attribute}static uint32_t {own}", code, pointers)
        for own, tree in zip(names, every, strict=True)
    ]
    parts += _tables(op, name, optimize)
    if optimize == "size":
        parts += [
            f"typedef uint32_t (*{name}_tree)({takes});",
            f"static const {name}_tree {name}_trees[{len(names) + 1}] = {{\n"
            f"    {', '.join(names)}, NULL}};",
        ]
        own_target = f"{name}_targets[tree - {name}_trees]"
        vote = _vote(op, name, "0" if op.targets is None else own_target)
        body = (
            f"  const {name}_tree *tree = {name}_trees;\n{_begin(op, name)}"
            f"  for (; *tree != NULL; tree++) {{\n"
            f"    const uint32_t row = (*tree)({given});\n{vote}  }}\n"
        )
    else:
        body = _begin(op, name) + "".join(
            f"  {{\n    const uint32_t row = {own}({given});\n"
            f"{_vote(op, name, str(0 if op.targets is None else int(op.targets[number])))}  }}\n"
            for number, own in enumerate(names)
        )
    parts.append(
        f"static ei_status {name}(const void *in, void *out, void *scratch) {{\n"
        f"  const {code} *const x = (const {code} *)in;\n"
        f"  {total} *const sums = ({total} *)scratch;\n"
        f"{body}{_result(op)}  return EI_OK;\n}}"
    )
    return "\n\n".join(part for part in parts if part)


_ATTRIBUTE = """#if defined(__GNUC__) && !defined(__clang__)
#define {name}_TREE __attribute__((optimize("Os")))
#else
#define {name}_TREE
#endif"""


def _settles(op: SmallTrees) -> bool:
    """Whether a sum is known to be the largest before all trees have voted."""
    return op.vote and op.majority < np.iinfo(np.int32).max


def _begin(op: SmallTrees, name: str) -> str:
    """The lines that set the sums to what they begin with.

    Where a majority settles the vote, that is so far below zero that a majority is not negative.
    """
    below = op.majority + 1 if _settles(op) else 0
    if not op.base.any() and op.base.size <= UNROLLED:  # a call of memset would take longer
        return "".join(f"  sums[{k}] = {-below};\n" for k in range(op.base.size))
    begin = f"{name}_base[k] - {below}" if op.base.any() else str(-below)
    return (
        f"  {{\n    int32_t k;\n    for (k = 0; k < {op.base.size}; k++) sums[k] = {begin};\n  }}\n"
    )


def _tree(tree: tuple[list[int], ...], first_leaf: int, head: str, code: str, pointers: int) -> str:
    """The function of one tree: the number of the row that its leaf adds."""
    lines: list[str] = []
    _branch(lines, tree, 0, first_leaf, pointers, "  ")
    takes = ", ".join(f"const {code} *x{p}" for p in range(pointers))
    text = "\n".join(lines)
    unread = [f"  (void)x{p};\n" for p in range(pointers) if f"x{p}[" not in text]
    return f"{head}({takes}) {{\n{''.join(unread)}{text}\n}}"


def _tables(op: SmallTrees, name: str, optimize: str) -> list[str]:
    """The values of leaves, and the function that adds the entries of a row."""
    value, total = _C_TYPES[op.values.dtype.name], _C_TYPES[op.base.dtype.name]
    parts = []
    if op.base.any():
        parts.append(_table(f"{name}_base", total, op.base))
    if op.starts is None:
        parts.append(_table(f"{name}_values", value, op.values))
        if op.targets is not None and optimize == "size":
            parts.append(_table(f"{name}_targets", "uint8_t", op.targets))
    elif op.n_rows > op.n_pure:
        _, classes, values = _entries(op)
        parts.append(_table(f"{name}_classes", "uint8_t", classes))
        read = f"{name}_values[e]"
        distinct, places = np.unique(values, return_inverse=True)
        saved = values.nbytes - values.size - distinct.nbytes
        if optimize == "size" and distinct.size <= 256 and saved > 0:
            parts.append(_table(f"{name}_distinct", value, distinct))
            parts.append(_table(f"{name}_values", "uint8_t", places))
            read = f"{name}_distinct[{read}]"
        else:
            parts.append(_table(f"{name}_values", value, values))
        add = f"sums[{name}_classes[e]{{}}] += {read};"
        # An entry that cannot be the last one of its row has no mark to take away.
        alone = bool((np.diff(op.starts.astype(np.int64)) < 2).any())
        first = "" if alone else f"  {add.format('')}\n  e++;\n"
        parts.append(
            f"static void {name}_add({total} *sums, uint32_t e) {{\n{first}"
            f"  {add.format(f' & {LAST - 1}')}\n"
            f"  while (!({name}_classes[e] & {LAST})) {{\n    e++;\n"
            f"    {add.format(f' & {LAST - 1}')}\n  }}\n}}"
        )
    return parts


def _table(name: str, c_type: str, values: np.ndarray) -> str:
    numbers = ", ".join(repr(v) for v in values.tolist())
    return f"static const {c_type} {name}[{values.size}] = {{{numbers}}};"


def _entries(op: SmallTrees) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First entry of each row, class (the last of a row marked) and value of each entry.

    A row that adds nothing gets an entry of zero.
    """
    assert op.starts is not None
    assert op.classes is not None
    starts = op.starts.astype(np.int64)
    empty = starts[:-1][np.diff(starts) == 0]
    classes = np.insert(op.classes, empty, 0)
    values = np.insert(op.values, empty, 0)
    lengths = np.maximum(np.diff(starts), 1)
    ends = int(starts[0]) + np.cumsum(lengths)
    classes[ends - 1] |= LAST
    return ends - lengths, classes, values


def _branch(  # noqa: PLR0917
    lines: list[str],
    tree: tuple[list[int], ...],
    node: int,
    first_leaf: int,
    pointers: int,
    indent: str,
) -> None:
    """The blocks of `node` and what is below it."""
    columns, ranks, left, right = tree
    base = min(columns[node] // REACH, pointers - 1)
    lines.append(f"{indent}if (x{base}[{columns[node] - base * REACH}] <= {ranks[node]}) {{")
    for child, inside in ((left[node], indent + "  "), (right[node], indent)):
        if child >= first_leaf:
            lines.append(f"{inside}return {child - first_leaf};")
        else:
            _branch(lines, tree, child, first_leaf, pointers, inside)
        if child == left[node] and inside != indent:
            lines.append(f"{indent}}}")


def _vote(op: SmallTrees, name: str, target: str) -> str:
    """The lines that add what a leaf says."""
    if op.starts is None:
        return f"    sums[{target}] += {name}_values[row];\n"
    impure = f"{name}_add(sums, row - {op.n_pure});" if op.n_pure else f"{name}_add(sums, row);"
    if op.n_pure == 0:
        return f"    {impure}\n"
    text = f"    if (row < {op.n_pure}) {{\n      sums[row] += {op.values[0].item()!r};\n"
    if _settles(op):
        text += (
            "      if (sums[row] >= 0) {\n"
            "        ((int32_t *)out)[0] = (int32_t)row;\n"
            "        return EI_OK;\n      }\n"
        )
    otherwise = f"    }} else {{\n      {impure}\n    }}\n"
    return text + (otherwise if op.n_rows > op.n_pure else "    }\n")


def _result(op: SmallTrees) -> str:
    """The lines that turn sums into the output."""
    if op.vote:
        return (
            f"  {{\n    int32_t best = {op.base.size - 1}, k;\n"
            f"    for (k = best - 1; k >= 0; k--)\n"
            f"      if (sums[k] >= sums[best]) best = k;\n"
            f"    ((int32_t *)out)[0] = best;\n  }}\n"
        )
    kind, suffix = ("double", "") if op.values.dtype.kind == "f" else ("float", "f")
    return (
        f"  {{\n    int32_t k;\n    for (k = 0; k < {op.base.size}; k++)\n"
        f"      (({kind} *)out)[k] = "
        f"({kind})sums[k] * {op.scale!r}{suffix} / {op.divisor!r}{suffix};\n  }}\n"
    )
