"""The matrix of operators and types: for each a network of that one operator, or several of them.

`CASES` is what `test_operators.py` holds against the oracles, and what the documentation's list of
operators is checked with. An integer network is compared bit for bit with TensorFlow Lite Micro;
``oracle="litert"`` marks those that it does not run, which are compared with LiteRT's reference
kernels, within a unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.converters.tflite_builder import NetworkBuilder

RNG = np.random.default_rng(21)


@dataclass(frozen=True)
class T:
    """A tensor: an input, an output, or a constant if it has data."""

    dtype: str
    shape: tuple[int, ...]
    scale: float | None = None
    zero: int = 0
    data: np.ndarray | None = None
    low: float | None = None  # of the values that are fed
    high: float | None = None


@dataclass(frozen=True)
class Case:
    """A network of one operator, who has the right answers, and how near they have to be."""

    operator: str
    dtype: str
    note: str
    network: bytes = field(repr=False)
    inputs: tuple[T, ...] = field(repr=False)
    outputs: tuple[T, ...] = field(repr=False)
    oracle: str = "micro"
    tolerance: float = 0.0

    def __str__(self) -> str:
        return f"{self.operator}-{self.dtype}{'-' if self.note else ''}{self.note}"


# LiteRT wants another version of these than the first; in floats either will do.
BY_MICRO = {"BROADCAST_TO", "CEIL", "ELU", "ROUND"}


def case(
    operator: str,
    inputs: list[T],
    outputs: list[T],
    options: str = "",
    *,
    note: str = "",
    oracle: str = "",
    tolerance: float | None = None,
    dtype: str = "",
    **fields: Any,
) -> Case:
    b = NetworkBuilder()

    def tensor(t: T) -> int:
        return b.tensor(t.dtype, t.shape, t.scale, t.zero, data=t.data)

    reads, writes = [tensor(t) for t in inputs], [tensor(t) for t in outputs]
    b.operator(operator, reads, writes, options, **fields)
    fed = [(i, t) for i, t in zip(reads, inputs, strict=True) if t.data is None]
    dtype = dtype or fed[0][1].dtype
    floats = outputs[0].dtype == "float32"
    oracle = oracle or ("litert" if floats and operator not in BY_MICRO else "micro")
    if tolerance is None:
        tolerance = 1e-5 if floats else (1.0 if oracle == "litert" else 0.0)
    network = b.build([i for i, _ in fed], writes)
    kinds = tuple(t for _, t in fed)
    return Case(operator, dtype, note, network, kinds, tuple(outputs), oracle, tolerance)


def ints(*values: Any) -> T:
    data = np.array(values[0] if len(values) == 1 else values, np.int32)
    return T("int32", data.shape, data=data)


def constant(dtype: str, shape: tuple[int, ...], scale: float | None, zero: int = 0) -> T:
    if dtype == "float32":
        data = RNG.normal(size=shape).astype(dtype)
    else:
        info = np.iinfo(dtype)
        data = RNG.integers(info.min, info.max + 1, size=shape).astype(dtype)
    return T(dtype, shape, scale, zero, data)


F, I8, I16, I32 = "float32", "int8", "int16", "int32"
# Scale and zero point of an input, of a second one, of an output.
QUANT = {
    F: [((None, 0), (None, 0), (None, 0))],
    I8: [
        ((0.05, 3), (0.031, -9), (0.08, 11)),
        ((0.02, -128), (0.09, 127), (0.13, -128)),
        ((0.11, 127), (0.007, -100), (0.04, 127)),
    ],
    I16: [
        ((0.0004, 0), (0.0011, 0), (0.0017, 0)),
        ((0.001, 0), (0.0002, 0), (0.0009, 0)),
    ],
    I32: [((None, 0), (None, 0), (None, 0))],
}


# What TensorFlow Lite Micro does not move in a type; LiteRT does. (It pads int8 in
# SPACE_TO_BATCH_ND with what lies in its memory.)
MOVED_BY = {
    ("MIRROR_PAD", I16): "litert",
    ("BATCH_TO_SPACE_ND", I16): "litert",
    ("SPACE_TO_BATCH_ND", I8): "litert",
    ("SPACE_TO_BATCH_ND", I16): "litert",
    ("SPACE_TO_DEPTH", I16): "litert",
    ("DEPTH_TO_SPACE", I16): "litert",
    ("GATHER", I16): "litert",
    ("TILE", I8): "litert",
    ("TILE", I16): "litert",
}


def arithmetic() -> list[Case]:
    cases = []
    options = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}
    kinds = {
        "ADD": (F, I8, I16, I32),
        "SUB": (F, I8, I16, I32),
        "MUL": (F, I8, I16, I32),
        "DIV": (F, I8),
        "SQUARED_DIFFERENCE": (F, I8, I16, I32),
        "MAXIMUM": (F, I8, I16, I32),
        "MINIMUM": (F, I8, I16, I32),
    }
    shapes = {
        "same": ((1, 3, 5, 7), (1, 3, 5, 7)),
        "channel": ((1, 3, 5, 7), (7,)),
        "pixel": ((1, 3, 5, 1), (1, 3, 1, 7)),
        "scalar": ((1, 4, 6), (1,)),
        "first": ((1, 1), (1, 9)),
    }
    for name, dtypes in kinds.items():
        for dtype in dtypes:
            for number, triple in enumerate(QUANT[dtype]):
                for note, (left, right) in shapes.items():
                    if number and note != "same":
                        continue
                    a, b, y = triple
                    if name in ("MAXIMUM", "MINIMUM"):
                        a, b, y = (a,) * 3
                    if name == "MUL" and dtype == I16:
                        y = (y[0] * 20, 0)
                    if name == "DIV" and dtype == I8:
                        # Coarser outputs make the reference shift by more than a word.
                        y = (y[0] / 5, y[1])
                    out = np.broadcast_shapes(left, right)
                    table = options.get(name, "")
                    clip = {}
                    if table and dtype != I32:
                        clip = {"FusedActivationFunction": (0, 1, 3)[number]}
                    if dtype == I32 and name == "SQUARED_DIFFERENCE":
                        continue
                    operands = [T(dtype, left, *a), T(dtype, right, *b)]
                    if name == "DIV" and dtype == I8:
                        # No zero among the divisors: the reference is undefined there.
                        data = constant(I8, right, *b).data
                        assert data is not None
                        data = np.where(data == b[1], b[1] - 1 if b[1] > -128 else 1, data)
                        operands[1] = T(I8, right, *b, data.astype(np.int8))
                    label = f"{note}-{number}"
                    cases.append(
                        case(name, operands, [T(dtype, out, *y)], table, note=label, **clip)
                    )
                    if note in ("channel", "scalar") and name != "DIV":
                        operands = [T(dtype, left, *a), constant(dtype, right, *b)]
                        label += "-constant"
                        cases.append(
                            case(name, operands, [T(dtype, out, *y)], table, note=label, **clip)
                        )
                        operands = [constant(dtype, right, *b), T(dtype, left, *a)]
                        label += "-first"
                        cases.append(
                            case(name, operands, [T(dtype, out, *y)], table, note=label, **clip)
                        )
    shape = (1, 3, 5, 7)
    for dtype in (F, I8, I16):
        for number, (a, b, y) in enumerate(QUANT[dtype]):
            for note, alpha in (("channel", (1, 1, 7)), ("same", (3, 5, 7))):
                slope = constant(I8 if dtype == I16 else dtype, alpha, b[0], b[1])
                cases.append(
                    case(
                        "PRELU",
                        [T(dtype, shape, *a), slope],
                        [T(dtype, shape, *y)],
                        note=f"{note}-{number}",
                    )
                )
    x, two = T(F, (1, 3, 4)), np.array([2.0], np.float32)
    cases.append(case("POW", [x, T(F, (1,), data=two)], [T(F, (1, 3, 4))], note="square"))
    cases.append(case("ADD_N", [x, x, x], [x]))
    return cases


def functions() -> list[Case]:
    cases = []
    shape = (1, 4, 100)
    wide = (1, 4, 5000)
    for name, options, fields in (
        ("RELU", "", {}),
        ("RELU6", "", {}),
        ("RELU_N1_TO_1", "", {}),
        ("LEAKY_RELU", "LeakyReluOptions", {"Alpha": 0.3}),
        ("ELU", "", {}),
        ("HARD_SWISH", "", {}),
        ("ABS", "", {}),
        ("NEG", "", {}),
        ("EXP", "", {}),
        ("SQUARE", "", {}),
        ("SIN", "", {}),
        ("COS", "", {}),
        ("FLOOR", "", {}),
        ("CEIL", "", {}),
        ("ROUND", "", {}),
        ("LOGISTIC", "", {}),
        ("TANH", "", {}),
        ("SOFTMAX", "SoftmaxOptions", {"Beta": 1.0}),
        ("LOG_SOFTMAX", "", {}),
        ("L2_NORMALIZATION", "L2NormOptions", {}),
        ("GELU", "GeluOptions", {"Approximate": False}),
    ):
        x = T(F, shape)
        cases.append(case(name, [x], [T(F, shape)], options, **fields))
    cases.append(
        case("GELU", [T(F, shape)], [T(F, shape)], "GeluOptions", note="tanh", Approximate=True)
    )
    for alpha in (-0.5, 1.7):
        cases.append(
            case(
                "LEAKY_RELU",
                [T(F, shape)],
                [T(F, shape)],
                "LeakyReluOptions",
                note=f"{alpha}",
                Alpha=alpha,
            )
        )
    positive = T(F, shape, low=0.01, high=9.0)
    for name in ("SQRT", "RSQRT", "LOG"):
        cases.append(case(name, [positive], [T(F, shape)]))
    # int8, every value of it: the rows hold all 256.
    for number, ((x_scale, x_zero), _, (y_scale, y_zero)) in enumerate(QUANT[I8]):
        x, y = T(I8, shape, x_scale, x_zero), T(I8, shape, y_scale, y_zero)
        same = T(I8, shape, x_scale, x_zero)
        for name, out in (("RELU", y), ("RELU6", same), ("ABS", y), ("HARD_SWISH", y), ("ELU", y)):
            cases.append(case(name, [x], [out], note=str(number)))
        cases.append(case("ABS", [x], [same], note=f"same-{number}"))
        for alpha in (0.3, -0.4, 1.5):
            cases.append(
                case(
                    "LEAKY_RELU",
                    [x],
                    [y],
                    "LeakyReluOptions",
                    note=f"{number}-{alpha}",
                    Alpha=alpha,
                )
            )
    for number, scale in enumerate((0.002, 0.03, 0.1, 0.7)):
        x = T(I8, shape, scale, (5, -128, 127, 0)[number])
        cases.append(case("LOGISTIC", [x], [T(I8, shape, 1 / 256, -128)], note=str(scale)))
        cases.append(case("TANH", [x], [T(I8, shape, 1 / 128, 0)], note=str(scale)))
        for beta in (1.0, 0.5):
            for dtype, out in ((I8, (1 / 256, -128)), (I16, (1 / 65536, -32768))):
                cases.append(
                    case(
                        "SOFTMAX",
                        [x],
                        [T(dtype, shape, *out)],
                        "SoftmaxOptions",
                        note=f"to-{dtype}-{scale}-{beta}",
                        Beta=beta,
                    )
                )
        cases.append(case("LOG_SOFTMAX", [x], [T(I8, shape, 1 / 16, 127)], note=str(scale)))
        cases.append(
            case(
                "L2_NORMALIZATION",
                [x],
                [T(I8, shape, 1 / 128, 0)],
                "L2NormOptions",
                note=str(scale),
            )
        )
        positive = T(I8, shape, scale, -128, low=-127)
        cases.append(case("RSQRT", [positive], [T(I8, shape, 0.05, -30)], note=str(scale)))
        positive = T(I8, (1, 3, 3), scale, -20, low=-20)
        cases.append(case("RSQRT", [positive], [T(I8, (1, 3, 3), 0.01, 3)], note=f"0-{scale}"))
    x = T(I8, shape, 0.03, 4)
    for name in ("EXP", "LOG", "GELU"):
        x = T(I8, shape, 0.03, -128, low=-127) if name == "LOG" else T(I8, shape, 0.03, 4)
        y = T(I8, shape, {"EXP": 0.2, "LOG": 0.05, "GELU": 0.031}[name], -6)
        options = {"GELU": "GeluOptions"}.get(name, "")
        cases.append(case(name, [x], [y], options, oracle="litert"))
    # int16.
    for number, ((x_scale, _), _, (y_scale, _)) in enumerate(QUANT[I16]):
        x, y = T(I16, wide, x_scale), T(I16, wide, y_scale)
        cases.append(case("RELU", [x], [y], note=str(number)))
        cases.append(case("RELU6", [x], [T(I16, wide, x_scale)], note=str(number)))
        cases.append(case("ABS", [x], [y], note=str(number)))
        for alpha in (0.3, -0.4):
            cases.append(
                case(
                    "LEAKY_RELU",
                    [x],
                    [y],
                    "LeakyReluOptions",
                    note=f"{number}-{alpha}",
                    Alpha=alpha,
                )
            )
    for scale in (1 / 4096, 2 / 4096, 1 / 32768, 0.0004, 0.003, 1e-6):
        x = T(I16, wide, scale)
        for name in ("LOGISTIC", "TANH"):
            cases.append(case(name, [x], [T(I16, wide, 1 / 32768)], note=f"{scale:.3g}"))
        x, y = T(I16, shape, scale), T(I16, shape, 1 / 32768)
        for beta in (1.0, 0.25):
            cases.append(
                case("SOFTMAX", [x], [y], "SoftmaxOptions", note=f"{scale:.3g}-{beta}", Beta=beta)
            )
    x = T(I16, wide, 0.0003)
    cases.append(case("EXP", [x], [T(I16, wide, 1.0)], oracle="litert"))
    return cases


def conversions() -> list[Case]:
    cases = []
    shape = (1, 3, 400)
    for number, ((x_scale, x_zero), _, (y_scale, y_zero)) in enumerate(QUANT[I8]):
        x, y = T(I8, shape, x_scale, x_zero), T(I8, shape, y_scale, y_zero)
        cases.append(case("QUANTIZE", [x], [y], note=f"int8-{number}"))
        cases.append(case("QUANTIZE", [x], [T("uint8", shape, y_scale, 130)], note=f"u8-{number}"))
        cases.append(case("QUANTIZE", [x], [T(I16, shape, 0.001)], note=f"int16-{number}"))
        cases.append(case("QUANTIZE", [x], [T(I32, shape, 1e-5)], note=f"int32-{number}"))
        unsigned = T("uint8", shape, x_scale, 100)
        cases.append(case("QUANTIZE", [unsigned], [y], note=f"{number}"))
        words = T(I16, shape, 0.0007 * (number + 1))
        cases.append(case("QUANTIZE", [words], [y], note=f"int8-{number}"))
        cases.append(case("QUANTIZE", [words], [T(I16, shape, 0.0009)], note=f"int16-{number}"))
        cases.append(case("QUANTIZE", [words], [T(I32, shape, 1e-6)], note=f"int32-{number}"))
        large = T(I32, shape, 1e-5, low=-(1 << 20), high=1 << 20)
        cases.append(case("QUANTIZE", [large], [y], note=f"int8-{number}"))
        cases.append(case("QUANTIZE", [large], [T(I16, shape, 0.0009)], note=f"int16-{number}"))
        floats = T(F, shape)
        cases.append(case("QUANTIZE", [floats], [y], note=f"int8-{number}"))
        cases.append(case("QUANTIZE", [floats], [T(I16, shape, 0.0003)], note=f"int16-{number}"))
        for t in (x, words, unsigned):
            cases.append(case("DEQUANTIZE", [t], [T(F, shape)], note=str(number)))
    for source in (F, I8, I16, I32, "int64", "uint8"):
        for target in (F, I8, I16, I32, "int64", "uint8", "bool"):
            if source == target:
                continue
            x = T(source, shape, low=-100, high=100)
            if source == "uint8" or target == "uint8":
                x = T(source, shape, low=0, high=100)
            cases.append(
                case(
                    "CAST",
                    [x],
                    [T(target, shape)],
                    note=f"to-{target}",
                    oracle="litert",
                    tolerance=0.0,
                )
            )
    for name in ("ARG_MAX", "ARG_MIN"):
        for dtype in (F, I8):
            for axis in (0, 1, 2, -1):
                full = (1, 5, 9)
                out = tuple(n for a, n in enumerate(full) if a != axis % 3)
                x = T(dtype, full, None if dtype == F else 0.1)
                table = "ArgMaxOptions" if name == "ARG_MAX" else "ArgMinOptions"
                cases.append(
                    case(
                        name,
                        [x, ints(axis)],
                        [T(I32, out)],
                        table,
                        note=f"axis{axis}",
                        OutputType=2,
                    )
                )
    return cases


def reductions() -> list[Case]:
    cases = []
    shape = (1, 5, 4, 7)
    for name in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"):
        for dtype in (F, I8, I16):
            for axes in ([1, 2], [3], [1], [1, 3], [2, 3], [1, 2, 3], [0, 1], [-1]):
                for keep in (True, False):
                    real = [a % 4 for a in axes]
                    out = tuple(
                        1 if a in real else n for a, n in enumerate(shape) if keep or a not in real
                    )
                    quants = QUANT[dtype] if axes in ([1, 2], [1, 3]) else QUANT[dtype][:1]
                    for number, (a, _, plain) in enumerate(quants):
                        y = plain
                        if name in ("REDUCE_MAX", "REDUCE_MIN"):
                            y = a
                        elif name == "SUM" and dtype != F:
                            y = (y[0] * 9, y[1])
                        unknown = name == "REDUCE_MIN" and dtype != F
                        unknown = unknown or (name == "REDUCE_MAX" and dtype == I16)
                        cases.append(
                            case(
                                name,
                                [T(dtype, shape, *a), ints(axes)],
                                [T(dtype, out, *y)],
                                "ReducerOptions",
                                note=f"{axes}-{keep}-{number}",
                                oracle="litert" if unknown else "",
                                tolerance=0.0 if unknown else None,
                                KeepDims=keep,
                            )
                        )
    return cases


def products() -> list[Case]:
    cases = []
    for dtype in (F, I8, I16):
        for number, (a, b, y) in enumerate(QUANT[dtype]):
            wide = (None if dtype == F else y[0] * 12, y[1])
            for note, left, right, turned in (
                ("plain", (1, 4, 5), (1, 5, 3), (False, False)),
                ("batch", (2, 3, 4, 5), (2, 3, 5, 6), (False, False)),
                ("turned", (2, 5, 4), (2, 3, 5), (True, True)),
                ("spread", (1, 3, 4, 5), (1, 1, 5, 6), (False, False)),
            ):
                rows = left[-1] if turned[0] else left[-2]
                columns = right[-2] if turned[1] else right[-1]
                batch = np.broadcast_shapes(left[:-2], right[:-2])
                out = T(dtype, (*batch, rows, columns), *wide)
                fields = {"AdjX": turned[0], "AdjY": turned[1]}
                for other in (T(dtype, right, *b), constant(dtype, right, *b)):
                    label = f"{note}-{number}{'-constant' if other.data is not None else ''}"
                    cases.append(
                        case(
                            "BATCH_MATMUL",
                            [T(dtype, left, *a), other],
                            [out],
                            "BatchMatMulOptions",
                            note=label,
                            **fields,
                        )
                    )
    return cases


def images() -> list[Case]:
    cases = []
    image = (1, 4, 5, 3)
    for dtype in (F, I8, I16):
        scale = {F: None, I8: 0.1, I16: 0.001}[dtype]
        zero = {F: 0, I8: -7, I16: 0}[dtype]

        def t(*shape: int, dtype: str = dtype, scale: Any = scale, zero: int = zero) -> T:
            return T(dtype, shape, scale, zero)

        words = "litert" if dtype == I16 else ""
        x = t(*image)
        for size in ((7, 4), (8, 10), (2, 2), (1, 1)):
            for align, half in ((False, False), (True, False), (False, True)):
                fields = {"AlignCorners": align, "HalfPixelCenters": half}
                label = f"{size}-{align}-{half}"
                y = t(1, *size, 3)
                cases.append(
                    case(
                        "RESIZE_BILINEAR",
                        [x, ints(size)],
                        [y],
                        "ResizeBilinearOptions",
                        note=label,
                        oracle=words,
                        **fields,
                    )
                )
                cases.append(
                    case(
                        "RESIZE_NEAREST_NEIGHBOR",
                        [x, ints(size)],
                        [y],
                        "ResizeNearestNeighborOptions",
                        note=label,
                        **fields,
                    )
                )
        plain: list[tuple[str, list[T], list[T], str, dict[str, Any]]] = [
            ("RESHAPE", [x, ints(1, 20, 3)], [t(1, 20, 3)], "ReshapeOptions", {}),
            ("RESHAPE", [x, ints(-1, 3)], [t(20, 3)], "", {}),
            ("SQUEEZE", [t(1, 4, 1, 3)], [t(1, 4, 3)], "SqueezeOptions", {"SqueezeDims": [2]}),
            ("SQUEEZE", [t(1, 4, 1, 3)], [t(4, 3)], "SqueezeOptions", {"SqueezeDims": [0, 2]}),
            ("EXPAND_DIMS", [t(1, 4, 3), ints(1)], [t(1, 1, 4, 3)], "", {}),
            ("EXPAND_DIMS", [t(1, 4, 3), ints(-1)], [t(1, 4, 3, 1)], "", {}),
            ("TRANSPOSE", [x, ints(0, 3, 1, 2)], [t(1, 3, 4, 5)], "", {}),
            ("TRANSPOSE", [x, ints(2, 1, 0, 3)], [t(5, 4, 1, 3)], "", {}),
            ("PAD", [x, ints([[0, 0], [1, 2], [0, 1], [2, 0]])], [t(1, 7, 6, 5)], "", {}),
            (
                "PADV2",
                [x, ints([[0, 0], [1, 2], [0, 1], [0, 0]]), constant(dtype, (1,), scale, zero)],
                [t(1, 7, 6, 3)],
                "",
                {},
            ),
            (
                "MIRROR_PAD",
                [x, ints([[0, 0], [1, 2], [0, 1], [0, 0]])],
                [t(1, 7, 6, 3)],
                "MirrorPadOptions",
                {"Mode": 0},
            ),
            (
                "MIRROR_PAD",
                [x, ints([[0, 0], [1, 2], [0, 1], [0, 0]])],
                [t(1, 7, 6, 3)],
                "MirrorPadOptions",
                {"Mode": 1},
            ),
            (
                "CONCATENATION",
                [x, t(1, 4, 5, 2), t(1, 4, 5, 4)],
                [t(1, 4, 5, 9)],
                "ConcatenationOptions",
                {"Axis": -1},
            ),
            (
                "CONCATENATION",
                [x, constant(dtype, (1, 2, 5, 3), scale, zero)],
                [t(1, 6, 5, 3)],
                "ConcatenationOptions",
                {"Axis": 1},
            ),
            (
                "SPLIT",
                [ints(2), t(1, 4, 6)],
                [t(1, 4, 2), t(1, 4, 2), t(1, 4, 2)],
                "SplitOptions",
                {"NumSplits": 3},
            ),
            (
                "SPLIT_V",
                [t(1, 4, 6), ints([1, 3, 2]), ints(2)],
                [t(1, 4, 1), t(1, 4, 3), t(1, 4, 2)],
                "SplitVOptions",
                {"NumSplits": 3},
            ),
            ("UNPACK", [t(1, 3, 4)], [t(1, 4)] * 3, "UnpackOptions", {"Num": 3, "Axis": 1}),
            (
                "PACK",
                [t(1, 4), t(1, 4), t(1, 4)],
                [t(1, 3, 4)],
                "PackOptions",
                {"ValuesCount": 3, "Axis": 1},
            ),
            (
                "PACK",
                [t(1, 4), t(1, 4)],
                [t(1, 4, 2)],
                "PackOptions",
                {"ValuesCount": 2, "Axis": -1},
            ),
            ("SLICE", [x, ints(0, 1, 2, 0), ints(1, 2, -1, 2)], [t(1, 2, 3, 2)], "", {}),
            ("GATHER", [x, ints([4, 0, 2])], [t(1, 4, 3, 3)], "GatherOptions", {"Axis": 2}),
            (
                "DEPTH_TO_SPACE",
                [t(1, 2, 3, 12)],
                [t(1, 4, 6, 3)],
                "DepthToSpaceOptions",
                {"BlockSize": 2},
            ),
            (
                "SPACE_TO_DEPTH",
                [t(1, 4, 6, 3)],
                [t(1, 2, 3, 12)],
                "SpaceToDepthOptions",
                {"BlockSize": 2},
            ),
            (
                "SPACE_TO_BATCH_ND",
                [x, ints([2, 2]), ints([[0, 0], [1, 2]])],
                [t(4, 2, 4, 3)],
                "",
                {},
            ),
            ("SPACE_TO_BATCH_ND", [t(1, 6, 3), ints([2]), ints([[1, 1]])], [t(2, 4, 3)], "", {}),
            (
                "BATCH_TO_SPACE_ND",
                [t(4, 2, 3, 3), ints([2, 2]), ints([[0, 0], [0, 0]])],
                [t(1, 4, 6, 3)],
                "",
                {},
            ),
            (
                "BATCH_TO_SPACE_ND",
                [t(4, 2, 3, 3), ints([2, 2]), ints([[1, 0], [0, 2]])],
                [t(1, 3, 4, 3)],
                "",
                {},
            ),
            ("BATCH_TO_SPACE_ND", [t(2, 4, 3), ints([2]), ints([[1, 1]])], [t(1, 6, 3)], "", {}),
            ("BROADCAST_TO", [t(1, 1, 3), ints(1, 4, 3)], [t(1, 4, 3)], "", {}),
            ("TILE", [t(1, 2, 3), ints(1, 3, 2)], [t(1, 6, 6)], "", {}),
            ("REVERSE_V2", [t(1, 4, 3), ints([1])], [t(1, 4, 3)], "", {}),
        ]
        for number, (name, inputs, outputs, options, fields) in enumerate(plain):
            if dtype == I16 and name in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"):
                continue  # neither of the two has it
            cases.append(
                case(
                    name,
                    inputs,
                    outputs,
                    options,
                    note=str(number),
                    oracle=MOVED_BY.get((name, dtype), ""),
                    tolerance=0.0,
                    **fields,
                )
            )
        both = {"BeginMask": 9, "EndMask": 15}
        for note, begin, end, step, masks, out in (
            ("plain", (0, 1, 0, 0), (1, 4, 5, 3), (1, 2, 1, 1), {}, (1, 2, 5, 3)),
            ("back", (0, 3, 4, 0), (1, 0, 0, 3), (1, -1, -2, 1), {}, (1, 3, 2, 3)),
            ("masks", (0, 2, 1, 1), (0,) * 4, (1, 1, 2, 1), both, (1, 2, 2, 3)),
            ("shrink", (0, 2, 0, 1), (1, 3, 5, 2), (1, 1, 1, 1), {"ShrinkAxisMask": 10}, (1, 5)),
            ("ellipsis", (0, 0, 1), (1, 0, 3), (1, 1, 1), {"EllipsisMask": 2}, (1, 4, 5, 2)),
            ("new", (0, 0, 1), (1, 0, 3), (1, 1, 1), {"NewAxisMask": 2}, (1, 1, 2, 5, 3)),
            (
                "both",
                (0, 0, 0, 2),
                (1, 0, 0, 3),
                (1, 1, 1, 1),
                {"EllipsisMask": 2, "NewAxisMask": 4, "ShrinkAxisMask": 8},
                (1, 4, 5, 1),
            ),
            ("short", (0, 1), (1, 3), (1, 1), {}, (1, 2, 5, 3)),
        ):  # fmt: skip
            odd = note in ("ellipsis", "new", "both", "short")
            cases.append(
                case(
                    "STRIDED_SLICE",
                    [x, ints(list(begin)), ints(list(end)), ints(list(step))],
                    [t(*out)],
                    "StridedSliceOptions",
                    note=note,
                    oracle="litert" if odd else "",
                    tolerance=0.0,
                    **masks,
                )
            )
    return cases


CASES = [
    *arithmetic(),
    *functions(),
    *conversions(),
    *reductions(),
    *products(),
    *images(),
]
