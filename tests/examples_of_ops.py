"""One table with small examples of every op, from which many tests are made.

Each module of `tests/ops/examples/` lists the examples of one family in `EXAMPLES`. An example is
an op, arrays to run it on, and how near its kernel has to come to the NumPy reference. From the
table follow the tests of references, instruction sets, parameter blocks, the file format, NEON
and damaged files: whoever adds an op gets all of them for its example.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from edgeinfer.format import dump_bytes
from edgeinfer.graph import Graph, GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import OPS, Lowered, Op, Unary
from edgeinfer.target import FORESTS, OPTIMIZE, Target


@dataclass(frozen=True)
class Example:
    """An op and arrays of shape ``(rows, *shape)`` to run it on.

    Attributes
    ----------
    rtol : how near floats come to the NumPy reference, relative to the largest; integers are equal
    libm : whether the kernel calls the C library's functions (exp, pow ...): floats may differ by
        `rtol` from one C library to another.
    note : what sets this example apart from the op's others; part of the test's name
    """

    op: Op
    inputs: tuple[np.ndarray, ...]
    rtol: float = 1e-12
    libm: bool = False
    note: str = ""

    @property
    def same_bits(self) -> bool:
        """Whether floats are the same on every instruction set, with every compiler, bit for bit.

        Convolutions fuse multiplication and addition where the instruction set can.
        """
        return not self.libm and self.op.kind not in ("Conv2D", "DepthwiseConv2D")

    @property
    def types(self) -> tuple[TensorType, ...]:
        """Types of the inputs."""
        return tuple(TensorType(x.dtype.name, x.shape[1:]) for x in self.inputs)

    def __str__(self) -> str:
        dtypes = "-".join(dict.fromkeys(x.dtype.name for x in self.inputs))
        return "-".join(part for part in (self.op.kind, self.note, dtypes) if part)

    def graph(self) -> Graph:
        """A graph of this op alone, its inputs x0, x1 ..., its methods `run` and `transform`."""
        names = [f"x{i}" for i in range(len(self.inputs))]
        builder = GraphBuilder(dict(zip(names, self.types, strict=True)))
        outputs = builder.emit_many(self.op, *names)
        if not outputs:  # a guard: what it guards has to be wanted
            outputs = (builder.emit(Unary("ident"), "x0"),)
        method = Method(outputs, "tuple")
        return builder.build({"run": method, "transform": method}, Info(estimator=self.op.kind))

    def edge(self) -> bytes:
        """The same as a model file."""
        return dump_bytes(self.graph())

    def lowered(self) -> Iterator[Lowered]:
        """Every kernel call the op can become: on the host, and compact for small targets."""
        host = self.op.lower(*self.types)
        yield host
        seen = {host.kernel}
        for forest in FORESTS:
            for optimize in OPTIMIZE:
                target = Target(host=False, alignment=8, optimize=optimize, forest=forest)
                small = self.op.lower_for(target, *self.types)
                if small.source is None and small.kernel not in seen:
                    seen.add(small.kernel)
                    yield small


@cache
def all_examples() -> tuple[Example, ...]:
    """The examples of all families."""
    package = importlib.import_module("tests.ops.examples")
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    ]
    return tuple(example for module in modules for example in module.EXAMPLES)


def kinds_without_example() -> list[str]:
    """Kinds of ops that nobody gave an example."""
    return sorted(set(OPS) - {example.op.kind for example in all_examples()})


def kernels_reached() -> set[str]:
    """Kernels that some example runs."""
    return {lowered.kernel for example in all_examples() for lowered in example.lowered()}


def blocks() -> dict[str, tuple[str, ...]]:
    """C struct -> names of its fields in order, of every parameter block the examples make."""
    return {
        lowered.block.struct: tuple(name for name, _, _ in lowered.block.fields)
        for example in all_examples()
        for lowered in example.lowered()
    }
