"""RFFT2D of single rows and what is made of its complex numbers: log-mel front ends in a network.

The transform is a product with its matrix, real and imaginary part apart. A complex tensor is a
value with both; it can be reshaped and taken apart, and nothing else.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeinfer.converters.tflite._common import move
from edgeinfer.converters.tflite._network import Call, Value, operator, row_shape
from edgeinfer.ops import Binary, Conv2D, Unary

MAX_LENGTH = 1 << 12


def cosines(length: int, used: int) -> tuple[np.ndarray, np.ndarray]:
    """Matrices ``(length // 2 + 1, used)`` of the real and the imaginary part.

    `used` inputs are there, the others are zeros. Angles are reduced before they become floats.
    """
    turns = np.outer(np.arange(length // 2 + 1), np.arange(used)) % length
    angles = 2 * np.pi * np.arange(length) / length
    return np.cos(angles)[turns].astype(np.float32), -np.sin(angles)[turns].astype(np.float32)


@operator("RFFT2D", version=1)
def rfft_2d(call: Call) -> None:
    x = call.input(0, "float32")
    sizes = call.integers(1)
    if len(sizes) != 2 or x.rank < 2 or x.size == 0 or min(sizes) < 1:
        raise call.op.damaged(f"a transform of length {sizes}")
    rows, length = sizes
    if rows != 1 or x.shape[-2] != 1:
        raise call.op.unsupported("a transform in two dimensions")
    if length > MAX_LENGTH:
        raise call.op.unsupported(f"a transform of {length} values is too long")
    used = min(length, x.shape[-1])
    batch = x.size // x.shape[-1]
    tensor = call.shaped(x, (1, batch, x.shape[-1]))
    if used < x.shape[-1]:
        tensor = move(call, x, (1, batch, used), (0, x.shape[-1], 1), 0)
        tensor = call.network.reshape(tensor, (1, batch, used))
    shape = (*x.shape[:-1], length // 2 + 1)
    parts = []
    for matrix in cosines(length, used):
        call.network.spend(matrix.nbytes)
        weights = np.ascontiguousarray(matrix).reshape(len(matrix), 1, 1, used)
        bias = np.zeros(len(matrix), np.float32)
        product = Conv2D((1, 1), (1, 1), (0, 0, 0, 0), weights=weights, bias=bias)
        parts.append(call.network.reshape(call.emit(product, tensor), row_shape(shape)))
    call.put_value(0, Value("complex64", shape, tensor=parts[0], imaginary=parts[1]))


def parts_of(call: Call) -> tuple[Value, str, str]:
    """Input 0, which is complex, and its real and imaginary part."""
    x = call.input(0, "complex64")
    if x.tensor is None or x.imaginary is None:
        raise call.op.unsupported("complex constants")
    return x, x.tensor, x.imaginary


def put_complex_view(call: Call, x: Value, shape: tuple[int, ...]) -> None:
    """Output 0 is x, which is complex, in another shape."""
    _, *parts = parts_of(call)
    real, imaginary = (call.network.reshape(part, row_shape(shape)) for part in parts)
    call.put_value(0, replace(x, shape=shape, tensor=real, imaginary=imaginary))


@operator("REAL", "IMAG", version=1)
def one_part(call: Call) -> None:
    x, real, imaginary = parts_of(call)
    call.put(0, real if call.op.name == "REAL" else imaginary, x.shape)


@operator("COMPLEX_ABS", version=1)
def magnitude(call: Call) -> None:
    x, *parts = parts_of(call)
    squares = [call.emit(Binary("mul"), part, part) for part in parts]
    call.put(0, call.emit(Unary("sqrt"), call.emit(Binary("add"), *squares)), x.shape)
