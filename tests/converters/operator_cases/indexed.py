"""Values by places that a row computes, the largest and their places, running sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.converters.operator_cases._case import (
    I8,
    I16,
    I32,
    QUANT,
    Case,
    F,
    T,
    case,
    constant,
    ints,
)

I64 = "int64"
# What TensorFlow Lite Micro moves; LiteRT moves every type.
BY_MICRO = {
    "GATHER": (I8,),
    "GATHER_ND": (I8,),
    "DYNAMIC_UPDATE_SLICE": (I8, I16, I32),
}


def places() -> list[Case]:
    cases = []
    for dtype in (F, I8, I16, I32, I64):
        scale = QUANT[dtype][0][0] if dtype in QUANT else (None, 0)

        def t(*shape: int, dtype: str = dtype, scale: Any = scale) -> T:
            return T(dtype, shape, *scale)

        x = t(5, 6, 7)
        pairs = T(I32, (3, 2), low=0, high=4)
        one = T(I32, (3,), low=0, high=4)
        table = constant(dtype, (5, 7), *scale)
        start = T(I32, (2,), low=-2, high=6)
        forms: list[tuple[str, str, list[T], T, str, dict[str, Any]]] = [
            ("GATHER_ND", "known", [x, ints([[0, 1], [4, 5], [2, 2]])], t(3, 7), "", {}),
            ("GATHER_ND", "all", [x, ints([[4, 5, 6]])], t(1), "", {}),
            ("GATHER_ND", "computed", [x, pairs], t(3, 7), "", {}),
            ("GATHER", "rows", [t(5, 7), one], t(3, 7), "GatherOptions", {"Axis": 0}),
            ("GATHER", "axis", [t(2, 5, 7), one], t(2, 3, 7), "GatherOptions", {"Axis": 1}),
            (
                "GATHER",
                "batch",
                [t(2, 5, 7), T(I32, (2, 3), low=0, high=4)],
                t(2, 3, 7),
                "GatherOptions",
                {"Axis": 1, "BatchDims": 1},
            ),
            ("DYNAMIC_UPDATE_SLICE", "two", [t(5, 7), t(2, 3), start], t(5, 7), "", {}),
            (
                "DYNAMIC_UPDATE_SLICE",
                "cache",
                [t(1, 8, 4), t(1, 1, 4), T(I32, (3,), low=0, high=7)],
                t(1, 8, 4),
                "",
                {},
            ),
            ("DYNAMIC_UPDATE_SLICE", "known", [table, t(5, 2), ints([0, 3])], t(5, 7), "", {}),
        ]
        if dtype != I64:
            forms.append(("GATHER", "table", [table, one], t(3, 7), "GatherOptions", {"Axis": 0}))
        for name, note, inputs, y, options, fields in forms:
            oracle = "micro" if dtype in BY_MICRO[name] else "litert"
            more = {"dtype": dtype, "oracle": oracle, "tolerance": 0.0}
            cases.append(case(name, inputs, [y], options, note=note, **more, **fields))
    return cases


def ranks() -> list[Case]:
    cases = []
    for dtype in (F, I8, I16, I32):
        few = {"low": -9, "high": 9} if dtype != F else {}
        scale = QUANT[dtype][0][0]
        for shape, count in (((1, 4, 50), 5), ((1, 9), 9), ((3, 7), 1)):
            x, k = T(dtype, shape, *scale, **few), T(I32, (), data=np.array(count, np.int32))
            out = (*shape[:-1], count)
            ys = [T(dtype, out, *scale), T(I32, out)]
            cases.append(
                case(
                    "TOPK_V2",
                    [x, k],
                    ys,
                    "TopKV2Options",
                    note=f"{shape}-{count}",
                    oracle="litert",
                    tolerance=0.0,
                )
            )
    return cases


def hot() -> list[Case]:
    cases = []
    for dtype in (F, I8, I32, I64):
        for axis, out in ((-1, (1, 6, 7)), (1, (1, 7, 6))):
            depth = T(I32, (), data=np.array(7, np.int32))
            on, off = (T(dtype, (), data=np.array(v, dtype)) for v in (3, 1))
            index = T(I32, (1, 6), low=-1, high=8)
            cases.append(
                case(
                    "ONE_HOT",
                    [index, depth, on, off],
                    [T(dtype, out)],
                    "OneHotOptions",
                    note=f"{axis}",
                    dtype=dtype,
                    oracle="litert",
                    tolerance=0.0,
                    Axis=axis,
                )
            )
    return cases


def sums() -> list[Case]:
    cases = []
    for dtype in (F, I32, I64):
        for axis in (1, -1):
            for exclusive in (False, True):
                for reverse in (False, True):
                    x = T(dtype, (1, 4, 7))
                    cases.append(
                        case(
                            "CUMSUM",
                            [x, ints(axis)],
                            [x],
                            "CumsumOptions",
                            note=f"{axis}-{exclusive}-{reverse}",
                            oracle="litert",
                            tolerance=None if dtype == F else 0.0,
                            Exclusive=exclusive,
                            Reverse=reverse,
                        )
                    )
    for name in ("REDUCE_ANY", "REDUCE_ALL"):
        for axes, out in (([1], (1, 1, 7)), ([1, 2], (1, 1, 1))):
            x, y = T("bool", (1, 4, 7)), T("bool", out)
            more: dict[str, Any] = {"oracle": "litert", "tolerance": 0.0, "KeepDims": True}
            cases.append(case(name, [x, ints(axes)], [y], "ReducerOptions", note=f"{axes}", **more))
    y = T(F, (1, 7))
    cases.append(case("REDUCE_PROD", [T(F, (1, 4, 7)), ints([1])], [y], "ReducerOptions"))
    return cases
