"""The search for recordings of every class."""

from __future__ import annotations

import numpy as np

from tests.quantize.network.recordings import photograph, word
from tests.quantize.network.searched import GENES, Genes, search


def test_genes_are_draws() -> None:
    values = np.random.default_rng(0).random(GENES)
    draws = Genes(values)
    given = [draws.random() for _ in range(GENES - 1)]
    assert given == values[1:].tolist()
    assert draws.random() == values[1]  # round again
    assert 2 <= draws.uniform(2, 3) < 3
    assert draws.integers(4, 5) == 4
    np.testing.assert_array_equal(Genes(values).normal(0, 1, 5), Genes(values).normal(0, 1, 5))
    assert photograph(Genes(values), 16).shape == (16, 16, 3)
    np.testing.assert_array_equal(word(Genes(values)), word(Genes(values)))


def test_rare_classes_are_found() -> None:
    """A mean of thirty numbers beyond 0.725 is nothing that chance gives."""

    def judge(rows: np.ndarray) -> np.ndarray:
        rare = 4 * (rows.mean(axis=1, keepdims=True) - 0.6)
        return np.concatenate([1 - rare, rare], axis=1)

    def make(rng: object) -> np.ndarray:
        return np.array([rng.random() for _ in range(30)])  # type: ignore[attr-defined]

    rows, classes = search(make, judge, 10, 0, 4000)
    assert np.bincount(classes).tolist() == [10, 10]
    np.testing.assert_array_equal(judge(rows).argmax(axis=1), classes)
    again = search(make, judge, 10, 0, 4000)[0]
    np.testing.assert_array_equal(rows, again)
    assert len(search(make, judge, 10, 0, 40)[0]) < 20
