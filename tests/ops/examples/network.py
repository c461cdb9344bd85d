"""Examples of the ops of networks."""

from dataclasses import replace

import numpy as np

from edgeinfer.converters.tflite.numbers import sigmoid_table, softmax_exps
from edgeinfer.ops import (
    BatchMatMul,
    Concat,
    Constant,
    Conv2D,
    DepthwiseConv2D,
    Move,
    Pad,
    Pool2D,
    QBinary,
    QConv2D,
    QDepthwiseConv2D,
    QReduce,
    QSoftmax,
    Relabel,
    Table8,
    Table16,
)
from edgeinfer.ops.fixed_point import quantize_multipliers
from edgeinfer.ops.table import TABLE_16_SIZES
from tests.examples_of_ops import Example

RNG = np.random.default_rng(11)
NO_PADDING = ((1, 1), (1, 1), (0, 0, 0, 0))
WINDOWS = {
    "plain": NO_PADDING,
    "same": ((1, 1), (1, 1), (1, 1, 1, 1)),
    "strided": ((2, 3), (1, 1), (0, 1, 1, 1)),
    "dilated": ((1, 1), (2, 2), (2, 2, 2, 2)),
}


def _images(dtype: str, *shape: int) -> np.ndarray:
    if dtype == "float32":
        return RNG.normal(size=shape).astype(dtype)
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max + 1, size=shape).astype(dtype)


def _float_conv(window: str, kernel: tuple[int, int], c: int, outputs: int) -> Example:
    weights = RNG.normal(size=(outputs, *kernel, c)).astype(np.float32)
    bias = RNG.normal(size=outputs).astype(np.float32)
    low, high = (-0.5, 6.0) if window == "same" else (-np.inf, np.inf)
    op = Conv2D(*WINDOWS[window], weights, bias, low, high)
    x = _images("float32", 3, 7, 6, c)
    return Example(op, (x,), 1e-5, note=f"{window}-{kernel}-{c}-{outputs}")


def _float_depthwise(window: str, c: int, multiplier: int) -> Example:
    outputs = c * multiplier
    op = DepthwiseConv2D(
        *WINDOWS[window],
        RNG.normal(size=(3, 2, outputs)).astype(np.float32),
        RNG.normal(size=outputs).astype(np.float32),
    )
    return Example(op, (_images("float32", 3, 7, 6, c),), 1e-5, note=f"{window}-{c}-{multiplier}")


def _rescaling(dtype: str, outputs: int, reach: float, wide: bool = True) -> dict[str, object]:
    bias = "int64" if dtype == "int16" and wide else "int32"
    most = np.iinfo(dtype).max
    multiplier, shift = quantize_multipliers(RNG.uniform(0.3, 1.5, outputs) * most / reach)
    zero = dtype == "int8"
    return {
        "bias": RNG.integers(-1000, 1000, outputs).astype(bias),
        "multiplier": multiplier,
        "shift": shift,
        "x_zero": -7 if zero else 0,
        "y_zero": 5 if zero else 0,
        "low": -128 if zero else -32768,
        "high": 127 if zero else 30000,
    }


def _conv(
    dtype: str, window: str, kernel: tuple[int, int], c: int, outputs: int, *, wide: bool = True
) -> Example:
    weights = RNG.integers(-127, 128, size=(outputs, *kernel, c)).astype(np.int8)
    reach = float(np.abs(weights[0].astype(float)).sum()) * np.iinfo(dtype).max / 4
    op = QConv2D(*WINDOWS[window], weights=weights, **_rescaling(dtype, outputs, reach, wide))
    x = _images(dtype, 3, 7, 6, c)
    return Example(op, (x,), note=f"{window}-{kernel}-{c}-{outputs}{'' if wide else '-narrow'}")


def _depthwise(dtype: str, window: str, c: int, multiplier: int) -> Example:
    outputs = c * multiplier
    weights = RNG.integers(-127, 128, size=(3, 2, outputs)).astype(np.int8)
    rescaling = _rescaling(dtype, outputs, 400.0 * np.iinfo(dtype).max)
    op = QDepthwiseConv2D(*WINDOWS[window], weights=weights, **rescaling)
    return Example(op, (_images(dtype, 3, 7, 6, c),), note=f"{window}-{c}-{multiplier}")


def _unusual(example: Example) -> list[Example]:
    """The same convolution with narrow bounds, and with shifts to the left and none at all."""
    op = example.op
    assert isinstance(op, QConv2D | QDepthwiseConv2D)
    shift = np.resize(np.array([3, 0, -9], np.int32), op.bias.size)
    narrow, shifted = replace(op, low=-20, high=100), replace(op, shift=shift)
    return [
        replace(example, op=narrow, note=f"{example.note}-narrow bounds"),
        replace(example, op=shifted, note=f"{example.note}-shifted left"),
    ]


def _wide(kernel: tuple[int, int], stride: int, c: int, outputs: int, low: int = -128) -> Example:
    """Rows long enough for the widest tiles."""
    weights = RNG.integers(-127, 128, size=(outputs, *kernel, c)).astype(np.int8)
    reach = float(np.abs(weights[0].astype(float)).sum()) * 32
    pad = kernel[0] // 2
    values = _rescaling("int8", outputs, reach) | {"low": low}
    op = QConv2D((stride, stride), (1, 1), (pad,) * 4, weights=weights, **values)
    x = _images("int8", 2, 5, 37, c)
    return Example(op, (x,), note=f"wide-{kernel}-{stride}-{c}-{outputs}-{low}")


def _flat(dtype: str, rows: int, inputs: int, outputs: int) -> Example:
    """A fully connected layer: one pixel."""
    weights = RNG.integers(-127, 128, size=(outputs, 1, 1, inputs)).astype(np.int8)
    reach = float(np.abs(weights[0].astype(float)).sum()) * np.iinfo(dtype).max / 4
    op = QConv2D(*NO_PADDING, weights=weights, **_rescaling(dtype, outputs, reach))
    return Example(op, (_images(dtype, rows, 1, 1, inputs),), note=f"flat-{inputs}-{outputs}")


def _pool(dtype: str, fn: str, window: str) -> Example:
    strides, _, padding = WINDOWS[window]
    low, high = (-0.5, 1.0) if dtype == "float32" else (-100, 120)
    op = Pool2D(strides, (1, 1), padding, fn, (3, 2), float(low), float(high))
    return Example(op, (_images(dtype, 3, 7, 6, 5),), 1e-6, note=f"{fn}-{window}")


def _binary(dtype: str, fn: str) -> Example:
    zeros = (3, -9, 11) if dtype == "int8" else (0, 0, 0)
    shift = 20 if dtype == "int8" else 15
    factors = [0.5, 0.31, 2.0 / (1 << shift)] if fn != "mul" else [1.0, 1.0, 0.02]
    if dtype == "int16" and fn == "mul":
        factors[2] = 1.1 / 32768
    multipliers, shifts = quantize_multipliers(np.array(factors))
    info = np.iinfo(dtype)
    op = QBinary(
        fn,
        zeros,
        tuple(map(int, multipliers)),
        tuple(map(int, shifts)) if fn == "mul" else tuple(min(int(s), 0) for s in shifts),
        0 if fn == "mul" else shift,
        int(info.min),
        int(info.max) - 3,
        0.25,
    )
    return Example(op, (_images(dtype, 5, 67), _images(dtype, 5, 67)), note=fn)


def _reduce(dtype: str, fn: str) -> Example:
    zeros = (-5, 9) if dtype == "int8" else (0, 0)
    op = QReduce(fn, zeros[0], 1 << 30, -2, zeros[1], 0.5)
    return Example(op, (_images(dtype, 3, 2, 5, 19),), note=fn)


EXAMPLES = [
    *(_reduce(dtype, fn) for dtype in ("int8", "int16") for fn in ("sum", "max", "min")),
    Example(BatchMatMul(), (_images("float32", 3, 2, 4, 5), _images("float32", 3, 2, 5, 7)), 1e-5),
    *(
        _float_conv(window, kernel, c, outputs)
        for window in WINDOWS
        for kernel, c, outputs in (((3, 2), 3, 17), ((1, 1), 4, 8), ((3, 3), 1, 33))
    ),
    _float_conv("plain", (7, 6), 2, 5),
    _float_conv("plain", (2, 6), 2, 40),
    *(
        _float_depthwise(window, c, m)
        for window in WINDOWS
        for c, m in ((5, 1), (3, 4), (24, 1), (70, 1))
    ),
    *(
        _conv(dtype, window, kernel, c, outputs)
        for dtype in ("int8", "int16")
        for window in WINDOWS
        for kernel, c, outputs in (((3, 2), 3, 17), ((1, 1), 4, 8), ((3, 3), 1, 70))
    ),
    _conv("int8", "plain", (7, 6), 2, 5),
    _conv("int8", "plain", (2, 6), 2, 40),
    _conv("int8", "plain", (1, 1), 8, 150),
    *(
        _wide(kernel, stride, c, outputs, low)
        for kernel, c in (((3, 3), 3), ((3, 3), 8), ((1, 1), 4), ((1, 1), 12))
        for stride in (1, 2)
        for outputs, low in ((8, -128), (7, 5), (16, 5), (32, -128), (64, 5), (72, -128))
    ),
    _conv("int16", "same", (3, 3), 2, 9, wide=False),
    *(_flat(d, rows, 33, 20) for d in ("int8", "int16") for rows in (1, 19)),
    _flat("int8", 1, 128, 130),
    *(
        _depthwise(dtype, window, c, m)
        for dtype in ("int8", "int16")
        for window in WINDOWS
        for c, m in ((5, 1), (3, 4), (8, 1), (24, 1), (70, 1), (128, 1))
    ),
    *_unusual(_conv("int8", "same", (3, 2), 3, 17)),
    *_unusual(_depthwise("int8", "same", 5, 1)),
    *(
        _pool(dtype, fn, window)
        for dtype in ("float32", "int8", "int16")
        for fn in ("average", "max")
        for window in ("plain", "same", "strided")
    ),
    *(_binary(dtype, fn) for dtype in ("int8", "int16") for fn in ("add", "sub", "mul")),
    *(
        Example(Table8(sigmoid_table(0.07, 3, tanh), 1 / 128), (_images(d, 3, 50),), note=str(tanh))
        for tanh in (False, True)
        for d in ("int8", "uint8")
    ),
    *(
        Example(
            Table16((np.tanh(np.linspace(-6, 6, entries)) * 32767).astype(np.int16), 1 / 32767),
            (RNG.integers(-32768, 32768, (9, 3, 50)).astype(np.int16),),
            note=str(entries),
        )
        for entries in TABLE_16_SIZES
    ),
    Example(
        Table16(np.resize(np.array([-32768, 32767], np.int16), 513), 1.0),
        (np.array([[-32768, -32767, -129, -128, -127, -1, 0, 1, 127, 128, 32767]], np.int16),),
        note="steep",
    ),
    Example(QSoftmax(softmax_exps(0.1, 1.0)), (_images("int8", 9, 12),)),
    Example(QSoftmax(softmax_exps(0.004, 1.0)), (_images("int8", 4, 3, 150),), note="many"),
    Example(Constant((2, 3), np.arange(6, dtype=np.int8)), (_images("int8", 4, 3),)),
    Example(Relabel(0.5, -3), (_images("int8", 4, 3),)),
    *(
        Example(Move((2, 3, 4), (20, -5, 1), 16), (_images(dtype, 3, 40),), note="strided")
        for dtype in ("float32", "int8", "int16")
    ),
    Example(Move((5, 3, 7), (1, 35, 5), 0), (_images("int8", 2, 3, 7, 5),), note="transposed"),
    Example(Move((4, 6), (0, 1), 3), (_images("int8", 2, 9),), note="repeated"),
    Example(Move((0, 4), (1, 1), 0), (_images("int8", 2, 9),), note="empty"),
    *(
        Example(Pad((1, 0, 2), (0, 3, 1), np.array([7], dtype)), (_images(dtype, 3, 2, 3, 4),))
        for dtype in ("float32", "int8", "int16")
    ),
    Example(
        Concat(1), (_images("int8", 3, 2, 3, 4), _images("int8", 3, 2, 1, 4)), note="inner axis"
    ),
]
