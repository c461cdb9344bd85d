"""Sparse constants of .tflite files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeinfer
from edgeinfer.converters.tflite._sparse import Level, Sparsity
from edgeinfer.errors import FormatError
from tests.converters.networks import litert
from tests.converters.tflite_builder import NetworkBuilder


def compress(
    dense: np.ndarray, order: list[int], blocked: list[int], blocks: list[int], sparse: set[int]
) -> tuple[np.ndarray, Sparsity]:
    """`dense` as a file would hold it; the levels in `sparse` (by place in `order`) are lists."""
    shape: list[int] = []
    for d, size in enumerate(dense.shape):
        shape += (
            [size // blocks[blocked.index(d)], blocks[blocked.index(d)]] if d in blocked else [size]
        )
    axis_of, axis = {}, 0
    for d in range(dense.ndim):
        axis_of[d] = axis
        axis += 1
        if d in blocked:
            axis_of[dense.ndim + blocked.index(d)] = axis
            axis += 1
    walked = dense.reshape(shape).transpose([axis_of[d] for d in order])
    values: list[Any] = []
    starts: dict[int, list[int]] = {level: [0] for level in sparse}
    places: dict[int, list[int]] = {level: [] for level in sparse}

    def walk(part: np.ndarray, level: int) -> None:
        if level == walked.ndim:
            values.append(part[()])
            return
        for place in range(walked.shape[level]):
            if level not in sparse or part[place].any():
                if level in sparse:
                    places[level].append(place)
                walk(part[place], level + 1)
        if level in sparse:
            starts[level].append(len(places[level]))

    walk(walked, 0)
    levels = tuple(
        Level(0, np.array(starts[i]), np.array(places[i], np.int64))
        if i in sparse
        else Level(walked.shape[i])
        for i in range(walked.ndim)
    )
    return np.array(values, dense.dtype), Sparsity(tuple(order), tuple(blocked), levels)


def sparse_array(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) * (rng.random(shape) < 0.3)).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "order", "blocked", "blocks", "sparse"),
    [
        ((5, 8), [0, 1], [], [], {1}),
        ((5, 8), [1, 0], [], [], {1}),
        ((5, 8), [0, 1], [], [], {0, 1}),
        ((8, 8), [0, 1, 2, 3], [0, 1], [4, 2], {1}),
        ((8, 8), [0, 1, 2, 3], [1, 0], [2, 4], {0, 1}),
        ((6, 3, 2, 8), [0, 1, 2, 3, 4], [3], [4], {3}),
        ((6, 3, 2, 8), [3, 0, 1, 2], [], [], {3}),
        ((4, 4), [0, 1], [], [], set()),
    ],
)
def test_expands_what_was_left_out(
    shape: tuple[int, ...],
    order: list[int],
    blocked: list[int],
    blocks: list[int],
    sparse: set[int],
) -> None:
    dense = sparse_array(shape)
    values, how = compress(dense, order, blocked, blocks, sparse)
    assert not sparse or len(values) < dense.size
    np.testing.assert_array_equal(how.expand(values, shape, "tensor"), dense)
    for wrong in (values[:-1], np.append(values, values)):
        with pytest.raises(FormatError, match="tensor is sparse"):
            how.expand(wrong, shape, "tensor")
    for other in ((*shape, 1), (*shape[:-1], 1)):
        with pytest.raises(FormatError, match="tensor is sparse"):
            how.expand(values, other, "tensor")


def test_all_zero() -> None:
    dense = np.zeros((3, 4), np.float32)
    values, how = compress(dense, [0, 1], [], [], {1})
    np.testing.assert_array_equal(how.expand(values, (3, 4), "tensor"), dense)


@pytest.mark.parametrize("densify", [True, False])
def test_network_with_sparse_weights(tmp_path: Path, densify: bool) -> None:
    weights = sparse_array((16, 8), 3)
    values, how = compress(weights, [0, 1, 2], [1], [4], {1})
    levels = [
        level.size if level.starts is None else (level.starts, level.places) for level in how.levels
    ]
    b = NetworkBuilder()
    x, y = b.tensor("float32", (1, 8)), b.tensor("float32", (1, 16))
    w = b.tensor("float32", (16, 8), data=values, sparsity=(how.order, how.blocked, levels))
    if densify:
        dense = b.tensor("float32", (16, 8))
        b.operator("DENSIFY", [w], [dense])
        w = dense
    b.operator("FULLY_CONNECTED", [x, w], [y], "FullyConnectedOptions")
    path = tmp_path / "sparse.tflite"
    path.write_bytes(b.build([x], [y]))
    rows = np.random.default_rng(4).normal(size=(6, 8)).astype(np.float32)
    (have,) = edgeinfer.convert(path).run({"tensor_0": rows}).values()
    np.testing.assert_allclose(have, rows @ weights.T, rtol=1e-5, atol=1e-5)
    if densify:  # LiteRT's kernels want certain blocks of weights they get without it
        want = np.concatenate([litert(path, row[None])[0] for row in rows])
        np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-5)
