"""Images in another size."""

from __future__ import annotations

from typing import Any

from tests.converters.operator_cases._case import I8, I16, Case, F, T, case, ints


def resizing() -> list[Case]:
    cases = []
    image = (1, 4, 5, 3)
    for dtype in (F, I8, I16):
        scale = {F: None, I8: 0.1, I16: 0.001}[dtype]
        zero = {F: 0, I8: -7, I16: 0}[dtype]

        def t(*shape: int, dtype: str = dtype, scale: Any = scale, zero: int = zero) -> T:
            return T(dtype, shape, scale, zero)

        words = "litert" if dtype == I16 else ""
        x = t(*image)
        for size in ((7, 4), (8, 10), (2, 2), (1, 1)):
            for align, half in ((False, False), (True, False), (False, True)):
                fields = {"AlignCorners": align, "HalfPixelCenters": half}
                label = f"{size}-{align}-{half}"
                y = t(1, *size, 3)
                cases.append(
                    case(
                        "RESIZE_BILINEAR",
                        [x, ints(size)],
                        [y],
                        "ResizeBilinearOptions",
                        note=label,
                        oracle=words,
                        **fields,
                    )
                )
                cases.append(
                    case(
                        "RESIZE_NEAREST_NEIGHBOR",
                        [x, ints(size)],
                        [y],
                        "ResizeNearestNeighborOptions",
                        note=label,
                        **fields,
                    )
                )
    return cases
