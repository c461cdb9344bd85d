"""What users call: a graph with the methods its source had."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeinfer.errors import GraphError, InvalidInputError, InvalidParameterError
from edgeinfer.format import dump_bytes, load_bytes, save_graph
from edgeinfer.graph import Graph, TensorType
from edgeinfer.graph import Method as MethodSpec
from edgeinfer.runtime._native import Method, Runner
from edgeinfer.runtime.inputs import InputPreparer
from edgeinfer.runtime.program import compile_program

if TYPE_CHECKING:
    from edgeinfer.runtime.network import Stream


class Model:
    """A converted model. Immutable: threads may share it, pickling carries its own bytes.

    It has those of `predict`, `predict_proba`, `predict_log_proba`, `decision_function`,
    `transform`, `score_samples`, `kneighbors`, `apply` ... that its source had; each takes X of
    shape ``(rows, n_features_in_)`` and is compiled when it is first asked for.
    """

    graph: Graph
    _prepare: InputPreparer | None
    _runner: Runner | None

    def __init__(self, graph: Graph) -> None:
        prepare = None
        if len(graph.inputs) == 1:
            (only,) = graph.inputs.values()
            if len(only.shape) == 1 and only.dtype in ("float64", "float32"):
                prepare = InputPreparer.of(graph)
        # Past __setattr__, which refuses: what compiled methods are found by later is put the same
        # way, and is the same whichever thread puts it last.
        self.__dict__.update(graph=graph, _prepare=prepare, _runner=None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Model is immutable; {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Model is immutable; {name!r} cannot be deleted")

    # The methods of the source -------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        # Only for names that are not there yet: a method is compiled once, then found directly.
        if name.startswith("__") or "graph" not in self.__dict__:
            raise AttributeError(name)
        if name in self.graph.methods and self._prepare is not None:
            method = self._compile(name)
            self.__dict__[name] = method
            return method
        if name == "classes_" and self.graph.info.classes is not None:
            tables = [self.graph.labels[i].copy() for i in self.graph.info.classes]
            return tables if self.graph.info.classes_as_list else tables[0]
        if name == "feature_names_in_" and self.graph.info.feature_names is not None:
            return np.array(self.graph.info.feature_names, dtype=object)
        if name in ("predict", "predict_classes") and "run" in self.graph.methods:
            method = self.__dict__[name] = self._network_method(name)
            return method
        have = ", ".join(sorted(self.graph.methods))
        raise AttributeError(
            f"this {self.graph.info.estimator or 'model'} has no {name!r}; it has: {have}"
        )

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.graph.methods]

    def _compile(self, name: str, graph: Graph | None = None) -> Method:
        graph = graph or self.graph
        spec = graph.methods[name]
        assert self._prepare is not None
        program = compile_program(graph, spec.tensors)
        doc = f"{name}(X): as {self.graph.info.estimator or 'the source'} has it."
        return Method(
            program,
            self._prepare,
            _finisher(spec, graph),
            self.graph.info.feature_names is not None,
            name,
            doc,
            tuple(option.name for option in spec.options),
            self._variants(name).get,
        )

    def _variants(self, name: str) -> _Variants:
        """The method with other values of its options; it outlives nothing but the method."""
        spec = self.graph.methods[name]
        return _Variants(
            spec, lambda values: self._compile(name, self.graph.with_options(name, values))
        )

    # Networks ------------------------------------------------------------------------------------

    @property
    def inputs(self) -> dict[str, TensorType]:
        """Name, row shape, dtype and quantization of each input."""
        return dict(self.graph.inputs)

    @property
    def outputs(self) -> dict[str, TensorType]:
        """Name, row shape, dtype and quantization of each tensor that `run` returns."""
        types = self.graph.types
        return {name: types[name] for name in self._run_tensors()}

    def _run_tensors(self) -> tuple[str, ...]:
        methods = self.graph.methods
        chosen = [methods["run"]] if "run" in methods else list(methods.values())
        return tuple(dict.fromkeys(name for m in chosen for name in m.tensors))

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by name, for arrays of shape ``(rows, *shape)`` by input name."""
        runner = self._runner
        if runner is None:
            tensors = self._run_tensors()
            program = compile_program(self.graph, tensors)
            runner = Runner(program, tuple(self.graph.inputs), tensors)
            self.__dict__["_runner"] = runner
        return runner(feeds)

    def stream(self, rows: int = 1) -> Stream:
        """A new stream over a network with state: `run` advances it, `reset` clears it."""
        from edgeinfer.runtime.network import Stream

        return Stream(self, rows)

    def _network_method(self, name: str) -> Any:
        """`predict` and `predict_classes` of a network: floats in, floats or classes out."""
        from edgeinfer.runtime.network import NetworkMethod

        return NetworkMethod(self.graph, name)

    # What it is ----------------------------------------------------------------------------------

    @property
    def precision(self) -> str:
        """float64, float32, int16 or int8."""
        return self.graph.info.precision

    @property
    def n_features_in_(self) -> int:
        """Number of features of X."""
        (only,) = self.graph.inputs.values()
        return only.size

    @property
    def report(self) -> Mapping[str, Any]:
        """What quantization cost, per output, measured on the calibration data."""
        return copy.deepcopy(dict(self.graph.info.report))

    def summary(self) -> str:
        """A table of the ops: what each computes, its kernel, its parameters' size."""
        if "run" in self.graph.methods:
            from edgeinfer.runtime.network import layer_table

            return layer_table(self.graph)
        types = self.graph.types
        lines = [f"{self.graph.info.estimator or 'model'}, {self.precision}"]
        total = 0
        for node in self.graph.nodes:
            size = sum(c.nbytes for c in node.op.constants().values())
            total += size
            lowered = node.op.lower(*(types[name] for name in node.inputs))
            reads = ", ".join(str(types[name]) for name in node.inputs)
            writes = ", ".join(str(types[name]) for name in node.outputs)
            lines.append(
                f"  {node.op.kind:<14} {reads} -> {writes or '(guard)'}   "
                f"kernel {lowered.kernel}{lowered.note and f' ({lowered.note})'}, {size} bytes"
            )
        lines.append(f"  methods: {', '.join(self.graph.methods)}")
        lines.append(f"  parameters: {total} bytes")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<edgeinfer.Model {self.graph.info.estimator} {self.precision}>"

    # Bytes ---------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to `path` (usually ``*.edge``); the file appears whole or not at all."""
        save_graph(self.graph, path)

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (dump_bytes(self.graph),)


class _Variants:
    """A method compiled for values of its options: once per combination, the last few kept."""

    KEPT = 8

    def __init__(self, spec: MethodSpec, make: Callable[[dict[str, int | bool]], Method]) -> None:
        self.spec = spec
        self.make = make
        self.made: dict[tuple[tuple[str, int | bool], ...], Method] = {}

    def get(self, values: Mapping[str, Any]) -> Method:
        """The method for these values. Raises InvalidParameterError for impossible ones."""
        chosen: dict[str, int | bool] = {}
        for option in self.spec.options:
            value = values.get(option.name)
            if option.is_switch:
                chosen[option.name] = option.name not in values or bool(value)
            elif value is not None:
                if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                    raise InvalidParameterError(
                        f"{option.name} does not take {type(value).__name__} value, "
                        "enter integer value"
                    )
                chosen[option.name] = int(value)
        key = tuple(chosen.items())
        method = self.made.get(key)
        if method is None:
            try:
                method = self.make(chosen)
            except GraphError as err:
                raise InvalidParameterError(str(err)) from err
            made = {**self.made, key: method}
            while len(made) > self.KEPT:
                del made[next(iter(made))]
            self.made = made
        return method


def _from_bytes(data: bytes) -> Model:
    return Model(load_bytes(data))


def _labels_at(table: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The labels of class indices; a damaged file may have fewer labels than classes."""
    try:
        return table.take(indices)
    except IndexError as err:
        raise InvalidInputError("a class index lies outside the table of labels") from err


def _finisher(spec: MethodSpec, graph: Graph) -> Any:
    """How the results of the native call become what the method returns."""
    if spec.labels:
        tables = [graph.labels[i] for i in spec.labels]
        if len(tables) == 1 and not graph.types[spec.tensors[0]].shape:
            table = tables[0]
            return lambda results: _labels_at(table, results[0])
        return lambda results: np.stack(
            [_labels_at(table, results[0][:, k]) for k, table in enumerate(tables)], axis=1
        )
    if spec.layout == "list":
        return list
    if spec.layout == "tuple":
        return tuple
    if spec.layout == "dict":
        return lambda results: dict(zip(spec.tensors, results, strict=True))
    return None
