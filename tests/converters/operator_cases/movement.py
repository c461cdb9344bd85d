"""Values that are moved, not changed."""

from __future__ import annotations

from typing import Any

from tests.converters.operator_cases._case import I8, I16, Case, F, T, case, constant, ints

# What TensorFlow Lite Micro does not move in a type; LiteRT does. (It pads int8 in
# SPACE_TO_BATCH_ND with what lies in its memory.)
MOVED_BY = {
    ("MIRROR_PAD", I16): "litert",
    ("BATCH_TO_SPACE_ND", I16): "litert",
    ("SPACE_TO_BATCH_ND", I8): "litert",
    ("SPACE_TO_BATCH_ND", I16): "litert",
    ("SPACE_TO_DEPTH", I16): "litert",
    ("DEPTH_TO_SPACE", I16): "litert",
    ("GATHER", I16): "litert",
    ("TILE", I8): "litert",
    ("TILE", I16): "litert",
}


def movement() -> list[Case]:
    cases = []
    image = (1, 4, 5, 3)
    for dtype in (F, I8, I16):
        scale = {F: None, I8: 0.1, I16: 0.001}[dtype]
        zero = {F: 0, I8: -7, I16: 0}[dtype]

        def t(*shape: int, dtype: str = dtype, scale: Any = scale, zero: int = zero) -> T:
            return T(dtype, shape, scale, zero)

        x = t(*image)
        plain: list[tuple[str, list[T], list[T], str, dict[str, Any]]] = [
            ("RESHAPE", [x, ints(1, 20, 3)], [t(1, 20, 3)], "ReshapeOptions", {}),
            ("RESHAPE", [x, ints(-1, 3)], [t(20, 3)], "", {}),
            ("SQUEEZE", [t(1, 4, 1, 3)], [t(1, 4, 3)], "SqueezeOptions", {"SqueezeDims": [2]}),
            ("SQUEEZE", [t(1, 4, 1, 3)], [t(4, 3)], "SqueezeOptions", {"SqueezeDims": [0, 2]}),
            ("EXPAND_DIMS", [t(1, 4, 3), ints(1)], [t(1, 1, 4, 3)], "", {}),
            ("EXPAND_DIMS", [t(1, 4, 3), ints(-1)], [t(1, 4, 3, 1)], "", {}),
            ("TRANSPOSE", [x, ints(0, 3, 1, 2)], [t(1, 3, 4, 5)], "", {}),
            ("TRANSPOSE", [x, ints(2, 1, 0, 3)], [t(5, 4, 1, 3)], "", {}),
            ("PAD", [x, ints([[0, 0], [1, 2], [0, 1], [2, 0]])], [t(1, 7, 6, 5)], "", {}),
            (
                "PADV2",
                [x, ints([[0, 0], [1, 2], [0, 1], [0, 0]]), constant(dtype, (1,), scale, zero)],
                [t(1, 7, 6, 3)],
                "",
                {},
            ),
            (
                "MIRROR_PAD",
                [x, ints([[0, 0], [1, 2], [0, 1], [0, 0]])],
                [t(1, 7, 6, 3)],
                "MirrorPadOptions",
                {"Mode": 0},
            ),
            (
                "MIRROR_PAD",
                [x, ints([[0, 0], [1, 2], [0, 1], [0, 0]])],
                [t(1, 7, 6, 3)],
                "MirrorPadOptions",
                {"Mode": 1},
            ),
            (
                "CONCATENATION",
                [x, t(1, 4, 5, 2), t(1, 4, 5, 4)],
                [t(1, 4, 5, 9)],
                "ConcatenationOptions",
                {"Axis": -1},
            ),
            (
                "CONCATENATION",
                [x, constant(dtype, (1, 2, 5, 3), scale, zero)],
                [t(1, 6, 5, 3)],
                "ConcatenationOptions",
                {"Axis": 1},
            ),
            (
                "SPLIT",
                [ints(2), t(1, 4, 6)],
                [t(1, 4, 2), t(1, 4, 2), t(1, 4, 2)],
                "SplitOptions",
                {"NumSplits": 3},
            ),
            (
                "SPLIT_V",
                [t(1, 4, 6), ints([1, 3, 2]), ints(2)],
                [t(1, 4, 1), t(1, 4, 3), t(1, 4, 2)],
                "SplitVOptions",
                {"NumSplits": 3},
            ),
            ("UNPACK", [t(1, 3, 4)], [t(1, 4)] * 3, "UnpackOptions", {"Num": 3, "Axis": 1}),
            (
                "PACK",
                [t(1, 4), t(1, 4), t(1, 4)],
                [t(1, 3, 4)],
                "PackOptions",
                {"ValuesCount": 3, "Axis": 1},
            ),
            (
                "PACK",
                [t(1, 4), t(1, 4)],
                [t(1, 4, 2)],
                "PackOptions",
                {"ValuesCount": 2, "Axis": -1},
            ),
            ("SLICE", [x, ints(0, 1, 2, 0), ints(1, 2, -1, 2)], [t(1, 2, 3, 2)], "", {}),
            ("GATHER", [x, ints([4, 0, 2])], [t(1, 4, 3, 3)], "GatherOptions", {"Axis": 2}),
            (
                "DEPTH_TO_SPACE",
                [t(1, 2, 3, 12)],
                [t(1, 4, 6, 3)],
                "DepthToSpaceOptions",
                {"BlockSize": 2},
            ),
            (
                "SPACE_TO_DEPTH",
                [t(1, 4, 6, 3)],
                [t(1, 2, 3, 12)],
                "SpaceToDepthOptions",
                {"BlockSize": 2},
            ),
            (
                "SPACE_TO_BATCH_ND",
                [x, ints([2, 2]), ints([[0, 0], [1, 2]])],
                [t(4, 2, 4, 3)],
                "",
                {},
            ),
            ("SPACE_TO_BATCH_ND", [t(1, 6, 3), ints([2]), ints([[1, 1]])], [t(2, 4, 3)], "", {}),
            (
                "BATCH_TO_SPACE_ND",
                [t(4, 2, 3, 3), ints([2, 2]), ints([[0, 0], [0, 0]])],
                [t(1, 4, 6, 3)],
                "",
                {},
            ),
            (
                "BATCH_TO_SPACE_ND",
                [t(4, 2, 3, 3), ints([2, 2]), ints([[1, 0], [0, 2]])],
                [t(1, 3, 4, 3)],
                "",
                {},
            ),
            ("BATCH_TO_SPACE_ND", [t(2, 4, 3), ints([2]), ints([[1, 1]])], [t(1, 6, 3)], "", {}),
            ("BROADCAST_TO", [t(1, 1, 3), ints(1, 4, 3)], [t(1, 4, 3)], "", {}),
            ("TILE", [t(1, 2, 3), ints(1, 3, 2)], [t(1, 6, 6)], "", {}),
            ("REVERSE_V2", [t(1, 4, 3), ints([1])], [t(1, 4, 3)], "", {}),
        ]
        for number, (name, inputs, outputs, options, fields) in enumerate(plain):
            if dtype == I16 and name in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"):
                continue  # neither of the two has it
            cases.append(
                case(
                    name,
                    inputs,
                    outputs,
                    options,
                    note=str(number),
                    oracle=MOVED_BY.get((name, dtype), ""),
                    tolerance=0.0,
                    **fields,
                )
            )
        both = {"BeginMask": 9, "EndMask": 15}
        for note, begin, end, step, masks, out in (
            ("plain", (0, 1, 0, 0), (1, 4, 5, 3), (1, 2, 1, 1), {}, (1, 2, 5, 3)),
            ("back", (0, 3, 4, 0), (1, 0, 0, 3), (1, -1, -2, 1), {}, (1, 3, 2, 3)),
            ("masks", (0, 2, 1, 1), (0,) * 4, (1, 1, 2, 1), both, (1, 2, 2, 3)),
            ("shrink", (0, 2, 0, 1), (1, 3, 5, 2), (1, 1, 1, 1), {"ShrinkAxisMask": 10}, (1, 5)),
            ("ellipsis", (0, 0, 1), (1, 0, 3), (1, 1, 1), {"EllipsisMask": 2}, (1, 4, 5, 2)),
            ("new", (0, 0, 1), (1, 0, 3), (1, 1, 1), {"NewAxisMask": 2}, (1, 1, 2, 5, 3)),
            (
                "both",
                (0, 0, 0, 2),
                (1, 0, 0, 3),
                (1, 1, 1, 1),
                {"EllipsisMask": 2, "NewAxisMask": 4, "ShrinkAxisMask": 8},
                (1, 4, 5, 1),
            ),
            ("short", (0, 1), (1, 3), (1, 1), {}, (1, 2, 5, 3)),
        ):  # fmt: skip
            odd = note in ("ellipsis", "new", "both", "short")
            cases.append(
                case(
                    "STRIDED_SLICE",
                    [x, ints(list(begin)), ints(list(end)), ints(list(step))],
                    [t(*out)],
                    "StridedSliceOptions",
                    note=note,
                    oracle="litert" if odd else "",
                    tolerance=0.0,
                    **masks,
                )
            )
    return cases
