"""`edgeinfer.kernels` convolutions against NumPy sums, on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest

from edgeinfer import kernels
from edgeinfer.errors import InvalidInputError, InvalidParameterError

RNG = np.random.default_rng(7)
every_isa = pytest.mark.parametrize("isa", kernels.available_isas())
PADDING = (1, 1, 1, 1)


def _sums(
    x: np.ndarray, w: np.ndarray, stride: int, zero: int, *, depthwise: bool = False
) -> np.ndarray:
    """3 x 3, padded by one, in float64: exact for what is drawn here."""
    wide = np.pad(x.astype("float64") - zero, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), (1, 2))
    windows = windows[:, ::stride, ::stride]
    rule = "nhwcij,ijc->nhwc" if depthwise else "nhwcij,oijc->nhwo"
    return np.einsum(rule, windows, w.astype("float64"))


@every_isa
@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("channels", [3, 8, 64, 70])
@pytest.mark.parametrize("zero", [-128, 5])
def test_integers(isa: str, depthwise: bool, stride: int, channels: int, zero: int) -> None:
    """A power of two as scale: rounding then is what NumPy can say, up to its ties."""
    shape = (3, 3, channels) if depthwise else (18, 3, 3, channels)
    w = RNG.integers(-127, 128, shape).astype(np.int8)
    x = RNG.integers(-128, 128, (2, 23, 9, channels)).astype(np.int8)
    bias = RNG.integers(-500, 500, shape[2] if depthwise else 18).astype(np.int32)
    sums = _sums(x, w, stride, -3, depthwise=depthwise) + bias
    exact = sums / 1024
    rounded = np.sign(exact) * np.floor(np.abs(exact) + 0.5)
    low = max(zero, -128)
    want = np.clip(rounded + zero, low, 127)
    have = kernels.conv2d_int8(
        x,
        w,
        bias,
        scale=1 / 1024,
        x_zero_point=-3,
        y_zero_point=zero,
        strides=(stride, stride),
        padding=PADDING,
        low=low,
        depthwise=depthwise,
        isa=isa,
    )
    assert have.dtype == np.int8
    # scale is 2^30 * 2^-9 * 2^-31: the first rounding is to halves, up, before the second.
    first = np.floor(sums / 2 + 0.5)
    second = np.sign(first) * np.floor(np.abs(first) / 512 + 0.5)
    np.testing.assert_array_equal(have, np.clip(second + zero, low, 127))
    assert np.abs(have - want).max() <= 1


@every_isa
@pytest.mark.parametrize("depthwise", [False, True])
def test_floats_and_16_bits(isa: str, depthwise: bool) -> None:
    shape = (3, 3, 20) if depthwise else (18, 3, 3, 20)
    w = RNG.integers(-127, 128, shape).astype(np.int8)
    x = RNG.integers(-32768, 32768, (2, 7, 9, 20)).astype(np.int16)
    sums = _sums(x, w, 1, 0, depthwise=depthwise)
    have = kernels.conv2d_int16(x, w, scale=2.0**-10, padding=PADDING, depthwise=depthwise, isa=isa)
    np.testing.assert_array_equal(have, np.clip(np.floor(sums / 1024 + 0.5), -32768, 32767))
    f, g = x.astype(np.float32) / 32768, w.astype(np.float32) / 128
    have = kernels.conv2d_float32(f, g, padding=PADDING, low=-1.0, depthwise=depthwise, isa=isa)
    want = np.maximum(_sums(f, g, 1, 0, depthwise=depthwise), -1.0)
    np.testing.assert_allclose(have, want, atol=181 * 2.0**-24 * 180)


def test_refusals() -> None:
    x, w = np.zeros((1, 4, 4, 2), np.int8), np.zeros((3, 3, 3, 2), np.int8)
    with pytest.raises(InvalidInputError, match="4 axes"):
        kernels.conv2d_int8(x[0], w, scale=0.1)
    with pytest.raises(InvalidInputError, match="bias"):
        kernels.conv2d_int8(x, w, np.zeros(2, np.int32), scale=0.1)
    with pytest.raises(InvalidInputError, match="scale"):
        kernels.conv2d_int8(x, w, scale=np.ones(2))
    with pytest.raises(InvalidParameterError, match="scale"):
        kernels.conv2d_int8(x, w, scale=float("nan"))
    with pytest.raises(InvalidParameterError, match="channels"):
        kernels.conv2d_int8(x, w[..., :1], scale=0.1)
    full = np.full((1, 300, 300, 2), 127, np.int8)
    with pytest.raises(InvalidParameterError, match="32 bits"):
        kernels.conv2d_int8(full, full, scale=0.1)
