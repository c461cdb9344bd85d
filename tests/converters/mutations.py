"""Damaged .tflite files: each has to give a clear error, or a network that runs.

``make sanitize-tflite`` tries 10,000 under the address sanitizer, where a read outside of an array
ends the program; ``python -m tests.converters.mutations 10000 0`` does so without it, from seed 0.
"""

from __future__ import annotations

import struct
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cache

import numpy as np

from edgeinfer.converters.tflite import network_to_graph
from edgeinfer.errors import EdgeInferError
from edgeinfer.lower import lower
from edgeinfer.runtime.program import compile_program
from tests.converters.tflite_builder import NetworkBuilder

INTERESTING = (0, 1, -1, 2, 3, 4, 7, 127, 128, 255, 1 << 16, (1 << 31) - 1, -(1 << 31))
MAX_MACS = 2e7
MAX_ARENA = 1 << 26


@cache
def victim() -> bytes:
    """A network of many operators, all of them small."""
    rng = np.random.default_rng(0)
    b = NetworkBuilder()

    def tensor(*shape: int) -> int:
        return b.tensor("int8", shape, 0.05, -3)

    def weights(*shape: int, axis: int = 0) -> int:
        scales = np.full(shape[axis], 0.01, np.float32)
        return b.constant(rng.integers(-9, 9, size=shape).astype(np.int8), scale=scales, axis=axis)

    def integers(*values: object) -> int:
        return b.constant(np.array(values, np.int32))

    x = tensor(1, 8, 6, 3)
    a = tensor(1, 8, 6, 5)
    steps = {"StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}
    bias = b.constant(np.arange(5, dtype=np.int32), scale=0.0005)
    b.operator("CONV_2D", [x, weights(5, 3, 3, 3), bias], [a], "Conv2DOptions", **steps)
    c = tensor(1, 4, 3, 10)
    bias = b.constant(np.arange(10, dtype=np.int32), scale=0.0005)
    twice = {**steps, "StrideH": 2, "StrideW": 2, "DepthMultiplier": 2}
    name = "DepthwiseConv2DOptions"
    b.operator("DEPTHWISE_CONV_2D", [a, weights(1, 3, 3, 10, axis=3), bias], [c], name, **twice)
    d = tensor(1, 2, 1, 10)
    size = {"StrideH": 2, "StrideW": 2, "FilterHeight": 2, "FilterWidth": 2, "Padding": 1}
    b.operator("AVERAGE_POOL_2D", [c], [d], "Pool2DOptions", **size)
    e = tensor(1, 2, 10)
    b.operator("RESHAPE", [d, integers(1, 2, 10)], [e])
    f = tensor(1, 10, 2)
    b.operator("TRANSPOSE", [e, integers(0, 2, 1)], [f])
    g = tensor(1, 4, 2)
    slices = [integers(0, 1, 0), integers(1, 9, 2), integers(1, 2, 1)]
    b.operator("STRIDED_SLICE", [f, *slices], [g], "StridedSliceOptions", BeginMask=1)
    h = tensor(1, 6, 3)
    b.operator("PAD", [g, b.constant(np.array([[0, 0], [1, 1], [0, 1]], np.int32))], [h])
    i = tensor(1, 6, 6)
    b.operator("CONCATENATION", [h, h], [i], "ConcatenationOptions", Axis=2)
    parts = [tensor(1, 6, 2) for _ in range(3)]
    b.operator("SPLIT", [integers(2), i], parts, "SplitOptions", NumSplits=3)
    j = tensor(1, 6, 2)
    b.operator("ADD", [parts[0], parts[2]], [j], "AddOptions")
    k = tensor(1, 2)
    b.operator("MEAN", [j, integers(1)], [k], "ReducerOptions")
    n = tensor(1, 4)
    bias = b.constant(np.arange(4, dtype=np.int32), scale=0.0005)
    b.operator("FULLY_CONNECTED", [k, weights(4, 2), bias], [n], "FullyConnectedOptions")
    y = b.tensor("int8", (1, 4), 1 / 256, -128)
    b.operator("SOFTMAX", [n], [y], "SoftmaxOptions", Beta=1.0)
    return b.build([x], [y])


@cache
def victims() -> list[bytes]:
    """One network of every operator and type."""
    from tests.converters.operator_cases import CASES
    from tests.converters.test_recurrent import lstm_file
    from tests.converters.test_spectrum import spectrum
    from tests.converters.test_svdf import layer
    from tests.converters.test_unsigned import convolution

    single = {(case.operator, case.dtype): case.network for case in CASES}
    filters = [layer("float32", "", 2), layer("int8", "int8", 1), layer("int8", "int16", 2)]
    others = [lstm_file("float32"), lstm_file("int8"), spectrum("REAL", 25, 32), convolution()]
    return [*single.values(), *filters, *others]


def damaged(seed: int) -> bytes:
    """A network with something wrong; the same for the same seed."""
    rng = np.random.default_rng(seed)
    others = victims()
    data = bytearray(others[seed // 2 % len(others)] if seed % 2 else victim())
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(0, len(data) - 4))
        match int(rng.integers(0, 5)):
            case 0:
                data[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                data[at] = int(rng.integers(0, 256))
            case 2:
                value = INTERESTING[int(rng.integers(0, len(INTERESTING)))]
                struct.pack_into("<i", data, at // 4 * 4, value)
            case 3:
                value = int(rng.integers(0, len(data)))
                struct.pack_into("<i", data, at // 4 * 4, value)
            case _:
                length = int(rng.integers(1, 64))
                data[at : at + length] = b"\0" * len(data[at : at + length])
    if rng.integers(0, 10) == 0:
        del data[int(rng.integers(0, len(data))) :]
    return bytes(data)


def mutate(seeds: Iterable[int]) -> Counter[str]:
    """How many were refused, ran, or would have run for too long."""
    outcome: Counter[str] = Counter()
    for seed in seeds:
        try:
            graph = network_to_graph(damaged(seed))
            tensors = graph.methods["run"].tensors
            lowered = lower(graph, tensors)
        except EdgeInferError as err:
            outcome["refused" if str(err) else "refused without a word"] += 1
            continue
        if lowered.macs_per_row > MAX_MACS or lowered.arena_bytes > MAX_ARENA:
            outcome["too large"] += 1
            continue
        rng = np.random.default_rng(seed)
        feeds = [
            rng.integers(0, 100, size=(2, *t.shape)).astype(t.dtype) for t in graph.inputs.values()
        ]
        try:
            compile_program(graph, tensors).run(*feeds)
        except EdgeInferError as err:  # an index that a row computes, outside of its table
            outcome["refused a row" if str(err) else "refused without a word"] += 1
            continue
        outcome["ran"] += 1
    return outcome


def main(count: int = 1000, first: int = 0) -> None:
    """Try that many seeds, and say what became of them."""
    total: Counter[str] = Counter()
    for start in range(first, first + count, 500):
        total += mutate(range(start, min(start + 500, first + count)))
        print(f"{sum(total.values())} files: {dict(total)}", flush=True)
    if total["refused without a word"]:
        sys.exit("an error without a message")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
