"""Constants of which a file holds only the values that are not zero.

A tensor of n dimensions, some of them cut into blocks, is walked dimension by dimension in a
traversal order; each is either dense, or lists the places that are there (compressed sparse row),
as described with `SparsityParameters` in the schema of TensorFlow Lite.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from edgeinfer.errors import FormatError


@dataclass(frozen=True)
class Level:
    """One dimension of the walk: `size` if dense, else where lists begin, and their places."""

    size: int
    starts: np.ndarray | None = None
    places: np.ndarray | None = None


@dataclass(frozen=True)
class Sparsity:
    """How to walk: `order` names dimensions (those of blocks behind the others), `blocked` cuts."""

    order: tuple[int, ...]
    blocked: tuple[int, ...]
    levels: tuple[Level, ...]

    def expand(self, values: np.ndarray, shape: tuple[int, ...], where: str) -> np.ndarray:
        """All values of the tensor of `shape`, of which the file has `values` ``(present,)``.

        Raises FormatError if they do not fit each other.
        """
        outer, sizes = self._sizes(shape, where)
        count = prod(shape)
        places = np.zeros(1, np.int64)  # of what has been walked so far, in the walk's own order
        paths = np.zeros(1, np.int64)  # the same, counting only what is present
        for dimension, level in zip(self.order, self.levels, strict=True):
            size = sizes[dimension]
            if level.starts is None or level.places is None:
                _require(level.size == size and len(places) * size <= count, where)
                steps = np.arange(size)
                places = (places[:, None] * size + steps).ravel()
                paths = (paths[:, None] * size + steps).ravel()
            else:
                _require(len(paths) == len(level.starts) - 1, where)
                counts = np.diff(level.starts)
                _require(bool((counts >= 0).all()) and level.starts[0] == 0, where)
                _require(level.starts[-1] == len(level.places), where)
                _require(bool(((level.places >= 0) & (level.places < size)).all()), where)
                places = np.repeat(places, counts) * size + level.places
                paths = np.arange(len(level.places))
            _require(len(places) <= count, where)
        _require(len(paths) == len(values), where)
        _require(len(np.unique(places)) == len(places), where)
        walked = np.zeros(count, values.dtype)
        walked[places] = values
        # From the walk's order to that of dimensions, then blocks beside what they were cut from.
        walked = walked.reshape([sizes[d] for d in self.order])
        walked = walked.transpose(np.argsort(self.order))
        beside: list[int] = []
        for dimension in range(outer):
            beside.append(dimension)
            beside += [outer + i for i, cut in enumerate(self.blocked) if cut == dimension]
        return walked.transpose(beside).reshape(shape)

    def _sizes(self, shape: tuple[int, ...], where: str) -> tuple[int, list[int]]:
        """The number of dimensions before cutting, the size of each after it and of the blocks."""
        outer, inner = len(shape), len(self.blocked)
        _require(sorted(self.order) == list(range(outer + inner)), where)
        _require(len(self.levels) == len(self.order), where)
        _require(len(set(self.blocked)) == inner, where)
        _require(all(0 <= cut < outer for cut in self.blocked), where)
        sizes = [*shape]
        for i, cut in enumerate(self.blocked):
            level = self.levels[self.order.index(outer + i)]
            _require(level.starts is None and level.size > 0, where)
            _require(shape[cut] % level.size == 0, where)
            sizes[cut] = shape[cut] // level.size
            sizes.append(level.size)
        return outer, sizes


def read_sparsity(schema: ModuleType, table: Any, where: str) -> Sparsity:
    """The `SparsityParameters` of a tensor."""

    def vector(kind: int, held: Any) -> np.ndarray:
        names = {v: k for k, v in vars(schema.SparseIndexVector).items() if isinstance(v, int)}
        if held is None or names.get(kind, "NONE") == "NONE":
            raise FormatError(f"{where} is sparse, but does not say where its values lie")
        entries = getattr(schema, names[kind])()
        entries.Init(held.Bytes, held.Pos)
        return np.atleast_1d(entries.ValuesAsNumpy()).astype(np.int64)

    levels = []
    for i in range(table.DimMetadataLength()):
        entry = table.DimMetadata(i)
        if entry.Format() == schema.DimensionType.DENSE:
            levels.append(Level(entry.DenseSize()))
        else:
            starts = vector(entry.ArraySegmentsType(), entry.ArraySegments())
            levels.append(Level(0, starts, vector(entry.ArrayIndicesType(), entry.ArrayIndices())))
    order = tuple(table.TraversalOrder(i) for i in range(table.TraversalOrderLength()))
    blocked = tuple(table.BlockMap(i) for i in range(table.BlockMapLength()))
    return Sparsity(order, blocked, tuple(levels))


def _require(holds: bool, where: str) -> None:
    if not holds:
        raise FormatError(
            f"{where} is sparse, and its values and their places do not fit its shape"
        )
