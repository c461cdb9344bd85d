"""Operators of two operands, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.converters.operator_cases._case import I8, I16, I32, QUANT, Case, F, T, case, constant

# No operand of these is a constant with a zero in it.
DIVIDED = ("DIV", "FLOOR_DIV", "FLOOR_MOD")


def arithmetic() -> list[Case]:
    cases = []
    options = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}
    kinds = {
        "ADD": (F, I8, I16, I32),
        "SUB": (F, I8, I16, I32),
        "MUL": (F, I8, I16, I32),
        "DIV": (F, I8, I32),
        "FLOOR_DIV": (F, I32),
        "FLOOR_MOD": (F, I32),
        "ATAN2": (F,),
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
                    if note != "same" and (number or name == "ATAN2"):
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
                    clip: dict[str, Any] = {}
                    if table and dtype != I32:
                        clip = {"FusedActivationFunction": (0, 1, 3)[number]}
                    operands = [T(dtype, left, *a), T(dtype, right, *b)]
                    if dtype == I32 and name in DIVIDED:
                        operands = [T(I32, left, low=-200), T(I32, right, low=1, high=1 << 20)]
                    if name == "DIV" and dtype == I8:
                        # No zero among the divisors: the reference is undefined there.
                        data = constant(I8, right, *b).data
                        assert data is not None
                        data = np.where(data == b[1], b[1] - 1 if b[1] > -128 else 1, data)
                        operands[1] = T(I8, right, *b, data.astype(np.int8))
                    label = f"{note}-{number}"
                    if dtype == I32 and name.startswith("FLOOR_"):
                        clip = {"oracle": "litert", "tolerance": 0.0}
                    cases.append(
                        case(name, operands, [T(dtype, out, *y)], table, note=label, **clip)
                    )
                    if note in ("channel", "scalar") and name not in DIVIDED:
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
    few = T(F, (1, 3, 4), low=0.1, high=4.0)
    cases.append(case("POW", [few, T(F, (4,), low=-2.0, high=2.0)], [T(F, (1, 3, 4))]))
    cases.append(case("ADD_N", [x, x, x], [x]))
    x = T(I32, (1, 3, 4))
    cases.append(case("ADD_N", [x, x, x], [x], oracle="litert", tolerance=0.0))
    few = T(I32, (1, 3, 40), low=-5, high=5)
    for name in ("ABS", "NEG", "SIGN"):
        cases.append(case(name, [few], [few], oracle="litert", tolerance=0.0))
    x = T(F, (1, 3, 40))
    cases.append(case("SIGN", [x], [x]))
    return cases
