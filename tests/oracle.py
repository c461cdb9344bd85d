"""The comparisons that all tests share: op against reference, model against source."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import edgeinfer
from edgeinfer.ops import Op
from edgeinfer.runtime.program import available_isas, run_op

METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "score_samples",
    "apply",
)
RTOL = {"float64": 1e-10, "float32": 1e-5}


def assert_op(op: Op, *arrays: np.ndarray, rtol: float = 1e-12) -> None:
    """The kernel of every instruction set answers as the NumPy reference: integers bit for bit,
    floats within `rtol` of the largest value; and a row alone as among the others, bit for bit.
    """
    want = op.reference(*arrays) or arrays[:1]  # a guard lets pass what it guards
    for isa in available_isas():
        have = run_op(op, *arrays, isa=isa)
        assert len(have) == len(want)
        for h, w in zip(have, want, strict=True):
            assert h.dtype == w.dtype, (isa, h.dtype, w.dtype)
            assert h.shape == w.shape, (isa, h.shape, w.shape)
            assert_close(h, w, rtol if w.dtype.kind == "f" else 0.0, isa)
        for row in range(min(len(arrays[0]), 3)):
            alone = run_op(op, *(a[row : row + 1] for a in arrays), isa=isa)
            for a, h in zip(alone, have, strict=True):
                np.testing.assert_array_equal(a[0], h[row], err_msg=f"{isa}: row {row} alone")


def assert_close(have: Any, want: Any, rtol: float, where: str = "") -> None:
    """Equal where not finite; else within `rtol` relative to the value or the row's scale."""
    have, want = np.asarray(have), np.asarray(want)
    assert have.shape == want.shape, (where, have.shape, want.shape)
    if rtol == 0.0 or want.dtype.kind not in "f":
        np.testing.assert_array_equal(have, want, err_msg=where)
        return
    finite = np.isfinite(want)
    np.testing.assert_array_equal(have[~finite], want[~finite], err_msg=where)
    scale = np.abs(want[finite]).max(initial=0.0)
    np.testing.assert_allclose(
        have[finite], want[finite], rtol=rtol, atol=rtol * max(scale, 1e-300), err_msg=where
    )


def assert_bits_equal(have: np.ndarray, want: np.ndarray, where: str) -> None:
    """Equal, NaN to NaN whatever its payload, and -0.0 not to 0.0."""
    np.testing.assert_array_equal(have, want, err_msg=where)
    if want.dtype.kind == "f":
        known = ~np.isnan(want)
        np.testing.assert_array_equal(
            np.signbit(have[known]), np.signbit(want[known]), err_msg=where
        )


def assert_same(
    source: Any, X: Any, precision: str = "float64", *, rtol: float | None = None, **options: Any
) -> edgeinfer.Model:
    """The converted model has the methods of `source` and answers as it does on X.

    Also after saving and loading. Labels have to be equal, floats within the precision's promise.
    """
    model = edgeinfer.convert(source, precision=precision, **options)
    again = edgeinfer.Model(model.graph).__reduce__()[0](*model.__reduce__()[1])
    rtol = RTOL[precision] if rtol is None else rtol
    for name in METHODS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            offered = hasattr(source, name)
        assert hasattr(model, name) == offered, f"{name}: source {offered}"
        if not offered:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            want = getattr(source, name)(X)
        have, loaded = getattr(model, name)(X), getattr(again, name)(X)
        pairs = zip(have, want, strict=True) if isinstance(want, list) else [(have, want)]
        assert isinstance(have, list) == isinstance(want, list)
        for h, w in pairs:
            if w.dtype.kind != "f":
                assert h.dtype == w.dtype, (name, h.dtype, w.dtype)
            assert_close(h, w, rtol, f"{type(source).__name__}.{name} {precision}")
        for h, a in zip(have, loaded, strict=True) if isinstance(have, list) else [(have, loaded)]:
            np.testing.assert_array_equal(h, a, err_msg="after loading")
    return model
