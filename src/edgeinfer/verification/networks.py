"""A network against the .tflite file it came from, run by the libraries of that format.

LiteRT's reference kernels (package ai-edge-litert) give floats within a tolerance and integers
within a few units; TensorFlow Lite Micro (package tflite-micro), whose integers edgeinfer follows
bit for bit, has to give the same ones. Which of the two are installed decides what is compared.
A network that was quantized here is compared with its float file as `quantized` says.
Of a network with int8 weights and float activations, where LiteRT rounds activations, the floats
have to be those of the same file with float weights; how far LiteRT's rounding is off is measured.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeinfer.converters.tflite._file import read_file
from edgeinfer.errors import (
    FormatError,
    InvalidInputError,
    MissingExtraError,
    UnsupportedError,
)
from edgeinfer.graph import TensorType
from edgeinfer.ops.quantize import round_half_away
from edgeinfer.runtime.model import Model
from edgeinfer.runtime.network import Stream, state_count
from edgeinfer.verification import quantized
from edgeinfer.verification.hybrid import with_float_weights
from edgeinfer.verification.promise import RTOL
from edgeinfer.verification.result import Difference, MethodResult, Verification

UNITS = 4
"""How far integers may be from LiteRT's, whose own kernels differ from one another by a few."""
ARENA = 1 << 26

Progress = Callable[[str, int, int], None]
Row = tuple[np.ndarray, ...]


def verify_network(
    model: Model,
    path: str | os.PathLike[str],
    X: Any,
    *,
    max_loss: float | None,
    tolerance: float | None,
    progress: Progress,
) -> Verification:
    """Compare a converted network with its file, row by row.

    X holds the rows of the one input, or of each by name: in the network's own type, or floats,
    which are quantized as the network's input says. State is carried on from row to row.
    `tolerance` is relative for floats, and for integers a fraction of the type's range; `max_loss`
    the fraction of rows that may be further off than that.
    """
    with open(path, "rb") as stream:
        data = stream.read()
    name = os.fspath(path)
    try:
        # A damaged file is told as such before other libraries read it, which trust files more.
        main = read_file(data)[0]
    except FormatError as err:
        raise FormatError(f"{name}: {err}") from err
    types = {main.tensors[i].type for i in main.inputs} | {
        main.tensors[i].type for op in main.operators for i in op.outputs
    }
    if "layers" in model.graph.info.report and not types & {"INT8", "INT16"}:
        own = quantized.has_integer_weights(main)
        limits = max_loss, tolerance
        return _against_floats(model, data, name, X, own=own, limits=limits, progress=progress)
    sources = _sources(data, name)
    if not sources:
        raise MissingExtraError("ai-edge-litert", "litert", f"comparing with {name}")
    states = state_count(model.graph)
    feeds = _feeds(dict(list(model.inputs.items())[: len(model.inputs) - states]), X)
    rows = len(feeds[0])
    progress("running the model", 0, len(sources) + 1)
    found = _found(model, feeds)
    compared: dict[str, tuple[MethodResult, Difference | None]] = {}
    for number, (who, session) in enumerate(sources.items(), 1):
        progress(f"running {who}", number, len(sources) + 1)
        run = session(len(model.outputs) - state_count(model.graph))
        expected = _expected(run, model, feeds, who)
        compared[who] = _compare(model, who, found, expected, (max_loss, tolerance))
    progress("compared", len(sources) + 1, len(sources) + 1)
    if tolerance is None and LITERT in compared:
        integers = bool(types & {"INT8", "INT16", "UINT8"})
        compared[LITERT] = _excused(compared, integers=integers)
    info = model.graph.info
    results = tuple(result for result, _ in compared.values())
    first = next((difference for _, difference in compared.values() if difference), None)
    return Verification(info.estimator, info.precision, rows, 0, 0, results, (), first)


def _excused(
    compared: Mapping[str, tuple[MethodResult, Difference | None]], *, integers: bool
) -> tuple[MethodResult, Difference | None]:
    """LiteRT's result, as a figure without a promise where something nearer decides.

    That is the same file with float weights, where LiteRT rounds activations, and TensorFlow Lite
    Micro, where the integers are its: LiteRT's reference kernels differ from it in some operators.
    """
    result, difference = compared[LITERT]
    if result.passed:
        return result, difference
    if FLOAT_WEIGHTS in compared:
        return replace(result, limit="rounds activations", passed=True), None
    if integers and MICRO in compared and compared[MICRO][0].max_error == 0:
        return replace(result, limit="differs from Micro", passed=True), None
    return result, difference


def _against_floats(
    model: Model,
    data: bytes,
    name: str,
    X: Any,
    *,
    own: bool,
    limits: tuple[float | None, float | None],
    progress: Progress,
) -> Verification:
    """A network that was quantized here against its float original, run by edgeinfer if `own`."""
    kinds = quantized.float_kinds(model.graph)
    feeds = _feeds(kinds, X)
    progress("running the model", 0, 1)
    found = quantized.answers(model, dict(zip(kinds, feeds, strict=True)))
    sources = {} if own else _sources(data, name, others=False)
    if not sources:
        expected = quantized.own_floats(data, feeds)
        return quantized.compare(model, "edgeinfer's float32", found, expected, limits)
    who, session = next(iter(sources.items()))
    run = session(len(model.outputs))

    def step(done: int) -> None:
        progress(f"running {who}", done, len(feeds[0]))

    expected = _expected(run, model, feeds, who, step)
    return quantized.compare(model, who, found, expected, limits)


# The two libraries ------------------------------------------------------------------------------

LITERT = "LiteRT"
FLOAT_WEIGHTS = "LiteRT, weights as floats"
MICRO = "TensorFlow Lite Micro"


@dataclass(frozen=True)
class Runner:
    """A library with the file loaded: a row's answer, and a way back to the state it began with."""

    answer: Callable[[Row], list[np.ndarray]]
    forget: Callable[[], object]


Session = Callable[[int], Runner]


def _sources(data: bytes, name: str, *, others: bool = True) -> dict[str, Session]:
    """What can run the file, of those that are installed; without `others` one will do."""
    found: dict[str, Session] = {}
    litert = _module("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
    if litert is not None:
        found[LITERT] = lambda outputs: _litert(litert, data, name)
        if not others:
            return found
        schema = _module("ai_edge_litert.schema_py_generated")
        floats = None if schema is None else with_float_weights(data, schema)
        if floats is not None:
            found[FLOAT_WEIGHTS] = lambda outputs: _litert(litert, floats, name)
    micro = _module("tflite_micro.python.tflite_micro.runtime")
    if micro is not None:
        try:
            # What it has no kernel for it tells when it runs: once on nothing, then from the start.
            micro.Interpreter.from_bytes(data, arena_size=ARENA).invoke()
            interpreter = micro.Interpreter.from_bytes(data, arena_size=ARENA)
        except (RuntimeError, ValueError):
            return found  # an operator or a type that it does not have
        found[MICRO] = lambda outputs: _micro(interpreter, outputs)
    return found


def _module(*names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            pass
    return None


def _litert(module: Any, data: bytes, name: str) -> Runner:
    options: dict[str, Any] = {"model_content": data, "num_threads": 1}
    reference = getattr(getattr(module, "OpResolverType", None), "BUILTIN_REF", None)
    if reference is not None:
        options["experimental_op_resolver_type"] = reference
    try:
        interpreter = module.Interpreter(**options)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as err:
        raise UnsupportedError(f"LiteRT does not run {name}: {err}") from err
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()

    def run(row: Row) -> list[np.ndarray]:
        for detail, value in zip(inputs, row, strict=True):
            if tuple(detail["shape"]) != value.shape and value.size != np.prod(detail["shape"]):
                interpreter.resize_tensor_input(detail["index"], value.shape)
                interpreter.allocate_tensors()
        for detail, value in zip(inputs, row, strict=True):
            shape = interpreter.get_input_details()[inputs.index(detail)]["shape"]
            interpreter.set_tensor(detail["index"], value.reshape(shape))
        interpreter.invoke()
        return [interpreter.get_tensor(detail["index"]).copy() for detail in outputs]

    return Runner(run, interpreter.reset_all_variables)


def _micro(interpreter: Any, outputs: int) -> Runner:
    def run(row: Row) -> list[np.ndarray]:
        for index, value in enumerate(row):
            shape = tuple(interpreter.get_input_details(index)["shape"])
            interpreter.set_input(value.reshape(shape), index)
        interpreter.invoke()
        return [np.array(interpreter.get_output(i)) for i in range(outputs)]

    return Runner(run, interpreter.reset)


# Rows -------------------------------------------------------------------------------------------


def _feeds(kinds: Mapping[str, TensorType], X: Any) -> list[np.ndarray]:
    """The rows of each of the inputs, in their types."""
    given: Mapping[str, Any] = X if isinstance(X, Mapping) else {next(iter(kinds)): X}
    if set(given) != set(kinds):
        raise InvalidInputError(f"takes the inputs {', '.join(kinds)}")
    feeds = [_feed(name, kind, np.asarray(given[name])) for name, kind in kinds.items()]
    if len({len(feed) for feed in feeds}) != 1 or not len(feeds[0]):
        raise InvalidInputError("every input needs the same number of rows, at least one")
    return feeds


def _feed(name: str, kind: TensorType, x: np.ndarray) -> np.ndarray:
    if x.ndim == 0 or x.dtype.kind not in "iufb" or x.size != len(x) * kind.size:
        raise InvalidInputError(f"{name} has rows of shape {kind.shape}, got {x.shape}")
    x = x.reshape(len(x), *kind.shape)
    if x.dtype.kind == "f" and kind.dtype != "float32":
        if kind.qparams is None:
            raise InvalidInputError(f"{name} takes {kind.dtype} without a scale; give those")
        scale, zero = kind.qparams.scale[0], kind.qparams.zero_point[0]
        info = np.iinfo(kind.dtype)
        codes = round_half_away(x.astype(np.float32) / np.float32(scale)) + zero
        return np.asarray(np.clip(codes, info.min, info.max).astype(kind.dtype))
    if kind.dtype != "float32":
        info = np.iinfo(kind.dtype)
        if x.size and not info.min <= x.min() <= x.max() <= info.max:
            raise InvalidInputError(f"{name} has numbers that are no {kind.dtype}")
    return np.ascontiguousarray(x, kind.dtype)


def _rows(feeds: list[np.ndarray]) -> Iterator[Row]:
    for row in range(len(feeds[0])):
        yield tuple(feed[row : row + 1] for feed in feeds)


def _found(model: Model, feeds: list[np.ndarray]) -> list[np.ndarray]:
    """What the model answers: all rows at once, or one after the other where there is state."""
    names = list(model.inputs)[: len(feeds)]
    if not state_count(model.graph):
        return list(model.run(dict(zip(names, feeds, strict=True))).values())
    stream = Stream(model)
    steps = [list(stream.run(dict(zip(names, row, strict=True))).values()) for row in _rows(feeds)]
    return [np.concatenate(parts) for parts in zip(*steps, strict=True)]


def _expected(
    run: Runner,
    model: Model,
    feeds: list[np.ndarray],
    who: str,
    step: Callable[[int], None] = lambda done: None,
) -> list[np.ndarray]:
    """What the file answers, in the shapes of the model's outputs; `step` is told the rows done."""
    shapes = [kind.shape for kind in model.outputs.values()]
    answers = []
    # What is inside of a layer, such as an LSTM's state, starts anew with each row; a state that
    # the model carries from row to row does not.
    fresh = not state_count(model.graph)
    try:
        for number, row in enumerate(_rows(feeds)):
            step(number)
            if fresh:
                run.forget()
            answers.append(run.answer(row))
    except (RuntimeError, ValueError) as err:
        raise InvalidInputError(f"{who} does not take X: {err}") from err
    if len(answers[0]) != len(shapes) - state_count(model.graph):
        raise InvalidInputError(f"{who} has {len(answers[0])} outputs: another network?")
    result = []
    for parts, shape in zip(zip(*answers, strict=True), shapes, strict=False):
        joined = np.stack(parts)
        if joined.size != len(parts) * int(np.prod(shape)):
            raise InvalidInputError(f"{who} answers in another shape: another network?")
        result.append(joined.reshape(len(parts), *shape))
    return result


# Comparison -------------------------------------------------------------------------------------


def _compare(
    model: Model,
    who: str,
    found: list[np.ndarray],
    expected: list[np.ndarray],
    limits_given: tuple[float | None, float | None],
) -> tuple[MethodResult, Difference | None]:
    max_loss, tolerance = limits_given
    rows = len(found[0])
    good = np.ones(rows, bool)
    largest = relative = rms = 0.0
    limits = []
    for have, want in zip(found, expected, strict=True):
        if have.dtype != want.dtype:
            raise InvalidInputError(
                f"{who} gives {want.dtype}, the model {have.dtype}: a network is compared with the "
                "file whose types it has; of a quantized one, `report` says what that cost"
            )
        error = np.abs(have.astype(np.float64) - want.astype(np.float64))
        both = (have == want) | ((have != have) & (want != want))
        error = np.where(both, 0.0, np.where(np.isnan(error), np.inf, error))
        if have.dtype.kind == "f":
            known = np.abs(want[np.isfinite(want)])
            scale = float(known.max(initial=0.0)) or 1.0
            near = RTOL["float32"] if tolerance is None else tolerance
            limit, words = near * scale, f"within {near:g}"
        else:
            scale = float(np.iinfo(have.dtype).max) * 2 + 1
            limit = float(UNITS) if tolerance is None else np.floor(tolerance * scale)
            limit = 0.0 if who == MICRO and tolerance is None else limit
            words = f"within {limit:g} units" if limit else "equal"
        limits.append(words)
        good &= (error <= limit).reshape(rows, -1).all(axis=1)
        largest = max(largest, float(error.max(initial=0.0)))
        relative = max(relative, float(error.max(initial=0.0)) / scale)
        rms = max(rms, float(np.sqrt(np.mean(error**2))) / scale if error.size else 0.0)
    agreement = float(good.mean())
    passed = agreement >= 1 - (max_loss or 0.0)
    text = " / ".join(dict.fromkeys(limits))
    name = f"run, {who}"
    result = MethodResult(
        name, "values", agreement, None, largest, relative, rms, text, bool(passed)
    )
    if passed:
        return result, None
    row = int(np.flatnonzero(~good)[0])
    return result, _difference(model, name, row, found, expected)


def _difference(
    model: Model, name: str, row: int, found: list[np.ndarray], expected: list[np.ndarray]
) -> Difference:
    """The worst value of a row."""
    choice: tuple[float, str, int, Any, Any] | None = None
    for output, have, want in zip(model.outputs, found, expected, strict=False):
        error = np.abs(have[row].astype(np.float64) - want[row].astype(np.float64)).reshape(-1)
        error = np.where(np.isnan(error), np.inf, error)
        column = int(error.argmax())
        if choice is None or error[column] > choice[0]:
            values = want[row].reshape(-1)[column], have[row].reshape(-1)[column]
            choice = (float(error[column]), output, column, *(v.item() for v in values))
    assert choice is not None
    _, output, column, expects, finds = choice
    return Difference(name, row, False, column, expects, finds, f"output {output!r}")
