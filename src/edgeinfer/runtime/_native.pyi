from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgeinfer.lower import LoweredProgram

KERNELS: dict[str, tuple[int, str]]
ISAS: dict[str, int]

class Program:
    lowered: LoweredProgram
    isa: str
    def __init__(self, lowered: LoweredProgram, isa: str) -> None: ...
    def run(self, *arrays: np.ndarray) -> tuple[np.ndarray, ...]: ...

class Method:
    def __init__(
        self,
        program: Program,
        prepare: Callable[[Any], np.ndarray],
        finish: Callable[[tuple[np.ndarray, ...]], Any] | None,
        always_prepare: bool,
        name: str,
        doc: str,
        options: tuple[str, ...] = (),
        variant: Callable[[Mapping[str, Any]], Method] | None = None,
    ) -> None: ...
    @property
    def options(self) -> tuple[str, ...]: ...
    @property
    def program(self) -> Program: ...
    def __call__(self, X: Any = None, *positional: Any, **values: Any) -> Any: ...

class Runner:
    def __init__(
        self, program: Program, inputs: tuple[str, ...], outputs: tuple[str, ...]
    ) -> None: ...
    def __call__(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]: ...
