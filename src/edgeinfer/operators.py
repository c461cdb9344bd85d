"""Networks as their files declare them: operators over tensors, before they become a graph of ops.

The unit of TensorFlow Lite's quantization specification is the operator, not what it is computed
with, so `quantize.network` rewrites these and has them converted; `converters.tflite` reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeinfer.errors import FormatError, UnsupportedError


@dataclass(frozen=True)
class TensorInfo:
    """A tensor as the file declares it; `data` is there for constants."""

    name: str
    type: str  # the schema's name: FLOAT32, INT8, RESOURCE ...
    shape: tuple[int, ...]
    signature: tuple[int, ...]  # with -1 where a dimension is dynamic; () if not given
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int
    data: np.ndarray | None


@dataclass(frozen=True)
class OperatorInfo:
    """One operator call: tensor indices are checked, -1 stands for an input left out."""

    name: str
    version: int
    place: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Callable[..., Any]
    """``options("StrideH", 1)``: a field of the operator's options, or the default without any.

    Options of another type are damage, unless `missing` says what a field they lack is worth.
    """

    def unsupported(self, what: str) -> UnsupportedError:
        """An error that names the operator, its version and its place."""
        return UnsupportedError(f"{self.name} (version {self.version}, {self.place}): {what}")

    def damaged(self, what: str) -> FormatError:
        """The same for a file that contradicts itself."""
        return FormatError(f"{self.name} (version {self.version}, {self.place}): {what}")


@dataclass(frozen=True)
class Subgraph:
    """Tensors and the operators over them, in running order."""

    tensors: tuple[TensorInfo, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[OperatorInfo, ...]
