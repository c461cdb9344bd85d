"""Values by places that a row computes: taken, written over, and the places of the largest."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from edgeinfer.graph import MAX_ROW_ELEMENTS, TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, require
from edgeinfer.ops.move import MAX_AXES


@dataclass(frozen=True, eq=False)
class Gather(Op):
    """Runs of a tensor by computed index; refuses rows whose index lies outside.

    The tensor is ``(batch, outer, prod(sizes), inner)``, the index ``(batch, m, len(sizes))``,
    int32 or int64, one number per axis of `sizes`; the result is ``(batch, outer, m, inner)``.
    """

    kind = "Gather"

    sizes: tuple[int, ...]

    def check(self) -> None:
        require(0 < len(self.sizes) <= MAX_AXES, "an index of an impossible number of axes")
        require(all(0 < n < 1 << 31 for n in self.sizes), "an axis is out of range")

    def infer(self, x: TensorType, index: TensorType) -> tuple[TensorType, ...]:
        require(len(x.shape) == 4 and x.size > 0, f"takes (batch, outer, n, inner), got {x}")
        require(x.shape[2] == prod(self.sizes), f"{x} does not have the axes {self.sizes}")
        require(index.dtype in ("int32", "int64"), f"an index is int32 or int64, not {index}")
        fits = len(index.shape) == 3 and index.shape[0] == x.shape[0]
        require(fits and index.shape[2] == len(self.sizes), f"{index} is no index of {x}")
        batch, outer, _, inner = x.shape
        shape = (batch, outer, index.shape[1], inner)
        require(prod(shape) <= MAX_ROW_ELEMENTS, f"a row of {prod(shape)} values")
        return (TensorType(x.dtype, shape, x.qparams),)

    def reference(self, x: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, ...]:
        place = np.zeros(index.shape[:-1], np.int64)
        for axis, n in enumerate(self.sizes):
            place = place * n + index[..., axis]
        return (np.take_along_axis(x, place[:, :, None, :, None], axis=3),)

    def lower(self, x: TensorType, index: TensorType) -> Lowered:
        batch, outer, n, inner = x.shape
        fields = (
            ("sizes", "ptr", np.array(self.sizes, np.int32)),
            ("axes", "i32", len(self.sizes)),
            ("batch", "i32", batch),
            ("outer", "i32", outer),
            ("n", "i32", n),
            ("m", "i32", index.shape[1]),
            ("bytes", "i32", inner * np.dtype(x.dtype).itemsize),
        )
        return Lowered(f"gather_{SUFFIX[index.dtype]}", Block("ei_gather_params", fields))

    def explain(self, status: int) -> str:
        return f"an index lies outside of the axes {list(self.sizes)}"


@dataclass(frozen=True, eq=False)
class UpdateSlice(Op):
    """x with `update` written over it from a computed place on, moved so that it fits.

    `start` has one int32 or int64 for each axis.
    """

    kind = "UpdateSlice"

    def infer(self, x: TensorType, update: TensorType, start: TensorType) -> tuple[TensorType, ...]:
        rank = len(x.shape)
        require(0 < rank <= MAX_AXES and x.size > 0, f"takes 1 to {MAX_AXES} axes, got {x}")
        same = update.dtype == x.dtype and len(update.shape) == rank and update.size > 0
        fits = same and all(m <= n for m, n in zip(update.shape, x.shape, strict=True))
        require(fits, f"{update} does not fit into {x}")
        known = start.dtype in ("int32", "int64") and start.shape == (rank,)
        require(known, f"{start} is no place in {x}")
        return (TensorType(x.dtype, x.shape, x.qparams),)

    def reference(
        self, x: np.ndarray, update: np.ndarray, start: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        y = x.copy()
        most = np.array(x.shape[1:]) - np.array(update.shape[1:])
        for row, first in enumerate(np.clip(start, 0, most)):
            place = tuple(
                slice(f, f + n) for f, n in zip(first.tolist(), update.shape[1:], strict=True)
            )
            y[row][place] = update[row]
        return (y,)

    def lower(self, x: TensorType, update: TensorType, start: TensorType) -> Lowered:
        strides = [prod(x.shape[i + 1 :]) for i in range(len(x.shape))]
        size = np.dtype(x.dtype).itemsize
        fields = (
            ("extents", "ptr", np.array(x.shape, np.int32)),
            ("update_extents", "ptr", np.array(update.shape, np.int32)),
            ("strides", "ptr", np.array(strides, np.int32)),
            ("axes", "i32", len(x.shape)),
            ("size", "i32", size),
            ("n", "i32", x.size),
            ("n_update", "i32", update.size),
        )
        return Lowered(f"update_{SUFFIX[start.dtype]}", Block("ei_update_params", fields))


@dataclass(frozen=True, eq=False)
class TopK(Op):
    """The `count` largest of the last axis of ``(outer, n)`` in falling order, and their places.

    Of equals the first comes first; NaN counts as least. Places are int32.
    """

    kind = "TopK"

    count: int

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("float32", "int8", "int16", "int32"), f"no order of {x}")
        require(len(x.shape) == 2, f"takes (outer, n), got {x}")
        require(0 < self.count <= x.shape[1], f"the largest {self.count} of {x}")
        shape = (x.shape[0], self.count)
        return TensorType(x.dtype, shape, x.qparams), TensorType("int32", shape)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        key = -(x if x.dtype == np.float32 else x.astype(np.int64))
        places = np.argsort(key, axis=-1, kind="stable")[..., : self.count]
        return np.take_along_axis(x, places, axis=-1), places.astype(np.int32)

    def lower(self, x: TensorType) -> Lowered:
        fields = (("outer", "i32", x.shape[0]), ("n", "i32", x.shape[1]), ("k", "i32", self.count))
        return Lowered(f"top_{SUFFIX[x.dtype]}", Block("ei_top_params", fields))
