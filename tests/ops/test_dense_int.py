"""Integer dense layers: every combination of types, on every instruction set, bit for bit."""

import numpy as np
import pytest

from edgeinfer.errors import GraphError
from edgeinfer.graph import TensorType
from edgeinfer.ops import DenseInt
from edgeinfer.ops.dense_int import KERNELS, fold_zero_point
from edgeinfer.ops.fixed_point import quantize_multipliers
from edgeinfer.runtime.program import available_isas, run_op
from tests.ops.examples.integers import dense_int
from tests.oracle import assert_op

SHAPES = [(3, 1), (4, 16), (64, 10), (300, 40), (531, 2)]


@pytest.mark.parametrize("combination", KERNELS)
@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_against_reference(combination: tuple[str, str, str], inputs: int, outputs: int) -> None:
    example = dense_int(combination, inputs, outputs)
    assert_op(example.op, *example.inputs)
    (y,) = example.op.reference(*example.inputs)
    assert len(np.unique(y)) > 3
    example = dense_int(combination, inputs, outputs, to_float=True)
    assert_op(example.op, *example.inputs, rtol=0.0)


def test_sums_are_exact() -> None:
    """The reference sums in float64; here they are Python's integers."""
    for combination in KERNELS:
        example = dense_int(combination, 67, 33)
        op, (x,) = example.op, example.inputs
        assert isinstance(op, DenseInt)
        want = x[:2].astype(object) @ op.weights.T.astype(object) + op.bias.astype(object)
        assert (op.sums(x[:2]) == want).all()


@pytest.mark.parametrize("inputs", [64, 66])
@pytest.mark.parametrize("small", [True, False])
def test_rows_of_bytes(small: bool, inputs: int) -> None:
    """Whole panels of bytes, with the shorter rescaling at the ends of what it takes, or not."""
    rng = np.random.default_rng(0)
    outputs, rows = 150, 11
    weights = rng.integers(-128, 128, (outputs, inputs)).astype(np.int8)
    weights[0], weights[1] = 127, -128
    shift = rng.choice([-22, -9, -3, 0, 7], outputs).astype(np.int32)
    shift[:3] = (0, 7, -22) if small else (8, 12, -31)
    x = rng.integers(-128, 128, (rows, inputs)).astype(np.int8)
    x[0], x[1], x[2] = -128, 127, np.where(weights[2] < 0, -128, 127)
    op = DenseInt(
        weights,
        rng.integers(-(1 << 22), 1 << 22, outputs).astype(np.int32),
        rng.integers(1 << 30, 1 << 31, outputs).astype(np.int32),
        shift,
        np.ones(outputs),
        rng.choice([-128, -5, 0, 128], outputs).astype(np.int32),
        low=-120,
        high=99,
    )
    fields = op.lower(TensorType("int8", (inputs,))).block.fields
    assert ("small", "i32", small) in fields
    for count in (1, 3, rows):
        assert_op(op, x[:count])


def test_leading_axes_and_shared_parameters() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-128, 128, (9, 3, 2, 5)).astype(np.int8)
    w = rng.integers(-127, 128, (4, 5)).astype(np.int8)
    one = np.array([0.02])
    multiplier, shift = quantize_multipliers(one)
    zero = np.array([-9], np.int32)
    bias = np.arange(4, dtype=np.int32) * 1000
    op = DenseInt(w, bias, multiplier, shift, one, zero, low=-128, high=127)
    assert op.infer(TensorType("int8", (3, 2, 5)))[0].shape == (3, 2, 4)
    assert_op(op, x)


def test_shifts_to_the_left_keep_the_low_bits() -> None:
    x = np.arange(-128, 128, dtype=np.int8)[:, None]
    for shift in (1, 7, 24, 30):
        op = DenseInt(
            np.array([[127]], np.int8),
            np.array([12345], np.int32),
            np.array([0x7FFFFFFF], np.int32),
            np.array([shift], np.int32),
            np.ones(1),
            np.zeros(1, np.int32),
            low=-128,
            high=127,
        )
        assert_op(op, x)


def test_zero_point_folds_into_the_bias() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(-128, 128, (20, 7)).astype(np.int8)
    w = rng.integers(-127, 128, (3, 7)).astype(np.int8)
    bias = rng.integers(-999, 999, 3).astype(np.int32)
    zero = rng.integers(-128, 128, 7)
    op = DenseInt(
        w,
        fold_zero_point(bias, w, zero),
        scale=np.ones(3, np.float32),
        offset=np.zeros(3, np.float32),
    )
    want = (x.astype(int) - zero) @ w.T.astype(int) + bias
    np.testing.assert_array_equal(op.sums(x), want)
    with pytest.raises(GraphError, match="does not fit"):
        fold_zero_point(np.array([2**31 - 1] * 3, np.int32), w, zero - 1000)


def test_what_could_overflow_is_refused() -> None:
    one = {"scale": np.ones(1, np.float32), "offset": np.zeros(1, np.float32)}
    x8 = TensorType("int8", (50_000,))
    wide = DenseInt(np.full((1, 50_000), 127, np.int8), np.zeros(1, np.int32), **one)
    with pytest.raises(GraphError, match="overflow"):
        wide.infer(x8)
    full = DenseInt(np.ones((1, 1), np.int8), np.array([2**31 - 1], np.int32), **one)
    with pytest.raises(GraphError, match="overflow"):
        full.infer(TensorType("int8", (1,)))
    full = DenseInt(np.ones((1, 1), np.int8), np.array([-(2**63)], np.int64), **one)
    with pytest.raises(GraphError, match="overflow"):
        full.infer(TensorType("int16", (1,)))
    with pytest.raises(GraphError, match="-32768"):
        DenseInt(np.full((1, 2), -32768, np.int16), np.zeros(1, np.int64), **one)


def test_contradictions_are_refused() -> None:
    w, b = np.ones((2, 3), np.int8), np.zeros(2, np.int32)
    m, zero = np.full(2, 1 << 30, np.int32), np.zeros(2, np.int32)
    ok = DenseInt(w, b, m, zero, np.ones(2), zero, low=-128, high=127)
    for shape in ((4,), ()):
        with pytest.raises(GraphError, match="features"):
            ok.infer(TensorType("int8", shape))
    with pytest.raises(GraphError, match="no integer product"):
        ok.infer(TensorType("uint8", (3,)))
    with pytest.raises(GraphError, match="clamp leaves"):
        DenseInt(w, b, m, zero, np.ones(2), zero).infer(TensorType("int8", (3,)))
    with pytest.raises(GraphError, match="either"):
        DenseInt(w, b, m, zero)
    with pytest.raises(GraphError, match="do not come as"):
        DenseInt(w, b).infer(TensorType("int16", (3,)))
    with pytest.raises(GraphError, match="negative"):
        DenseInt(w, b, -m, zero, np.ones(2), zero)
    for shift in (-32, 31):
        with pytest.raises(GraphError, match="shift"):
            DenseInt(w, b, m, zero + np.int32(shift), np.ones(2), zero)
    with pytest.raises(GraphError, match="shift"):
        DenseInt(w, b.astype(np.int64), m, zero + np.int32(15), np.ones(2), zero)
    with pytest.raises(GraphError, match="bias"):
        DenseInt(w, b[:1], m, zero, np.ones(2), zero)


@pytest.mark.parametrize(
    ("x_type", "w_type", "b_type", "inputs"),
    [
        ("int8", "int8", "int32", 40_000),
        ("int16", "int8", "int64", 40_000),
        ("int16", "int16", "int64", 70_000),
    ],
)
def test_extremes_in_their_thousands(x_type: str, w_type: str, b_type: str, inputs: int) -> None:
    """What is summed in narrower parts on the way is widened in time."""
    low, high = np.iinfo(x_type).min, np.iinfo(x_type).max
    top = np.iinfo(w_type).max
    x = np.array([[low] * inputs, [high] * inputs, [low, high] * (inputs // 2)], x_type)
    w = np.array([[top] * inputs, [-top] * inputs, [top, -top] * (inputs // 2)], w_type)
    bias = np.array([5, -7, 0], b_type)
    op = DenseInt(w, bias, scale=np.ones(3, np.float32), offset=np.zeros(3, np.float32))
    want = (x.astype(np.float64) @ w.T.astype(np.float64)).astype(np.int64) + bias
    x = np.repeat(x, 5, axis=0)
    for isa in available_isas():
        (have,) = run_op(op, x, isa=isa)
        np.testing.assert_array_equal(have, np.repeat(want, 5, axis=0).astype(np.float32), isa)
