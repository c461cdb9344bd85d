"""Over axes: sums, means, bounds, and where a bound is."""

from __future__ import annotations

from tests.converters.operator_cases._case import I8, I16, I32, QUANT, Case, F, T, case, ints


def positions() -> list[Case]:
    cases = []
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
