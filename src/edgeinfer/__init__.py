"""edgeinfer: trained models, small and fast.

converters/ estimator -> Graph, one small module per source family
graph.py    the list of typed ops that every part knows
ops/        one op per class: types, NumPy reference, cost, lowering
quantize/   Graph -> Graph in float32, int16 or int8
format.py   Graph <-> .edge file (safetensors + JSON, checked when loaded)
lower.py    Graph -> kernels, parameter blocks, arena
runtime/    runs a lowered graph in one native call; Model is what users hold
kernels/    the C kernels, and the same as Python functions
export/     prints parameter blocks as C
verification/ a model against its source, at every threshold
measurement/ latency, size, energy proxies, microcontrollers
cli/        the command line
api.py      convert, load, export_c: source -> graph -> precision -> Model or C
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeinfer.errors import EdgeInferError

if TYPE_CHECKING:
    from edgeinfer.api import convert, export_c, load
    from edgeinfer.measurement.measure import measure
    from edgeinfer.measurement.target import measure_target
    from edgeinfer.runtime.model import Model
    from edgeinfer.verification.verify import verify

__version__ = "0.1.0"
__all__ = [
    "EdgeInferError",
    "Model",
    "__version__",
    "convert",
    "export_c",
    "load",
    "measure",
    "measure_target",
    "verify",
]

_HOMES = {
    "convert": "edgeinfer.api",
    "export_c": "edgeinfer.api",
    "load": "edgeinfer.api",
    "measure_target": "edgeinfer.measurement.target",
    "verify": "edgeinfer.verification.verify",
    "measure": "edgeinfer.measurement.measure",
    "Model": "edgeinfer.runtime.model",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when first used: loading a model never imports a converter."""
    import importlib

    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name == "kernels":
        return importlib.import_module("edgeinfer.kernels")
    raise AttributeError(f"module 'edgeinfer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
