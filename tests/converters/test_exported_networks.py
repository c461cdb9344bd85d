"""Pieces of networks as Keras and PyTorch export them, against LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

import edgeinfer
from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.errors import InvalidInputError, UnsupportedError
from edgeinfer.runtime.program import compile_program
from tests.converters.test_operators import lite_session
from tests.converters.tflite_builder import NetworkBuilder

RNG = np.random.default_rng(17)
SEQUENCE = (1, 5, 3)


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def ints(*values: object) -> np.ndarray:
    return np.array(values[0] if len(values) == 1 else values, np.int32)


def agree(data: bytes, *rows: np.ndarray) -> None:
    """64 rows at once as LiteRT's reference kernels answer one by one; no op for shapes is left."""
    graph = network_to_graph(data)
    many = [np.concatenate([row] * 16) for row in rows]
    oracle = lite_session(data)
    kinds = list(graph.inputs.values())
    feeds = [x.reshape(len(x), *kind.shape) for x, kind in zip(many, kinds, strict=True)]
    (have, *_) = compile_program(graph, graph.methods["run"].tensors).run(*feeds)
    for row in range(len(rows[0])):
        want = oracle(*(x[row : row + 1] for x in rows))[0]
        scale = float(np.abs(want).max())
        for copy in range(16):
            got = have[copy * len(rows[0]) + row].reshape(want.shape)
            np.testing.assert_allclose(got, want, 1e-5, 1e-5 * scale)


def test_reshape_to_a_batch_computed_at_run_time() -> None:
    """Keras' Flatten with a free batch: SHAPE, STRIDED_SLICE, PACK, RESHAPE."""
    b = NetworkBuilder()
    x = b.tensor("float32", (1, 3, 4))
    shape, batch, packed = b.tensor("int32", (3,)), b.tensor("int32", ()), b.tensor("int32", (2,))
    b.operator("SHAPE", [x], [shape], "ShapeOptions", OutType=2)
    ends = [b.constant(ints([v])) for v in (0, 1, 1)]
    b.operator("STRIDED_SLICE", [shape, *ends], [batch], "StridedSliceOptions", ShrinkAxisMask=1)
    b.operator("PACK", [batch, b.constant(ints(12))], [packed], "PackOptions", ValuesCount=2)
    flat = b.tensor("float32", (1, 12))
    b.operator("RESHAPE", [x, packed], [flat], "ReshapeOptions")
    data = b.build([x], [flat])
    agree(data, floats(4, 3, 4))
    assert {n.op.kind for n in network_to_graph(data).nodes} <= {"Reshape", "Relabel"}


def test_dilated_convolution_over_time() -> None:
    """Conv1D with dilation: SPACE_TO_BATCH_ND, EXPAND_DIMS, CONV_2D, SQUEEZE, BATCH_TO_SPACE_ND."""
    b = NetworkBuilder()
    x, split = b.tensor("float32", (1, 10, 3)), b.tensor("float32", (2, 7, 3))
    wide, done = b.tensor("float32", (2, 1, 7, 3)), b.tensor("float32", (2, 1, 5, 4))
    flat, y = b.tensor("float32", (2, 5, 4)), b.tensor("float32", (1, 10, 4))
    block = b.constant(ints([2]))
    b.operator("SPACE_TO_BATCH_ND", [x, block, b.constant(ints([[2, 2]]))], [split])
    b.operator("EXPAND_DIMS", [split, b.constant(ints(1))], [wide], "ExpandDimsOptions")
    steps = {"StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}
    weights = [b.constant(floats(4, 1, 3, 3)), b.constant(floats(4))]
    b.operator("CONV_2D", [wide, *weights], [done], "Conv2DOptions", Padding=1, **steps)
    b.operator("SQUEEZE", [done], [flat], "SqueezeOptions", SqueezeDims=[1])
    b.operator("BATCH_TO_SPACE_ND", [flat, block, b.constant(ints([[0, 0]]))], [y])
    agree(b.build([x], [y]), floats(4, 10, 3))


def test_dense_over_a_sequence_then_pooling_and_batch_norm() -> None:
    b = NetworkBuilder()
    x, h = b.tensor("float32", (1, 6, 5)), b.tensor("float32", (1, 6, 8))
    weights = [b.constant(floats(8, 5)), b.constant(floats(8))]
    table = "FullyConnectedOptions"
    b.operator("FULLY_CONNECTED", [x, *weights], [h], table, KeepNumDims=True)
    scaled, moved = b.tensor("float32", (1, 6, 8)), b.tensor("float32", (1, 6, 8))
    b.operator("MUL", [h, b.constant(floats(8))], [scaled], "MulOptions")
    b.operator("ADD", [scaled, b.constant(floats(8))], [moved], "AddOptions")
    mean, y = b.tensor("float32", (1, 1, 8)), b.tensor("float32", (1, 8))
    b.operator("MEAN", [moved, b.constant(ints([1]))], [mean], "ReducerOptions", KeepDims=True)
    b.operator("RESHAPE", [mean, b.constant(ints(-1, 8))], [y])
    agree(b.build([x], [y]), floats(4, 6, 5))


def test_attention() -> None:
    b = NetworkBuilder()
    q, k, v = (b.tensor("float32", (1, 2, 4, 3)) for _ in range(3))
    scores, scaled = b.tensor("float32", (1, 2, 4, 4)), b.tensor("float32", (1, 2, 4, 4))
    shares, y = b.tensor("float32", (1, 2, 4, 4)), b.tensor("float32", (1, 2, 4, 3))
    b.operator("BATCH_MATMUL", [q, k], [scores], "BatchMatMulOptions", AdjY=True)
    b.operator("MUL", [scores, b.constant(np.float32(0.577))], [scaled], "MulOptions")
    b.operator("SOFTMAX", [scaled], [shares], "SoftmaxOptions", Beta=1.0)
    b.operator("BATCH_MATMUL", [shares, v], [y], "BatchMatMulOptions")
    agree(b.build([q, k, v], [y]), *(floats(3, 2, 4, 3) for _ in range(3)))


def test_a_loop_over_time() -> None:
    """Keras' GRU and SimpleRNN: WHILE with a counter, GATHER of a step, results joined."""
    main, cond, body = NetworkBuilder(), NetworkBuilder(), NetworkBuilder()
    x = main.tensor("float32", SEQUENCE)
    start = [main.constant(ints(0)), main.constant(np.zeros((1, 4), np.float32))]
    kinds = (("int32", ()), ("float32", (1, 4)), ("float32", SEQUENCE))
    ends = [main.tensor(*kind) for kind in kinds]
    options = {"CondSubgraphIndex": 1, "BodySubgraphIndex": 2}
    main.operator("WHILE", [*start, x], ends, "WhileOptions", **options)
    i, h, s = (cond.tensor(*kind) for kind in kinds)
    go = cond.tensor("bool", ())
    cond.operator("LESS", [i, cond.constant(ints(5))], [go], "LessOptions")
    j, g, t = (body.tensor(*kind) for kind in kinds)
    step, following = body.tensor("float32", (1, 3)), body.tensor("int32", ())
    a, c, total, new = (body.tensor("float32", (1, 4)) for _ in range(4))
    body.operator("GATHER", [t, j], [step], "GatherOptions", Axis=1)
    weights = [body.constant(floats(4, 3)), body.constant(floats(4))]
    table = "FullyConnectedOptions"
    body.operator("FULLY_CONNECTED", [step, *weights], [a], table)
    body.operator("FULLY_CONNECTED", [g, body.constant(floats(4, 4)), -1], [c], table)
    body.operator("ADD", [a, c], [total], "AddOptions")
    body.operator("TANH", [total], [new])
    body.operator("ADD", [j, body.constant(ints(1))], [following], "AddOptions")
    called = ((cond, [i, h, s], [go]), (body, [j, g, t], [following, new, t]))
    agree(main.build([x], [ends[1]], *called), floats(3, 5, 3))


def test_a_loop_that_depends_on_a_row_is_refused() -> None:
    main, cond, body = NetworkBuilder(), NetworkBuilder(), NetworkBuilder()
    x, y = main.tensor("float32", (1,)), main.tensor("float32", (1,))
    options = {"CondSubgraphIndex": 1, "BodySubgraphIndex": 2}
    main.operator("WHILE", [x], [y], "WhileOptions", **options)
    h, go = cond.tensor("float32", (1,)), cond.tensor("bool", (1,))
    cond.operator("LESS", [h, cond.constant(np.ones(1, np.float32))], [go], "LessOptions")
    g, new = body.tensor("float32", (1,)), body.tensor("float32", (1,))
    body.operator("ADD", [g, g], [new], "AddOptions")
    with pytest.raises(UnsupportedError, match=r"WHILE .*depends on the input"):
        network_to_graph(main.build([x], [y], (cond, [h], [go]), (body, [g], [new])))


def test_words_by_their_numbers() -> None:
    """Keras' Embedding: CAST, GATHER from a constant table; a number outside is refused."""
    b = NetworkBuilder()
    x, whole = b.tensor("float32", (1, 6)), b.tensor("int32", (1, 6))
    y, mean = b.tensor("float32", (1, 6, 4)), b.tensor("float32", (1, 4))
    b.operator("CAST", [x], [whole], "CastOptions", InDataType=0, OutDataType=2)
    b.operator("GATHER", [b.constant(floats(9, 4)), whole], [y], "GatherOptions", Axis=0)
    b.operator("MEAN", [y, b.constant(ints([1]))], [mean], "ReducerOptions")
    data = b.build([x], [mean])
    agree(data, RNG.integers(0, 9, size=(4, 6)).astype(np.float32))
    model = edgeinfer.Model(network_to_graph(data))
    with pytest.raises(InvalidInputError, match="outside of the 9 rows"):
        model.predict(np.full((1, 6), 9.0, np.float32))


def test_float16_weights() -> None:
    b = NetworkBuilder()
    x, y = b.tensor("float32", (1, 5)), b.tensor("float32", (1, 3))
    half, full = b.constant(floats(3, 5).astype(np.float16)), b.tensor("float32", (3, 5))
    b.operator("DEQUANTIZE", [half], [full])
    b.operator("FULLY_CONNECTED", [x, full, b.constant(floats(3))], [y], "FullyConnectedOptions")
    agree(b.build([x], [y]), floats(4, 5))
