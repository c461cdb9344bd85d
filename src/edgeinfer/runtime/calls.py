"""A model's methods as functions of one array, whether tables or networks are behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgeinfer.errors import InvalidParameterError
from edgeinfer.runtime.model import Model


def caller(model: Model, method: str) -> Callable[[np.ndarray], Any]:
    """``model.method`` as a function of the rows; `run` of a network with one input included.

    Raises InvalidParameterError if the model has no such method, or it takes several inputs.
    """
    if method not in model.graph.methods:
        raise InvalidParameterError(
            f"this model has no method {method!r}; it has: {', '.join(model.graph.methods)}"
        )
    if method != "run":
        function: Callable[[np.ndarray], Any] = getattr(model, method)
        return function
    if len(model.inputs) != 1:
        raise InvalidParameterError(f"a model with one input is needed, not {len(model.inputs)}")
    (name,) = model.inputs
    return lambda rows: model.run({name: rows})


@contextmanager
def one_thread() -> Iterator[None]:
    """Numeric libraries use one thread in here, as far as threadpoolctl is there to tell them.

    A source is compared on one thread: which of equally distant neighbours scikit-learn takes
    depends on how its threads share the points.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(1):
        yield
