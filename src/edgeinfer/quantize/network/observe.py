"""Networks run on the calibration data: what values their tensors take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from edgeinfer.errors import CalibrationError
from edgeinfer.graph import Graph
from edgeinfer.operators import Subgraph
from edgeinfer.quantize.network.prepare import is_activation, is_float
from edgeinfer.quantize.ranges import check_rows, choose, histograms

CHUNK_BYTES = 32 << 20
"""Tensors of as many rows at a time as take so much memory."""

Runner = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]
Progress = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Engine:
    """What the passes need of the rest of the house, which they must not import.

    `build`: the graph of a network; `compile`: what runs a graph.
    """

    build: Callable[[tuple[Subgraph, ...]], Graph]
    compile: Callable[[Graph], Runner]
    progress: Progress

    def runner(self, network: Subgraph, wanted: Sequence[int]) -> Run:
        """The network, giving the tensors `wanted` (activations of it)."""
        return Run(self, network, tuple(wanted))


class Run:
    """A compiled network with chosen outputs: arrays of its inputs in, arrays of tensors out."""

    def __init__(self, engine: Engine, network: Subgraph, wanted: tuple[int, ...]) -> None:
        self.wanted = wanted
        self.inputs = network.inputs
        computed = tuple(i for i in wanted if i not in network.inputs)
        self._computed = computed
        if computed:
            graph = engine.build((replace(network, outputs=computed),))
            self._names = list(graph.inputs)
            self._results = graph.methods["run"].tensors
            self._run = engine.compile(graph)

    def __call__(self, feeds: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
        result = {i: f for i, f in zip(self.inputs, feeds, strict=True) if i in self.wanted}
        if self._computed:
            values = self._run(dict(zip(self._names, feeds, strict=True)))
            found = (values[name] for name in self._results)
            result.update(zip(self._computed, found, strict=True))
        return result


def calibration_feeds(graph: Graph, data: Any) -> list[np.ndarray]:
    """The calibration data as one array per input, checked. Raises CalibrationError."""
    if data is None:
        raise CalibrationError(
            "quantizing a network needs to know what values its tensors take; give some typical "
            "inputs: convert(..., calibration=X), or --calibration X.npy on the command line"
        )
    given = data if isinstance(data, Mapping) else {next(iter(graph.inputs)): data}
    if set(given) != set(graph.inputs):
        raise CalibrationError(
            f"the calibration data has to be of the inputs {', '.join(graph.inputs)}, "
            f"got {', '.join(map(str, given)) or 'none'}"
        )
    feeds = []
    for name, kind in graph.inputs.items():
        where = "the calibration data" if len(given) == 1 else f"the calibration data of {name!r}"
        array = check_rows(given[name], kind.shape, where)
        feeds.append(np.ascontiguousarray(array, kind.dtype))
    if len({len(f) for f in feeds}) > 1:
        raise CalibrationError("the calibration data of the inputs differ in their number of rows")
    if any(not np.isfinite(f).all() for f in feeds if f.dtype.kind == "f"):
        raise CalibrationError("the calibration data has values beyond float32")
    return feeds


def float_tensors(network: Subgraph) -> list[int]:
    """All tensors of floats that are computed, the inputs first."""
    found = dict.fromkeys(i for i in network.inputs if is_float(network, i))
    for op in network.operators:
        found.update(dict.fromkeys(i for i in op.outputs if is_float(network, i)))
    return list(found)


def chunks(
    network: Subgraph, feeds: Sequence[np.ndarray], tell: Callable[[int, int], None] | None = None
) -> Iterator[list[np.ndarray]]:
    """The rows in pieces whose tensors fit in memory."""
    rows = len(feeds[0])
    per_row = 4 * sum(
        prod(info.shape) for i, info in enumerate(network.tensors) if is_activation(network, i)
    )
    count = max(1, CHUNK_BYTES // max(per_row, 1))
    for first in range(0, rows, count):
        yield [f[first : first + count] for f in feeds]
        if tell is not None:
            tell(min(first + count, rows), rows)


@dataclass
class Seen:
    """A tensor of the float network on the calibration data."""

    low: float
    high: float
    channel_high: np.ndarray  # largest absolute value per channel (last axis)
    mean: np.ndarray  # of a row's values
    counts: np.ndarray | None = None


def observe(
    engine: Engine, network: Subgraph, feeds: Sequence[np.ndarray], *, counted: bool
) -> dict[int, Seen]:
    """What each float tensor was seen to hold; with histograms if `counted`.

    Raises CalibrationError where the network makes NaN or infinity of the data.
    """
    tensors = float_tensors(network)
    run = engine.runner(network, tensors)
    seen: dict[int, Seen] = {}
    passes = 2 if counted else 1

    def tell(done: int, rows: int, before: int = 0) -> None:
        engine.progress("observing", before * rows + done, passes * rows)

    for piece in chunks(network, feeds, tell):
        for index, values in run(piece).items():
            _take(network, index, values, seen)
    rows = len(feeds[0])
    for entry in seen.values():
        entry.mean /= rows
    if counted:
        for piece in chunks(network, feeds, lambda done, rows: tell(done, rows, 1)):
            for index, values in run(piece).items():
                entry = seen[index]
                limits = (np.array([entry.low]), np.array([entry.high]))
                new = histograms(values.reshape(-1, 1).astype(np.float64), *limits)
                entry.counts = new if entry.counts is None else entry.counts + new
    return seen


def _take(network: Subgraph, index: int, values: np.ndarray, seen: dict[int, Seen]) -> None:
    if not np.isfinite(values).all():
        raise CalibrationError(
            f"tensor {network.tensors[index].name!r} is not finite on the calibration data"
        )
    channels = values.shape[-1] if values.ndim > 1 else 1
    high = np.abs(values.reshape(-1, channels)).max(axis=0).astype(np.float64)
    total = values.sum(axis=0, dtype=np.float64)
    low, top = float(values.min()), float(values.max())
    if index not in seen:
        seen[index] = Seen(low, top, high, total)
        return
    entry = seen[index]
    entry.low, entry.high = min(entry.low, low), max(entry.high, top)
    entry.channel_high = np.maximum(entry.channel_high, high)
    entry.mean = entry.mean + total


def tensor_range(seen: Seen, ranges: str, dtype: str) -> tuple[float, float]:
    """The range that integers of `dtype` shall have."""
    low, high = np.array([seen.low]), np.array([seen.high])
    levels = 255 if dtype == "int8" else 65534
    found = choose(ranges, seen.counts, low, high, levels, symmetric=dtype == "int16")
    return float(found[0][0]), float(found[1][0])
