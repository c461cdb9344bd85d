"""Which activity is it? Real recordings of a smartwatch, four classifiers, four precisions.

BasicMotions (in the package `aeon`): accelerometer and gyroscope, 10 s at 10 Hz each, of people
standing, walking, running and playing badminton; 40 recordings to train on, 40 to test on. Each is
cut into windows of 2.5 s, a window becomes 36 features, and every classifier that was trained on
them is converted in four precisions, verified and measured.

    pip install ".[examples]"
    pip install --no-deps aeon
    python examples/activity_recognition.py
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence

import numpy as np
from recordings import load
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from edgeinfer.measurement.precisions import TITLES, Line, as_table, compare_precisions

WINDOW, STEP = 25, 12


def motions(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Recordings of shape (n, channels, time) and what is done in them."""
    recordings, labels = load("BasicMotions", split)
    return np.stack(recordings), labels


def windows(recordings: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recordings of shape (n, channels, time) cut into windows; their labels."""
    starts = range(0, recordings.shape[2] - WINDOW + 1, STEP)
    cut = np.stack([recordings[:, :, s : s + WINDOW] for s in starts], axis=1)
    return cut.reshape(-1, recordings.shape[1], WINDOW), np.repeat(labels, len(starts))


def features(cut: np.ndarray) -> np.ndarray:
    """Six figures per channel of each window: where it lies, how far and how fast it moves."""
    moves = np.diff(cut, axis=2)
    figures = (
        cut.mean(axis=2),
        cut.std(axis=2),
        cut.min(axis=2),
        cut.max(axis=2),
        np.abs(moves).mean(axis=2),
        moves.std(axis=2),
    )
    # A watch computes in float32, and a float32 model promises its answers for float32 values.
    return np.concatenate(figures, axis=1).astype(np.float32).astype(np.float64)


CLASSIFIERS = {
    "scaler + logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "extra trees, 50": lambda: ExtraTreesClassifier(50, random_state=0),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=20, random_state=0),
    "scaler + 3 neighbours": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier(3)),
    "scaler + MLP 32": lambda: make_pipeline(
        StandardScaler(), MLPClassifier((32,), max_iter=500, random_state=0)
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.1, help="to time each engine, twice")
    options = parser.parse_args(arguments)

    train = windows(*motions("TRAIN"))
    test = windows(*motions("TEST"))
    train_X, test_X = features(train[0]), features(test[0])
    print(f"{len(train_X)} windows to train on, {len(test_X)} to test on", file=sys.stderr)

    lines: list[Line] = []
    for name, build in CLASSIFIERS.items():
        print(f"{name} ...", file=sys.stderr)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # convergence is not the point here
            estimator = build().fit(train_X, train[1])
        lines += compare_precisions(
            name, estimator, train_X, (test_X, test[1]), seconds=options.seconds
        )

    table = Table(*TITLES, box=None, title="activity recognition from a smartwatch")
    for row in as_table(lines):
        table.add_row(*row)
    Console(width=150).print(table)
    failed = [line for line in lines if line.problem]
    for line in failed:
        print(f"{line.model}, {line.engine}: {line.problem}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
