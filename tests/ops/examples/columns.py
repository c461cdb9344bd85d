"""Examples of the ops that move columns and look things up."""

import numpy as np

from edgeinfer.ops import Concat, Lookup, Reshape, Select
from tests.examples_of_ops import Example

ROWS = np.arange(35).reshape(7, 5)
INDICES = np.array([4, 0, 0, 3], np.int32)
DTYPES = ("float64", "float32", "int64", "int32", "int16", "int8", "uint16", "uint8")

EXAMPLES = [
    *(Example(Select(INDICES), (ROWS.astype(dtype),)) for dtype in DTYPES),
    *(
        Example(Concat(), (ROWS.astype(d), ROWS[:, 2].astype(d), ROWS[:, :3].astype(d)))
        for d in DTYPES
    ),
    Example(Concat(), (ROWS.astype(float),), note="one"),
    Example(Reshape((5, 1)), (ROWS.astype(float),)),
    Example(Reshape(()), (ROWS[:, :1].astype("float32").copy(),)),
    Example(Lookup(np.array([7, -3, 1 << 40])), (np.array([0, 2, 1, 1]),)),
    Example(Lookup(np.array([7, -3, 1 << 40])), (np.array([[0, 2], [1, 1]]),), note="columns"),
]
