"""An exported model and some rows as an executable for a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from edgeinfer.errors import InvalidParameterError
from edgeinfer.export.entries import Argument, Entry
from edgeinfer.export.layouts import Export
from edgeinfer.export.targets.machines import Machine, linker_script
from edgeinfer.export.targets.toolchain import PICOLIBC, ToolchainError, has_c_library, run_tool

_ALIGNMENT = 8
_TIMEOUT = 300.0
_HARNESS = ("bench.h", "platform.h", "main.c")
WARNINGS = ("-Wall", "-Wextra", "-Wdouble-promotion", "-Wconversion", "-Werror", "-pedantic")


@dataclass(frozen=True)
class Image:
    """A built executable, and its sections' sizes beside those of one with an empty model."""

    path: Path
    code_bytes: int
    constant_bytes: int
    static_bytes: int


def offsets(arguments: Sequence[Argument]) -> tuple[list[int], int]:
    """Where each tensor begins in the bytes of a row, and how many they are together."""
    places, end = [], 0
    for argument in arguments:
        places.append(end)
        size = argument.count * argument.dtype.itemsize
        end += -(-size // _ALIGNMENT) * _ALIGNMENT
    return places, max(end, _ALIGNMENT)


def pack_rows(entry: Entry, arrays: Sequence[np.ndarray]) -> bytes:
    """The input tensors of every row, one row after another."""
    places, stride = offsets(entry.inputs)
    rows = len(arrays[0])
    packed = np.zeros((rows, stride), np.uint8)
    for argument, place, array in zip(entry.inputs, places, arrays, strict=True):
        flat = np.ascontiguousarray(array, argument.dtype).reshape(rows, -1)
        raw = flat.view(np.uint8)
        packed[:, place : place + raw.shape[1]] = raw
    return packed.tobytes()


def unpack_results(entry: Entry, raw: np.ndarray) -> list[np.ndarray]:
    """The output tensors of every row from what the target printed, shape ``(rows, bytes)``."""
    places, _ = offsets(entry.outputs)
    tensors = []
    for argument, place in zip(entry.outputs, places, strict=True):
        size = argument.count * argument.dtype.itemsize
        values = np.ascontiguousarray(raw[:, place : place + size]).view(argument.dtype)
        values = values[:, : argument.tensor.size]
        tensors.append(values.reshape(len(raw), *argument.tensor.shape))
    return tensors


def _model_source(export: Export, entry: Entry, rows: int, empty: bool) -> str:
    """bench_model.c: the one file of the harness that knows the model."""
    in_places, in_bytes = offsets(entry.inputs)
    out_places, out_bytes = offsets(entry.outputs)
    arguments = [
        f"(const {a.c_type} *)(const void *)(row + {place})"
        for a, place in zip(entry.inputs, in_places, strict=True)
    ]
    arguments += [
        f"({a.c_type} *)(void *)(result.bytes + {place})"
        for a, place in zip(entry.outputs, out_places, strict=True)
    ]
    call = f"{export.name}_{entry.name}({', '.join(arguments)}, scratch.bytes)"
    body = (
        "  *(volatile unsigned char *)scratch.bytes = row[0];\n  return 0;"
        if empty
        else (f"  return (int32_t){call};")
    )
    return f"""#include "bench.h"
#include "{export.name}.h"

const int32_t bench_rows = {rows};
const int32_t bench_row_bytes = {in_bytes};
const int32_t bench_result_bytes = {out_bytes};

static {export.name}_scratch scratch;
static union {{
  unsigned char bytes[{out_bytes}];
  double alignment;
}} result;
unsigned char *const bench_result = result.bytes;

int32_t bench_call(const unsigned char *row) {{
{body}
}}

int32_t bench_nothing(const unsigned char *row) {{
  (void)row;
  return 0;
}}
"""


_ROWS = """  .section .edgeinfer_rows, "a"
  .balign 8
  .globl bench_data
bench_data:
  .incbin "rows.bin"
  .section .note.GNU-stack, ""
"""


def _flags(machine: Machine, folder: Path) -> tuple[list[str], list[str]]:
    """Flags for compiling and for linking."""
    common = list(machine.flags)
    if machine.is_host:
        return common, ["-Wl,--gc-sections", "-lm"]
    link = ["-nostartfiles", "-Wl,--gc-sections", f"-T{folder / 'link.ld'}"]
    link.append("-Wl,--no-warn-rwx-segments")
    if machine.platform == "riscv" and has_c_library(machine):
        common.append("--specs=picolibc.specs")
    elif machine.platform == "riscv":
        common += ["-ffreestanding", "-isystem", str(folder / "freestanding")]
        return common, [*link, "-nostdlib", "-lgcc"]
    return common, [*link, "-lm"]


def build(
    export: Export,
    entry: Entry,
    rows: bytes,
    machine: Machine,
    folder: Path,
    *,
    compiler: str | None = None,
    optimize: str = "-O2",
    language: str = "c",
    extra: Sequence[str] = (),
) -> Image:
    """Compile the export around `rows` into `folder`.

    The model itself is compiled with every warning as an error. Raises ToolchainError.
    """
    if language not in ("c", "c++"):
        raise InvalidParameterError("an export is compiled as c or as c++")
    row_bytes = offsets(entry.inputs)[1]
    count = len(rows) // row_bytes
    if not machine.is_host and len(rows) > machine.rows.length:
        raise InvalidParameterError(
            f"{count} rows are too many for {machine.name}: "
            f"{machine.rows.length // row_bytes} fit its memory at once"
        )
    files: dict[str, str] = {n: t for n, t in export.files.items() if n.endswith((".h", ".c"))}
    bare = () if machine.is_host else ("bare.h",)
    for name in (*_HARNESS, *bare, f"{machine.platform}.c"):
        files[name] = _harness(name)
    if machine.platform == "riscv" and not has_c_library(machine):
        for name in ("string.h", "math.h", "memory.c"):
            files[f"freestanding/{name}"] = _harness("freestanding", name)
    files["rows.S"] = _ROWS
    files["bench_model.c"] = _model_source(export, entry, count, empty=False)
    files["bench_empty.c"] = _model_source(export, entry, count, empty=True)
    if not machine.is_host:
        files["link.ld"] = linker_script(machine)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "rows.bin").write_bytes(rows)
    how = _Recipe(machine, compiler or f"{machine.prefix}gcc", optimize, language, tuple(extra))
    return _compile(files, export.name, how, folder)


def _harness(*parts: str) -> str:
    return resources.files(__package__).joinpath("harness", *parts).read_text("utf-8")


@dataclass(frozen=True)
class _Recipe:
    """How the files are compiled."""

    machine: Machine
    compiler: str
    optimize: str
    language: str
    extra: tuple[str, ...]


def _compile(files: Mapping[str, str], name: str, how: _Recipe, folder: Path) -> Image:
    machine, compiler, language = how.machine, how.compiler, how.language
    common, link = _flags(machine, folder)
    common += [how.optimize, "-ffunction-sections", "-fdata-sections", *how.extra]
    dialect = ["-x", "c", "-std=c99"] if language == "c" else ["-x", "c++"]
    own = f"{name}.c"
    objects = {}
    for file in files:
        if not file.endswith((".c", ".S")):
            continue
        target = folder / (file.replace("/", "_") + ".o")
        if file.endswith(".S"):
            kind = []
        elif file == own or file.startswith("bench_"):
            kind = [*dialect, *WARNINGS]
        else:
            kind = ["-x", "c", "-std=gnu11"]
        if file.startswith("bench_") and language == "c++":
            kind = ["-x", "c++", *WARNINGS, "-include", "bench_extern.h"]
        command = [compiler, *kind, *common, f"-I{folder}", "-c", file, "-o", str(target)]
        objects[file] = (command, str(target))
    if language == "c++":
        (folder / "bench_extern.h").write_text('extern "C" {\n#include "bench.h"\n}\n')
    for file, (command, _) in objects.items():
        run_tool(["env", "-C", str(folder), *command], _TIMEOUT, f"compiling {file}")
    sizes = {}
    for variant, other in (("bench_model.c", "bench_empty.c"), ("bench_empty.c", "bench_model.c")):
        wanted = [place for file, (_, place) in objects.items() if file != other]
        image = folder / variant.replace(".c", ".elf")
        command = [compiler, *common, *wanted, *link, "-o", str(image)]
        try:
            run_tool(command, _TIMEOUT, f"linking for {machine.name}")
        except ToolchainError as err:
            if machine.platform == "riscv" and "undefined reference" in str(err):
                raise ToolchainError(
                    f"{err}\nThe model needs a C library, and {machine.prefix}gcc has none here; "
                    f"on Debian and Ubuntu: sudo apt-get install {PICOLIBC}"
                ) from err
            raise
        sizes[variant] = _sections(machine, image)
    full, empty = sizes["bench_model.c"], sizes["bench_empty.c"]
    gained = {kind: max(full[kind] - empty[kind], 0) for kind in full}
    return Image(folder / "bench_model.elf", gained["code"], gained["constants"], gained["static"])


def _sections(machine: Machine, image: Path) -> dict[str, int]:
    """Bytes of code, of constants and of static memory in an executable."""
    listing = run_tool([f"{machine.prefix}size", "-A", str(image)], _TIMEOUT, "size")
    totals = {"code": 0, "constants": 0, "static": 0}
    kinds = {
        ".text": ("code",),
        ".rodata": ("constants",),
        ".ARM.extab": ("constants",),
        ".ARM.exidx": ("constants",),
        ".eh_frame": (),
        ".data": ("constants", "static"),
        ".data.rel.ro": ("constants",),
        ".bss": ("static",),
    }
    for line in listing.splitlines():
        words = line.split()
        if len(words) == 3 and words[1].isdigit():
            for kind in kinds.get(words[0], ()):
                totals[kind] += int(words[1])
    return totals
