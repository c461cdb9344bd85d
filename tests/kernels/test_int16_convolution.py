"""int16 convolutions at the ends of their ranges, on every instruction set, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from edgeinfer import kernels
from edgeinfer.graph import TensorType
from edgeinfer.ops import QConv2D, QDepthwiseConv2D
from edgeinfer.ops.fixed_point import quantize_multipliers
from edgeinfer.runtime.program import compile_op
from edgeinfer.target import Target

RNG = np.random.default_rng(16)
every_isa = pytest.mark.parametrize("isa", kernels.available_isas())
WINDOW = ((1, 1), (1, 1), (1, 1, 1, 1))
STRIDED = ((2, 3), (1, 1), (0, 1, 2, 0))


def _op(
    weights: np.ndarray, bias: np.ndarray, scale: float, window: tuple[object, ...] = WINDOW
) -> QConv2D | QDepthwiseConv2D:
    depthwise = weights.ndim == 3
    multiplier, shift = quantize_multipliers(scale * RNG.uniform(0.6, 1.0, bias.size))
    kind = QDepthwiseConv2D if depthwise else QConv2D
    fields = {"bias": bias, "multiplier": multiplier, "shift": shift, "low": -32768, "high": 32767}
    return kind(*window, weights=weights, **fields)  # type: ignore[arg-type]


def _same(op: QConv2D | QDepthwiseConv2D, x: np.ndarray, isa: str) -> None:
    (have,) = compile_op(op, [TensorType(x.dtype.name, x.shape[1:])], isa).run(x)
    (want,) = op.reference(x)
    np.testing.assert_array_equal(have, want)


def _small(op: QConv2D | QDepthwiseConv2D, x: np.ndarray) -> int:
    block = op.lower(TensorType(x.dtype.name, x.shape[1:])).block
    return int({name: value for name, _, value in block.fields}["small"])


def _images(kind: str, shape: tuple[int, ...]) -> np.ndarray:
    if kind == "lowest":
        return np.full(shape, -32768, np.int16)
    if kind == "ends":
        return RNG.choice(np.array([-32768, 32767], np.int16), shape)
    return RNG.integers(-32768, 32768, shape).astype(np.int16)


@every_isa
@pytest.mark.parametrize("images", ["lowest", "ends", "any"])
@pytest.mark.parametrize("weight", [-128, 127, None])
@pytest.mark.parametrize("scale", [2.0**-9, 2.0**-26, 1.7])
@pytest.mark.parametrize("channels", [(55, 18), (57, 18), (3, 70), (256, 33)])
def test_largest_sums(
    isa: str, images: str, weight: int | None, scale: float, channels: tuple[int, int]
) -> None:
    """Sums just below and just above 2^31, and far above: 32 bits hold the first kind alone.

    With a scale above 1 they are shifted left by two.
    """
    inputs, outputs = channels
    shape = (outputs, 3, 3, inputs)
    any_weights = RNG.integers(-128, 128, shape).astype(np.int8)
    weights = any_weights if weight is None else np.full(shape, weight, np.int8)
    op = _op(weights, np.zeros(outputs, np.int64), scale)
    x = _images(images, (2, 5, 8, inputs))
    reach = int(op.totals()[0].max()) * (4 if scale > 1 else 1)
    assert _small(op, x) == (2 if reach < 65536 else 0)
    _same(op, x, isa)


@every_isa
@pytest.mark.parametrize("bias", [(1 << 31) - 1, -(1 << 31), 1 << 31, -(1 << 46), 12345678])
@pytest.mark.parametrize("depthwise", [False, True])
def test_large_biases(isa: str, bias: int, depthwise: bool) -> None:
    shape = (3, 2, 40) if depthwise else (21, 3, 2, 40)
    weights = RNG.integers(-127, 128, shape).astype(np.int8)
    biases = np.full(40 if depthwise else 21, bias, np.int64)
    x = _images("ends", (1, 4, 7, 40))
    for scale in (2.0**-12, 2.0**-30):
        op = _op(weights, biases, scale)
        assert _small(op, x) == (0 if abs(bias) * scale > 2.0**30 else 2)
        _same(op, x, isa)


@every_isa
@pytest.mark.parametrize("depthwise", [False, True])
def test_channels_without_weights(isa: str, depthwise: bool) -> None:
    """Their steps are tiny, so a bias is huge and factors are of any size."""
    shape = (3, 3, 40) if depthwise else (40, 3, 3, 20)
    weights = RNG.integers(-9, 10, shape).astype(np.int8)
    shift = np.resize(np.arange(-31, 3), 40).astype(np.int32)
    reach = 20000.0 * 2.0 ** (-shift.astype(float))
    bias = np.minimum(reach, 2.0**45).astype(np.int64) * np.resize([1, -1, 0], 40)
    multiplier = RNG.integers(1 << 30, (1 << 31) - 1, 40).astype(np.int32)
    multiplier[:3] = 0x7FFFFFFF, 0x7FFF0000, 0x7FFEFFFF
    fields = {"multiplier": multiplier, "shift": shift, "low": -32768, "high": 32767}
    kind = QDepthwiseConv2D if depthwise else QConv2D
    op = kind(*WINDOW, weights=weights, bias=bias, **fields)  # type: ignore[arg-type]
    x = _images("any", (2, 6, 5, shape[-1]))
    assert _small(op, x) == 2
    _same(op, x, isa)


@every_isa
@pytest.mark.parametrize("bias", [0, (1 << 30) + 77, -(1 << 30)])
@pytest.mark.parametrize("scale", [2.0**-9, 2.0**-20, 2.0**-29, 1.7, 2.0**20])
@pytest.mark.parametrize("inputs", [2, 5, 64])
def test_sums_of_32_bits_wrap(isa: str, bias: int, scale: float, inputs: int) -> None:
    weights = RNG.choice(np.array([-128, -127, 127], np.int8), (35, 3, 3, inputs))
    for images in ("lowest", "ends", "any"):
        x = _images(images, (1, 5, 6, inputs))
        _same(_op(weights, np.full(35, bias, np.int32), scale), x, isa)
        _same(_op(np.full_like(weights, -128), np.full(35, bias, np.int32), scale), x, isa)


@every_isa
@pytest.mark.parametrize("window", [WINDOW, STRIDED])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 2), (5, 1)])
@pytest.mark.parametrize("channels", [1, 2, 4, 8, 16, 32, 3, 20, 40, 64, 70])
def test_depthwise(
    isa: str, window: tuple[object, ...], kernel: tuple[int, int], channels: int
) -> None:
    weights = RNG.choice(np.array([-128, 127, 5], np.int8), (*kernel, channels))
    biases = RNG.integers(-(1 << 20), 1 << 20, channels)
    for scale in (2.0**-9, 2.0**-26, 1.7):
        op = _op(weights, biases, scale, window)
        x = _images("ends", (2, 7, 9, channels))
        assert _small(op, x) == 2
        _same(op, x, isa)


@every_isa
@pytest.mark.parametrize("pixels", [1, 2, 5, 7, 13, 17, 32])
@pytest.mark.parametrize("outputs", [1, 16, 17, 40, 64, 130, 200])
@pytest.mark.parametrize("inputs", [1, 6, 2500])
def test_pixels_where_they_are(isa: str, pixels: int, outputs: int, inputs: int) -> None:
    weights = RNG.integers(-127, 128, (outputs, 1, 1, inputs)).astype(np.int8)
    op = _op(weights, RNG.integers(-9999, 9999, outputs), 2.0**-10, ((1, 1), (1, 1), (0, 0, 0, 0)))
    _same(op, _images("ends", (1, 1, pixels, inputs)), isa)


@every_isa
@pytest.mark.parametrize("kind", [QConv2D, QDepthwiseConv2D])
def test_parameters_of_small_targets(
    isa: str, kind: type[QConv2D | QDepthwiseConv2D], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is lowered for a microcontroller has nothing for vectors, and the same answers here."""
    weights = RNG.integers(-127, 128, (20, 3, 3, 6) if kind is QConv2D else (3, 3, 6))
    bias = np.zeros(20 if kind is QConv2D else 6, np.int64)
    op, x = _op(weights.astype(np.int8), bias, 0.001), _images("ends", (1, 6, 6, 6))
    target = Target(host=False)
    monkeypatch.setattr(kind, "lower", lambda self, x: self.lower_for(target, x))
    assert _small(op, x) == 0
    _same(op, x, isa)
