"""Products of matrices."""

from __future__ import annotations

import numpy as np

from tests.converters.operator_cases._case import I8, I16, QUANT, Case, F, T, case, constant


def products() -> list[Case]:
    cases = []
    for dtype in (F, I8, I16):
        for number, (a, b, y) in enumerate(QUANT[dtype]):
            wide = (None if dtype == F else y[0] * 12, y[1])
            for note, left, right, turned in (
                ("plain", (1, 4, 5), (1, 5, 3), (False, False)),
                ("batch", (2, 3, 4, 5), (2, 3, 5, 6), (False, False)),
                ("turned", (2, 5, 4), (2, 3, 5), (True, True)),
                ("spread", (1, 3, 4, 5), (1, 1, 5, 6), (False, False)),
            ):
                rows = left[-1] if turned[0] else left[-2]
                columns = right[-2] if turned[1] else right[-1]
                batch = np.broadcast_shapes(left[:-2], right[:-2])
                out = T(dtype, (*batch, rows, columns), *wide)
                fields = {"AdjX": turned[0], "AdjY": turned[1]}
                for other in (T(dtype, right, *b), constant(dtype, right, *b)):
                    label = f"{note}-{number}{'-constant' if other.data is not None else ''}"
                    cases.append(
                        case(
                            "BATCH_MATMUL",
                            [T(dtype, left, *a), other],
                            [out],
                            "BatchMatMulOptions",
                            note=label,
                            **fields,
                        )
                    )
    return cases
