"""Examples of recurrent layers."""

import numpy as np

from edgeinfer.converters.tflite.numbers import sigmoid_16
from edgeinfer.ops import LSTM, QLSTM
from edgeinfer.ops.fixed_point import quantize_multiplier
from tests.examples_of_ops import Example

RNG = np.random.default_rng(13)


def _floats(inputs: int, units: int, clip: float) -> Example:
    width = 4 * units
    op = LSTM(
        RNG.normal(size=(inputs, width)).astype(np.float32),
        RNG.normal(size=(units, width)).astype(np.float32),
        RNG.normal(size=width).astype(np.float32),
        clip,
    )
    x = RNG.normal(size=(3, 2, 5, inputs)).astype(np.float32)
    return Example(op, (x,), 1e-5, note=f"{inputs}-{units}-{clip}")


def _integers(dtype: str, clip: int) -> Example:
    inputs, units = 5, 7
    wide = dtype == "int16"
    factor = 0.002 if not wide else 0.00001
    rescales = [n for _ in range(8) for n in quantize_multiplier(factor * RNG.uniform(20, 90))]
    op = QLSTM(
        RNG.integers(-127, 128, size=(inputs, 4 * units)).astype(np.int8),
        RNG.integers(-127, 128, size=(units, 4 * units)).astype(np.int8),
        RNG.integers(-2000, 2000, size=4 * units).astype("int64" if wide else "int32"),
        np.array(rescales, np.int32),
        sigmoid_16(),
        0 if wide else -3,
        0 if wide else 11,
        (
            *quantize_multiplier(2.0**-15),
            *quantize_multiplier(2.0**-19),
            *quantize_multiplier(2.0**-15 if wide else 2.0**-23),
        ),
        (6, 0) if clip else (3, 1),
        clip,
        1 / 128,
    )
    info = np.iinfo(dtype)
    x = RNG.integers(info.min, info.max + 1, size=(3, 2, 5, inputs)).astype(dtype)
    return Example(op, (x,), note=str(clip))


EXAMPLES = [
    _floats(4, 3, 0.0),
    _floats(1, 17, 0.5),
    *(_integers(dtype, clip) for dtype in ("int8", "int16") for clip in (0, 900)),
]
