"""Models of other converters' test suites: scikit-learn's answer, or a refusal; never another.

The table is in `tests/e2e/corpus.py`. Every method that the source offers is compared in float64
on rows that it was fitted on and on others.
"""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_limits

import edgeinfer
from edgeinfer.errors import UnsupportedError
from tests.e2e.corpus import FAMILIES, Case, cases, data_of
from tests.oracle import METHODS, RTOL, assert_close

LEAST_SHARE = 0.97
LEAST_CASES = 800


def compare(case: Case) -> list[str]:
    """What differs, method by method; raises UnsupportedError for a model that is refused."""
    data = data_of(case.data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = clone(case.estimator).fit(data.X, data.y)
        model = edgeinfer.convert(source, precision="float64")
        wrong = []
        for name in (*METHODS, "kneighbors"):
            if not hasattr(source, name):
                continue
            if not hasattr(model, name):
                wrong.append(f"{case}: has no {name}")
                continue
            try:
                same_answer(getattr(model, name)(data.test), getattr(source, name)(data.test))
            except AssertionError as err:
                wrong.append(f"{case}: {name}: {' '.join(str(err).split())[:300]}")
    return wrong


def same_answer(have: Any, want: Any) -> None:
    """Labels equal, numbers within the promise of float64; lists and tuples part by part."""
    if isinstance(want, (list, tuple)):
        assert len(have) == len(want)
        for h, w in zip(have, want, strict=True):
            same_answer(h, w)
        return
    want = np.asarray(want)
    if want.dtype == bool and have.dtype == np.float64:  # an indicator of missing values
        want = want.astype(np.float64)
    assert have.dtype == want.dtype, (have.dtype, want.dtype)
    assert_close(have, want, RTOL["float64"])


@threadpool_limits.wrap(limits=1)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_models_of_other_suites() -> None:
    tried, refused = Counter[str](), Counter[str]()
    wrong, reasons = [], []
    for case in cases():
        tried[case.family] += 1
        try:
            wrong += compare(case)
        except UnsupportedError as err:
            refused[case.family] += 1
            reasons.append(f"{case}: {err}")
    assert not wrong, f"{len(wrong)} answers differ:\n" + "\n".join(wrong)
    assert tried.keys() == FAMILIES.keys()
    assert tried.total() >= LEAST_CASES, tried
    share = 1 - refused.total() / tried.total()
    assert share >= LEAST_SHARE, f"{share:.1%} converted; refused:\n" + "\n".join(reasons)
