"""Networks in .tflite files; `_file` reads them, the other modules convert their operators."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping

from edgeinfer.converters.tflite._file import read_file
from edgeinfer.converters.tflite._network import network_graph, supported_operators
from edgeinfer.errors import EdgeInferError
from edgeinfer.graph import Graph
from edgeinfer.operators import Subgraph

_FAMILIES = (
    "_constants",
    "_convolution",
    "_elementwise",
    "_indexing",
    "_logic",
    "_rearranging",
    "_recurrent",
    "_reductions",
    "_shapes",
    "_spectrum",
    "_svdf",
    "_variables",
)


def operators() -> list[str]:
    """Names of the operators that can be converted."""
    _load_families()
    return supported_operators()


def network_to_graph(
    source: str | os.PathLike[str] | bytes,
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Graph:
    """The graph of a .tflite file, given by its path or its bytes.

    `input_shapes` replaces the shapes of inputs that are dynamic in the file.

    Raises FormatError for a damaged file, UnsupportedError for what has no translation; both name
    the operator, its version and its place.
    """
    _load_families()
    if isinstance(source, bytes):
        return network_graph(read_file(source), input_shapes)
    with open(source, "rb") as stream:
        data = stream.read()
    try:
        return network_graph(read_file(data), input_shapes)
    except EdgeInferError as err:
        raise type(err)(f"{os.fspath(source)}: {err}") from err


def read_network(path: str | os.PathLike[str]) -> tuple[Subgraph, ...]:
    """What a .tflite file declares. Raises FormatError for a damaged file."""
    with open(path, "rb") as stream:
        data = stream.read()
    try:
        return read_file(data)
    except EdgeInferError as err:
        raise type(err)(f"{os.fspath(path)}: {err}") from err


def graph_of(
    file: tuple[Subgraph, ...], input_shapes: Mapping[str, tuple[int, ...]] | None = None
) -> Graph:
    """The graph of what a file declares; see `network_to_graph`."""
    _load_families()
    return network_graph(file, input_shapes)


def _load_families() -> None:
    for name in _FAMILIES:
        importlib.import_module(f"edgeinfer.converters.tflite.{name}")
