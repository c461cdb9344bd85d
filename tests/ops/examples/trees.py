"""Examples of tree ensembles: every type of features, cuts, codes and values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.examples_of_ops import Example
from tests.trees import as_type, random_forest, rows


def _examples() -> list[Example]:
    found = []
    for features, cuts in (("float64", "float64"), ("float64", "float32"), ("float32", "float32")):
        with np.errstate(over="ignore"):
            x = rows(70).astype(features)
        for bits in (8, 16):
            op = random_forest(dtype=cuts, categories=True)
            for values in ("float64", "float32", "int32", "int16"):
                made = replace(as_type(op, values), code_bits=bits)
                found.append(Example(made, (x,), 0.0, note=f"{cuts}-u{bits}-{values}"))
    init = np.random.default_rng(0).normal(size=(70, 2))
    found.append(Example(random_forest(), (rows(70), init), 0.0, note="init"))
    found.append(Example(random_forest(n_nodes=301), (rows(70),), 0.0, note="many leaves"))
    found.append(Example(random_forest(n_nodes=1), (rows(9),), 0.0, note="one leaf"))
    return found


EXAMPLES = _examples()
