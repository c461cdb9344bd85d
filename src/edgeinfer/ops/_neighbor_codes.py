"""Points on a grid of 256 levels: what the integer search of neighbours reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.ops._base import aligned

GROUP = 32
"""Points that lie side by side (EI_CODE_POINTS in ei_neighbors_codes_params.h)."""

KEPT = 1024
"""Candidates a row can have (EI_CODE_KEPT)."""

MAX_FEATURES = 32768
"""More could overflow 32 bits: a score is at most 3 * 128**2 per feature."""

MIN_VALUES = 1 << 14
"""Of smaller training sets the distances are computed at once."""

SCALES = (1e-140, 1e140)
"""Between these no square of a difference of codes leaves float64."""


@dataclass(frozen=True, eq=False)
class Codes:
    """``points = centre + scale * (code + error)``, every error vector no longer than `error`.

    Arrays as the kernel reads them, see ei_neighbors_codes.h.
    """

    codes: np.ndarray
    norms: np.ndarray
    starts: np.ndarray
    centre: np.ndarray
    scale: float
    error: float
    candidates: float
    """How many points of an average row are expected to remain after the search."""


def grid(points: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Centre per feature and one scale for all; None if the points have no sensible grid.

    Integers that span no more than 256 values are hit exactly.
    """
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    with np.errstate(all="ignore"):
        span = float((high - low).max())
    if not np.isfinite(span):
        return None
    largest = max(float(np.abs(low).max()), float(np.abs(high).max()))
    if span <= 255 and largest < 2**31 and bool((points == np.rint(points)).all()):
        return low + 128.0, 1.0
    scale = span / 254
    if not SCALES[0] < scale < SCALES[1]:
        return None
    return low + (high - low) / 2, scale


def code_points(points: np.ndarray) -> Codes | None:
    """The points in codes; None where there is no grid for them."""
    found = grid(points)
    if found is None:
        return None
    centre, scale = found
    count, features = points.shape
    groups, fours = -(-count // GROUP), -(-features // 4)
    flat = np.zeros((groups * GROUP, fours * 4), np.int8)
    worst = 0.0
    # Some points at a time: the float64 copies stay small.
    for first in range(0, count, 4096):
        values = (points[first : first + 4096].astype(np.float64) - centre) / scale
        rounded = np.clip(np.rint(values), -128, 127)
        flat[first : first + len(values), :features] = rounded
        worst = max(worst, float(np.square(values - rounded).sum(axis=1).max()))
    wide = flat.astype(np.int32)
    norms = np.square(wide).sum(axis=1, dtype=np.int32)
    norms[count:] = np.iinfo(np.int32).max
    starts = -128 * wide.sum(axis=1, dtype=np.int32)
    error = float(np.sqrt(worst)) * (1 + 1e-9)
    packed = flat.reshape(groups, GROUP, fours, 4).transpose(0, 2, 1, 3)
    return Codes(
        aligned(np.ascontiguousarray(packed)),
        aligned(norms),
        aligned(starts.astype(np.int32)),
        centre,
        scale,
        error,
        _expected(points, error * scale),
    )


def _expected(points: np.ndarray, error: float) -> float:
    """Candidates of a row whose codes err as much as those of the points, from a sample."""
    count = len(points)
    if error == 0.0:
        return 0.0
    sample = points[:: -(-count // 2048)].astype(np.float64)
    found = []
    for query in sample[:: -(-len(sample) // 8)]:
        distances = np.sqrt(np.square(sample - query).sum(axis=1))
        nearest = np.partition(distances, 1)[1] if len(distances) > 1 else 0.0
        # In all points the nearest ones are nearer than in the sample; this errs to many.
        found.append(float((distances <= nearest + 4 * error).mean()))
    return float(np.mean(found)) * count
