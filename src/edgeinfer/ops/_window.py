"""The geometry of convolutions and poolings: a kernel that walks over padded images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from edgeinfer.graph import MAX_ROW_ELEMENTS, TensorType
from edgeinfer.ops._base import Op, require

MAX_SCRATCH = 1 << 30
LINE = 64
PANEL = 16
"""Output channels computed together."""


@dataclass(frozen=True, eq=False)
class WindowOp(Op):
    """What all of them share: two strides, two dilations, padding (top, bottom, left, right)."""

    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: tuple[int, ...]

    def check_window(self, kernel: tuple[int, int]) -> None:
        """Raise GraphError unless the geometry makes sense."""
        require(
            len(self.strides) == len(self.dilations) == 2 and len(self.padding) == 4,
            "a window has two strides, two dilations and four paddings",
        )
        limit = 1 << 20
        require(all(0 < n < limit for n in (*self.strides, *self.dilations)), "a step is not > 0")
        require(all(0 <= n < limit for n in self.padding), "a padding is negative")
        require(all(0 < n < limit for n in kernel), "a kernel is empty")

    def geometry(self, x: TensorType, kernel: tuple[int, int], repeat: int = 1) -> Geometry:
        """The geometry over images of x, shape ``(..., height, width, channels)``."""
        require(len(x.shape) >= 3, f"takes images (height, width, channels), got {x}")
        height, width, channels = x.shape[-3:]
        require(x.size > 0, f"takes images that are not empty, got {x}")
        top, bottom, left, right = self.padding
        geometry = Geometry(
            prod(x.shape[:-3]),
            height,
            width,
            channels,
            kernel[0],
            kernel[1],
            self.strides[0],
            self.strides[1],
            self.dilations[0],
            self.dilations[1],
            top,
            bottom,
            left,
            right,
            repeat,
        )
        rows, columns = height + top + bottom, width + left + right
        require(
            geometry.extent_h <= rows and geometry.extent_w <= columns,
            "the kernel is larger than the padded image",
        )
        require(
            rows * columns * channels * repeat <= MAX_ROW_ELEMENTS, "the padded image is too large"
        )
        return geometry


@dataclass(frozen=True)
class Geometry:
    """Sizes of one convolution; `repeat` is how often the window holds each channel."""

    images: int
    in_h: int
    in_w: int
    in_c: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    top: int
    bottom: int
    left: int
    right: int
    repeat: int

    @property
    def extent_h(self) -> int:
        return (self.kernel_h - 1) * self.dilation_h + 1

    @property
    def extent_w(self) -> int:
        return (self.kernel_w - 1) * self.dilation_w + 1

    @property
    def out_h(self) -> int:
        return (self.in_h + self.top + self.bottom - self.extent_h) // self.stride_h + 1

    @property
    def out_w(self) -> int:
        return (self.in_w + self.left + self.right - self.extent_w) // self.stride_w + 1

    @property
    def pixels(self) -> int:
        return self.images * self.out_h * self.out_w

    def row_bytes(self, size: int) -> int:
        """A padded row of the window, with room for a group of eight that reaches past it."""
        width = (self.in_w + self.left + self.right) * self.in_c * self.repeat
        return -(-(width * size + 8) // 64) * 64

    def split_row_bytes(self, size: int) -> tuple[int, int]:
        """A row of the window whose columns lie apart by phase, and one phase of it.

        With a stride of s, columns 0, s, 2s ... lie together, then 1, s + 1 ...: the inputs of
        neighbouring outputs are neighbours. Vectors may read 64 bytes past the end.
        """
        columns = self.in_w + self.left + self.right
        phases = min(self.stride_w, columns)
        length = -(-columns // self.stride_w) * self.in_c * self.repeat * size
        phase = -(-(length + 64) // 64) * 64
        return phases * phase, phase

    def scratch(self, segments: int, size: int, row_bytes: int | None = None) -> int:
        """Bytes of the tables of segments and of places, and of the ring of rows."""
        table = -(-(segments * 2 + 3) * 8 // 64) * 64
        total = table + (self.extent_h + self.stride_h) * (row_bytes or self.row_bytes(size))
        require(total <= MAX_SCRATCH, "the window of a convolution is too large")
        return total

    def transposed(self) -> Geometry:
        """Images of one column as images of one row, which lie in memory alike."""
        return replace(
            self,
            in_h=1,
            in_w=self.in_h,
            kernel_h=1,
            kernel_w=self.kernel_h,
            stride_h=1,
            stride_w=self.stride_h,
            dilation_h=1,
            dilation_w=self.dilation_h,
            top=0,
            bottom=0,
            left=self.top,
            right=self.bottom,
        )

    def flattened(self) -> Geometry:
        """A kernel as wide as the image: the columns as channels, the rows as columns."""
        wide = replace(self, in_w=1, kernel_w=1, in_c=self.in_w * self.in_c, stride_w=1)
        return wide.transposed()

    @property
    def is_flat(self) -> bool:
        """Whether `flattened` computes the same."""
        full = self.kernel_w == self.in_w and self.dilation_w == 1
        return full and self.left == self.right == 0 and (self.in_h > 1 or self.in_w > 1)

    @property
    def is_point(self) -> bool:
        """Whether an output is of a single pixel, which lies in the image."""
        padded = self.top or self.bottom or self.left or self.right
        return self.kernel_h == self.kernel_w == 1 and not padded

    def fields(self, out_c: int, **values: Any) -> tuple[tuple[str, str, Any], ...]:
        """The parameter block ei_conv_params; `values` are the fields that are not geometry."""
        pointers = ("weights", "bias", "extra", "multiplier", "shift")
        sizes = {
            "in_h": self.in_h,
            "in_w": self.in_w,
            "in_c": self.in_c,
            "out_h": self.out_h,
            "out_w": self.out_w,
            "out_c": out_c,
            "kernel_h": self.kernel_h,
            "kernel_w": self.kernel_w,
            "stride_h": self.stride_h,
            "stride_w": self.stride_w,
            "dilation_h": self.dilation_h,
            "dilation_w": self.dilation_w,
            "pad_top": self.top,
            "pad_left": self.left,
            "images": self.images,
            "repeat": self.repeat,
        }
        integers = (
            "direct",
            "segments",
            "words",
            "row_bytes",
            "phase_bytes",
            "small",
            "band",
            "x_zero",
            "y_zero",
            "low",
            "high",
        )
        floats = ("low_f", "high_f")
        return (
            *((name, "ptr", _on_a_line(values.get(name))) for name in pointers),
            *((name, "i32", value) for name, value in sizes.items()),
            *((name, "i32", values.get(name, 0)) for name in integers),
            *((name, "f32", values.get(name, 0.0)) for name in floats),
        )


def simplest(geometry: Geometry) -> Geometry:
    """The same convolution with as few rows as possible: fewer, longer strips."""
    while geometry.is_flat:
        geometry = geometry.flattened()
    return geometry


def is_direct(geometry: Geometry, group: int) -> bool:
    """Whether pixels can be read where they are."""
    g = geometry
    return g.is_point and g.stride_h == g.stride_w == 1 and g.in_c % group == 0


def depthwise_geometry(
    op: WindowOp, x: TensorType, kernel: tuple[int, int], outputs: int
) -> Geometry:
    """The geometry of a depthwise convolution with so many outputs."""
    require(len(x.shape) >= 3, f"takes images (height, width, channels), got {x}")
    channels = x.shape[-1]
    require(
        channels > 0 and outputs % channels == 0,
        f"{outputs} outputs are not a multiple of the {channels} channels",
    )
    return op.geometry(x, kernel, outputs // channels)


def _on_a_line(values: np.ndarray | None) -> np.ndarray | None:
    """The array at the beginning of a cache line: vectors of 64 bytes then lie in one, not two."""
    if values is None or values.ctypes.data % LINE == 0:
        return values
    room = np.empty(values.nbytes + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    placed = room[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    placed[...] = values
    return placed


def patches(x: np.ndarray, geometry: Geometry, fill: int | float) -> np.ndarray:
    """Every window of x, for references: ``(images, out_h, out_w, kernel_h, kernel_w, channels)``.

    x has shape ``(rows, ...)``; padding holds `fill`.
    """
    g = geometry
    images = x.reshape(-1, g.in_h, g.in_w, g.in_c)
    padded = np.pad(
        images, ((0, 0), (g.top, g.bottom), (g.left, g.right), (0, 0)), constant_values=fill
    )
    n, row, column, channel = padded.strides
    return np.lib.stride_tricks.as_strided(
        padded,
        (len(images), g.out_h, g.out_w, g.kernel_h, g.kernel_w, g.in_c),
        (
            n,
            row * g.stride_h,
            column * g.stride_w,
            row * g.dilation_h,
            column * g.dilation_w,
            channel,
        ),
        writeable=False,
    )


def panels(values: np.ndarray) -> np.ndarray:
    """The first axis (output channels) padded with zeros to whole panels."""
    count = -(-len(values) // PANEL) * PANEL
    padded = np.zeros((count, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


def pack(weights: np.ndarray, geometry: Geometry, group: int) -> tuple[np.ndarray, int, int]:
    """``(outputs, kernel_h, kernel_w, channels)`` as the strips read it, segments and their words.

    A segment is what lies together in a row of the window: a row of the kernel, or one tap of it
    where it is dilated. Layout ``(panels, segments, words, 16, group)``.
    """
    outputs = len(weights)
    parts = 1 if geometry.dilation_w == 1 else geometry.kernel_w
    segments = geometry.kernel_h * parts
    flat = weights.reshape(outputs, segments, -1)
    words = -(-flat.shape[2] // group)
    padded = np.zeros((outputs, segments, words * group), weights.dtype)
    padded[:, :, : flat.shape[2]] = flat
    grouped = panels(padded.reshape(outputs, segments, words, group))
    split = grouped.reshape(-1, PANEL, segments, words, group)
    return np.ascontiguousarray(split.transpose(0, 2, 3, 1, 4)), segments, words
