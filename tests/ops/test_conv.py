"""Integer convolutions rewritten without changing an answer."""

from __future__ import annotations

import numpy as np
import pytest

from edgeinfer.ops import QConv2D, QDepthwiseConv2D

RNG = np.random.default_rng(5)
WINDOW = ((1, 1), (1, 1), (0, 0, 0, 0))


@pytest.mark.parametrize("low", [-128, -3])
@pytest.mark.parametrize("kind", [QConv2D, QDepthwiseConv2D])
def test_outputs_without_weights_get_an_ordinary_factor(kind: type, low: int) -> None:
    """Pruned outputs with every shift there is; the others stay as they are."""
    shape = (64, 1, 1, 9) if kind is QConv2D else (1, 1, 64)
    weights = RNG.integers(-127, 128, shape).astype(np.int8)
    dead = np.arange(64) % 2 == 1
    if kind is QConv2D:
        weights[dead] = 0
    else:
        weights[..., dead] = 0
    bias = RNG.integers(-(1 << 30), 1 << 30, 64)
    op = kind(
        *WINDOW,
        weights=weights,
        bias=np.where(dead, bias >> RNG.integers(0, 30, 64), 17).astype(np.int32),
        multiplier=np.full(64, (1 << 30) + 12345, np.int32),
        shift=np.where(dead, np.arange(64) // 2 - 31, -9).astype(np.int32),
        y_zero=-3,
        low=low,
    )
    settled = op.settled()
    assert op.integer_fields("int8")["small"] == 0
    assert settled.integer_fields("int8")["small"] == (2 if low == -3 else 1)
    np.testing.assert_array_equal(settled.shift[~dead], op.shift[~dead])
    x = RNG.integers(-128, 128, (3, 4, 5, 9 if kind is QConv2D else 64)).astype(np.int8)
    np.testing.assert_array_equal(settled.reference(x)[0], op.reference(x)[0])


def test_nothing_to_settle() -> None:
    weights = np.ones((2, 1, 1, 1), np.int8)
    one = np.ones(2, np.int32)
    op = QConv2D(*WINDOW, weights=weights, bias=one, multiplier=one, shift=-one)
    assert op.settled() is op
