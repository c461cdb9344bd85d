"""Examples of the reductions: argmax, softmax, sums, norms."""

import numpy as np

from edgeinfer.ops import ArgMax, Normalize, Reduce, Softmax
from edgeinfer.ops.reduce import NORMS, REDUCTIONS
from tests.examples_of_ops import Example

X = np.random.default_rng(5).normal(size=(21, 4, 9))
FLAT = X[:, 0].copy()
FLAT[0] = 0.0
FLAT[1, 3] = FLAT[1, 5] = 9.0
NAN = FLAT.copy()
NAN[3, 2] = NAN[3, 4] = np.nan
NAN[4, 1] = np.inf

RTOL = {"float64": 1e-13, "float32": 2e-6}


def _of(dtype: str) -> list[Example]:
    rtol = RTOL[dtype]
    flat, deep, nan = FLAT.astype(dtype), X.astype(dtype), NAN.astype(dtype)
    examples = [
        Example(ArgMax(), (nan,)),
        Example(ArgMax(), (deep,), note="3-axes"),
        Example(Softmax(), (flat,), rtol, True),
        Example(Softmax(), (deep,), rtol, True, "3-axes"),
        Example(Softmax(True), (flat,), rtol, True, "log"),
        Example(Softmax(), (flat[:, :1].copy(),), rtol, True, "one"),
    ]
    examples += [Example(Reduce(fn), (x,), rtol, note=fn) for fn in REDUCTIONS for x in (flat, nan)]
    examples += [Example(Normalize(norm), (flat,), rtol, note=norm) for norm in NORMS]
    examples += [Example(Normalize("l2", below=2.0), (flat,), rtol, note="l2-tiny")]
    return examples


EXAMPLES = [*_of("float64"), *_of("float32")]
