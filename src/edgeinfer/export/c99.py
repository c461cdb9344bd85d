"""A model as C: constants, parameter blocks, and one function per method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeinfer.errors import UnsupportedError
from edgeinfer.export.entries import Argument, Entry
from edgeinfer.export.literals import C_TYPES, initialiser, literal
from edgeinfer.export.names import Labels, comment, string
from edgeinfer.export.sources import statuses
from edgeinfer.graph import Graph
from edgeinfer.lower import ARENA, INPUT, NOWHERE, Slot, Step
from edgeinfer.ops import Block

SCRATCH_ALIGNMENT = 8
_FIELD_DTYPES = {"i32": "int32", "i64": "int64", "f32": "float32", "f64": "float64"}


@dataclass
class Unit:
    """The C of one model while it is written."""

    name: str
    constants: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    kernels: set[str] = field(default_factory=set)
    constant_bytes: int = 0
    scratch_bytes: int = 0
    uses_double: bool = False
    _arrays: dict[tuple[str, bytes], str] = field(default_factory=dict)
    _blocks: dict[str, str] = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)

    @property
    def upper(self) -> str:
        """The name as macros and enumerators begin with it."""
        return self.name.upper()

    def array(self, values: np.ndarray) -> str:
        """The name of a const table with these values; equal tables are written once."""
        values = np.ascontiguousarray(values)
        dtype = values.dtype.name
        if dtype == "bool":
            values, dtype = values.astype(np.uint8), "uint8"
        if dtype not in C_TYPES:
            raise UnsupportedError(f"a constant of dtype {values.dtype} has no counterpart in C")
        key = (dtype, values.tobytes())
        if key not in self._arrays:
            name = f"{self.name}_c{len(self._arrays)}"
            self._arrays[key] = name
            self.constant_bytes += max(values.nbytes, values.itemsize)
            self.uses_double |= dtype == "float64"
            self.constants.append(
                f"static const {C_TYPES[dtype]} {name}[{max(values.size, 1)}] = {{\n"
                f"{initialiser(values)}}};"
            )
        return self._arrays[key]

    def block(self, block: Block) -> str:
        """The name of a const parameter block."""
        values = ", ".join(self._field(ctype, value) for _, ctype, value in block.fields)
        text = f"static const {block.struct} @ = {{{values}}};"
        if text not in self._blocks:
            name = f"{self.name}_p{len(self._blocks)}"
            self._blocks[text] = name
            self.constants.append(text.replace("@", name))
        return self._blocks[text]

    def _field(self, ctype: str, value: Any) -> str:
        if ctype == "ptr":
            return "NULL" if value is None else self.array(value)
        return literal(value, _FIELD_DTYPES[ctype])

    def kernel(self, step: Step) -> tuple[str, str]:
        """The function a step calls, and the parameters it gives it."""
        if step.source is None:
            self.kernels.add(step.kernel)
            return f"ei_{step.kernel}", f"&{self.block(step.block)}"
        text = step.source("@")
        if text not in self._sources:
            name = f"{self.name}_k{len(self._sources)}"
            self._sources[text] = name
            self.functions.append(text.replace("@", name))
        return self._sources[text], "NULL"


def declare(unit: Unit, entry: Entry) -> str:
    """The head of an exported function, without what follows the parentheses."""
    arguments = [f"const {a.c_type} *{a.name}" for a in entry.inputs]
    arguments += [f"{a.c_type} *{a.name}" for a in entry.outputs]
    arguments.append("void *scratch")
    return f"{unit.name}_status {unit.name}_{entry.name}({', '.join(arguments)})"


def add_function(unit: Unit, entry: Entry, linkage: str) -> None:
    """Write the function of `entry`, and the constants it needs, into `unit`."""
    program = entry.program
    unit.uses_double |= any(
        a.tensor.dtype == "float64" and not a.wide for a in (*entry.inputs, *entry.outputs)
    )
    arena_bytes = program.arena_bytes
    wide_at: dict[int, int] = {}
    for i, argument in enumerate(entry.outputs):
        if argument.wide:
            wide_at[i] = -(-arena_bytes // SCRATCH_ALIGNMENT) * SCRATCH_ALIGNMENT
            arena_bytes = wide_at[i] + 8 * argument.count
    unit.scratch_bytes = max(unit.scratch_bytes, arena_bytes)

    def place(slot: Slot) -> str:
        if slot.place == ARENA:
            return f"arena + {slot.offset}"
        if slot.place == INPUT:
            return entry.inputs[slot.index].name
        if slot.place == NOWHERE:
            return "NULL"
        if slot.index in wide_at:
            return f"arena + {wide_at[slot.index]}"
        return entry.outputs[slot.index].name

    body = []
    for step in program.steps:
        function, parameters = unit.kernel(step)
        inputs = ", ".join(place(s) for s in step.inputs)
        outputs = ", ".join(place(s) for s in step.outputs)
        scratch = f"arena + {step.scratch}" if step.scratch_bytes else "NULL"
        if step.source is not None:  # made for this model: it takes its tensors one by one
            call = f"{function}({inputs}, {outputs}, {scratch})"
            lines = [f"    const ei_status status = {call};"]
        else:
            lines = [f"    const void *const in[{len(step.inputs)}] = {{{inputs}}};"]
            if step.outputs:
                lines.append(f"    void *const out[{len(step.outputs)}] = {{{outputs}}};")
            out = "out" if step.outputs else "NULL"
            lines.append(f"    const ei_io io = {{in, {out}, {scratch}, 1}};")
            lines.append(f"    const ei_status status = {function}({parameters}, &io);")
        lines.append(f"    if (status != EI_OK) return ({unit.name}_status)status;")
        body.append(f"  {{ /* {comment(step.node.op.kind)} */\n" + "\n".join(lines) + "\n  }")
    for i, offset in wide_at.items():
        body.append(_narrowing(entry.outputs[i], offset))

    checks = [f"{a.name} == NULL" for a in (*entry.inputs, *entry.outputs)]
    if arena_bytes:
        checks.append("scratch == NULL")
        checks.append(f"((uintptr_t)scratch & {SCRATCH_ALIGNMENT - 1}u) != 0u")
    head = [f"{linkage}{declare(unit, entry)} {{"]
    if arena_bytes:
        head.append("  unsigned char *const arena = (unsigned char *)scratch;")
    else:
        head.append("  (void)scratch;")
    head.append(f"  if ({' || '.join(checks)}) return {unit.upper}_BAD_ARGUMENT;")
    unit.functions.append("\n".join([*head, *body, f"  return {unit.upper}_OK;", "}"]))


def _narrowing(argument: Argument, offset: int) -> str:
    """int64 results as the int32 that are handed over."""
    return (
        "  {\n"
        f"    const int64_t *const wide = (const int64_t *)(const void *)(arena + {offset});\n"
        "    int32_t i;\n"
        f"    for (i = 0; i < {argument.count}; i++) {argument.name}[i] = (int32_t)wide[i];\n"
        "  }"
    )


def labels_function(unit: Unit, labels: Labels, linkage: str) -> str:
    """`name_class_name`: the text of a label that `predict` gave."""
    head = f"{linkage}const char *{unit.name}_class_name(int32_t label) {{"
    if labels.counted:
        names = ",\n".join(f"      {string(text)}" for text in labels.texts)
        count = len(labels.texts)
        return (
            f"{head}\n  static const char *const names[{count}] = {{\n{names}}};\n"
            f"  return label >= 0 && label < {count} ? names[label] : NULL;\n}}"
        )
    cases = "\n".join(
        f"    case {literal(value, 'int32')}: return {string(text)};"
        for value, text in zip(labels.values, labels.texts, strict=True)
    )
    return f"{head}\n  switch (label) {{\n{cases}\n    default: return NULL;\n  }}\n}}"


def types_text(unit: Unit, graph: Graph, entries: list[Entry], labels: Labels | None) -> str:
    """Macros, enums and the scratch type of the header."""
    lines = []
    if len(graph.inputs) == 1:
        (only,) = graph.inputs.values()
        lines.append(f"#define {unit.upper}_FEATURES {only.size}")
    if labels:
        lines.append(f"#define {unit.upper}_CLASSES {len(labels.values)}")
    lines.append(f"#define {unit.upper}_SCRATCH_BYTES {unit.scratch_bytes}")
    for entry in entries:
        for argument in entry.outputs:
            size = f"{unit.name}_{entry.name}_{argument.name}_size".upper()
            lines.append(f"#define {size} {argument.count}")
    known = statuses()
    values = [
        f"  {unit.upper}_{name} = {value}, /* {comment(text or 'the answer is there')} */"
        for name, value, text in known
    ]
    bad = max(value for _, value, _ in known) + 100
    values.append(
        f"  {unit.upper}_BAD_ARGUMENT = {bad} /* a pointer is NULL, or scratch not aligned */"
    )
    lines += ["", "/* What a function answers; results are only there with OK. */"]
    lines += ["typedef enum {", *values, f"}} {unit.name}_status;"]
    if labels:
        what = "the place of the class in classes_" if labels.indexed else "the label itself"
        pairs = zip(labels.enumerators(f"{unit.name}_class"), labels.values, strict=True)
        enumerators = ",\n".join(f"  {name} = {literal(v, 'int32')}" for name, v in pairs)
        lines += ["", f"/* What predict gives: {what}. */"]
        lines += [f"typedef enum {{\n{enumerators}\n}} {unit.name}_class;"]
    lines += [
        "",
        f"/* Memory for one call at a time, aligned to {SCRATCH_ALIGNMENT} bytes. Nothing in it "
        "outlives the call. */",
        "typedef union {",
        f"  unsigned char bytes[{max(unit.scratch_bytes, 1)}];",
        "  double alignment;",
        "  int64_t alignment_too;",
        f"}} {unit.name}_scratch;",
    ]
    return "\n".join(lines)


def describe(entry: Entry) -> str:
    """The comment over a function's declaration."""
    parts = [f"{a.name}: {a.meaning}" for a in (*entry.inputs, *entry.outputs)]
    title = entry.brief or entry.name
    return f"/* {comment(title)}. {comment('; '.join(parts))}. */"


def feature_comment(graph: Graph) -> str:
    """The features in their order, where the model knows their names."""
    names = graph.info.feature_names
    if not names:
        return ""
    lines = [f" *   {i}: {comment(name)}" for i, name in enumerate(names)]
    return "\n".join(["/* The features, in this order:", *lines, " */"])
