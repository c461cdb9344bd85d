"""Small float networks for tests, written as .tflite files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import edgeinfer
from edgeinfer.converters.tflite import graph_of, read_network
from edgeinfer.operators import Subgraph
from edgeinfer.quantize.network.passes import quantized
from tests.converters.tflite_builder import NetworkBuilder

RELU, RELU6 = 1, 3


def window(stride: int = 1, activation: int = 0, padding: int = 0) -> dict[str, int]:
    return {
        "Padding": padding,
        "StrideH": stride,
        "StrideW": stride,
        "FusedActivationFunction": activation,
    }


class Layers(NetworkBuilder):
    """A builder with layers of random weights."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.rng = np.random.default_rng(seed)

    def floats(self, *shape: int) -> int:
        return self.tensor("float32", shape)

    def weights(self, *shape: int, scale: float = 1.0) -> int:
        values = self.rng.normal(size=shape) * scale / np.sqrt(np.prod(shape[1:]) or 1)
        return self.constant(values.astype(np.float32))

    def apply(
        self, name: str, inputs: list[int], shape: tuple[int, ...], options: str = "", **f: object
    ) -> int:
        output = self.floats(*shape)
        self.operator(name, inputs, [output], options, **f)
        return output

    def conv(self, x: int, outputs: int, kernel: int = 3, stride: int = 1, act: int = RELU) -> int:
        _, h, w, c = self.tensors[x]["shape"]
        inputs = [x, self.weights(outputs, kernel, kernel, c), self.weights(outputs)]
        shape = (1, -(-h // stride), -(-w // stride), outputs)
        more = {"DilationHFactor": 1, "DilationWFactor": 1}
        return self.apply("CONV_2D", inputs, shape, "Conv2DOptions", **window(stride, act), **more)

    def depthwise(self, x: int, act: int = RELU, spread: float = 1.0) -> int:
        _, h, w, c = self.tensors[x]["shape"]
        values = self.rng.normal(size=(1, 3, 3, c)) * np.logspace(-spread, spread, c)
        inputs = [x, self.constant(values.astype(np.float32)), self.weights(c)]
        more = {"DilationHFactor": 1, "DilationWFactor": 1, "DepthMultiplier": 1}
        return self.apply(
            "DEPTHWISE_CONV_2D",
            inputs,
            (1, h, w, c),
            "DepthwiseConv2DOptions",
            **window(1, act),
            **more,
        )

    def dense(self, x: int, outputs: int, act: int = 0) -> int:
        n = int(np.prod(self.tensors[x]["shape"]))
        inputs = [x, self.weights(outputs, n), self.weights(outputs)]
        options = {"FusedActivationFunction": act, "KeepNumDims": False}
        return self.apply(
            "FULLY_CONNECTED", inputs, (1, outputs), "FullyConnectedOptions", **options
        )

    def softmax(self, x: int) -> int:
        return self.apply("SOFTMAX", [x], self.tensors[x]["shape"], "SoftmaxOptions", Beta=1.0)


def residual() -> bytes:
    """Convolutions, an addition, poolings, a joined tensor, a softmax."""
    b = Layers(1)
    x = b.floats(1, 8, 8, 3)
    a = b.conv(x, 8)
    c = b.conv(b.depthwise(a), 8, kernel=1, act=0)
    total = b.apply("ADD", [a, c], (1, 8, 8, 8), "AddOptions", FusedActivationFunction=RELU)
    pooled = [
        b.apply(
            name, [total], (1, 4, 4, 8), "Pool2DOptions", FilterHeight=2, FilterWidth=2, **window(2)
        )
        for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D")
    ]
    joined = b.apply(
        "CONCATENATION",
        pooled,
        (1, 4, 4, 16),
        "ConcatenationOptions",
        Axis=3,
        FusedActivationFunction=0,
    )
    axes = b.constant(np.array([1, 2], np.int32))
    mean = b.apply("MEAN", [joined, axes], (1, 16), "ReducerOptions", KeepDims=False)
    return b.build([x], [b.softmax(b.dense(mean, 5))])


def gates() -> bytes:
    """Functions with fixed outputs, a product, functions joined with what has another scale."""
    b = Layers(2)
    x = b.floats(1, 1, 12, 2)
    y = b.conv(x, 6, act=0)
    s = b.apply("LOGISTIC", [y], (1, 1, 12, 6))
    t = b.apply("TANH", [b.conv(x, 6, act=0)], (1, 1, 12, 6))
    product = b.apply("MUL", [s, t], (1, 1, 12, 6), "MulOptions", FusedActivationFunction=0)
    joined = b.apply(
        "CONCATENATION",
        [product, s, y],
        (1, 1, 12, 18),
        "ConcatenationOptions",
        Axis=3,
        FusedActivationFunction=0,
    )
    return b.build([x], [b.dense(joined, 4, RELU6), s])


def separate() -> bytes:
    """A ReLU of its own, padding, a leaky ReLU, a constant added."""
    b = Layers(3)
    x = b.floats(1, 6, 6, 4)
    y = b.apply("RELU", [b.conv(x, 4, act=0)], (1, 6, 6, 4))
    widths = b.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    y = b.apply("PAD", [y, widths], (1, 8, 8, 4), "PadOptions")
    y = b.apply("LEAKY_RELU", [b.conv(y, 4, act=0)], (1, 8, 8, 4), "LeakyReluOptions", Alpha=0.1)
    shift = b.constant(np.array([0.5, -1, 2, 0], np.float32))
    y = b.apply("ADD", [y, shift], (1, 8, 8, 4), "AddOptions", FusedActivationFunction=0)
    y = b.dense(y, 6)
    return b.build([x], [b.dense(y, 3)])


def power() -> bytes:
    """A convolution with a ReLU of its own, and a power, which has no integers."""
    b = Layers(5)
    x = b.floats(1, 6, 6, 4)
    y = b.apply("RELU", [b.conv(x, 4, act=0)], (1, 6, 6, 4))
    y = b.dense(y, 6)
    y = b.apply("POW", [y, b.constant(np.full(6, 2.0, np.float32))], (1, 6), "PowOptions")
    return b.build([x], [b.dense(y, 3)])


NETWORKS = {"residual": residual, "gates": gates, "separate": separate}


def unequal() -> bytes:
    """A depthwise layer whose channels differ in size a thousandfold."""
    b = Layers(4)
    x = b.floats(1, 8, 8, 3)
    y = b.depthwise(b.conv(x, 16), spread=1.5)
    y = b.conv(y, 16, kernel=1)
    return b.build([x], [b.dense(y, 4)])


def save(directory: object, data: bytes) -> Path:
    path = Path(str(directory)) / "network.tflite"
    path.write_bytes(data)
    return path


def rows(path: Path, count: int, seed: int = 0) -> np.ndarray:
    """Random rows for the one input; the weights here are random as well."""
    ((_, kind),) = edgeinfer.convert(path).inputs.items()
    values = np.random.default_rng(seed).normal(size=(count, *kind.shape))
    return values.astype(np.float32)


def operators(path: Path, precision: str, **options: object) -> tuple[Subgraph, dict[str, object]]:
    """The quantized operators and the report."""
    return quantized(
        read_network(path),
        graph_of,
        lambda graph: edgeinfer.Model(graph).run,
        precision=precision,
        **options,  # type: ignore[arg-type]
    )
