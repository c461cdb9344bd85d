"""convert, load: the one module that sees every part."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from edgeinfer.errors import FormatError
from edgeinfer.format import load_graph
from edgeinfer.runtime.inputs import InputPreparer
from edgeinfer.runtime.model import Model


def convert(
    source: Any, *, precision: str = "float32", calibration: Any = None, exact: bool = True
) -> Model:
    """Convert a fitted estimator into a model that runs without the library that trained it.

    Parameters
    ----------
    source : fitted estimator or pipeline
    precision : {"float64", "float32", "int16", "int8"}
    calibration : array-like of shape (rows, features), optional
        Typical data, from which integer precisions choose the ranges of activations, and on
        which `Model.report` measures the loss.
    exact : bool
        Neighbours in integer precision: re-rank candidates with the original points, which
        keeps the answers; False drops those and saves their memory.

    Raises
    ------
    UnsupportedError
        No faithful translation; names the estimator, its step and the nearest that works.
    NotFittedError, CalibrationError, InvalidParameterError, InvalidInputError
    """
    from edgeinfer.converters._registry import to_graph
    from edgeinfer.quantize.scheme import to_precision

    graph = to_graph(source)
    data: np.ndarray | None = None
    if calibration is not None:
        (only,) = graph.inputs.values()
        prepare = InputPreparer(only.size, graph.info.feature_names, graph.info.estimator)
        data = np.ascontiguousarray(prepare(calibration), dtype=np.float64)
    return Model(to_precision(graph, precision, data, exact=exact))


def load(path: str | os.PathLike[str]) -> Model:
    """Load a model saved by `Model.save`; needs neither its source nor its library.

    Raises FormatError for a damaged or foreign file, FileNotFoundError if there is none.
    """
    if os.path.isdir(path):
        raise FormatError(f"{os.fspath(path)} is a folder")
    return Model(load_graph(path))
