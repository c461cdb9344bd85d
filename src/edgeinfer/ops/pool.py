"""Average and maximum over windows of images; padding never counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, require
from edgeinfer.ops._window import Geometry, WindowOp

POOLS = ("average", "max")


@dataclass(frozen=True, eq=False)
class Pool2D(WindowOp):
    """``clamp(average or max over the window)``; float32, or int8 / int16 with their qparams kept.

    The average of integers rounds half away from zero. `low` and `high` bound the result.
    """

    kind = "Pool2D"

    fn: str
    kernel: tuple[int, ...]
    low: float
    high: float

    def check(self) -> None:
        require(self.fn in POOLS, f"unknown pooling {self.fn!r}")
        require(len(self.kernel) == 2, "a kernel has a height and a width")
        self.check_window((self.kernel[0], self.kernel[1]))
        require(self.dilations == (1, 1), "pooling has no dilation")
        require(self.low <= self.high, "the bounds are the wrong way round")
        top, bottom, left, right = self.padding
        inside = max(top, bottom) < self.kernel[0] and max(left, right) < self.kernel[1]
        require(inside, "a window of nothing but padding has no value")

    def _geometry(self, x: TensorType) -> Geometry:
        return self.geometry(x, (self.kernel[0], self.kernel[1]))

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in ("float32", "int8", "int16"), f"pools float32, int8, int16, not {x}")
        if x.dtype != "float32":
            info = np.iinfo(x.dtype)
            ok = info.min <= self.low and self.high <= info.max
            require(ok and self.low == int(self.low) and self.high == int(self.high), "bounds")
        g = self._geometry(x)
        require(g.kernel_h * g.kernel_w <= 1 << 16, "the window is too large")
        last_y = (g.out_h - 1) * g.stride_h - g.top
        last_x = (g.out_w - 1) * g.stride_w - g.left
        require(last_y < g.in_h and last_x < g.in_w, "a window of nothing but padding")
        return (TensorType(x.dtype, (*x.shape[:-3], g.out_h, g.out_w, g.in_c), x.qparams),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        g = self._geometry(TensorType(x.dtype.name, x.shape[1:]))
        images = x.reshape(-1, g.in_h, g.in_w, g.in_c)
        y = np.empty((len(images), g.out_h, g.out_w, g.in_c), x.dtype)
        for i in range(g.out_h):
            for j in range(g.out_w):
                top, left = i * g.stride_h - g.top, j * g.stride_w - g.left
                part = images[:, max(top, 0) : top + g.kernel_h, max(left, 0) : left + g.kernel_w]
                y[:, i, j] = self._value(part.reshape(len(images), -1, g.in_c))
        return (y.reshape(*x.shape[:-3], g.out_h, g.out_w, g.in_c),)

    def _value(self, part: np.ndarray) -> np.ndarray:
        count = part.shape[1]
        if self.fn == "max":
            value = part.max(axis=1)
        elif part.dtype.kind == "f":
            value = part.sum(axis=1, dtype=np.float32) / np.float32(count)
        else:
            total = part.sum(axis=1, dtype=np.int64)
            away = total + np.where(total > 0, count // 2, -(count // 2))
            value = np.trunc(away / count).astype(np.int64)
        kind = part.dtype.type if part.dtype.kind == "f" else np.int64
        bounded: np.ndarray = np.clip(value, kind(self.low), kind(self.high))
        return bounded.astype(part.dtype)

    def cost(self, x: TensorType) -> Cost:
        g = self._geometry(x)
        return Cost(float(g.pixels * g.kernel_h * g.kernel_w * g.in_c))

    def lower(self, x: TensorType) -> Lowered:
        g = self._geometry(x)
        integer = x.dtype != "float32"
        fields = g.fields(
            g.in_c,
            low=int(self.low) if integer else 0,
            high=int(self.high) if integer else 0,
            low_f=0.0 if integer else self.low,
            high_f=0.0 if integer else self.high,
        )
        kernel = f"{self.fn}_pool_{SUFFIX[x.dtype]}"
        scratch = 4 * g.in_c if self.fn == "average" else 0
        return Lowered(kernel, Block("ei_conv_params", fields), scratch)
