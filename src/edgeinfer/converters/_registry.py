"""Finding the converter of an estimator, and what a converter is given.

A converter is one function, registered for class names of one library::

    @converter("sklearn", "MaxAbsScaler")
    def max_abs_scaler(est, ctx, x):
        ctx.check_input(est, x, allow_nan=True)
        y = ctx.emit(BinaryConst("div", est.scale_), x)
        return transformer(y)

It emits ops that compute, in float64, what the estimator computes from the tensor `x`, in the
estimator's own order of operations, and returns its methods.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from edgeinfer.errors import NotFittedError, UnsupportedError
from edgeinfer.graph import Graph, GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import CheckFinite, Op, Unary

Methods = dict[str, Method]
Converter = Callable[[Any, "Context", str], Methods]

_CONVERTERS: dict[tuple[str, str], Converter] = {}

# Modules that register the converters of a library, imported when one of its estimators comes.
_LIBRARIES = {
    "sklearn": "edgeinfer.converters.sklearn",
    "xgboost": "edgeinfer.converters.xgboost",
    "lightgbm": "edgeinfer.converters.lightgbm",
    "catboost": "edgeinfer.converters.catboost",
}

PREDICTION_METHODS = frozenset(
    (
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
        "transform",
        "score_samples",
        "kneighbors",
        "apply",
    )
)


def converter(library: str, *class_names: str) -> Callable[[Converter], Converter]:
    """Register a converter for classes of `library` (its top-level package)."""

    def register(function: Converter) -> Converter:
        for name in class_names:
            if (library, name) in _CONVERTERS:
                raise TypeError(f"two converters for {library} {name}")
            _CONVERTERS[library, name] = function
        return function

    return register


def supported(library: str) -> list[str]:
    """Class names of `library` that have a converter."""
    importlib.import_module(_LIBRARIES[library])
    return sorted(name for lib, name in _CONVERTERS if lib == library)


class Context:
    """What converters write into: the graph being built, and where in a pipeline they are."""

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self.path: list[str] = []
        self.transform_only = False
        """Whether of the estimator being converted only `transform` will be used."""
        self._checked: set[tuple[str, bool, bool]] = set()
        self.by_name: set[int] | None = set()
        """Input columns read by those that find them by name; None: someone reads all of them."""

    def emit(self, op: Op, *inputs: str) -> str:
        """Add an op; the name of the tensor it writes."""
        return self.builder.emit(op, *inputs)

    def emit_many(self, op: Op, *inputs: str) -> tuple[str, ...]:
        """Add an op with any number of outputs."""
        return self.builder.emit_many(op, *inputs)

    def width(self, tensor: str) -> int:
        """Number of values in a row of `tensor`."""
        return self.builder.types[tensor].size

    def check_input(
        self, est: Any, x: str, *, allow_nan: bool = False, float32: bool = False
    ) -> None:
        """The check the estimator makes of its input: refuse infinity, NaN, beyond float32."""
        self.check_width(est, x)
        # What guards a tensor guards it for all its readers: a bag of trees checks once.
        if (x, allow_nan, float32) not in self._checked:
            self._checked.add((x, allow_nan, float32))
            self.emit_many(CheckFinite(type(est).__name__, allow_nan, float32), x)

    def check_width(self, est: Any, x: str) -> None:
        """Refuse a tensor of another number of features than the estimator was fitted on."""
        self.read_all(x)
        n_features = getattr(est, "n_features_in_", None)
        if n_features is not None and n_features != self.width(x):
            raise UnsupportedError(
                f"{self.where(est)} was fitted on {n_features} features, "
                f"but gets {self.width(x)} here"
            )

    def read_all(self, x: str) -> None:
        """Say that all columns of `x` are read, in the order of the fit."""
        if x in self.builder.inputs:
            self.by_name = None

    def read_named(self, x: str, columns: np.ndarray) -> None:
        """Say that only `columns` of `x` are read, and of a frame by their names."""
        if x in self.builder.inputs and self.by_name is not None:
            self.by_name.update(int(c) for c in columns)

    def expect_range(self, tensor: str, low: float, high: float) -> None:
        """Tell where the values of `tensor` mostly lie, for calibration without data."""
        if np.isfinite(low) and np.isfinite(high):
            self.builder.ranges[tensor] = (float(low), float(high))

    def keep_range(self, tensor: str, *sources: str) -> None:
        """The values of `tensor` lie where those of `sources` do, if that is known of all."""
        known = [self.builder.ranges[s] for s in sources if s in self.builder.ranges]
        if known and len(known) == len(sources):
            self.expect_range(tensor, min(k[0] for k in known), max(k[1] for k in known))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Inside a named step of a pipeline, union or ensemble; errors tell the step."""
        self.path.append(name)
        try:
            yield
        finally:
            self.path.pop()

    def where(self, est: Any) -> str:
        """The estimator and its place, for error messages."""
        name = type(est).__name__
        return f"{name} (step {' -> '.join(self.path)})" if self.path else name

    def unsupported(self, est: Any, what: str) -> UnsupportedError:
        """An error that names the estimator and its step: ``raise ctx.unsupported(est, ...)``."""
        return UnsupportedError(f"{self.where(est)}: {what}")

    def convert(self, est: Any, x: str, *, transform_only: bool = False) -> Methods:
        """Convert a nested estimator whose input is `x`.

        `transform_only`: its other methods are not used, and need not be convertible.
        """
        function = _find(est, self)
        check_fitted(est, self)
        outer, self.transform_only = self.transform_only, transform_only
        try:
            return function(est, self, x)
        except AttributeError as err:
            # Another release of the library may lack an attribute: say so instead of guessing.
            raise UnsupportedError(
                f"{self.where(est)} lacks what its converter reads ({err}); it was probably "
                "fitted with a release of its library that edgeinfer does not know"
            ) from err
        finally:
            self.transform_only = outer

    def transform(self, est: Any, x: str) -> str:
        """Convert a nested transformer; the tensor it makes of `x`."""
        methods = self.convert(est, x, transform_only=True)
        if "transform" not in methods:
            raise self.unsupported(est, "is used as a transformer, but has no transform")
        return methods["transform"].tensors[0]


def check_fitted(est: Any, ctx: Context) -> None:
    """Raise NotFittedError unless `est` has fitted attributes (names with a trailing _)."""
    tags = getattr(est, "__sklearn_is_fitted__", None)
    if tags is not None:
        fitted = bool(tags())
    else:
        fitted = any(n.endswith("_") and not n.startswith("__") for n in vars(est))
        stateless = {"Normalizer", "Binarizer", "FunctionTransformer"}
        fitted = fitted or type(est).__name__ in stateless
    if not fitted:
        raise NotFittedError(f"{ctx.where(est)} is not fitted yet; call fit before convert")


def _find(est: Any, ctx: Context) -> Converter:
    """The converter of the nearest registered class along the MRO."""
    if isinstance(est, type):
        raise UnsupportedError(f"{est.__name__} is a class; convert takes a fitted instance of it")
    mro = type(est).__mro__
    for cls in mro:
        library = cls.__module__.partition(".")[0]
        if library in _LIBRARIES:
            importlib.import_module(_LIBRARIES[library])
            function = _CONVERTERS.get((library, cls.__name__))
            if function is not None:
                _refuse_overrides(est, cls, ctx)
                return function
    raise _unknown(est, ctx)


def _refuse_overrides(est: Any, base: type, ctx: Context) -> None:
    """A subclass that computes something of its own must not be taken for its base."""
    for cls in type(est).__mro__:
        if cls is base:
            return
        own = vars(cls)
        changed = PREDICTION_METHODS.intersection(own)
        changed |= {
            n
            for n in own
            if n.startswith("_") and not n.startswith("__") and callable(getattr(base, n, None))
        }
        if changed:
            raise ctx.unsupported(
                est,
                f"{cls.__name__} overrides {', '.join(sorted(changed))} of {base.__name__}, "
                f"which edgeinfer cannot follow; the nearest thing that works is "
                f"{base.__name__} itself",
            )


def _unknown(est: Any, ctx: Context) -> UnsupportedError:
    name = type(est).__name__
    known = sorted({class_name for _, class_name in _CONVERTERS} or set(supported("sklearn")))
    # Words decide before letters: a *Regressor is nearer to a *Regressor.
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    ends = [
        k
        for k in known
        for end in ("Classifier", "Regressor", "Scaler", "Transformer")
        if name.endswith(end) and k.endswith(end)
    ]
    nearest = list(dict.fromkeys([*close, *ends]))[:3]
    hint = f"; the nearest that work: {', '.join(nearest)}" if nearest else ""
    return UnsupportedError(f"{ctx.where(est)} of {type(est).__module__} has no converter{hint}")


def _first_reader(est: Any) -> Any:
    """The estimator that knows the features of the fit: `est`, or the first inside it that does."""
    if getattr(est, "n_features_in_", None) is not None:
        return est
    named: Any = getattr(est, "steps", None) or getattr(est, "transformer_list", ())
    parts = [part[1] for part in named]
    parts += [getattr(est, name, None) for name in ("best_estimator_", "estimator_", "estimator")]
    for part in parts:
        if hasattr(part, "get_params"):
            found = _first_reader(part)
            if found is not None:
                return found
    return None


def to_graph(est: Any) -> Graph:
    """The float64 graph of a fitted estimator.

    Raises UnsupportedError, NotFittedError.
    """
    probe = Context(GraphBuilder({}))
    _find(est, probe)
    check_fitted(est, probe)
    reader = _first_reader(est)
    if reader is None:
        raise UnsupportedError(
            f"{type(est).__name__} does not know its number of features (n_features_in_); "
            "fit it on data (a search: with refit=True)"
        )
    builder = GraphBuilder({"X": TensorType("float64", (int(reader.n_features_in_),))})
    ctx = Context(builder)
    methods = {name: _owned(ctx, m) for name, m in ctx.convert(est, "X").items()}
    classes, as_list = _class_tables(est, builder)
    names = getattr(reader, "feature_names_in_", None)
    by_name = None if names is None or not ctx.by_name else tuple(sorted(ctx.by_name))
    module = importlib.import_module(type(est).__mro__[0].__module__.partition(".")[0])
    info = Info(
        estimator=type(est).__name__,
        library=f"{module.__name__} {getattr(module, '__version__', '')}".strip(),
        feature_names=None if names is None else tuple(str(n) for n in names),
        read_by_name=by_name,
        classes=classes,
        classes_as_list=as_list,
    )
    return builder.build(methods, info)


def _owned(ctx: Context, method: Method) -> Method:
    """The method, with a copy where its result is an input itself: an output is its own memory."""
    tensors = tuple(
        ctx.emit(Unary("ident"), t) if t in ctx.builder.inputs else t for t in method.tensors
    )
    return replace(method, tensors=tensors)


def _class_tables(est: Any, builder: GraphBuilder) -> tuple[tuple[int, ...] | None, bool]:
    """Label tables behind `classes_`; a list of them for multi-output classifiers."""
    try:
        classes = est.classes_
    except (AttributeError, NotImplementedError):
        return None, False
    if isinstance(classes, list):
        return tuple(builder.add_labels(np.asarray(c)) for c in classes), True
    return (builder.add_labels(np.asarray(classes)),), False
