"""convert, load, export_c: the one module that sees every part."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeinfer.errors import FormatError, UnsupportedError
from edgeinfer.format import load_graph
from edgeinfer.graph import Graph
from edgeinfer.runtime.inputs import InputPreparer
from edgeinfer.runtime.model import Model

if TYPE_CHECKING:
    from edgeinfer.export.layouts import Export


def convert(
    source: Any,
    *,
    precision: str = "float32",
    calibration: Any = None,
    exact: bool = True,
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    ranges: str = "minmax",
    keep_float: Sequence[str | int] = (),
    progress: Callable[[str, float, float], None] | None = None,
) -> Model:
    """Convert a fitted estimator into a model that runs without the library that trained it.

    Parameters
    ----------
    source : fitted estimator or pipeline, or the path of a .tflite file
        A network keeps the types it has in its file: `Model.run` takes and gives those. A float
        network can be quantized: to int8, or int16 (activations; weights are int8).
    precision : {"float64", "float32", "int16", "int8"}
    calibration : array-like of shape (rows, features), optional
        Typical data, from which integer precisions choose the ranges of activations, and on
        which `Model.report` measures the loss. For a network rows of its input, or a mapping of
        its inputs' names to rows.
    exact : bool
        Neighbours in integer precision: re-rank candidates with the original points, which
        keeps the answers; False drops those and saves their memory.
    input_shapes : mapping of an input's name to its shape, optional
        For networks whose inputs have no fixed shape in the file.
    ranges : {"minmax", "percentile", "mse"}
        How integer precisions choose the ranges of activations from the calibration data: all of
        it, all but a ten-thousandth at either end, or the smallest mean squared error.
    keep_float : sequence of names or numbers
        Layers, as `Model.report["layers"]` lists them, that integer precisions leave in floats.
    progress : callable, optional
        Called with what is being done, how much of it is done, and of how much.

    Raises
    ------
    FormatError
        A damaged file.
    UnsupportedError
        No faithful translation; names the estimator, its step and the nearest that works.
    NotFittedError, CalibrationError, InvalidParameterError, InvalidInputError
    """
    if isinstance(source, (str, os.PathLike)):
        options = {"ranges": ranges, "keep_float": keep_float, "progress": progress}
        return Model(_network(source, precision, calibration, input_shapes, options))
    from edgeinfer.converters._registry import to_graph
    from edgeinfer.quantize.scheme import to_precision

    graph = to_graph(source)
    data: np.ndarray | None = None
    if calibration is not None:
        data = np.ascontiguousarray(InputPreparer.of(graph)(calibration), dtype=np.float64)
    return Model(
        to_precision(graph, precision, data, exact=exact, ranges=ranges, keep_float=keep_float)
    )


def _network(
    path: str | os.PathLike[str],
    precision: str,
    calibration: Any,
    input_shapes: Mapping[str, tuple[int, ...]] | None,
    options: dict[str, Any],
) -> Graph:
    """The graph of a network's file, quantized if it is to be."""
    name = os.fspath(path)
    if not name.endswith(".tflite"):
        raise UnsupportedError(f"{name}: networks are read from .tflite files")
    from edgeinfer.converters.tflite import graph_of, network_to_graph, read_network

    if precision in ("int8", "int16"):
        from edgeinfer.quantize.network import quantize_network

        return quantize_network(
            read_network(path),
            graph_of,
            lambda graph: Model(graph).run,
            precision=precision,
            calibration=calibration,
            input_shapes=input_shapes,
            **options,
        )
    if precision != "float32" or calibration is not None or options["keep_float"]:
        raise UnsupportedError(
            "a network keeps the types of its file, or is quantized to int8 or int16 with "
            "calibration data; leave out precision and calibration for the former"
        )
    return network_to_graph(path, input_shapes)


def load(path: str | os.PathLike[str]) -> Model:
    """Load a model saved by `Model.save`; needs neither its source nor its library.

    Raises FormatError for a damaged or foreign file, FileNotFoundError if there is none.
    """
    if os.path.isdir(path):
        raise FormatError(f"{os.fspath(path)} is a folder")
    return Model(load_graph(path))


def export_c(
    model: Model,
    directory: str | os.PathLike[str],
    *,
    name: str = "model",
    layout: str = "c",
    methods: Sequence[str] | None = None,
    input_dtype: str | None = None,
    forest: str = "table",
    optimize: str = "size",
) -> Export:
    """Write a model as portable C99: no malloc, no global state, constants in flash.

    Parameters
    ----------
    model : Model
    directory : path
        Where the files go; a path that ends in .zip makes an archive of the folder `name`.
    name : str
        What every symbol and file name begins with, so that models can live side by side.
    layout : {"c", "header", "arduino"}
        ``name.h`` and ``name.c`` beside the kernel headers they need; all in one ``name.h``; or a
        library for the Arduino IDE with an example sketch.
    methods : sequence of str, optional
        Which of the model's methods become functions; all of them by default.
    input_dtype : {"float32", "float64"}, optional
        What features are handed over as: float32, unless the model is a float64 one.
    forest : {"table", "inline"}
        Trees as tables that a loop walks, or as if/else code.
    optimize : {"size", "speed"}
        What to prefer where flash and time conflict.

    Returns
    -------
    Export: the files' texts, the functions, and the bytes of constants and scratch memory.

    Raises
    ------
    InvalidParameterError, UnsupportedError, OSError
    """
    from edgeinfer.export.layouts import print_c
    from edgeinfer.export.write import write_files

    export = print_c(
        model.graph,
        name=name,
        layout=layout,
        methods=methods,
        input_dtype=input_dtype,
        forest=forest,
        optimize=optimize,
    )
    write_files(export.files, directory, name)
    return export
