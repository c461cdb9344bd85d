"""The matrix of operators and types: for each a network of that one operator, or several of them.

`CASES` is what `test_operators.py` holds against the oracles, and what the documentation's list of
operators is checked with. An integer network is compared bit for bit with TensorFlow Lite Micro;
``oracle="litert"`` marks those that it does not run, which are compared with LiteRT's reference
kernels, within a unit. A family of operators is a module; convolutions, pooling and LSTM layers
are in test_tflite.py and test_recurrent.py, in more forms than a table holds.
"""

from __future__ import annotations

from tests.converters.operator_cases import (
    activation,
    conversion,
    elementwise,
    indexed,
    logic,
    movement,
    product,
    reduction,
    resizing,
)
from tests.converters.operator_cases._case import Case, T

__all__ = ["CASES", "Case", "T"]

CASES: list[Case] = [
    *elementwise.arithmetic(),
    *activation.of_float32(),
    *activation.of_int8(),
    *activation.of_int16(),
    *conversion.conversions(),
    *reduction.positions(),
    *reduction.reductions(),
    *logic.comparisons(),
    *logic.truths(),
    *logic.choices(),
    *indexed.places(),
    *indexed.ranks(),
    *indexed.hot(),
    *indexed.sums(),
    *product.products(),
    *resizing.resizing(),
    *movement.movement(),
]
