"""Operators one by one: integers as TensorFlow Lite Micro bit for bit, floats as LiteRT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeinfer
from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.errors import FormatError, UnsupportedError
from edgeinfer.runtime.program import available_isas, compile_program
from tests.converters.networks import micro_session

pytest.importorskip("tflite", reason="needs the package tflite")
pytest.importorskip("flatbuffers", reason="needs the package flatbuffers")

from tests.converters.mutations import mutate, victim
from tests.converters.tflite_builder import NetworkBuilder

SAME, VALID = 0, 1
ROWS = 3


def values(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Anything the type holds, its bounds among it."""
    if dtype == "float32":
        return rng.normal(size=shape).astype(dtype) * np.float32(3)
    info = np.iinfo(dtype)
    x = rng.integers(info.min, info.max + 1, size=shape).astype(dtype)
    flat = x.reshape(-1)
    flat[0], flat[-1] = info.min, info.max
    return x


def agree(
    data: bytes, dtype: str, *shapes: tuple[int, ...], outputs: int = 1, seed: int = 0
) -> None:
    """Every instruction set answers as the oracle does, and a row alone as among others."""
    graph = network_to_graph(data)
    rng = np.random.default_rng(seed)
    rows = [tuple(values(rng, dtype, shape) for shape in shapes) for _ in range(ROWS)]
    oracle = micro_session(data, outputs) if dtype != "float32" else lite_session(data)
    want = [[out.copy() for out in oracle(*row)] for row in rows]
    kinds = list(graph.inputs.values())
    feeds = [
        np.concatenate([row[i].reshape(1, *kind.shape) for row in rows])
        for i, kind in enumerate(kinds)
    ]
    tensors = graph.methods["run"].tensors
    for isa in available_isas():
        have = compile_program(graph, tensors, isa).run(*feeds)
        for number, tensor in enumerate(have):
            for row in range(ROWS):
                expected = want[row][number]
                got = tensor[row].reshape(expected.shape)
                if dtype == "float32" and expected.dtype.kind == "f":
                    scale = float(np.abs(expected).max(initial=1e-30))
                    np.testing.assert_allclose(got, expected, 1e-5, 1e-5 * scale, err_msg=isa)
                else:
                    np.testing.assert_array_equal(got, expected, err_msg=isa)


def lite_session(data: bytes) -> Any:
    """A function that runs LiteRT on one row of each input."""
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert")
    interpreter = module.Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()

    def run(*feeds: np.ndarray) -> list[np.ndarray]:
        for detail, feed in zip(interpreter.get_input_details(), feeds, strict=True):
            interpreter.set_tensor(detail["index"], feed)
        interpreter.invoke()
        return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]

    return run


def out_size(n: int, k: int, stride: int, dilation: int, padding: int) -> int:
    extent = (k - 1) * dilation + 1
    return -(-n // stride) if padding == SAME else (n - extent) // stride + 1


# Convolutions ----------------------------------------------------------------------------------

GEOMETRIES = [
    # height, width, kernel, strides, dilations, padding
    ((7, 6), (3, 3), (1, 1), (1, 1), SAME),
    ((7, 6), (3, 2), (2, 1), (1, 1), VALID),
    ((9, 8), (3, 3), (1, 1), (2, 2), SAME),
    ((8, 9), (2, 3), (2, 3), (1, 1), SAME),
    ((5, 5), (1, 1), (1, 1), (1, 1), VALID),
    ((6, 5), (1, 1), (2, 2), (1, 1), SAME),
    ((12, 1), (5, 1), (1, 1), (1, 1), VALID),
    ((4, 3), (4, 3), (1, 1), (1, 1), VALID),
    ((1, 16), (1, 4), (1, 2), (1, 1), SAME),
]
ACTIVATIONS = {"NONE": 0, "RELU": 1, "RELU6": 3}
CHANNELS = [(1, 5), (3, 16), (8, 33), (16, 8)]


def quantized(dtype: str) -> tuple[float, int, float, int]:
    """Scale and zero point of an input and an output."""
    return (0.05, -7, 0.11, 9) if dtype == "int8" else (0.0004, 0, 0.002, 0)


def conv_file(
    kind: str,
    dtype: str,
    geometry: Any,
    channels: tuple[int, int],
    activation: str,
    *,
    bias: bool = True,
    per_channel: bool = True,
) -> tuple[bytes, tuple[int, ...]]:
    (h, w), (kh, kw), (sh, sw), (dh, dw), padding = geometry
    c, outputs = channels
    rng = np.random.default_rng(h * 100 + c)
    b = NetworkBuilder()
    x_scale, x_zero, y_scale, y_zero = quantized(dtype)
    depthwise = kind == "DEPTHWISE_CONV_2D"
    if depthwise:
        outputs = c * (outputs % 3 + 1)
    shape = (1, kh, kw, outputs) if depthwise else (outputs, kh, kw, c)
    out = (1, out_size(h, kh, sh, dh, padding), out_size(w, kw, sw, dw, padding), outputs)
    if dtype == "float32":
        x = b.tensor(dtype, (1, h, w, c))
        weights = b.constant(rng.normal(size=shape).astype(np.float32))
        biases = b.constant(rng.normal(size=outputs).astype(np.float32))
        y = b.tensor(dtype, out)
    else:
        scales = rng.uniform(0.002, 0.02, outputs if per_channel else 1).astype(np.float32)
        x = b.tensor(dtype, (1, h, w, c), x_scale, x_zero)
        weights = b.constant(
            rng.integers(-127, 128, size=shape).astype(np.int8),
            scale=scales,
            axis=3 if depthwise else 0,
        )
        wide = np.int64 if dtype == "int16" else np.int32
        biases = b.constant(rng.integers(-3000, 3000, outputs).astype(wide), scale=x_scale * scales)
        y = b.tensor(dtype, out, y_scale, y_zero)
    fields = {
        "Padding": padding,
        "StrideH": sh,
        "StrideW": sw,
        "DilationHFactor": dh,
        "DilationWFactor": dw,
        "FusedActivationFunction": ACTIVATIONS[activation],
    }
    if depthwise:
        fields["DepthMultiplier"] = outputs // c
    table = "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions"
    b.operator(kind, [x, weights, biases] if bias else [x, weights, -1], [y], table, **fields)
    return b.build([x], [y]), (1, h, w, c)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_convolution(kind: str, dtype: str, geometry: Any) -> None:
    for number, channels in enumerate(CHANNELS):
        activation = list(ACTIVATIONS)[number % len(ACTIVATIONS)]
        data, shape = conv_file(kind, dtype, geometry, channels, activation)
        agree(data, dtype, shape)


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_convolution_without_bias_and_with_one_scale(kind: str) -> None:
    data, shape = conv_file(kind, "int8", GEOMETRIES[0], (3, 4), "NONE", per_channel=False)
    agree(data, "int8", shape)
    if kind == "CONV_2D":
        data, shape = conv_file(kind, "int8", GEOMETRIES[0], (3, 4), "NONE", bias=False)
        agree(data, "int8", shape)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
def test_convolution_in_groups(dtype: str) -> None:
    """As PyTorch exports it: weights for a part of the channels."""
    rng = np.random.default_rng(9)
    for groups, depth, outputs in ((2, 3, 8), (3, 2, 3), (4, 1, 8)):
        b = NetworkBuilder()
        x_scale, x_zero, y_scale, y_zero = quantized(dtype)
        shape, sizes = (1, 5, 4, groups * depth), (1, 5, 4, outputs)
        weights_shape = (outputs, 3, 3, depth)
        if dtype == "float32":
            x, y = b.tensor(dtype, shape), b.tensor(dtype, sizes)
            weights = b.constant(rng.normal(size=weights_shape).astype(np.float32))
            bias = b.constant(rng.normal(size=outputs).astype(np.float32))
        else:
            x = b.tensor(dtype, shape, x_scale, x_zero)
            y = b.tensor(dtype, sizes, y_scale, y_zero)
            scales = np.linspace(0.005, 0.02, outputs).astype(np.float32)
            codes = rng.integers(-127, 128, size=weights_shape).astype(np.int8)
            weights = b.constant(codes, scale=scales)
            wide = np.int64 if dtype == "int16" else np.int32
            values = rng.integers(-999, 999, outputs).astype(wide)
            bias = b.constant(values, scale=x_scale * scales)
        steps = {"StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}
        b.operator("CONV_2D", [x, weights, bias], [y], "Conv2DOptions", **steps)
        agree(b.build([x], [y]), dtype, shape)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
@pytest.mark.parametrize("keep", [False, True])
def test_fully_connected(dtype: str, keep: bool) -> None:
    rng = np.random.default_rng(2)
    for inputs, outputs, batch in ((33, 20, 1), (64, 7, 2), (128, 130, 1)):
        b = NetworkBuilder()
        x_scale, x_zero, y_scale, y_zero = quantized(dtype)
        shape = (1, batch, inputs) if keep else (batch, inputs)
        out = (1, batch, outputs) if keep else (batch, outputs)
        if dtype == "float32":
            x, y = b.tensor(dtype, shape), b.tensor(dtype, out)
            weights = b.constant(rng.normal(size=(outputs, inputs)).astype(np.float32))
            bias = b.constant(rng.normal(size=outputs).astype(np.float32))
        else:
            x = b.tensor(dtype, shape, x_scale, x_zero)
            y = b.tensor(dtype, out, y_scale, y_zero)
            weights = b.constant(
                rng.integers(-127, 128, size=(outputs, inputs)).astype(np.int8), scale=0.01
            )
            wide = np.int64 if dtype == "int16" else np.int32
            bias = b.constant(rng.integers(-3000, 3000, outputs).astype(wide), scale=x_scale * 0.01)
        b.operator(
            "FULLY_CONNECTED",
            [x, weights, bias],
            [y],
            "FullyConnectedOptions",
            FusedActivationFunction=1,
            KeepNumDims=keep,
        )
        agree(b.build([x], [y]), dtype, shape)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_pooling(kind: str, dtype: str) -> None:
    for (h, w), (kh, kw), (sh, sw), padding in (
        ((7, 6), (2, 2), (2, 2), VALID),
        ((7, 6), (3, 3), (2, 1), SAME),
        ((4, 5), (4, 5), (1, 1), VALID),
    ):
        b = NetworkBuilder()
        scale = None if dtype == "float32" else 0.05
        zero = -3 if dtype == "int8" else 0
        shape = (1, h, w, 19)
        x = b.tensor(dtype, shape, scale, zero)
        out = (1, out_size(h, kh, sh, 1, padding), out_size(w, kw, sw, 1, padding), 19)
        y = b.tensor(dtype, out, scale, zero)
        b.operator(
            kind,
            [x],
            [y],
            "Pool2DOptions",
            Padding=padding,
            StrideH=sh,
            StrideW=sw,
            FilterHeight=kh,
            FilterWidth=kw,
            FusedActivationFunction=1,
        )
        agree(b.build([x], [y]), dtype, shape)


# Element by element ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_arithmetic(kind: str, dtype: str) -> None:
    quantizations = [(0.05, 3, 0.031, -9, 0.08, 11), (0.02, 0, 0.09, 4, 0.1, -20)]
    for parameters, activation in zip(quantizations, (0, 3), strict=True):
        b = NetworkBuilder()
        shape = (1, 5, 4, 7)
        factor, kept = (1 / 256, 0) if dtype == "int16" else (1.0, 1)
        scales = [s * factor if dtype != "float32" else None for s in parameters[::2]]
        if kind == "MUL" and dtype == "int16":
            scales[2] = parameters[4] * factor * 20
        x, z, y = (
            b.tensor(dtype, shape, s, int(zero) * kept)
            for s, zero in zip(scales, parameters[1::2], strict=True)
        )
        table = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}[kind]
        b.operator(kind, [x, z], [y], table, FusedActivationFunction=activation)
        agree(b.build([x, z], [y]), dtype, shape, shape)


@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_arithmetic_with_broadcast_constants(kind: str) -> None:
    rng = np.random.default_rng(5)
    for shape in ((1, 5, 4, 7), (7,), (1, 1, 4, 1), (1, 1)):
        b = NetworkBuilder()
        x = b.tensor("int8", (1, 5, 4, 7), 0.05, 3)
        constant = rng.integers(-128, 128, size=shape).astype(np.int8)
        z = b.constant(constant, scale=0.03, zero=-2)
        y = b.tensor("int8", (1, 5, 4, 7), 0.09, 1)
        table = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}[kind]
        b.operator(kind, [x, z], [y], table, FusedActivationFunction=0)
        agree(b.build([x], [y]), "int8", (1, 5, 4, 7))


@pytest.mark.parametrize("scale", [0.002, 0.03, 0.1, 0.7])
@pytest.mark.parametrize("kind", ["LOGISTIC", "TANH", "SOFTMAX"])
def test_bounded_functions_of_int8(kind: str, scale: float) -> None:
    b = NetworkBuilder()
    shape = (1, 3, 19) if kind == "SOFTMAX" else (1, 300)
    x = b.tensor("int8", shape, scale, 5)
    y_scale, y_zero = (1 / 128, 0) if kind == "TANH" else (1 / 256, -128)
    y = b.tensor("int8", shape, y_scale, y_zero)
    if kind == "SOFTMAX":
        b.operator(kind, [x], [y], "SoftmaxOptions", Beta=1.0)
    else:
        b.operator(kind, [x], [y])
    agree(b.build([x], [y]), "int8", shape)


@pytest.mark.parametrize("kind", ["RELU", "RELU6", "LEAKY_RELU"])
def test_rectifiers_of_int8(kind: str) -> None:
    # TensorFlow Lite Micro's RELU6 takes the output for quantized as the input is.
    for x_scale, y_scale in ((0.05, 0.05), (0.05, 0.021), (0.01, 0.13)):
        if kind == "RELU6" and x_scale != y_scale:
            continue
        b = NetworkBuilder()
        x = b.tensor("int8", (1, 400), x_scale, -11)
        y = b.tensor("int8", (1, 400), y_scale, -11 if kind == "RELU6" else 6)
        if kind == "LEAKY_RELU":
            b.operator(kind, [x], [y], "LeakyReluOptions", Alpha=0.3)
        else:
            b.operator(kind, [x], [y])
        agree(b.build([x], [y]), "int8", (1, 400))


def test_requantization_to_other_bytes() -> None:
    for to, zero in (("int8", 20), ("uint8", 130)):
        b = NetworkBuilder()
        x = b.tensor("int8", (1, 400), 0.05, -11)
        y = b.tensor(to, (1, 400), 0.07, zero)
        b.operator("QUANTIZE", [x], [y])
        agree(b.build([x], [y]), "int8", (1, 400))


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("kind", ["MEAN", "SUM"])
def test_reductions_of_integers(kind: str, dtype: str) -> None:
    for axes, keep in (([1, 2], True), ([1, 2], False), ([3], False), ([1, 3], True)):
        b = NetworkBuilder()
        shape = (1, 5, 4, 7)
        out = tuple(1 if a in axes else n for a, n in enumerate(shape) if keep or a not in axes)
        zero = -5 if dtype == "int8" else 0
        x = b.tensor(dtype, shape, 0.05, zero)
        y = b.tensor(dtype, out, 0.06 if kind == "MEAN" else 0.9, zero)
        indices = b.constant(np.array(axes, np.int32))
        b.operator(kind, [x, indices], [y], "ReducerOptions", KeepDims=keep)
        agree(b.build([x], [y]), dtype, shape)


# Moving ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_moving_values(dtype: str) -> None:
    """Transpose, strided slice, pad, reshape, concatenation in one network."""
    b = NetworkBuilder()
    scale = None if dtype == "float32" else 0.05
    shape = (1, 5, 4, 6)

    def tensor(*sizes: int) -> int:
        return b.tensor(dtype, sizes, scale, 0 if scale is None else -4)

    x = tensor(*shape)
    turned = tensor(1, 4, 6, 5)
    b.operator("TRANSPOSE", [x, b.constant(np.array([0, 2, 3, 1], np.int32))], [turned])
    cut = tensor(1, 2, 3, 5)
    b.operator(
        "STRIDED_SLICE",
        [
            turned,
            *(
                b.constant(np.array(v, np.int32))
                for v in ([0, 1, 5, 0], [1, 4, 0, 5], [1, 2, -2, 1])
            ),
        ],
        [cut],
        "StridedSliceOptions",
        EndMask=0,
    )
    padded = tensor(1, 4, 4, 5)
    widths = np.array([[0, 0], [1, 1], [0, 1], [0, 0]], np.int32)
    b.operator("PAD", [cut, b.constant(widths)], [padded], "PadOptions")
    flat = tensor(1, 8, 10)
    b.operator("RESHAPE", [padded, b.constant(np.array([1, -1, 10], np.int32))], [flat])
    joined = tensor(1, 8, 20)
    b.operator("CONCATENATION", [flat, flat], [joined], "ConcatenationOptions", Axis=2)
    agree(b.build([x], [joined]), dtype, shape)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_splitting(dtype: str) -> None:
    b = NetworkBuilder()
    scale = None if dtype == "float32" else 0.05
    x = b.tensor(dtype, (1, 5, 6), scale)
    parts = [b.tensor(dtype, (1, 5, 2), scale) for _ in range(3)]
    axis = b.constant(np.array(2, np.int32))
    b.operator("SPLIT", [axis, x], parts, "SplitOptions", NumSplits=3)
    agree(b.build([x], parts), dtype, (1, 5, 6), outputs=3)
    b = NetworkBuilder()
    x = b.tensor(dtype, (1, 5, 6), scale)
    rows = [b.tensor(dtype, (1, 6), scale) for _ in range(5)]
    b.operator("UNPACK", [x], rows, "UnpackOptions", Num=5, Axis=1)
    packed = b.tensor(dtype, (1, 6, 2), scale)
    b.operator("PACK", [rows[3], rows[1]], [packed], "PackOptions", ValuesCount=2, Axis=2)
    agree(b.build([x], [packed]), dtype, (1, 5, 6))


def one_operator(
    name: str,
    dtype: str,
    shape: tuple[int, ...],
    out: tuple[int, ...],
    constants: tuple[np.ndarray, ...] = (),
    *,
    options: str = "",
    **fields: Any,
) -> bytes:
    """A network of one operator, its other inputs constants, its output quantized as its input."""
    b = NetworkBuilder()
    scale = None if dtype == "float32" else 0.05
    x, y = b.tensor(dtype, shape, scale, 0), b.tensor(dtype, out, scale, 0)
    b.operator(name, [x, *(b.constant(c) for c in constants)], [y], options, **fields)
    return b.build([x], [y])


def ints(*numbers: Any) -> np.ndarray:
    return np.array(numbers, np.int32)


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_values_by_index(dtype: str) -> None:
    image = (1, 4, 5, 3)
    data = one_operator(
        "GATHER", dtype, image, (1, 4, 3, 3), (ints(4, 0, 2),), options="GatherOptions", Axis=2
    )
    agree(data, dtype, image)
    widths = np.array([[0, 0], [1, 2], [0, 1], [0, 0]], np.int32)
    for mode in (0, 1):
        data = one_operator(
            "MIRROR_PAD",
            dtype,
            image,
            (1, 7, 6, 3),
            (widths,),
            options="MirrorPadOptions",
            Mode=mode,
        )
        agree(data, dtype, image)
    for align, half in ((False, False), (True, False), (False, True)):
        choices = {"AlignCorners": align, "HalfPixelCenters": half}
        name, table = "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions"
        data = one_operator(
            name, dtype, image, (1, 7, 4, 3), (ints(7, 4),), options=table, **choices
        )
        agree(data, dtype, image)
        if dtype == "float32":
            name, table = "RESIZE_BILINEAR", "ResizeBilinearOptions"
            data = one_operator(
                name, dtype, image, (1, 7, 4, 3), (ints(7, 4),), options=table, **choices
            )
            agree(data, dtype, image)


@pytest.mark.parametrize(
    "name", ["ABS", "NEG", "EXP", "ELU", "HARD_SWISH", "RELU", "RELU6", "LOG_SOFTMAX",
             "L2_NORMALIZATION", "LOGISTIC", "TANH"]
)  # fmt: skip
def test_functions_of_floats(name: str) -> None:
    options = "L2NormOptions" if name == "L2_NORMALIZATION" else ""
    agree(one_operator(name, "float32", (1, 40), (1, 40), options=options), "float32", (1, 40))


def test_functions_of_two_floats() -> None:
    shape, row = (1, 3, 4), np.linspace(-2, 2, 4).astype(np.float32)
    for name in ("PRELU", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM"):
        constants = (row.reshape(1, 4) if name == "PRELU" else row,)
        agree(one_operator(name, "float32", shape, shape, constants), "float32", shape)
    data = one_operator("POW", "float32", shape, shape, (np.array([2.0], np.float32),))
    agree(data, "float32", shape)


@pytest.mark.parametrize("dtype", ["float32", "int8", "int16"])
def test_transposed_convolution(dtype: str) -> None:
    rng = np.random.default_rng(8)
    for padding, stride, out in ((0, 2, (8, 6)), (1, 2, (9, 7)), (0, 1, (4, 3)), (1, 3, (12, 9))):
        b = NetworkBuilder()
        x_scale, x_zero, y_scale, y_zero = quantized(dtype)
        shape, weights_shape, sizes = (1, 4, 3, 5), (7, 3, 3, 5), (1, *out, 7)
        if dtype == "float32":
            x, y = b.tensor(dtype, shape), b.tensor(dtype, sizes)
            weights = b.constant(rng.normal(size=weights_shape).astype(np.float32))
            bias = b.constant(rng.normal(size=7).astype(np.float32))
        else:
            x = b.tensor(dtype, shape, x_scale, x_zero)
            y = b.tensor(dtype, sizes, y_scale, y_zero)
            scales = np.linspace(0.005, 0.02, 7).astype(np.float32)
            codes = rng.integers(-127, 128, size=weights_shape).astype(np.int8)
            weights = b.constant(codes, scale=scales)
            wide = np.int64 if dtype == "int16" else np.int32
            bias = b.constant(rng.integers(-999, 999, 7).astype(wide), scale=x_scale * scales)
        b.operator(
            "TRANSPOSE_CONV",
            [b.constant(ints(*sizes)), weights, x, bias],
            [y],
            "TransposeConvOptions",
            Padding=padding,
            StrideH=stride,
            StrideW=stride,
        )
        agree(b.build([x], [y]), dtype, shape)


# Files that are wrong ----------------------------------------------------------------------------


def test_errors_name_the_operator_its_version_and_its_place() -> None:
    b = NetworkBuilder()
    x, y = b.tensor("float32", (1, 4)), b.tensor("float32", (1, 4))
    b.operator("RELU", [x], [y])
    z = b.tensor("float32", (1, 4))
    b.operator("UNIQUE", [y], [z])
    with pytest.raises(UnsupportedError, match=r"UNIQUE \(version 1, operator 1\)"):
        network_to_graph(b.build([x], [z]))


def test_shapes_that_contradict_one_another_are_refused() -> None:
    b = NetworkBuilder()
    x, y = b.tensor("float32", (1, 4)), b.tensor("float32", (1, 5))
    b.operator("RELU", [x], [y])
    with pytest.raises(FormatError, match=r"RELU .*shape"):
        network_to_graph(b.build([x], [y]))


def test_what_is_not_a_tflite_file_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"TFL3", b"\0" * 100, b"\x1c\0\0\0TFL3" + b"\xff" * 60):
        with pytest.raises(FormatError):
            network_to_graph(data)
    path = tmp_path / "x.tflite"
    path.write_bytes(b"nothing of the kind, but long enough to be something")
    with pytest.raises(FormatError, match=r"x\.tflite"):
        edgeinfer.convert(path)
    with pytest.raises(UnsupportedError, match="tflite"):
        edgeinfer.convert(tmp_path / "model.pt")
    with pytest.raises(FileNotFoundError):
        edgeinfer.convert(tmp_path / "absent.tflite")


def test_the_victim_of_mutations_is_sound() -> None:
    agree(victim(), "int8", (1, 8, 6, 3))


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_mutated_files_give_clear_errors(start: int) -> None:
    """10,000 of them: ``python -m tests.converters.mutations 10000``."""
    outcome = mutate(range(start, start + 100))
    assert outcome["refused"] > 10
    assert outcome["refused without a word"] == 0
