"""Functions of one value, and those of a row of them (SOFTMAX)."""

from __future__ import annotations

from tests.converters.operator_cases._case import I8, I16, QUANT, Case, F, T, case


def of_float32() -> list[Case]:
    cases = []
    shape = (1, 4, 100)
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
    return cases


def of_int8() -> list[Case]:
    """Every value there is: the rows hold all 256."""
    cases = []
    shape = (1, 4, 100)
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
        for name in ("RELU_N1_TO_1", "SQRT"):
            low = x_zero if name == "SQRT" else -128
            fed = T(I8, shape, x_scale, x_zero, low=low) if x_zero < 127 else same
            if name != "SQRT" or x_zero < 127:
                cases.append(case(name, [fed], [y], note=str(number), oracle="litert"))
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
    everything = T(I8, shape, 0.03, 0)
    out = T(I8, shape, 0.05, -6)
    cases.append(case("LOG", [everything], [out], note="of-negatives", oracle="litert"))
    return cases


def of_int16() -> list[Case]:
    cases = []
    shape = (1, 4, 100)
    wide = (1, 4, 5000)
    for number, (low, scale) in enumerate(((None, 1e-4), (0, 1e-4), (0, 0.02))):
        x, y = T(I16, wide, scale, low=low), T(I16, wide, 2e-4)
        cases.append(case("LOG", [x], [y], note=str(number), oracle="litert"))
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
    for number, ((scale, _), _, (y_scale, _)) in enumerate(QUANT[I16]):
        x, y = T(I16, wide, scale), T(I16, wide, y_scale)
        above, fine = T(I16, wide, scale, low=0), T(I16, wide, y_scale / 3)
        cases.append(case("RSQRT", [above], [y], note=str(number)))
        cases.append(case("RSQRT", [above], [fine], note=f"fine-{number}"))
        cases.append(case("SQRT", [above], [y], note=str(number), oracle="litert"))
        for form in (False, True):
            cases.append(
                case(
                    "GELU",
                    [x],
                    [y],
                    "GeluOptions",
                    note=f"{number}-{form}",
                    oracle="litert",
                    Approximate=form,
                )
            )
    x = T(I16, wide, 0.0003)
    cases.append(case("EXP", [x], [T(I16, wide, 1.0)], oracle="litert"))
    return cases
