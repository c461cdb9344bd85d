"""Convolutions in integers; a fully connected layer is one of a single pixel.

Integers are those of TensorFlow Lite Micro's reference kernels, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, array, require
from edgeinfer.ops._conv_int16 import pack_depthwise_i16
from edgeinfer.ops._conv_small import pack_pairs, pack_quads, small_block
from edgeinfer.ops._rescaling import blocks_of_64_bit_sums, rescaling_blocks, sums_fit
from edgeinfer.ops._window import (
    LINE,
    MAX_SCRATCH,
    PANEL,
    Geometry,
    WindowOp,
    depthwise_geometry,
    is_direct,
    pack,
    panels,
    patches,
    simplest,
)
from edgeinfer.ops.dense_int import dense_small
from edgeinfer.ops.fixed_point import (
    MAX_SHIFT,
    MAX_SHIFT_64,
    MAX_SUM_64,
    check_rescaling,
    rescale_i32,
    rescale_i64,
)
from edgeinfer.target import Target

if TYPE_CHECKING:
    from typing_extensions import Self

BAND_BYTES = 20 * 1024
COLLECTED_BYTES = 8 * 1024
"""Of pixels that are put side by side for a convolution of single ones."""
NARROW = 8
"""Outputs of a convolution that has a form of its own in vectors of 16."""


def _wrapped(values: np.ndarray) -> np.ndarray:
    """int64 values kept to their low 32 bits."""
    return values.astype(np.uint64).astype(np.uint32).view(np.int32)


def _channel_order() -> np.ndarray:
    """Which of 64 channels each of 64 sums is of, as unpacking bytes leaves them."""
    q = np.arange(64)
    return np.asarray(16 * (q % 16 // 4) + 4 * (q // 16) + q % 4)


def pack_rescaling(
    bias: np.ndarray, multiplier: np.ndarray, shift: np.ndarray, small: int, zero: int
) -> np.ndarray:
    """What vectors of 16 channels start from and are rescaled with, int8 of shape (count, 448).

    The arguments have shape (count, 16). Added to products are the halves that round, and the zero
    point. With `small` of 2 products are taken as they are, else twice: see isa/avx512_integers.h.
    """
    right = np.maximum(-shift, 0).astype(np.int64)
    half = (np.int64(1) << right) >> 1
    if small == 2:
        add = (1 << 30) + (half << 31) + (np.int64(zero) << (right + 31))
        left = np.zeros_like(shift)
        right = right - 1
    else:
        add = (1 << 31) + (half << 32) + (np.int64(zero) << (right + 32))
        left = np.maximum(shift, 0) + 1
    return rescaling_blocks(bias, multiplier, left, right, add)


def pack_depthwise(
    weights: np.ndarray,
    bias: np.ndarray,
    multiplier: np.ndarray,
    shift: np.ndarray,
    *,
    small: int,
    zero: int,
    repeat: bool,
) -> np.ndarray:
    """All parameters of a depthwise convolution in blocks of 64 channels, for vectors of 64 bytes.

    A block is four of `pack_rescaling`, then the weights ``(taps, channels)``: for every four taps,
    four vectors of 16 channels with four taps each, channels in the order of `_channel_order`. With
    `repeat` (a number of channels that divides 64) the one block holds them over and over.
    """
    taps, channels = weights.shape
    groups = -(-taps // 4)
    count = -(-channels // 64)
    index = np.arange(count * 64).reshape(count, 64)
    index = index % channels if repeat else np.minimum(index, channels - 1)
    index = index[:, _channel_order()]
    padded = np.zeros((groups * 4, channels), np.int8)
    padded[:taps] = weights
    codes = padded[:, index].reshape(groups, 4, count, 64).transpose(2, 0, 3, 1)
    starts, factors, shifts = (row[index].reshape(-1, 16) for row in (bias, multiplier, shift))
    head = pack_rescaling(starts, factors, shifts, small, zero).reshape(count, -1)
    body = np.ascontiguousarray(codes).reshape(count, -1)
    return np.ascontiguousarray(np.concatenate([head, body], axis=1))


def _band(geometry: Geometry, row_bytes: int) -> int:
    """Rows of outputs of a 3 x 3 depthwise convolution computed together, their input in L1."""
    g = geometry
    if (g.kernel_h, g.kernel_w, g.dilation_h, g.dilation_w) != (3, 3, 1, 1) or g.stride_h > 2:
        return 0
    most = max((BAND_BYTES // row_bytes - 3) // g.stride_h + 1, 1)
    bands = -(-g.out_h // most)
    return -(-g.out_h // bands)


def _pack_narrow(op: IntegerConv, weights: np.ndarray, geometry: Geometry) -> np.ndarray:
    """What isa/avx512_narrow_i8.h reads for a convolution of eight outputs, int8."""
    bias = np.zeros((NARROW, 2), np.int32)
    bias[:, 0] = op.flipped()
    multiplier, shift = (np.repeat(c, 2)[None] for c in (op.multiplier, op.shift))
    head = pack_rescaling(bias.reshape(1, -1), multiplier, shift, op.is_small("int8"), op.y_zero)
    pairs, _, _ = pack(weights, geometry, 8)
    return np.concatenate([head.reshape(-1), pairs[0, :, :, :NARROW].reshape(-1)])


def _collected(geometry: Geometry) -> tuple[Geometry, int, int]:
    """A convolution of single int8 pixels, how many rows are collected at a time, bytes for them.

    Without strides all pixels are one column: a row is a pixel.
    """
    g = geometry
    if g.stride_h == g.stride_w == 1:
        g = replace(g, images=1, in_h=g.images * g.in_h * g.in_w, in_w=1)
    row = g.out_w * g.in_c
    rows = g.images * g.out_h
    bands = -(-rows // max(COLLECTED_BYTES // row, 1))
    band = -(-rows // bands)
    require(band * row + LINE <= MAX_SCRATCH, "a row of a convolution is too large")
    return g, band, -(-(band * row + 8) // LINE) * LINE


@dataclass(frozen=True, eq=False)
class IntegerConv(WindowOp):
    """What integer convolutions share: how sums become the output's integers."""

    bias: np.ndarray = array("int32", "int64", ndim=1)
    multiplier: np.ndarray = array("int32", ndim=1)
    shift: np.ndarray = array("int32", ndim=1)
    x_zero: int = 0
    y_zero: int = 0
    y_scale: float = 1.0
    low: int = -128
    high: int = 127

    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the weights of each output: the sum of absolute values, and the sum."""
        raise NotImplementedError

    def check_sums(self, outputs: int, absolute: np.ndarray, total: np.ndarray) -> None:
        """No sum may overflow: `absolute` and `total` are of the weights of each output."""
        require(self.bias.size == outputs > 0, "one bias per output is needed")
        require(self.multiplier.size == self.shift.size == outputs, "one multiplier per output")
        wide = self.bias.dtype == np.int64
        check_rescaling(self.multiplier, self.shift, MAX_SHIFT_64 if wide else MAX_SHIFT)
        require(-32768 <= self.low <= self.high <= 32767, "the bounds are out of range")
        require(
            -32768 <= self.x_zero <= 32767 and -32768 <= self.y_zero <= 32767,
            "a zero point is out of range",
        )
        require(0 < self.y_scale < float("inf"), "the scale is not positive and finite")
        bias = self.bias.astype(np.float64) - float(self.x_zero) * total
        if wide:
            largest = 32768.0 * absolute + np.abs(self.bias.astype(np.float64))
            require(bool((largest < MAX_SUM_64).all()), "sums could leave 47 bits")
        else:
            largest = 128.0 * absolute + np.abs(bias)
            require(bool((largest < 2.0**31).all()), "sums could overflow 32 bits")

    def check_types(self, x: TensorType) -> None:
        """int8 goes with a 32-bit bias; int16 has no zero points."""
        require(x.dtype in ("int8", "int16"), f"takes int8 or int16, got {x}")
        if x.dtype == "int16":
            require(self.x_zero == self.y_zero == 0, "int16 has the zero point 0")
        else:
            require(self.bias.dtype == np.int32, "int8 takes a 32-bit bias")
            require(self.low >= -128 and self.high <= 127, "the bounds are out of range")
            require(
                -128 <= self.x_zero <= 127 and -128 <= self.y_zero <= 127,
                "a zero point is out of range",
            )

    def result(self, x: TensorType, g: Geometry) -> tuple[TensorType, ...]:
        shape = (*x.shape[:-3], g.out_h, g.out_w, self.bias.size)
        return (TensorType(x.dtype, shape, QParams((self.y_scale,), (self.y_zero,))),)

    def finish(self, sums: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
        """int64 sums, the bias added, as outputs."""
        if self.bias.dtype == np.int64:
            scaled = rescale_i64(sums, self.multiplier, self.shift)
        else:
            narrow = sums.astype(np.uint64).astype(np.uint32).view(np.int32)
            scaled = rescale_i32(narrow, self.multiplier, self.shift)
        return np.clip(scaled.astype(np.int64) + self.y_zero, self.low, self.high).astype(dtype)

    def settled(self) -> Self:
        """The same, where an output without weights (a constant) has a factor like the others'.

        Trained networks have such outputs, with factors so small that rescaling would have to take
        its longest form. Their answer becomes the bias, to be divided by 4.
        """
        dead = self.totals()[0] == 0
        if not dead.any() or self.bias.dtype != np.int32:
            return self
        answers = rescale_i32(self.bias, self.multiplier, self.shift).astype(np.int64)
        answers = np.clip(answers, self.low - self.y_zero, self.high - self.y_zero)
        return replace(
            self,
            bias=np.where(dead, 4 * answers, self.bias).astype(np.int32),
            multiplier=np.where(dead, 1 << 30, self.multiplier).astype(np.int32),
            shift=np.where(dead, -1, self.shift).astype(np.int32),
        )

    def folded(self) -> np.ndarray:
        """The bias with the input's zero point folded in, in its own type: `check_sums`."""
        folded: np.ndarray = self.bias.astype(np.int64) - self.x_zero * self.totals()[1]
        return folded.astype(self.bias.dtype)

    def flipped(self) -> np.ndarray:
        """The bias for inputs that have 128 added, int32."""
        return _wrapped(self.folded().astype(np.int64) - 128 * self.totals()[1])

    def is_small(self, dtype: str) -> int:
        """How short the rescaling of sums may be, see ei_conv_params.

        1: sums, shifted left, stay below 2^30, and shifts to the right are at most 22.
        2: in addition nothing is below the zero point, and every shift is to the right.
        For int16 with a 64-bit bias: 2 where sums fit 32 bits, see `sums_fit`.
        """
        if self.bias.dtype == np.int64:
            return 2 * sums_fit(self.totals()[0], self.bias, self.multiplier, self.shift)
        reach = 256.0 if dtype == "int8" else 32768.0
        largest = reach * self.totals()[0] + np.abs(self.bias.astype(np.float64))
        shifted = largest * 2.0 ** np.maximum(self.shift, 0)
        small = bool((shifted < 2.0**30).all() and (self.shift >= -22).all())
        positive = self.low >= self.y_zero and bool((self.shift < 0).all())
        return small + (small and positive)

    def integer_fields(self, dtype: str) -> dict[str, Any]:
        """Bias with the zero point folded in, multipliers, bounds, and for vectors `extra`."""
        small = self.is_small(dtype)
        values: dict[str, Any] = {
            "multiplier": panels(self.multiplier),
            "shift": panels(self.shift),
            "x_zero": self.x_zero,
            "y_zero": self.y_zero,
            "low": self.low,
            "high": self.high,
            "small": small,
            "bias": panels(self.folded().astype(np.int32 if dtype == "int8" else np.int64)),
        }
        if dtype == "int8" or small:
            start = self.flipped() if dtype == "int8" else self.bias
            columns = (start, self.multiplier, self.shift)
            starts, factors, shifts = (panels(c).reshape(-1, PANEL) for c in columns)
            if self.bias.dtype == np.int64:
                values["extra"] = blocks_of_64_bit_sums(starts, factors, shifts)
            else:
                values["extra"] = pack_rescaling(starts, factors, shifts, small, self.y_zero)
        return values

    def plain_fields(self, dtype: str) -> dict[str, Any]:
        """`integer_fields` without what only vectors read."""
        return self.integer_fields(dtype) | {"small": 0, "extra": None}


@dataclass(frozen=True, eq=False)
class QConv2D(IntegerConv):
    """Convolution of int8 or int16 (16x8) with int8 weights ``(outputs, kh, kw, inputs)``.

    ``clamp(rescale(sum((x - x_zero) * w) + bias) + y_zero)`` with a multiplier per output. An int64
    bias has sums of 64 bits and their rescaling.
    """

    kind = "QConv2D"

    weights: np.ndarray = array("int8", ndim=4, optional=True)

    @property
    def kernel(self) -> tuple[int, int]:
        return self.weights.shape[1], self.weights.shape[2]

    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        flat = self.weights.reshape(len(self.weights), -1).astype(np.int64)
        return np.abs(flat).sum(axis=1), flat.sum(axis=1)

    def check(self) -> None:
        require(self.weights is not None, "a convolution needs weights")
        self.check_window(self.kernel)
        self.check_sums(len(self.weights), *self.totals())

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        self.check_types(x)
        g = self.geometry(x, self.kernel)
        require(self.weights.shape[3] == g.in_c, f"{self.weights.shape[3]} channels, got {x}")
        return self.result(x, g)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        g = self.geometry(TensorType(x.dtype.name, x.shape[1:]), self.kernel)
        windows = patches(x, g, self.x_zero).astype(np.int64) - self.x_zero
        flat = windows.reshape(*windows.shape[:3], -1)
        sums = flat @ self.weights.reshape(len(self.weights), -1).astype(np.int64).T + self.bias
        y = self.finish(sums, x.dtype)
        return (y.reshape(*x.shape[:-3], g.out_h, g.out_w, self.bias.size),)

    def cost(self, x: TensorType) -> Cost:
        g = self.geometry(x, self.kernel)
        return Cost(float(g.pixels * self.weights.size), float(self.weights.nbytes))

    def lower(self, x: TensorType) -> Lowered:
        return self._lower(x, self.integer_fields(x.dtype))

    def _lower(self, x: TensorType, values: dict[str, Any]) -> Lowered:
        g = simplest(self.geometry(x, self.kernel))
        weights = self.weights.reshape(len(self.weights), g.kernel_h, g.kernel_w, -1)
        size = np.dtype(x.dtype).itemsize
        group = 4 if size == 1 else 2
        packed, segments, words = pack(weights, g, group)
        band = 0
        if is_direct(g, group) and (size > 1 or g.pixels == 1):
            direct, scratch = 1, 0
        elif g.is_point and size == 1:
            direct = 2
            g, band, scratch = _collected(g)
        else:
            direct, scratch = 0, g.scratch(segments, size)
        rescaling = values.get("extra")
        if size == 1 and self.bias.size == NARROW and values["small"] and rescaling is not None:
            extra = (rescaling.reshape(-1), _pack_narrow(self, weights, g))
            values = {**values, "extra": np.concatenate(extra)}
        fields = g.fields(
            self.bias.size,
            weights=packed,
            direct=direct,
            segments=segments,
            words=words,
            row_bytes=g.row_bytes(size),
            band=band,
            **values,
        )
        kernel = f"conv_{SUFFIX[x.dtype]}"
        if x.dtype == "int16" and self.bias.dtype == np.int32:
            kernel += "_bias32"
        return Lowered(kernel, Block("ei_conv_params", fields), scratch)

    def lower_for(self, target: Target, x: TensorType) -> Lowered:
        if x.dtype != "int8":
            return self._lower(x, self.plain_fields(x.dtype))
        g = simplest(self.geometry(x, self.kernel))
        flat = self.weights.reshape(len(self.weights), -1)
        padded = bool(g.top or g.bottom or g.left or g.right)
        if g.pixels == 1 and flat.shape[1] == x.size and not padded:
            return dense_small(
                flat,
                self.folded(),
                low=self.low,
                high=self.high,
                multiplier=self.multiplier,
                shift=self.shift,
                zero=np.array([self.y_zero], np.int32),
            )
        packed = pack_pairs(flat)
        depth = -(-flat.shape[1] // 4) * 4
        row = g.kernel_w * g.in_c
        copied = row if row % 4 == 0 else depth
        where = g.kernel_h == g.kernel_w == 1 and not padded and row % 4 == 0
        scratch = 4 * depth + (0 if where else copied)
        return Lowered("conv_small_i8", small_block(self, g, packed, depth), scratch)


@dataclass(frozen=True, eq=False)
class QDepthwiseConv2D(IntegerConv):
    """Each channel convolved on its own, int8 or int16 (16x8); weights ``(kh, kw, outputs)``."""

    kind = "QDepthwiseConv2D"

    weights: np.ndarray = array("int8", ndim=3, optional=True)

    @property
    def kernel(self) -> tuple[int, int]:
        return self.weights.shape[0], self.weights.shape[1]

    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        flat = self.weights.reshape(-1, self.weights.shape[2]).astype(np.int64)
        return np.abs(flat).sum(axis=0), flat.sum(axis=0)

    def check(self) -> None:
        require(self.weights is not None, "a convolution needs weights")
        self.check_window(self.kernel)
        self.check_sums(self.weights.shape[2], *self.totals())

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        self.check_types(x)
        ok = x.dtype == "int8" or self.bias.dtype == np.int64
        require(ok, "int16 takes a 64-bit bias")
        return self.result(x, self._geometry(x))

    def _geometry(self, x: TensorType) -> Geometry:
        return depthwise_geometry(self, x, self.kernel, self.bias.size)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        g = self._geometry(TensorType(x.dtype.name, x.shape[1:]))
        windows = np.repeat(patches(x, g, self.x_zero), g.repeat, axis=-1).astype(np.int64)
        sums = ((windows - self.x_zero) * self.weights.astype(np.int64)).sum(axis=(3, 4))
        y = self.finish(sums + self.bias, x.dtype)
        return (y.reshape(*x.shape[:-3], g.out_h, g.out_w, self.bias.size),)

    def cost(self, x: TensorType) -> Cost:
        return Cost(float(self._geometry(x).pixels * self.weights.size), float(self.weights.nbytes))

    def lower(self, x: TensorType) -> Lowered:
        return self._lower(x, self.integer_fields(x.dtype))

    def _lower(self, x: TensorType, values: dict[str, Any]) -> Lowered:
        g = self._geometry(x)
        g = g.transposed() if g.in_w == g.kernel_w == 1 and not (g.left or g.right) else g
        size = np.dtype(x.dtype).itemsize
        taps = g.kernel_h * g.kernel_w
        channels = self.bias.size
        row_bytes, phase_bytes = g.split_row_bytes(size)
        band = 0
        if size == 1:
            band = _band(g, row_bytes) if values["small"] else 0
            weights = self.weights.reshape(taps, channels)
            if band:  # a fourth tap of zeros for every row of the kernel
                weights = np.zeros((3, 4, channels), np.int8)
                weights[:, :3] = self.weights
                weights = weights.reshape(12, channels)
            values["extra"] = pack_depthwise(
                weights,
                self.flipped(),
                self.multiplier,
                self.shift,
                small=values["small"],
                zero=self.y_zero,
                repeat=64 % channels == 0,
            )
        elif values["small"]:
            flat = self.weights.reshape(taps, channels)
            values["extra"] = pack_depthwise_i16(flat, self.bias, self.multiplier, self.shift)
        fields = g.fields(
            channels,
            weights=self.weights,
            segments=taps,
            row_bytes=row_bytes,
            phase_bytes=phase_bytes,
            band=band,
            **values,
        )
        kernel = f"depthwise_{SUFFIX[x.dtype]}"
        scratch = g.scratch(taps, size, row_bytes)
        if band:
            scratch = max(scratch, ((band - 1) * g.stride_h + 3) * row_bytes)
        return Lowered(kernel, Block("ei_conv_params", fields), scratch)

    def lower_for(self, target: Target, x: TensorType) -> Lowered:
        if x.dtype != "int8":
            return self._lower(x, self.plain_fields(x.dtype))
        g = self._geometry(x)
        taps = g.kernel_h * g.kernel_w
        flat = self.weights.reshape(taps, -1)
        packed = pack_quads(flat) if g.repeat == 1 else np.ascontiguousarray(flat.T).reshape(-1)
        block = small_block(self, g, packed, taps)
        return Lowered("depthwise_small_i8", block, 8 * taps + g.in_c)
