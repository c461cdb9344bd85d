"""Recordings of movements that the package `aeon` ships, read without its code.

    pip install --no-deps aeon

Only its data are needed. What its code needs (numba, which wants an older NumPy than the newest)
would change the versions that a model is trained and compared with.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np


def folder() -> Path:
    """Where aeon keeps its data; SystemExit that says what to install if there is none."""
    spec = importlib.util.find_spec("aeon")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        data = Path(place) / "datasets" / "data"
        if data.is_dir():
            return data
    raise SystemExit("the recordings are in the package aeon: pip install --no-deps aeon")


def read_ts(path: Path) -> tuple[list[np.ndarray], np.ndarray]:
    """Recordings of shape ``(channels, time)``, and their labels as text.

    A line of a .ts file has the channels and the label, with colons between; text before ``@data``
    is about the file.
    """
    _, _, body = path.read_text(encoding="utf-8", errors="replace").partition("@data")
    recordings, labels = [], []
    for line in body.split():
        *channels, label = line.split(":")
        recordings.append(np.array([[float(v) for v in c.split(",")] for c in channels]))
        labels.append(label)
    return recordings, np.array(labels)


def load(name: str, split: str) -> tuple[list[np.ndarray], np.ndarray]:
    """The recordings of a data set, ``TRAIN`` or ``TEST``, and their labels."""
    return read_ts(folder() / name / f"{name}_{split}.ts")
