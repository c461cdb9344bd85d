"""Between floating values and integers: ``real = scale * (integer - zero_point)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import QParams, TensorType
from edgeinfer.ops._base import SUFFIX, Block, Lowered, Op, array, require, require_float
from edgeinfer.ops.check import CheckFinite
from edgeinfer.target import Target

INTEGERS = ("int8", "int16")
MAX_ZERO_POINT = 1 << 16
"""Zero points stay where a float32 holds every integer between them and the codes."""


def check_qparams(scale: np.ndarray, zero_point: np.ndarray) -> None:
    """Raise GraphError unless there is a usable zero point for each positive, finite scale."""
    require(scale.size > 0 and scale.shape == zero_point.shape, "one zero point per scale")
    require(bool((np.isfinite(scale) & (scale > 0)).all()), "a scale is not positive and finite")
    low, high = int(zero_point.min()), int(zero_point.max())
    require(low >= -MAX_ZERO_POINT and high <= MAX_ZERO_POINT, "a zero point is out of range")


def as_qparams(scale: np.ndarray, zero_point: np.ndarray) -> QParams:
    """Arrays as the QParams of a tensor."""
    return QParams(tuple(map(float, scale)), tuple(map(int, zero_point)))


def round_half_away(x: np.ndarray) -> np.ndarray:
    """To the nearest integer, a tie away from zero: as `round` in C."""
    half = np.nextafter(x.dtype.type(0.5), x.dtype.type(0))
    return np.asarray(np.trunc(x + np.copysign(half, x)))


def _last_axis(x: TensorType) -> tuple[int, int]:
    """Length of the last axis, and how many runs of it make a row."""
    last = x.shape[-1] if x.shape else 1
    return last, x.size // max(last, 1)


def _spread(values: np.ndarray, n: int) -> np.ndarray:
    """One value, or one per feature, as one per feature."""
    return np.ascontiguousarray(np.broadcast_to(values, (n,)))


@dataclass(frozen=True, eq=False)
class Quantize(Op):
    """``clamp(round((x - offset) / (scale * divisor)) + zero_point)`` in the input's own type.

    `scale` and `zero_point` are of the tensor or of each feature (last axis). What is quantized is
    ``(x - offset) / divisor``: a scaler of the source, folded in. Without those it is, in float32,
    TensorFlow Lite Micro's QUANTIZE, bit for bit. Rounds half away from zero; a NaN becomes the
    smallest integer, so a guard belongs before it where a NaN is to be refused; with
    `guard` this is that guard as well, in float32 and for small targets.
    """

    kind = "Quantize"

    dtype: str
    scale: np.ndarray = array("float64", "float32", ndim=1)
    zero_point: np.ndarray = array("int32", ndim=1)
    offset: np.ndarray | None = array("float64", "float32", ndim=1, optional=True)
    divisor: np.ndarray | None = array("float64", "float32", ndim=1, optional=True)
    guard: bool = False

    def check(self) -> None:
        require(self.dtype in INTEGERS, f"quantizes to int8 or int16, not {self.dtype!r}")
        check_qparams(self.scale, self.zero_point)
        for values in (self.offset, self.divisor):
            if values is not None:
                require(values.dtype == self.scale.dtype, "scale, offset, divisor differ in dtype")
                require(bool(np.isfinite(values).all()), "an offset or divisor is not finite")
        require(self.divisor is None or bool((self.divisor != 0).all()), "a divisor is zero")
        require(not self.guard or self.fits_small, "cannot be a guard with such steps")

    @property
    def fits_small(self) -> bool:
        """Whether small targets have a kernel for it: float32, no step beyond the usual."""
        step = np.abs(self._step)
        usual = bool(((step >= 2.0**-100) & (step <= 2.0**100)).all())
        return usual and self.scale.dtype == np.float32

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        dtype = require_float(self.kind, x)
        require(dtype == self.scale.dtype.name, f"scale and input differ in dtype ({dtype})")
        last, _ = _last_axis(x)
        for values in (self.scale, self.offset, self.divisor):
            ok = values is None or values.size in (1, last)
            require(ok, f"quantization parameters do not fit the {last} features of {x}")
        return (TensorType(self.dtype, x.shape, as_qparams(self.scale, self.zero_point)),)

    @property
    def _step(self) -> np.ndarray:
        with np.errstate(over="ignore"):
            step = self.scale if self.divisor is None else self.scale * self.divisor
        # Far too small a product would divide by zero.
        tiny = np.finfo(step.dtype).tiny
        return np.where(np.abs(step) < tiny, np.copysign(tiny, step), step)

    def _steps(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Offset, step and zero point of each of `n` features."""
        zero = np.zeros(1, self.scale.dtype)
        offset = zero if self.offset is None else self.offset
        return _spread(offset, n), _spread(self._step, n), _spread(self.zero_point, n)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        info = np.iinfo(self.dtype)
        if self.guard:
            CheckFinite(self.kind).reference(x)
        offset, step, zero = self._steps(x.shape[-1] if x.ndim > 1 else 1)
        with np.errstate(all="ignore"):
            value = (x - (offset if x.ndim > 1 else offset[0])) / (step if x.ndim > 1 else step[0])
        zero = zero if x.ndim > 1 else zero[0]
        low = np.asarray(info.min - zero, x.dtype)
        high = np.asarray(info.max - zero, x.dtype)
        value = np.where(value > low, value, low)
        value = np.where(value < high, value, high)
        return ((round_half_away(value).astype(np.int32) + zero).astype(self.dtype),)

    def explain(self, status: int) -> str:
        return CheckFinite(self.kind).explain(status)

    def lower(self, x: TensorType) -> Lowered:
        if self.guard:
            return self._lower_small(x)
        last, repeat = _last_axis(x)
        offset, step, zero = self._steps(last)
        fields = (
            ("offset", "ptr", offset),
            ("step", "ptr", step),
            ("zero", "ptr", zero),
            ("n", "i32", last),
            ("repeat", "i32", repeat),
        )
        kernel = f"quantize_{SUFFIX[x.dtype]}_{SUFFIX[self.dtype]}"
        return Lowered(kernel, Block("ei_quantize_params", fields))

    def lower_for(self, target: Target, x: TensorType) -> Lowered:
        return self._lower_small(x) if self.fits_small else self.lower(x)

    def _lower_small(self, x: TensorType) -> Lowered:
        """Features of the same offset, step and zero point are of one kind."""
        last, repeat = _last_axis(x)
        offset, step, zero = self._steps(last)
        every = np.stack([offset, step, zero.astype(np.float32)], axis=1)
        distinct, kinds = np.unique(every, axis=0, return_inverse=True)
        shared = len(distinct) <= 256
        offset, step, zero = (distinct if shared else every).T.copy()
        mantissa = (step.view(np.int32) & 0x7FFFFF) | 0x800000
        single = len(distinct) <= 1
        fields = (
            ("offset", "ptr", offset if offset.any() else None),
            ("step", "ptr", step),
            ("zero", "ptr", zero.astype(np.int32)),
            ("reciprocal", "ptr", ((1 << 38) // mantissa.astype(np.int64)).astype(np.uint16)),
            ("kinds", "ptr", kinds.ravel().astype(np.uint8) if shared and not single else None),
            ("stride", "i32", not single),
            ("n", "i32", last),
            ("repeat", "i32", repeat),
            ("guard", "i32", self.guard),
        )
        kernel = f"quantize_small_{SUFFIX[x.dtype]}_{SUFFIX[self.dtype]}"
        return Lowered(kernel, Block("ei_quantize_small_params", fields))


@dataclass(frozen=True, eq=False)
class Dequantize(Op):
    """``(x - zero_point) * scale`` as float32; `scale` per tensor or per feature (last axis)."""

    kind = "Dequantize"

    scale: np.ndarray = array("float32", ndim=1)
    zero_point: np.ndarray = array("int32", ndim=1)

    def check(self) -> None:
        check_qparams(self.scale, self.zero_point)

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype in INTEGERS, f"dequantizes int8 or int16, not {x.dtype}")
        last, _ = _last_axis(x)
        require(self.scale.size in (1, last), f"{self.scale.size} scales for {last} features")
        return (TensorType("float32", x.shape),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        zero, scale = self.zero_point, self.scale
        if x.ndim == 1:
            zero, scale = zero[:1].reshape(()), scale[:1].reshape(())
        return ((x.astype(np.int32) - zero).astype(np.float32) * scale,)

    def lower(self, x: TensorType) -> Lowered:
        last, repeat = _last_axis(x)
        fields = (
            ("scale", "ptr", _spread(self.scale, last)),
            ("zero", "ptr", _spread(self.zero_point, last)),
            ("n", "i32", last),
            ("repeat", "i32", repeat),
        )
        return Lowered(f"dequantize_{SUFFIX[x.dtype]}", Block("ei_dequantize_params", fields))
