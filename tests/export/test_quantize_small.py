"""Quantization for small targets beside the host's, at every boundary between two integers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeinfer.export.layouts import print_c
from edgeinfer.graph import GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import CheckFinite, Quantize
from edgeinfer.runtime.program import run_op
from tests.export.clib import Library, entry_of

UNITS = {"with a float unit": [], "without": ["-DEI_NO_FLOAT_UNIT"]}
SPECIAL = np.array(
    [0.0, -0.0, 1e-45, -1e-45, 1e-38, 3.4e38, -3.4e38, np.inf, -np.inf, np.nan], np.float32
)


def _cases() -> Iterator[Quantize]:
    rng = np.random.default_rng(0)
    steps = [1.0, 8 / 127, 16 / 255, 0.1, 0.0039, 3e-5, 2.0**-100, 2.0**100, 1 - 2.0**-24]
    steps += [1 + 2.0**-23, 2 - 2.0**-23, *np.exp(rng.normal(size=30)).tolist()]
    for number, step in enumerate(steps):
        dtype = ("int8", "int16")[number % 2]
        zero = (0, -128, 77, -32768, 65536, -65536)[number % 6]
        offset = (None, 8.0, 0.5, -3.7 * step)[number % 4]
        divisor = (None, -2.0)[number % 5 == 0]
        yield _quantize(dtype, step, zero, offset, divisor)
        yield _quantize("int8", step, 0, offset, None)


def _quantize(
    dtype: str, step: float, zero: int, offset: float | None, divisor: float | None
) -> Quantize:
    def one(value: float | None) -> np.ndarray | None:
        return None if value is None else np.array([value], np.float32)

    scale, of_zero = one(step), np.array([zero], np.int32)
    assert scale is not None
    return Quantize(dtype, scale, of_zero, one(offset), one(divisor))


def _values(op: Quantize) -> np.ndarray:
    """Where the integer changes, and three floats to either side of it."""
    info = np.iinfo(op.dtype)
    codes = np.unique(np.linspace(info.min - 2, info.max + 2, 700).astype(np.int64))
    step = float(op.scale[0]) * (1.0 if op.divisor is None else float(op.divisor[0]))
    offset = 0.0 if op.offset is None else float(op.offset[0])
    middle = ((codes - int(op.zero_point[0]) + 0.5) * step + offset).astype(np.float32)
    bits = middle.view(np.int32)[:, None] + np.arange(-3, 4, dtype=np.int32)
    return np.concatenate([bits.ravel().view(np.float32), SPECIAL])


@pytest.mark.parametrize("unit", UNITS)
def test_every_boundary(unit: str, tmp_path: Path) -> None:
    pairs = []
    for number, op in enumerate(_cases()):
        x = _values(op)[None]
        builder = GraphBuilder({"x": TensorType("float32", x.shape[1:])})
        method = Method((builder.emit(op, "x"),))
        graph = builder.build({"transform": method}, Info())
        export = print_c(graph, name=f"q{number}")
        assert "ei_quantize_small.h" in export.files
        pairs.append((op, x, export))
    exports = [export for _, _, export in pairs]
    library = Library(exports, tmp_path, "gcc", "c", "-O1", *UNITS[unit])
    for op, x, export in pairs:
        _, (have,) = library.call(export, entry_of(export, "transform"), [x])
        (want,) = run_op(op, x)
        np.testing.assert_array_equal(have, want, f"{op}")


@pytest.mark.parametrize("unit", UNITS)
def test_as_a_guard(unit: str, tmp_path: Path) -> None:
    """The guard before it goes into it; refusals stay what they are."""
    builder = GraphBuilder({"x": TensorType("float32", (3,))})
    builder.emit_many(CheckFinite("Test"), "x")
    scale, offset = np.array([0.1, 0.1, 0.2], np.float32), np.array([-3e38, 0, 1], np.float32)
    codes = builder.emit(Quantize("int8", scale, np.zeros(3, np.int32), offset), "x")
    export = print_c(builder.build({"transform": Method((codes,))}, Info()))
    assert "CheckFinite" not in export.files["model.c"]
    x = np.zeros((6, 3), np.float32)
    x[1, 2], x[2, 0], x[3, 1:], x[4, 0] = np.nan, np.inf, (np.nan, np.inf), 3e38
    library = Library([export], tmp_path, "gcc", "c", "-O1", *UNITS[unit])
    statuses, (have,) = library.call(export, entry_of(export, "transform"), [x])
    assert statuses.tolist() == [0, 1, 2, 2, 0, 0]
    assert have[4].tolist() == [127, 0, -5]
