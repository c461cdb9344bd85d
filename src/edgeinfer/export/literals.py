"""NumPy values as C initialisers: every bit of a number comes back from the compiler."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

C_TYPES = {
    "float64": "double",
    "float32": "float",
    "int64": "int64_t",
    "int32": "int32_t",
    "int16": "int16_t",
    "int8": "int8_t",
    "uint64": "uint64_t",
    "uint32": "uint32_t",
    "uint16": "uint16_t",
    "uint8": "uint8_t",
}
"""C's name of each dtype that a constant may have."""

_INT32_MIN = -(1 << 31)
_INT64_MIN = -(1 << 63)


def literal(value: Any, dtype: str) -> str:
    """One number as a C constant of the type `dtype` stands for.

    Floats are the shortest decimals that round to the same number.
    """
    if dtype in ("float64", "float32"):
        number = float(value)
        if np.isnan(number):
            return "(double)NAN" if dtype == "float64" else "NAN"
        if np.isinf(number):
            text = "(double)INFINITY" if dtype == "float64" else "INFINITY"
            return text if number > 0 else f"-{text}"
        return repr(number) if dtype == "float64" else f"{np.float32(value)!s}f"
    number = int(value)
    if dtype == "int64":
        if number == _INT64_MIN:
            return f"(-INT64_C({-number - 1}) - 1)"
        return f"INT64_C({number})" if number >= 0 else f"-INT64_C({-number})"
    if dtype == "uint64":
        return f"UINT64_C({number})"
    if dtype == "uint32":
        return f"{number}u"
    return "(-2147483647 - 1)" if number == _INT32_MIN else str(number)


def initialiser(array: np.ndarray) -> str:
    """The values of an array, in C order, as the lines between the braces of an initialiser.

    An array without values gets one zero, because C has no arrays of length 0.
    """
    dtype = array.dtype.name
    flat = array.reshape(-1)
    if dtype in ("float64", "float32") or dtype in ("int64", "uint64", "uint32", "int32"):
        words = [literal(value, dtype) for value in flat]
    else:
        words = [str(value) for value in flat.tolist()]
    return textwrap.fill(
        ", ".join(words or ["0"]),
        96,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
