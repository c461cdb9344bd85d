"""What a precision cost, per method, measured on the calibration data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeinfer.graph import Graph

if TYPE_CHECKING:
    from edgeinfer.quantize.scheme import Rewriter


def make_report(rw: Rewriter, quantized: Graph) -> dict[str, Any]:
    """`outputs`: per method the agreement or the errors against the float64 graph.

    `saturated`: per tensor that became integers and had values they cannot stand for, the share
    of them. And what the rules noted.
    """
    source, data = rw.graph, rw.calibration.data
    report: dict[str, Any] = {"calibration_rows": 0 if data is None else len(data), **rw.notes}
    if data is None:
        return report
    (name,) = source.inputs
    kept = {n for spec in source.methods.values() for n in spec.tensors}
    want = source.evaluate({name: data}, [*kept, *(n for n in rw.watched if n not in kept)])
    renamed = {method: quantized.methods[method].tensors for method in source.methods}
    have = quantized.evaluate(
        {name: data}, sorted({n for names in renamed.values() for n in names})
    )
    report["outputs"] = {
        method: _compare(
            [(want[w], have[h]) for w, h in zip(spec.tensors, renamed[method], strict=True)]
        )
        for method, spec in source.methods.items()
    }
    shares = {old: _outside(want[old], *limits) for old, limits in rw.watched.items()}
    report["saturated"] = {old: share for old, share in shares.items() if share > 0}
    return report


def _outside(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """The share of finite values outside the limits, up to rounding."""
    margin = 1e-9 * np.maximum(np.abs(low), np.abs(high))
    with np.errstate(invalid="ignore"):
        outside = (values < low - margin) | (values > high + margin)
    return float(np.count_nonzero(outside & np.isfinite(values)) / max(values.size, 1))


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
