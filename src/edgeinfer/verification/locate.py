"""Which op a difference comes from: the model's tensors against the float64 graph, op by op."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeinfer.errors import EdgeInferError
from edgeinfer.graph import Graph, Node
from edgeinfer.runtime.program import compile_program
from edgeinfer.verification.promise import RTOL, Promise

EXPLAINED = "the model's operations agree with the float64 graph, so the conversion itself differs"


def locate(model: Graph, origin: Graph | None, row: np.ndarray, promise: Promise) -> str:
    """Where in `model` the answer for `row` (shape ``(1, features)``) leaves the right one.

    First against each op's own NumPy reference: a kernel that is wrong. Then against the float64
    graph `origin` of the source: where a precision loses, or a pass went wrong.
    """
    plain = replace(model, nodes=tuple(n for n in model.nodes if n.outputs))
    names = [name for node in plain.nodes for name in node.outputs]
    try:
        native = dict(zip(names, _run(plain, names, row), strict=True))
    except EdgeInferError as err:
        return f"the model refuses this row ({err})"
    (source,) = plain.inputs
    values = {source: np.asarray(row, np.float64), **native}
    types = plain.types
    for number, node in enumerate(plain.nodes):
        with np.errstate(all="ignore"):
            wanted = node.op.reference(*(values[name] for name in node.inputs))
        for name, want in zip(node.outputs, wanted, strict=True):
            if not _close(native[name], want, RTOL.get(types[name].dtype, 0.0)):
                return f"kernel of node {number} ({_describe(node)}) leaves its reference"
    if origin is None:
        return "there is no float64 graph of the source to walk"
    bare = replace(origin, nodes=tuple(n for n in origin.nodes if n.outputs))
    known = set(bare.types)
    stands_for = model.info.origins or {name: name for name in names}
    for number, node in enumerate(plain.nodes):
        for name in node.outputs:
            old = stands_for.get(name)
            if old is None or old not in known or old in bare.inputs:
                continue
            with np.errstate(all="ignore"):
                want = bare.evaluate({next(iter(bare.inputs)): values[source]}, [old])[old]
            tensor = types[name]
            have = native[name]
            if tensor.qparams is not None:
                scale = np.array(tensor.qparams.scale)
                have = scale * (have.astype(np.float64) - np.array(tensor.qparams.zero_point))
            elif tensor.dtype != bare.types[old].dtype and tensor.dtype != "float32":
                continue  # ranks, codes: another language, compared where it is spoken no more
            rtol = 1e-10 if tensor.dtype == "float64" else promise.rtol or promise.value_loss
            if have.shape == want.shape and not _close(have, want, rtol):
                return (
                    f"the first op that leaves the float64 graph is node {number} "
                    f"({_describe(node)}), which gives {_show(have, want)}"
                )
    return EXPLAINED


def _run(graph: Graph, names: Sequence[str], row: np.ndarray) -> list[np.ndarray]:
    """All tensors of `names`, a few outputs per program (a program has a limited number)."""
    results: list[np.ndarray] = []
    for start in range(0, len(names), 32):
        results += compile_program(graph, names[start : start + 32]).run(row)
    return results


def _close(have: np.ndarray, want: np.ndarray, rtol: float) -> bool:
    if have.shape != want.shape:
        return False
    if have.dtype.kind != "f" and want.dtype.kind != "f":
        return bool((have == want).all())
    scale = np.abs(want[np.isfinite(want)]).max(initial=0.0)
    return np.allclose(have, want, rtol=rtol, atol=rtol * float(scale), equal_nan=True)


def _describe(node: Node) -> str:
    return f"{node.op.kind} -> {', '.join(node.outputs)}"


def _show(have: np.ndarray, want: np.ndarray) -> str:
    with np.errstate(invalid="ignore"):
        column = int(np.nan_to_num(np.abs(have.astype(np.float64) - want), nan=np.inf).argmax())
    return f"{have.ravel()[column]!r} instead of {want.ravel()[column]!r} in column {column}"
