"""From one type to another: QUANTIZE, DEQUANTIZE, CAST."""

from __future__ import annotations

from tests.converters.operator_cases._case import I8, I16, I32, QUANT, Case, F, T, case


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
    return cases
