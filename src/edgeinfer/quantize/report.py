"""What a precision cost, per method, measured on the calibration data."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.graph import Graph


def make_report(
    source: Graph, quantized: Graph, data: np.ndarray | None, notes: dict[str, Any]
) -> dict[str, Any]:
    """`outputs`: per method the agreement or the errors against the float64 graph; and `notes`."""
    report: dict[str, Any] = {"calibration_rows": 0 if data is None else len(data), **notes}
    if data is None:
        return report
    (name,) = source.inputs
    outputs = {}
    for method, spec in source.methods.items():
        want = source.evaluate({name: data}, spec.tensors)
        have = quantized.evaluate({name: data}, quantized.methods[method].tensors)
        pairs = zip(want.values(), have.values(), strict=True)
        outputs[method] = _compare([(w, h) for w, h in pairs])
    report["outputs"] = outputs
    return report


def _compare(pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    equal, rows, worst, total, count = 0, 0, 0.0, 0.0, 0
    for want, have in pairs:
        same = (want == have) | ((want != want) & (have != have))
        equal += int(same.reshape(len(same), -1).all(axis=1).sum())
        rows += len(same)
        if want.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                error = np.abs(have.astype(np.float64) - want)
            error = np.where(same, 0.0, error)
            worst = max(worst, float(error.max(initial=0.0)))
            total += float(error.sum())
            count += error.size
    result = {"agreement": equal / max(rows, 1)}
    if count:
        result |= {"max_abs_error": worst, "mean_abs_error": total / count}
    return result
