"""A model on a microcontroller: does it answer as here, and what does it take."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeinfer.errors import InvalidInputError, InvalidParameterError
from edgeinfer.export.entries import Entry
from edgeinfer.export.layouts import Export, print_c
from edgeinfer.export.targets.build import build, offsets, pack_rows, unpack_results
from edgeinfer.export.targets.machines import find_machine
from edgeinfer.export.targets.run import run
from edgeinfer.export.targets.toolchain import require_tools
from edgeinfer.runtime.model import Model
from edgeinfer.runtime.program import compile_program

BOUNDS = {"float64": 1e-10, "float32": 1e-5}
"""How far a float result may be from the host's, relative to the largest of its tensor."""
_OK = 0


@dataclass(frozen=True)
class TargetReport:
    """What a model takes of a target; bytes, and instructions of one call (None: not counted).

    `agreement` is the share of rows with the host's answer: integers and refusals equal, floats
    within the bound. `ram_bytes` is static memory and the caller's scratch memory together.
    """

    target: str
    method: str
    rows: int
    agreement: float
    max_relative_error: float
    flash_bytes: int
    code_bytes: int
    constant_bytes: int
    ram_bytes: int
    static_bytes: int
    scratch_bytes: int
    stack_bytes: int | None
    instructions: float | None
    latency_seconds: float | None = None
    energy_joules: float | None = None
    assumptions: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)


def measure_target(
    model: Model,
    X: Any,
    target: str = "cortex-m4",
    *,
    method: str | None = None,
    codes: bool = False,
    forest: str = "table",
    optimize: str = "size",
    input_dtype: str | None = None,
    clock_hz: float | None = None,
    current_ampere: float | None = None,
    voltage: float = 3.3,
    compiler: str | None = None,
    layout: str = "c",
    language: str = "c",
    level: str = "O2",
    flags: tuple[str, ...] = (),
) -> TargetReport:
    """Export `model`, run the rows of X on an emulated `target`, compare with the host's answers.

    Parameters
    ----------
    X : array of shape (rows, features); for a network, a dict of arrays by input name
        Rows beyond what fits the machine's memory are run, and counted, in further runs.
    target : {"cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55",
        "riscv32", "host"}
    method : str, optional
        Which method to run; `predict`, if the model has it.
    codes : bool
        Call the function that takes encoded features (``model_predict_codes``).
    level, flags : the compiler's optimization level, and further flags
    clock_hz, current_ampere, voltage : float, optional
        For estimates of latency and energy: the core's clock, and its data sheet's current.

    Raises
    ------
    ToolchainError (how to install what is missing), InvalidParameterError, InvalidInputError
    """
    machine = find_machine(target)
    require_tools(machine, compiler)
    method = _method(model, method)
    export = print_c(
        model.graph,
        layout=layout,
        methods=[method],
        forest=forest,
        optimize=optimize,
        input_dtype=input_dtype,
    )
    entry = _entry(export, f"{method}_codes" if codes else method)
    arrays = _arrays(model, X, _entry(export, method))
    want = host_answers(model, method, arrays)
    if codes:
        arrays = [_encode(export, arrays)]
    have, statuses, stack, instructions, image = [], [], 0, [], None
    per_run = len(arrays[0])
    if not machine.is_host:
        per_run = max(1, machine.rows.length // offsets(entry.inputs)[1])
    for first in range(0, len(arrays[0]), per_run):
        chunk = [a[first : first + per_run] for a in arrays]
        with tempfile.TemporaryDirectory(prefix="edgeinfer-") as folder:
            image = build(
                export,
                entry,
                pack_rows(entry, chunk),
                machine,
                Path(folder),
                compiler=compiler,
                optimize=f"-{level}",
                language=language,
                extra=flags,
            )
            outcome = run(image, machine, len(chunk[0]))
        have.append(unpack_results(entry, outcome.results))
        statuses.append(outcome.statuses)
        stack = max(stack, outcome.stack_bytes or 0)
        if outcome.instructions is not None:
            instructions.append((outcome.instructions, len(chunk[0])))
    assert image is not None
    got = [np.concatenate(parts) for parts in zip(*have, strict=True)]
    agreement, error = compare_answers(want, got, np.concatenate(statuses))
    count = None
    if instructions:
        count = sum(n * rows for n, rows in instructions) / sum(rows for _, rows in instructions)
    latency, energy, assumptions = _estimates(count, clock_hz, current_ampere, voltage)
    return TargetReport(
        target=machine.name,
        method=entry.name,
        rows=len(arrays[0]),
        agreement=agreement,
        max_relative_error=error,
        flash_bytes=image.code_bytes + image.constant_bytes,
        code_bytes=image.code_bytes,
        constant_bytes=image.constant_bytes,
        ram_bytes=image.static_bytes + export.scratch_bytes,
        static_bytes=image.static_bytes,
        scratch_bytes=export.scratch_bytes,
        stack_bytes=None if machine.is_host else stack,
        instructions=count,
        latency_seconds=latency,
        energy_joules=energy,
        assumptions=assumptions,
    )


def _method(model: Model, method: str | None) -> str:
    methods = model.graph.methods
    if method is None:
        method = next((m for m in ("predict", "run") if m in methods), next(iter(methods)))
    if method not in methods:
        raise InvalidParameterError(
            f"the model has no method {method!r}; it has: {', '.join(methods)}"
        )
    return method


def _entry(export: Export, name: str) -> Entry:
    for entry in export.entries:
        if entry.name == name:
            return entry
    raise InvalidParameterError(
        f"the export has no function {name!r}: this model's input is not encoded as integers"
    )


def _arrays(model: Model, X: Any, entry: Entry) -> list[np.ndarray]:
    """The rows as the function takes them: one array per input."""
    if isinstance(X, dict):
        if set(X) != set(model.graph.inputs):
            raise InvalidInputError(
                f"takes the inputs {', '.join(model.graph.inputs)}, got {', '.join(X)}"
            )
        values = [np.asarray(X[name]) for name in model.graph.inputs]
    else:
        values = [np.asarray(X)]
    if len(values) != len(entry.inputs):
        raise InvalidInputError(f"takes {len(entry.inputs)} inputs, got {len(values)}")
    arrays = []
    for argument, value in zip(entry.inputs, values, strict=True):
        rows = len(value) if value.ndim else 0
        if rows == 0 or value.size != rows * argument.tensor.size:
            raise InvalidInputError(
                f"takes rows of shape {argument.tensor.shape}, got {value.shape}"
            )
        with np.errstate(over="ignore"):
            ready = np.ascontiguousarray(value, argument.dtype)
        arrays.append(ready.reshape(rows, *argument.tensor.shape))
    return arrays


def host_answers(model: Model, method: str, arrays: list[np.ndarray]) -> list[np.ndarray | None]:
    """The host's tensors for these rows; rows it refuses are found one by one and marked."""
    spec = model.graph.methods[method]
    program = compile_program(model.graph, spec.tensors)
    inputs = [a.astype(t.dtype) for a, t in zip(arrays, model.graph.inputs.values(), strict=True)]
    try:
        return [np.asarray(r) for r in program.run(*inputs)] + [None]
    except InvalidInputError:
        pass
    refused = np.zeros(len(inputs[0]), bool)
    results: list[list[np.ndarray]] = []
    for row in range(len(inputs[0])):
        try:
            results.append(list(program.run(*(a[row : row + 1] for a in inputs))))
        except InvalidInputError:
            refused[row] = True
            results.append([])
    model_results = next((r for r in results if r), None)
    if model_results is None:
        shapes = [model.graph.types[t] for t in spec.tensors]
        model_results = [np.zeros((1, *t.shape), t.dtype) for t in shapes]
    blank = [np.zeros_like(r) for r in model_results]
    joined = [np.concatenate(parts) for parts in zip(*(r or blank for r in results), strict=True)]
    return [*joined, refused]


def compare_answers(
    want: list[np.ndarray | None], have: list[np.ndarray], statuses: np.ndarray
) -> tuple[float, float]:
    """The share of rows that agree, and the largest error of a float."""
    *tensors, refused = want
    rows = len(statuses)
    expected = np.zeros(rows, bool) if refused is None else refused
    equal = (statuses != _OK) == expected
    answered = ~expected & equal
    worst = 0.0
    for w, h in zip(tensors, have, strict=True):
        assert w is not None
        if w.dtype.kind != "f":
            same = (w == h).reshape(rows, -1).all(axis=1)
        else:
            bound = max(BOUNDS.get(w.dtype.name, 0.0), BOUNDS.get(h.dtype.name, 0.0))
            error = _relative_error(w.reshape(rows, -1), h.reshape(rows, -1), answered)
            worst = max(worst, float(error[answered].max(initial=0.0)))
            same = error <= bound
        equal &= same | expected
    return float(equal.mean()), worst


def _relative_error(want: np.ndarray, have: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Per row the largest difference, relative to the value or to the tensor's largest one."""
    want, have = want.astype(np.float64), have.astype(np.float64)
    same = (want == have) | (np.isnan(want) & np.isnan(have))
    finite = np.isfinite(want)
    scale = np.abs(want[rows][finite[rows]]).max(initial=0.0)
    with np.errstate(all="ignore"):
        error = np.abs(want - have) / np.maximum(np.abs(want), max(scale, 1e-300))
    error = np.where(same, 0.0, np.where(np.isfinite(error), error, np.inf))
    return np.asarray(error.max(axis=1, initial=0.0))


def _encode(export: Export, arrays: list[np.ndarray]) -> np.ndarray:
    """The codes of the rows, as the host's program computes them."""
    encoder = _entry(export, "encode")
    tensors = encoder.graph.methods["encode"].tensors
    (codes,) = compile_program(encoder.graph, tensors).run(*arrays)
    return np.asarray(codes)


def _estimates(
    instructions: float | None, clock: float | None, current: float | None, voltage: float
) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Latency, energy, and what was assumed for them."""
    if instructions is None or clock is None:
        return None, None, ()
    latency = instructions / clock
    assumptions = [
        f"one instruction per cycle at {clock / 1e6:g} MHz; pipeline stalls and flash wait "
        "states come on top, typically 20 to 60 %"
    ]
    if current is None:
        return latency, None, tuple(assumptions)
    assumptions.append(f"{current * 1e3:g} mA at {voltage:g} V while running, nothing while asleep")
    return latency, latency * current * voltage, tuple(assumptions)
