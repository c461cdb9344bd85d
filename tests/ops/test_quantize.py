"""Quantize and Dequantize against their references and against numbers set by hand."""

import numpy as np
import pytest

from edgeinfer.errors import GraphError
from edgeinfer.graph import TensorType
from edgeinfer.ops import Dequantize, Quantize
from edgeinfer.runtime.program import run_op
from tests.oracle import assert_op


def i32(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


@pytest.mark.parametrize("target", ["int8", "int16"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_quantize(dtype: str, target: str) -> None:
    rng = np.random.default_rng(0)
    half = np.nextafter(np.dtype(dtype).type(0.5), 0)
    special = [0.0, -0.0, 0.5, -0.5, half, -half, 1.5, 2.5, -2.5, 1e30, -1e30, np.inf, -np.inf]
    special += [np.nan, 126.5, 127.49999, 127.5, -128.5, -129.5, 5e-324]
    x = np.array(special, dtype)[:, None] * np.ones(6, dtype)
    x = np.vstack([x, (rng.normal(size=(300, 6)) * 300).astype(dtype)])
    one = np.ones(1, dtype)
    assert_op(Quantize(target, one, i32(0)), x)
    assert_op(Quantize(target, one, i32(0)), x[:, 0].copy())
    assert_op(Quantize(target, one, i32(0)), x.reshape(len(x), 2, 3))
    assert_op(Quantize(target, one * 0.37, i32(-11)), x)
    scale = rng.uniform(0.1, 3, 6).astype(dtype)
    zero = rng.integers(-100, 100, 6).astype(np.int32)
    assert_op(Quantize(target, scale, zero), x)
    offset, divisor = rng.normal(size=6).astype(dtype), (scale * -2)[::-1].copy()
    assert_op(Quantize(target, scale, zero, offset, divisor), x)


def test_quantize_by_hand() -> None:
    x = np.array([[0.5, -0.5, 0.49999997, 1.5, 2.5, -2.5, 127.5, -200.0, np.nan]], np.float32)
    (have,) = run_op(Quantize("int8", np.ones(1, np.float32), i32(0)), x)
    assert have.tolist() == [[1, -1, 0, 2, 3, -3, 127, -128, -128]]
    (have,) = run_op(Quantize("int8", np.ones(1, np.float32), i32(10)), x)
    assert have.tolist() == [[11, 9, 10, 12, 13, 7, 127, -128, -128]]


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_dequantize(dtype: str) -> None:
    info = np.iinfo(dtype)
    x = np.arange(info.min, info.max + 1, max(1, info.max // 400)).astype(dtype)
    assert_op(Dequantize(np.array([0.013], np.float32), i32(-7)), x)
    x = np.stack([x, x[::-1]], axis=1)
    assert_op(Dequantize(np.array([0.013, 5], np.float32), i32(3, 1 << 16)), x)


def test_types_carry_their_meaning() -> None:
    x = TensorType("float32", (2,))
    (y,) = Quantize("int8", np.array([0.5], np.float32), i32(3)).infer(x)
    assert y.qparams is not None
    assert (y.dtype, y.shape, y.qparams.scale, y.qparams.zero_point) == ("int8", (2,), (0.5,), (3,))


def test_unusable_parameters_are_refused() -> None:
    one = np.ones(1, np.float32)
    for scale in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(GraphError, match="scale"):
            Quantize("int8", one * scale, i32(0))
        with pytest.raises(GraphError, match="scale"):
            Dequantize(one * scale, i32(0))
    with pytest.raises(GraphError, match="zero point"):
        Quantize("int8", one, i32(1 << 17))
    with pytest.raises(GraphError, match="divisor"):
        Quantize("int8", one, i32(0), divisor=np.zeros(1, np.float32))
    with pytest.raises(GraphError, match="int8 or int16"):
        Quantize("int32", one, i32(0))
    with pytest.raises(GraphError, match="features"):
        run_op(Quantize("int8", np.ones(3, np.float32), i32(0, 0, 0)), np.zeros((1, 4), np.float32))
