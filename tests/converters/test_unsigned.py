"""Networks of uint8, as TensorFlow 1 quantized them: LiteRT's reference kernels give the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

import edgeinfer
from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.test_operators import lite_session
from tests.converters.tflite_builder import NetworkBuilder

SHAPE = (1, 7, 6, 5)


class Unsigned:
    """A network of uint8 being written."""

    def __init__(self) -> None:
        self.b = NetworkBuilder()
        self.rng = np.random.default_rng(5)
        self.inputs: list[int] = []

    def input(self, shape: tuple[int, ...] = SHAPE, scale: float = 0.05, zero: int = 119) -> int:
        self.inputs.append(self.b.tensor("uint8", shape, scale, zero))
        return self.inputs[-1]

    def tensor(self, *shape: int, scale: float = 0.07, zero: int = 131) -> int:
        return self.b.tensor("uint8", shape, scale, zero)

    def weights(self, *shape: int, zero: int) -> int:
        """All of the type's values, 0 and 255 among them."""
        data = self.rng.integers(0, 256, shape).astype(np.uint8)
        data.reshape(-1)[[0, 1]] = 0, 255
        return self.b.constant(data, scale=0.004, zero=zero)

    def bias(self, count: int) -> int:
        data = self.rng.integers(-4000, 4000, count).astype(np.int32)
        return self.b.constant(data, scale=0.05 * 0.004)

    def check(self, output: int, tolerance: int = 0) -> None:
        network = self.b.build(self.inputs, [output])
        graph = network_to_graph(network)
        run = lite_session(network)
        shapes = [self.b.tensors[i]["shape"] for i in self.inputs]
        rows = [
            [self.rng.integers(0, 256, shape).astype(np.uint8) for shape in shapes]
            for _ in range(6)
        ]
        want = np.stack([run(*row)[0].reshape(-1) for row in rows])
        kinds = graph.inputs.values()
        feeds = [
            np.concatenate([row[i].reshape(1, *kind.shape) for row in rows])
            for i, kind in enumerate(kinds)
        ]
        for isa in available_isas():
            (have,) = compile_program(graph, graph.methods["run"].tensors, isa).run(*feeds)
            assert have.dtype == want.dtype
            apart = np.abs(have.reshape(len(rows), -1).astype(int) - want.astype(int))
            assert apart.max() <= tolerance, isa


def convolution() -> bytes:
    """A convolution of uint8 whose weights have a zero point."""
    net = Unsigned()
    x, y = net.input(), net.tensor(1, 7, 6, 8)
    fields = {"StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}
    reads = [x, net.weights(8, 3, 3, 5, zero=119), net.bias(8)]
    net.b.operator("CONV_2D", reads, [y], "Conv2DOptions", **fields)
    return net.b.build([x], [y])


@pytest.mark.parametrize("zero", [0, 1, 119, 128, 151, 255])
@pytest.mark.parametrize("kind", ["CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"])
def test_weights_with_a_zero_point(kind: str, zero: int) -> None:
    """A weight less its zero point need not fit into eight bits."""
    net = Unsigned()
    x, y = net.input(), net.tensor(1, 4, 3, 8)
    fields: dict[str, Any] = {"FusedActivationFunction": 3}
    if kind == "CONV_2D":
        reads = [x, net.weights(8, 3, 3, 5, zero=zero), net.bias(8)]
        options = "Conv2DOptions"
        fields.update(StrideH=2, StrideW=2, DilationHFactor=1, DilationWFactor=1)
    elif kind == "FULLY_CONNECTED":
        y = net.tensor(1, 8, scale=0.4)
        reads = [x, net.weights(8, 210, zero=zero), net.bias(8)]
        options = "FullyConnectedOptions"
    else:
        y = net.tensor(1, 14, 12, 8)
        size = net.b.constant(np.array([1, 14, 12, 8], np.int32))
        reads = [size, net.weights(8, 3, 3, 5, zero=zero), x]
        options, fields = "TransposeConvOptions", {"StrideH": 2, "StrideW": 2}
    net.b.operator(kind, reads, [y], options, **fields)
    net.check(y)


@pytest.mark.parametrize("zero", [0, 119, 128, 151])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
def test_depthwise_weights_with_a_zero_point(zero: int, stride: int, dilation: int) -> None:
    net = Unsigned()
    x = net.input()
    y = net.tensor(1, -(-7 // stride), -(-6 // stride), 10)
    fields = {"DilationHFactor": dilation, "DilationWFactor": dilation, "DepthMultiplier": 2}
    reads = [x, net.weights(1, 3, 3, 10, zero=zero), net.bias(10)]
    net.b.operator(
        "DEPTHWISE_CONV_2D", reads, [y], "DepthwiseConv2DOptions", StrideH=stride, StrideW=stride,
        **fields,
    )  # fmt: skip
    net.check(y)


@pytest.mark.parametrize("name", ["ADD", "MUL", "SUB"])
def test_arithmetic(name: str) -> None:
    net = Unsigned()
    x, other, y = net.input(), net.input(scale=0.03, zero=4), net.tensor(*SHAPE)
    net.b.operator(name, [x, other], [y], f"{name.title()}Options", FusedActivationFunction=1)
    net.check(y)


@pytest.mark.parametrize("name", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_pooling(name: str, size: int, padding: int) -> None:
    """Averages between two codes are the upper one."""
    net = Unsigned()
    x = net.input()
    rows, columns = ((n - (size - 1) * padding + 1) // 2 for n in (7, 6))
    y = net.tensor(1, rows, columns, 5, scale=0.05, zero=119)
    fields = {"FilterHeight": size, "FilterWidth": size, "StrideH": 2, "StrideW": 2}
    net.b.operator(name, [x], [y], "Pool2DOptions", Padding=padding, **fields)
    net.check(y)


def test_joining_tensors_of_different_scales() -> None:
    net = Unsigned()
    x, other, y = net.input(), net.input(scale=0.11, zero=3), net.tensor(1, 7, 6, 10)
    net.b.operator("CONCATENATION", [x, other], [y], "ConcatenationOptions", Axis=3)
    net.check(y)


def test_moving_and_padding() -> None:
    net = Unsigned()
    x = net.input()
    padded, flat = (net.tensor(*s, scale=0.05, zero=119) for s in ((1, 10, 8, 5), (1, 400)))
    widths = np.array([[0, 0], [1, 2], [1, 1], [0, 0]], np.int32)
    net.b.operator("PAD", [x, net.b.constant(widths)], [padded], "PadOptions")
    net.b.operator("RESHAPE", [padded, net.b.constant(np.array([1, 400], np.int32))], [flat])
    net.check(flat)


@pytest.mark.parametrize(
    ("name", "scale", "zero"), [("SOFTMAX", 1 / 256, 0), ("LOGISTIC", 1 / 256, 0)]
)
def test_functions(name: str, scale: float, zero: int) -> None:
    net = Unsigned()
    x, y = net.input((1, 40)), net.tensor(1, 40, scale=scale, zero=zero)
    if name == "SOFTMAX":
        net.b.operator(name, [x], [y], "SoftmaxOptions", Beta=1.0)
    else:
        net.b.operator(name, [x], [y])
    net.check(y, tolerance=1)


def test_a_model_of_uint8(tmp_path: Any) -> None:
    """Its inputs and outputs are of uint8, its `predict` is of floats."""
    net = Unsigned()
    x, y = net.input((1, 12)), net.tensor(1, 4, scale=0.4)
    net.b.operator(
        "FULLY_CONNECTED", [x, net.weights(4, 12, zero=130), net.bias(4)], [y],
        "FullyConnectedOptions",
    )  # fmt: skip
    path = tmp_path / "unsigned.tflite"
    path.write_bytes(net.b.build(net.inputs, [y]))
    model = edgeinfer.convert(path)
    (kind,), (out,) = model.inputs.values(), model.outputs.values()
    assert (kind.dtype, kind.qparams.scale, kind.qparams.zero_point) == (
        "uint8", (pytest.approx(0.05),), (119,),
    )  # fmt: skip
    assert (out.dtype, out.qparams.zero_point) == ("uint8", (131,))
    codes = net.rng.integers(0, 256, (9, 12)).astype(np.uint8)
    answer = next(iter(model.run({next(iter(model.inputs)): codes}).values()))
    floats = model.predict((codes.astype(np.float32) - 119) * np.float32(0.05))
    np.testing.assert_allclose(floats, (answer.astype(np.float32) - 131) * np.float32(0.4), 1e-6)
    assert edgeinfer.verify(model, path, codes).passed
    model.save(tmp_path / "m.edge")
    again = edgeinfer.load(tmp_path / "m.edge")
    assert np.array_equal(next(iter(again.run({next(iter(again.inputs)): codes}).values())), answer)
