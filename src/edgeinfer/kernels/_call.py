"""Compiled programs of single ops, found again by the content of their parameters."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np

from edgeinfer.errors import GraphError, InvalidInputError, InvalidParameterError
from edgeinfer.graph import TensorType
from edgeinfer.ops import Op
from edgeinfer.runtime._native import Program
from edgeinfer.runtime.program import chosen_isa, compile_op

KEPT = 64
"""How many compiled programs are kept; the one unused for longest goes first."""

_programs: OrderedDict[tuple[Any, ...], Program] = OrderedDict()
_lock = threading.Lock()


def _content(value: Any) -> Any:
    """Something that is equal for equal parameters only: arrays may be changed between calls."""
    if not isinstance(value, np.ndarray):
        return value
    return value.dtype.str, value.shape, blake2b(np.ascontiguousarray(value).data).digest()


def call(
    build: Callable[..., Op], *inputs: np.ndarray, isa: str | None, **parameters: Any
) -> tuple[np.ndarray, ...]:
    """Run the op ``build(**parameters)`` on `inputs`.

    Raises InvalidParameterError for parameters that the op refuses, or an unknown `isa`.
    """
    isa = isa or chosen_isa()
    types = tuple((x.dtype.name, x.shape[1:]) for x in inputs)
    key = (build, isa, types, *((name, _content(v)) for name, v in parameters.items()))
    with _lock:
        program = _programs.get(key)
        if program is not None:
            _programs.move_to_end(key)
    if program is None:
        try:
            program = compile_op(build(**parameters), [TensorType(*t) for t in types], isa)
        except GraphError as err:
            raise InvalidParameterError(str(err)) from err
        with _lock:
            _programs[key] = program
            while len(_programs) > KEPT:
                _programs.popitem(last=False)
    return program.run(*inputs)


def matrix(name: str, value: Any, *dtypes: str) -> np.ndarray:
    """`value` if it is an array of two axes and one of `dtypes`; InvalidInputError if not."""
    if not isinstance(value, np.ndarray) or value.ndim != 2:
        what = f"{value.ndim} axes" if isinstance(value, np.ndarray) else type(value).__name__
        raise InvalidInputError(f"{name} has to be an array of 2 axes, not {what}")
    return typed(name, value, *dtypes)


def typed(name: str, value: Any, *dtypes: str) -> np.ndarray:
    """`value` if it is an array of one of `dtypes` in native byte order."""
    if not isinstance(value, np.ndarray):
        raise InvalidInputError(f"{name} has to be an array, not {type(value).__name__}")
    if value.dtype.name not in dtypes or not value.dtype.isnative:
        raise InvalidInputError(f"{name} has to be {' or '.join(dtypes)}, not {value.dtype}")
    return value
