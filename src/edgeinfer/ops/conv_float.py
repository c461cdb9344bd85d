"""Convolutions in float32; a fully connected layer is one of a single pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import Block, Cost, Lowered, array, require
from edgeinfer.ops._window import (
    Geometry,
    WindowOp,
    depthwise_geometry,
    is_direct,
    pack,
    panels,
    patches,
    simplest,
)


@dataclass(frozen=True, eq=False)
class Conv2D(WindowOp):
    """Convolution in float32: ``clamp(x * weights + bias)``, weights ``(outputs, kh, kw, inputs)``.

    A sum starts at the bias and runs over the kernel in memory order.
    """

    kind = "Conv2D"

    weights: np.ndarray = array("float32", ndim=4)
    bias: np.ndarray = array("float32", ndim=1)
    low: float = -float("inf")
    high: float = float("inf")

    @property
    def kernel(self) -> tuple[int, int]:
        return self.weights.shape[1], self.weights.shape[2]

    def check(self) -> None:
        self.check_window(self.kernel)
        require(len(self.weights) == self.bias.size > 0, "one bias per output is needed")
        require(self.low <= self.high, "the bounds are the wrong way round")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "float32", f"takes float32, got {x}")
        g = self.geometry(x, self.kernel)
        require(self.weights.shape[3] == g.in_c, f"{self.weights.shape[3]} channels, got {x}")
        shape = (*x.shape[:-3], g.out_h, g.out_w, self.bias.size)
        return (TensorType("float32", shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        g = self.geometry(TensorType("float32", x.shape[1:]), self.kernel)
        windows = patches(x, g, 0.0)
        y = np.einsum("nhwijc,oijc->nhwo", windows, self.weights, optimize=True) + self.bias
        y = np.clip(y, np.float32(self.low), np.float32(self.high))
        return (y.reshape(*x.shape[:-3], g.out_h, g.out_w, self.bias.size),)

    def cost(self, x: TensorType) -> Cost:
        g = self.geometry(x, self.kernel)
        return Cost(float(g.pixels * self.weights.size), float(self.weights.nbytes))

    def lower(self, x: TensorType) -> Lowered:
        g = simplest(self.geometry(x, self.kernel))
        weights = self.weights.reshape(self.bias.size, g.kernel_h, g.kernel_w, -1)
        packed, segments, words = pack(weights, g, 1)
        direct = is_direct(g, 1)
        fields = g.fields(
            self.bias.size,
            weights=packed,
            bias=panels(self.bias),
            direct=direct,
            segments=segments,
            words=words,
            row_bytes=g.row_bytes(4),
            low_f=self.low,
            high_f=self.high,
        )
        scratch = 0 if direct else g.scratch(segments, 4)
        return Lowered("conv_f32", Block("ei_conv_params", fields), scratch)


@dataclass(frozen=True, eq=False)
class DepthwiseConv2D(WindowOp):
    """Each channel convolved on its own, float32; weights ``(kh, kw, outputs)``.

    Output ``c * multiplier + k`` comes from input channel c.
    """

    kind = "DepthwiseConv2D"

    weights: np.ndarray = array("float32", ndim=3)
    bias: np.ndarray = array("float32", ndim=1)
    low: float = -float("inf")
    high: float = float("inf")

    @property
    def kernel(self) -> tuple[int, int]:
        return self.weights.shape[0], self.weights.shape[1]

    def check(self) -> None:
        self.check_window(self.kernel)
        require(self.weights.shape[2] == self.bias.size > 0, "one bias per output is needed")
        require(self.low <= self.high, "the bounds are the wrong way round")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "float32", f"takes float32, got {x}")
        g = self._geometry(x)
        shape = (*x.shape[:-3], g.out_h, g.out_w, self.bias.size)
        return (TensorType("float32", shape),)

    def _geometry(self, x: TensorType) -> Geometry:
        return depthwise_geometry(self, x, self.kernel, self.bias.size)

    def _repeated(self, taps: int) -> np.ndarray | None:
        """Bias and the weights of each tap, 16 values each, for channels that divide 16."""
        channels = self.bias.size
        if 16 % channels:
            return None
        rows = np.concatenate([self.bias[None], self.weights.reshape(taps, channels)])
        return np.ascontiguousarray(np.tile(rows, (1, 16 // channels)))

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        g = self._geometry(TensorType("float32", x.shape[1:]))
        windows = np.repeat(patches(x, g, 0.0), g.repeat, axis=-1)
        y = np.einsum("nhwijc,ijc->nhwc", windows, self.weights) + self.bias
        y = np.clip(y, np.float32(self.low), np.float32(self.high))
        return (y.reshape(*x.shape[:-3], g.out_h, g.out_w, self.bias.size),)

    def cost(self, x: TensorType) -> Cost:
        return Cost(float(self._geometry(x).pixels * self.weights.size), float(self.weights.nbytes))

    def lower(self, x: TensorType) -> Lowered:
        g = self._geometry(x)
        g = g.transposed() if g.in_w == g.kernel_w == 1 and not (g.left or g.right) else g
        taps = g.kernel_h * g.kernel_w
        row_bytes, phase_bytes = g.split_row_bytes(4)
        fields = g.fields(
            self.bias.size,
            weights=self.weights,
            bias=self.bias,
            extra=self._repeated(taps),
            segments=taps,
            row_bytes=row_bytes,
            phase_bytes=phase_bytes,
            low_f=self.low,
            high_f=self.high,
        )
        scratch = g.scratch(taps, 4, row_bytes)
        return Lowered("depthwise_f32", Block("ei_conv_params", fields), scratch)
