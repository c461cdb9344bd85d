"""Recordings of every class that a network knows, found by trying.

Chance gives a keyword network little but unknown words. So the numbers that a recording is made of
(where a photograph is cut, which formants a word has) are changed at random, and those of the
recordings that come nearest to a class are changed further, until there are enough that the float
network takes for it. No gradient is used and no pixel or sample is changed by itself, so what is
found has the statistics of photographs and of speech.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.quantize.network.recordings import Draws

GENES = 96
BATCH = 48
NEAREST = 12
"""So many of the recordings nearest to a class are changed further."""


class Genes:
    """Draws that are a row of numbers from 0 to 1, so that they can be changed one by one.

    Noise of many numbers has a seed that is one of them.
    """

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.place = 0
        self._noise = np.random.default_rng(int(values[0] * 2**32))

    def random(self) -> float:
        self.place = self.place % (len(self.values) - 1) + 1
        return float(self.values[self.place])

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def integers(self, low: int, high: int) -> int:
        return low + int((high - low) * self.random())

    def normal(self, mean: float, deviation: float, size: int) -> np.ndarray:
        return self._noise.normal(mean, deviation, size)


def changed(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some numbers drawn anew, some moved a little."""
    kind = rng.random(values.shape)
    moved = np.clip(values + rng.normal(0, 0.08, values.shape), 0, 1 - 1e-9)
    return np.where(kind < 0.04, rng.random(values.shape), np.where(kind < 0.25, moved, values))


def search(
    make: Callable[[Draws], np.ndarray],
    judge: Callable[[np.ndarray], np.ndarray],
    each: int,
    seed: int,
    most: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Recordings, `each` of every class or as many as `most` trials give; and their classes.

    `judge` gives the probabilities of the classes for recordings that `make` made.
    """
    rng = np.random.default_rng(seed)
    genes = np.empty((0, GENES))
    judged = np.empty((0, 0))
    found: dict[int, list[np.ndarray]] = {}
    wanted = [0]
    while wanted and len(genes) < most:
        new = rng.random((BATCH, GENES))
        if len(genes):
            for k in range(BATCH):
                order = np.argpartition(judged[:, wanted[k % len(wanted)]], -NEAREST)
                new[k] = changed(genes[rng.choice(order[-NEAREST:])], rng)
        made = np.stack([make(Genes(row)) for row in new])
        answers = np.asarray(judge(made))
        genes = np.concatenate([genes, new])
        judged = np.concatenate([judged.reshape(-1, answers.shape[1]), answers])
        for recording, c in zip(made, answers.argmax(axis=1).tolist(), strict=True):
            if len(found.setdefault(c, [])) < each:
                found[c].append(recording)
        wanted = [c for c in range(answers.shape[1]) if len(found.get(c, [])) < each]
    order = sorted(found)
    classes = np.repeat(order, [len(found[c]) for c in order])
    mixed = rng.permutation(len(classes))
    return np.concatenate([np.stack(found[c]) for c in order])[mixed], classes[mixed]
