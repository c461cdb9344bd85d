"""`edgeinfer.verify`: does the model answer as its source does?"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from edgeinfer.errors import (
    EdgeInferError,
    InvalidInputError,
    InvalidParameterError,
    VerificationError,
)
from edgeinfer.graph import Graph
from edgeinfer.runtime.calls import caller, one_thread
from edgeinfer.runtime.inputs import InputPreparer
from edgeinfer.runtime.model import Model
from edgeinfer.verification.compare import Comparison, as_arrays, equal_rows
from edgeinfer.verification.locate import locate
from edgeinfer.verification.probes import Probes, make_probes
from edgeinfer.verification.promise import EQUAL, EXACT_METHODS, Promise, promise_of
from edgeinfer.verification.result import Difference, MethodResult, Verification

CHUNK = 8192
MAX_PROBES = 50_000
Progress = Callable[[str, int, int], None]


def verify(
    model: Model,
    source: Any,
    X: Any,
    *,
    max_loss: float | None = None,
    tolerance: float | None = None,
    max_probes: int = MAX_PROBES,
    raises: bool = True,
    progress: Progress | None = None,
) -> Verification:
    """Compare a model with its source on X, and at, just below and just above every threshold.

    Parameters
    ----------
    model : Model
    source : the fitted estimator it was converted from, another Model, or the path of a .tflite
        file, which is run by LiteRT and TensorFlow Lite Micro, whichever are installed
    X : rows as the source takes them; of a network also a mapping of arrays by input name
    max_loss : float, optional
        Fraction of rows whose label may differ. Default: none in float64 and float32 and for
        models that are exact in integers; with quantized tensors 1 % in int16 and 5 % in int8;
        with exact trees but rounded leaf values 0.1 % and 0.5 %.
    tolerance : float, optional
        Exact models: largest error of a value, relative to it or to the output's largest value
        (default 1e-10 in float64, 1e-5 otherwise). Models with a loss: root mean square error
        relative to the span of the source's values (default 1 % in int16, 5 % in int8; with
        rounded leaf values 0.001 % and 0.1 %). Networks: of floats relative (1e-5), of integers a
        fraction of their range (equal to TensorFlow Lite Micro's, within 4 units of LiteRT's).
        A network quantized by `convert` against its float file: as models with a loss.
    max_probes : int
        About how many rows to make at thresholds; beyond that an even selection is probed, and
        `Verification.not_probed` says so.
    raises : bool
        False returns a failed Verification instead of raising.
    progress : callable (what, done, total), optional

    Raises
    ------
    VerificationError
        They disagree by more than the precision promises. Says in which method, row and column,
        and which op; its `verification` holds the whole result.
    InvalidInputError, InvalidParameterError
    """
    for name, value in (("max_loss", max_loss), ("tolerance", tolerance)):
        if value is not None and not 0 <= value < 1:
            raise InvalidParameterError(f"{name} is a fraction from 0 to below 1, got {value!r}")
    if max_probes < 0:
        raise InvalidParameterError(f"max_probes cannot be negative, got {max_probes}")
    if isinstance(source, (str, os.PathLike)):
        result = _of_file(model, source, X, progress, max_loss=max_loss, tolerance=tolerance)
    else:
        promise = promise_of(model.graph, max_loss, tolerance)
        result = _Verifier(model, source, X, promise, progress).run(max_probes)
    if raises and not result.passed:
        error = VerificationError(f"the model does not keep its promise\n{result}")
        error.verification = result
        raise error
    return result


def _of_file(
    model: Model,
    path: str | os.PathLike[str],
    X: Any,
    progress: Progress | None,
    **options: float | None,
) -> Verification:
    from edgeinfer.verification.networks import verify_network

    if not os.fspath(path).endswith(".tflite") or "run" not in model.graph.methods:
        raise InvalidParameterError(
            f"{os.fspath(path)}: a model of a network is compared with its .tflite file, any other "
            "with the fitted estimator it came from or with another Model"
        )
    quiet: Progress = lambda what, done, total: None  # noqa: E731
    return verify_network(model, path, X, progress=progress or quiet, **options)


class _Verifier:
    def __init__(
        self,
        model: Model,
        source: Any,
        X: Any,
        promise: Promise,
        progress: Progress | None,
    ) -> None:
        if len(model.graph.inputs) != 1:
            raise InvalidParameterError("verify takes models with one input")
        self.model, self.source = model, source
        self.progress = progress or (lambda what, done, total: None)
        self.promise = promise
        (self.input,) = model.graph.inputs.values()
        self.frame = X if hasattr(X, "columns") else None
        self.rows = self._read(X)
        self.origin = _float64_graph(source)
        self.tabular = len(self.input.shape) == 1 and self.input.dtype == "float64"

    def _read(self, X: Any) -> np.ndarray:
        if len(self.input.shape) != 1:
            return np.asarray(X)
        prepare = InputPreparer.of(self.model.graph)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.ascontiguousarray(prepare(X), dtype=np.float64)

    def run(self, max_probes: int) -> Verification:
        methods = self._methods()
        info = self.model.graph.info
        graphs = [g for g in (self.origin, self.model.graph) if g is not None]
        probes = Probes(np.empty((0, *self.rows.shape[1:])), 0, ())
        if self.tabular and max_probes:
            self.progress("looking for thresholds", 0, 1)
            probes = make_probes(graphs, self.rows, max_probes, info.precision == "float32")
            if info.precision == "float32":
                probes = replace(probes, rows=self._promised(probes.rows))
        results: list[MethodResult] = []
        first: Difference | None = None
        for number, method in enumerate(methods):
            labels = method == "predict" and info.classes is not None
            promise = EQUAL if method in EXACT_METHODS else self.promise
            comparison = Comparison(method, promise, labels)
            self.progress(f"comparing {method}", number, len(methods))
            problem = self._compare(comparison, probes.rows)
            if isinstance(problem, Difference):
                results.append(_broken(method))
                first = first or problem
                continue
            result, row = comparison.finish()
            results.append(result)
            if not result.passed and first is None and row is not None:
                first = self._difference(comparison, row, probes.rows)
        self.progress("compared", len(methods), len(methods))
        return Verification(
            info.estimator,
            info.precision,
            len(self.rows),
            len(probes.rows),
            probes.thresholds,
            tuple(results),
            probes.not_probed,
            first,
        )

    def _promised(self, rows: np.ndarray) -> np.ndarray:
        """The probes that a float32 model promises to answer as its source does: float32 values,
        and those whose rounding to float32 changes no answer of the source."""
        rounded = rows.astype(np.float32).astype(np.float64)
        others = np.flatnonzero(((rows != rounded) & ~np.isnan(rows)).any(axis=1))
        if self.origin is None or not len(others):
            return np.delete(rows, others, axis=0)
        source = Model(self.origin)
        same = np.ones(len(others), bool)
        try:
            for method in self.origin.methods:
                call = caller(source, method)
                answers = zip(
                    as_arrays(call(rows[others])), as_arrays(call(rounded[others])), strict=True
                )
                for before, after in answers:
                    same &= equal_rows(before, after)
        except EdgeInferError:  # rounding takes a value out of what the source accepts
            same[:] = False
        return np.delete(rows, others[~same], axis=0)

    def _methods(self) -> list[str]:
        """Methods that both have."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            common = [name for name in self.model.graph.methods if hasattr(self.source, name)]
        if not common:
            have = ", ".join(self.model.graph.methods)
            raise InvalidParameterError(
                f"{type(self.source).__name__} has none of the model's methods ({have}); "
                "is it the source of this model?"
            )
        return common

    def _compare(self, comparison: Comparison, probes: np.ndarray) -> Difference | None:
        """Feed the data and the probes to both; a Difference if one of them fails where the
        other answers."""
        for rows, probe in ((self.rows, False), (probes, True)):
            for start in range(0, len(rows), CHUNK):
                chunk = rows[start : start + CHUNK]
                found, expected, problem = self._answers(comparison.method, chunk)
                if problem is None:
                    problem = comparison.add(found, expected, len(chunk), probe)
                elif found is None and expected is None:
                    # Refused by both: to be told for data, no matter for a made-up row.
                    if not probe:
                        raise InvalidInputError(f"neither takes X: {problem}")
                    problem = self._one_by_one(comparison, chunk)
                if problem is not None:
                    return Difference(comparison.method, start, probe, None, "", "", problem)
        return None

    def _one_by_one(self, comparison: Comparison, chunk: np.ndarray) -> str | None:
        for row in range(len(chunk)):
            one = chunk[row : row + 1]
            found, expected, problem = self._answers(comparison.method, one)
            if problem is None:
                problem = comparison.add(found, expected, 1, True)
            elif found is None and expected is None:
                continue
            if problem is not None:
                return problem
        return None

    def _answers(self, method: str, rows: np.ndarray) -> tuple[Any, Any, str | None]:
        """What model and source answer; None and the reason where one refuses."""
        found = expected = refused = broken = None
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                found = self._ask(self.model, method, rows)
            except EdgeInferError as err:
                refused = str(err)
            try:
                expected = self._ask(self.source, method, rows)
            except (ValueError, TypeError, EdgeInferError) as err:
                broken = str(err)
        if refused is not None and broken is not None:
            return None, None, refused
        if refused is not None:
            return None, expected, f"the model refuses rows that the source takes: {refused}"
        if broken is not None:
            return found, None, f"the source refuses rows that the model takes: {broken}"
        return found, expected, None

    def _ask(self, who: Any, method: str, rows: np.ndarray) -> Any:
        if isinstance(who, Model) and method == "run":
            return caller(who, method)(rows)
        data: Any = rows
        if self.frame is not None:
            data = _like(self.frame, rows)
        with one_thread():
            return getattr(who, method)(data)

    def _difference(self, comparison: Comparison, row: int, probes: np.ndarray) -> Difference:
        column, expected, found = comparison.worst_column(row)
        probe = row >= len(self.rows)
        at = row - len(self.rows) if probe else row
        data = (probes if probe else self.rows)[at : at + 1]
        where = locate(self.model.graph, self.origin, data, self.promise)
        if self.model.precision == "float32" and (data != data.astype(np.float32)).any():
            where += (
                "; the row has values that float32 does not hold, and a float32 model promises "
                "its answers for those it does: X.astype('float32')"
            )
        return Difference(comparison.method, at, probe, column, expected, found, where)


def _float64_graph(source: Any) -> Graph | None:
    """The source's own graph, which tells thresholds and every tensor between; None if it has
    none (a source that `convert` does not know can still be compared)."""
    if isinstance(source, Model):
        return source.graph
    from edgeinfer.converters._registry import to_graph

    try:
        return to_graph(source)
    except EdgeInferError:
        return None


def _broken(method: str) -> MethodResult:
    return MethodResult(method, "values", 0.0, None, None, None, None, "an answer", False)


def _like(frame: Any, rows: np.ndarray) -> Any:
    """`rows` as a frame of the same library with the same columns."""
    names: Iterator[Any] = iter(getattr(frame, "columns", ()))
    columns = list(names)
    if type(frame).__module__.partition(".")[0] == "pandas":
        return type(frame)(rows, columns=columns)
    import narwhals as nw

    backend = nw.get_native_namespace(frame)
    data = {str(name): rows[:, i] for i, name in enumerate(columns)}
    return nw.from_dict(data, backend=backend).to_native()
