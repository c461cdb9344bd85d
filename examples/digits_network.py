"""Handwritten digits: a convolutional network trained in NumPy, in float32, int16 and int8.

scikit-learn's 1797 images of 8x8 pixels. The network is trained in seconds, written as a .tflite
file as any other tool would leave it, converted in three precisions and measured.

    pip install ".[examples]"
    python examples/digits_network.py
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from small_networks import Conv, Network, compare


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--output", type=Path, help="where to keep digits.tflite")
    options = parser.parse_args(arguments)

    pixels, labels = load_digits(return_X_y=True)
    X = (pixels / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    train_X, test_X, train_y, test_y = train_test_split(X, labels, random_state=0)
    print(f"training on {len(train_X)} images ...", file=sys.stderr)
    network = Network((8, 8, 1), [Conv(12, (3, 3)), Conv(24, (3, 3))], 10)
    network.fit(train_X, train_y, epochs=options.epochs, noise=0.05)

    with tempfile.TemporaryDirectory() as folder:
        path = (options.output or Path(folder)) / "digits.tflite"
        network.write(path)
        problems = compare(
            "digits, 450 images to test on", network, path, train_X, (test_X, test_y)
        )
    for problem in problems:
        print(f"FAILED {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
