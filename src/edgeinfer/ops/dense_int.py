"""Dense layers on integers: exact sums, rescaled once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, Op, array, require
from edgeinfer.ops.fixed_point import (
    MAX_SHIFT,
    MAX_SHIFT_64,
    MAX_SUM_64,
    check_rescaling,
    rescale_i32,
    rescale_i64,
)
from edgeinfer.ops.quantize import as_qparams, check_qparams
from edgeinfer.target import Target

LANES = 16
TILE_ROWS = 8
MAX_INPUTS = 1 << 20

Combination = tuple[str, str, str]
KERNELS: dict[Combination, str] = {
    ("int8", "int8", "int32"): "i8",
    ("int16", "int8", "int32"): "i16w8",
    ("int16", "int8", "int64"): "i16w8",
    ("int16", "int16", "int64"): "i16w16",
}
"""Input, weights, bias -> how the kernel's name spells them."""


def pack_groups(weights: np.ndarray, group: int) -> np.ndarray:
    """``(outputs, inputs)`` as ``(panels, groups, LANES, group)``, padded with zeros."""
    outputs, inputs = weights.shape
    panels, groups = -(-outputs // LANES), -(-inputs // group)
    padded = np.zeros((panels * LANES, groups * group), weights.dtype)
    padded[:outputs, :inputs] = weights
    shaped = padded.reshape(panels, LANES, groups, group)
    return np.ascontiguousarray(shaped.transpose(0, 2, 1, 3))


def pad_panels(values: np.ndarray, outputs: int) -> np.ndarray:
    """One value, or one per output, as one per output of all panels, padded with zeros."""
    padded = np.zeros(-(-outputs // LANES) * LANES, values.dtype)
    padded[:outputs] = values
    return padded


def pack_small(weights: np.ndarray) -> np.ndarray:
    """``(outputs, inputs)`` as ``(groups, 4 outputs, 4 inputs)`` per four outputs, then rows.

    Inputs are padded with zeros to whole groups of four.
    """
    outputs, inputs = weights.shape
    groups = -(-inputs // 4)
    padded = np.zeros((outputs, groups * 4), weights.dtype)
    padded[:, :inputs] = weights
    full = outputs - outputs % 4
    panels = padded[:full].reshape(-1, 4, groups, 4).transpose(0, 2, 1, 3)
    return np.concatenate([panels.reshape(-1), padded[full:].reshape(-1)])


@dataclass(frozen=True, eq=False)
class DenseInt(Op):
    """``x @ weights.T + bias`` on integers, the sums rescaled to integers or to float32.

    x is int8 (weights int8, bias int32) or int16 (weights int8 with bias int32 or int64, or
    weights int16 with bias int64); leading axes of a row are kept: ``(..., inputs)``.

    `bias` already holds what a zero point of x contributes, ``-zero_point * weights.sum(axis=1)``
    (see `fold_zero_point`), so the kernel only multiplies and adds. Sums are exact: parameters
    with which a 32-bit sum (bias int32) or one of 2^47 (bias int64) could be exceeded are refused.

    With `multiplier` and `shift`: output in the type of x, ``clamp(rescale(sum) + out_zero)`` where
    rescale is that of TensorFlow Lite Micro (`fixed_point`): int32 sums with two roundings, int64
    sums with the reduced multiplier; `out_scale` and `out_zero`, of the tensor or of each output,
    say what the integers mean. With `scale` and `offset` instead: float32 ``sum * scale + offset``.
    With neither: the sums themselves, in the type of `bias`.
    """

    kind = "DenseInt"

    weights: np.ndarray = array("int8", "int16", ndim=2)
    bias: np.ndarray = array("int32", "int64", ndim=1)
    multiplier: np.ndarray | None = array("int32", ndim=1, optional=True)
    shift: np.ndarray | None = array("int32", ndim=1, optional=True)
    out_scale: np.ndarray | None = array("float64", "float32", ndim=1, optional=True)
    out_zero: np.ndarray | None = array("int32", ndim=1, optional=True)
    scale: np.ndarray | None = array("float32", ndim=1, optional=True)
    offset: np.ndarray | None = array("float32", ndim=1, optional=True)
    low: int = -32768
    high: int = 32767

    @property
    def to_float(self) -> bool:
        """Whether the output is float32."""
        return self.scale is not None

    @property
    def to_sums(self) -> bool:
        """Whether the output are the sums."""
        return self.scale is None and self.multiplier is None

    def check(self) -> None:
        outputs, inputs = self.weights.shape
        require(outputs == self.bias.size > 0, "one bias per output is needed")
        require(inputs <= MAX_INPUTS, f"more than {MAX_INPUTS} inputs")
        if self.weights.dtype == np.int16:
            least = int(self.weights.min(initial=0))
            require(least > -32768, "an int16 weight is -32768, a pair of products could overflow")
        integer = (self.multiplier, self.shift, self.out_scale, self.out_zero)
        floating = (self.scale, self.offset)
        to_integer = not self.to_float and not self.to_sums
        require(
            all((v is not None) == to_integer for v in integer)
            and all((v is not None) == self.to_float for v in floating),
            "rescaling is either multiplier, shift, out_scale, out_zero or scale, offset or none",
        )
        if self.to_sums:
            return
        if self.scale is not None and self.offset is not None:
            require(self.scale.size == self.offset.size == outputs, "one scale per output")
            return
        assert self.multiplier is not None
        assert self.shift is not None
        assert self.out_scale is not None
        assert self.out_zero is not None
        require(self.multiplier.size in (1, outputs), "one multiplier, or one per output")
        require(self.out_scale.size in (1, outputs), "one output scale, or one per output")
        limit = MAX_SHIFT if self.bias.dtype == np.int32 else MAX_SHIFT_64
        check_rescaling(self.multiplier, self.shift, limit)
        check_qparams(self.out_scale, self.out_zero)
        require(self.low <= self.high, "the clamp's bounds are the wrong way round")

    @cached_property
    def _peak(self) -> int:
        """The largest sum of |weight| of an output."""
        return int(np.abs(self.weights.astype(np.int64)).sum(axis=1).max(initial=0))

    @property
    def _small(self) -> bool:
        """Whether the sums of int8 inputs, rescaled, never come near 32 bits: a shorter form then.

        Shifted left they stay below 2^30, shifts to the right are at most 22, and zero points lie
        within a byte.
        """
        if self.multiplier is None or self.shift is None or self.out_zero is None:
            return False
        largest = 128.0 * np.abs(self.weights.astype(np.float64)).sum(axis=1)
        largest = (largest + np.abs(self.bias)) * 2.0 ** np.maximum(self.shift, 0)
        zeros = int(np.abs(self.out_zero).max())
        return bool((largest < 2.0**30).all() and (self.shift >= -22).all() and zeros <= 128)

    def _combination(self, x: TensorType) -> Combination:
        return x.dtype, self.weights.dtype.name, self.bias.dtype.name

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        outputs, inputs = self.weights.shape
        require(self._combination(x) in KERNELS, f"no integer product of {self._combination(x)}")
        require(bool(x.shape) and x.shape[-1] == inputs, f"takes {inputs} features, got {x}")
        # int8 inputs are summed as x + 128, with 128 * sum(weights) taken from the bias.
        bias = int(np.abs(self.bias.astype(np.float64)).max())
        reach = (384 if x.dtype == "int8" else 32768) * self._peak + bias
        bound = (1 << 31) if self.bias.dtype == np.int32 else MAX_SUM_64
        require(reach < bound, f"a sum of {inputs} products could overflow its accumulator")
        shape = (*x.shape[:-1], outputs)
        if self.to_float:
            return (TensorType("float32", shape),)
        if self.to_sums:
            wide = (x.dtype == "int16") == (self.bias.dtype == np.int64)
            require(wide, f"sums of {x.dtype} do not come as {self.bias.dtype}")
            return (TensorType(self.bias.dtype.name, shape),)
        info = np.iinfo(x.dtype)
        require(info.min <= self.low and self.high <= info.max, f"the clamp leaves {x.dtype}")
        assert self.out_scale is not None
        assert self.out_zero is not None
        return (TensorType(x.dtype, shape, as_qparams(self.out_scale, self.out_zero)),)

    def sums(self, x: np.ndarray) -> np.ndarray:
        """The exact sums, int64."""
        exact = x.astype(np.float64) @ self.weights.T.astype(np.float64)  # below 2^53: no rounding
        return np.asarray(exact.astype(np.int64) + self.bias)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        sums = self.sums(x)
        if self.to_sums:
            return (sums.astype(self.bias.dtype),)
        if self.scale is not None and self.offset is not None:
            return (sums.astype(np.float32) * self.scale + self.offset,)
        assert self.multiplier is not None
        assert self.shift is not None
        assert self.out_zero is not None
        if self.bias.dtype == np.int32:
            scaled = rescale_i32(sums, self.multiplier, self.shift)
        else:
            scaled = rescale_i64(sums, self.multiplier, self.shift)
        moved = scaled.astype(np.int64) + self.out_zero
        return (np.clip(moved, self.low, self.high).astype(x.dtype),)

    def cost(self, x: TensorType) -> Cost:
        runs = x.size // max(self.weights.shape[1], 1)
        return Cost(
            float(self.weights.size * runs), float(self.weights.nbytes + 12 * self.bias.size)
        )

    def lower(self, x: TensorType) -> Lowered:
        outputs, inputs = self.weights.shape
        group = 4 if x.dtype == "int8" else 2
        bias = self.bias.astype(np.int32 if x.dtype == "int8" else np.int64)
        if x.dtype == "int8":
            bias = (bias - 128 * self.weights.astype(np.int64).sum(axis=1)).astype(np.int32)

        def per_output(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else pad_panels(values, outputs)

        fields = (
            ("weights", "ptr", pack_groups(self.weights, group)),
            ("bias", "ptr", per_output(bias)),
            ("multiplier", "ptr", per_output(self.multiplier)),
            ("shift", "ptr", per_output(self.shift)),
            ("zero", "ptr", per_output(self.out_zero)),
            ("scale", "ptr", per_output(self.scale)),
            ("offset", "ptr", per_output(self.offset)),
            ("n_in", "i32", inputs),
            ("n_out", "i32", outputs),
            ("repeat", "i32", x.size // max(inputs, 1)),
            ("low", "i32", self.low),
            ("high", "i32", self.high),
            ("sum32", "i32", self.bias.dtype == np.int32),
            ("small", "i32", self._small),
        )
        kernel = f"dense_{KERNELS[self._combination(x)]}"
        if self.to_float:
            kernel += "_f32"
        elif self.to_sums:
            kernel += f"_{SUFFIX[self.bias.dtype.name]}"
        staged = TILE_ROWS * -(-inputs // group) * 4
        return Lowered(kernel, Block("ei_dense_int_params", fields), scratch_fixed=staged)

    def lower_for(self, target: Target, x: TensorType) -> Lowered:
        if x.dtype != "int8" or self.to_sums:
            return self.lower(x)
        return dense_small(
            self.weights,
            self.bias,
            repeat=x.size // max(self.weights.shape[1], 1),
            low=self.low,
            high=self.high,
            multiplier=self.multiplier,
            shift=self.shift,
            zero=self.out_zero,
            scale=self.scale,
            offset=self.offset,
        )


def dense_small(
    weights: np.ndarray,
    bias: np.ndarray,
    *,
    repeat: int = 1,
    low: int,
    high: int,
    multiplier: np.ndarray | None = None,
    shift: np.ndarray | None = None,
    zero: np.ndarray | None = None,
    scale: np.ndarray | None = None,
    offset: np.ndarray | None = None,
) -> Lowered:
    """The compact int8 product, ``(outputs, inputs)``; the other arrays as in `DenseInt`."""
    outputs, inputs = weights.shape

    def per_output(values: np.ndarray | None, dtype: str) -> np.ndarray | None:
        if values is None:
            return None
        return np.ascontiguousarray(np.broadcast_to(values, (outputs,)), dtype)

    fields = (
        ("weights", "ptr", pack_small(weights)),
        ("bias", "ptr", bias),
        ("multiplier", "ptr", per_output(multiplier, "int32")),
        ("shift", "ptr", per_output(shift, "int8")),
        ("zero", "ptr", per_output(zero, "int32")),
        ("scale", "ptr", per_output(scale, "float32")),
        ("offset", "ptr", per_output(offset, "float32")),
        ("n_in", "i32", inputs),
        ("n_out", "i32", outputs),
        ("repeat", "i32", repeat),
        ("low", "i32", low),
        ("high", "i32", high),
    )
    kernel = "dense_small_i8" if scale is None else "dense_small_i8_f32"
    return Lowered(kernel, Block("ei_dense_int_small_params", fields))


def fold_zero_point(bias: np.ndarray, weights: np.ndarray, zero_point: np.ndarray) -> np.ndarray:
    """The bias with what the input's zero point (one, or one per input) contributes to the sums.

    Raises GraphError where that leaves the type of the bias.
    """
    spread = np.broadcast_to(np.asarray(zero_point, np.int64), weights.shape[1:])
    folded = bias.astype(np.int64) - weights.astype(np.int64) @ spread
    limits = np.iinfo(bias.dtype)
    fits = limits.min <= folded.min(initial=0) and folded.max(initial=0) <= limits.max
    require(bool(fits), f"the zero point's share of a sum does not fit in {bias.dtype}")
    return folded.astype(bias.dtype)
