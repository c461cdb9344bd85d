"""Comparisons, truth values, choices by them."""

from __future__ import annotations

import numpy as np

from tests.converters.operator_cases._case import I8, I16, I32, QUANT, Case, F, T, case, constant

B, I64 = "bool", "int64"
# Micro compares int16 in GREATER only, and there by parameters that it never computes; LiteRT
# the integers, whatever their scales.
COMPARED_BY = {I16: "litert"}


def comparisons() -> list[Case]:
    cases = []
    shape = (1, 3, 40)
    for name in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"):
        for dtype in (F, I8, I16, I32, I64):
            oracle = COMPARED_BY.get(dtype, "micro")
            few = {"low": -3, "high": 3} if dtype in (I32, I64) else {}
            if dtype == I16 and name in ("EQUAL", "NOT_EQUAL"):
                continue  # LiteRT finds neighbours equal
            for number, (a, second, _) in enumerate(QUANT.get(dtype, QUANT[I32])):
                b = a if dtype == I16 else second
                x, other = T(dtype, shape, *a, **few), T(dtype, shape, *b, **few)
                for note, right in (
                    ("other", other),
                    ("same", T(dtype, shape, *a, **few)),
                    ("channel", T(dtype, (40,), *b, **few)),
                    ("scalar", constant(dtype, (1,), *a)),
                ):
                    label = f"{note}-{number}"
                    y = [T(B, shape)]
                    cases.append(case(name, [x, right], y, note=label, oracle=oracle, tolerance=0))
        for scale in (1e-4, 0.9):  # one where neighbours become equal, and the largest there is
            x = T(I8, shape, scale, 7)
            cases.append(case(name, [x, x], [T(B, shape)], note=f"{scale}"))
    for name in ("EQUAL", "NOT_EQUAL"):
        cases.append(case(name, [T(B, shape), T(B, (40,))], [T(B, shape)]))
    return cases


def truths() -> list[Case]:
    cases = []
    shape = (1, 3, 40)
    for name in ("LOGICAL_AND", "LOGICAL_OR"):
        for note, right in (("same", shape), ("channel", (40,)), ("pixel", (1, 3, 1))):
            cases.append(case(name, [T(B, shape), T(B, right)], [T(B, shape)], note=note))
    cases.append(case("LOGICAL_NOT", [T(B, shape)], [T(B, shape)]))
    return cases


def choices() -> list[Case]:
    cases = []
    shape = (1, 3, 40)
    options = {"SELECT": "SelectOptions", "SELECT_V2": "SelectV2Options"}
    for name, table in options.items():
        for dtype in (F, I8, I16, I32, I64, B):
            scale = QUANT[dtype][0][0] if dtype in QUANT else (None, 0)
            x = T(dtype, shape, *scale)
            known = T("bool", shape, data=np.arange(120).reshape(shape) % 3 == 0)
            forms: list[tuple[str, list[T]]] = [
                ("same", [T(B, shape), x, x]),
                ("known", [known, x, x]),
            ]
            if name == "SELECT":
                forms += [("rows", [T(B, (1,)), x, x])]
            else:
                forms += [
                    ("mask", [T(B, (3, 1)), x, T(dtype, (1,), *scale)]),
                    ("scalar", [T(B, ()), x, x]),
                    ("wide", [T(B, shape), T(dtype, (1, 3, 1), *scale), T(dtype, (40,), *scale)]),
                ]
                if dtype != B:
                    fill = constant(dtype, (1,), *scale)
                    forms += [
                        ("fill", [T(B, (1, 1, 40)), x, fill]),
                        ("first", [T(B, shape), fill, x]),
                    ]
            by_micro = name == "SELECT_V2" and dtype in (I8, I16)
            for note, inputs in forms:
                cases.append(
                    case(
                        name,
                        inputs,
                        [x],
                        table,
                        note=note,
                        dtype=dtype,
                        oracle="micro" if by_micro else "litert",
                        tolerance=0.0,
                    )
                )
    return cases
