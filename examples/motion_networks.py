"""Gestures and activities: 1-D convolutions on real recordings, in float32, int16 and int8.

Both sets of recordings are in the package `aeon`. BasicMotions: six channels of a smartwatch at
10 Hz, cut into windows of 2.5 s (standing, walking, running, badminton). PickupGestureWiimoteZ: one
axis of a game controller, ten gestures, five recordings of each to train on, taken at 128 places.

    pip install ".[examples]"
    pip install --no-deps aeon
    python examples/motion_networks.py
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from recordings import load
from small_networks import Conv, Network, compare

WINDOW, STEP = 25, 5
LENGTH = 128


def windows(recordings: list[np.ndarray]) -> np.ndarray:
    """``(recordings, windows, 1, WINDOW, channels)``."""
    starts = range(0, recordings[0].shape[1] - WINDOW + 1, STEP)
    cut = [[r[:, s : s + WINDOW].T for s in starts] for r in recordings]
    return np.asarray(cut, np.float32)[:, :, None]


def stretched(recording: np.ndarray, start: float = 0.0, end: float = 1.0) -> np.ndarray:
    """A part of a recording of one channel, at LENGTH places, around its mean."""
    values = recording[0] - recording[0].mean()
    places = np.linspace(start, end, LENGTH) * (len(values) - 1)
    return np.interp(places, np.arange(len(values)), values).astype(np.float32)[None, :, None]


def activities(folder: Path, epochs: int) -> list[str]:
    """What people do: standing, walking, running, badminton."""
    (train, train_labels), (test, test_labels) = (
        load("BasicMotions", split) for split in ("TRAIN", "TEST")
    )
    names = np.unique(train_labels)
    X, new = windows(train), windows(test)
    scale = X.std(axis=(0, 1, 2, 3))
    y, truth = (
        np.repeat(np.searchsorted(names, labels), cut.shape[1])
        for labels, cut in ((train_labels, X), (test_labels, new))
    )
    X, new = (
        np.ascontiguousarray((cut / scale).reshape(-1, 1, WINDOW, cut.shape[-1]), np.float32)
        for cut in (X, new)
    )
    layers = [Conv(16, (1, 5), (1, 2)), Conv(24, (1, 5), (1, 2))]
    network = Network((1, WINDOW, X.shape[-1]), layers, len(names))
    network.fit(X, y, epochs=epochs, noise=0.1)
    network.write(folder / "activities.tflite")
    return compare(
        f"activities, {len(new)} windows to test on",
        network,
        folder / "activities.tflite",
        X,
        (new, truth),
    )


def gestures(folder: Path, epochs: int) -> list[str]:
    """Which of ten gestures; each recording is also taken a little shorter and shifted."""
    (train, train_labels), (test, test_labels) = (
        load("PickupGestureWiimoteZ", split) for split in ("TRAIN", "TEST")
    )
    names = np.unique(train_labels)
    rng = np.random.default_rng(0)
    parts = [(0.0, 1.0), *zip(rng.uniform(0, 0.08, 7), rng.uniform(0.92, 1.0, 7), strict=True)]
    X = np.stack([stretched(r, *part) for r in train for part in parts])
    y = np.repeat(np.searchsorted(names, train_labels), len(parts))
    new = np.stack([stretched(r) for r in test])
    truth = np.searchsorted(names, test_labels)
    scale = X.std()
    layers = [Conv(12, (1, 9), (1, 2)), Conv(24, (1, 7), (1, 2)), Conv(24, (1, 5), (1, 2))]
    network = Network((1, LENGTH, 1), layers, len(names))
    network.fit(X / scale, y, epochs=epochs, noise=0.1)
    network.write(folder / "gestures.tflite")
    return compare(
        f"gestures, {len(new)} recordings to test on",
        network,
        folder / "gestures.tflite",
        X / scale,
        (new / scale, truth),
        tolerance=0.05,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--output", type=Path, help="where to keep the .tflite files")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.output or Path(temporary)
        problems = activities(folder, options.epochs) + gestures(folder, options.epochs)
    for problem in problems:
        print(f"FAILED {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
