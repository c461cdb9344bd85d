"""Squared distances expanded as BLAS rounds them: what ei_expanded.h computes, in NumPy."""

from __future__ import annotations

import numpy as np

ORDERS = ("", "avx2", "avx512")
"""How the dot product of BLAS sums the square of a row (ei_expanded.h): by the processor whose
kernel it is. The empty one is for distances that are not expanded."""

_SPLITTER = 134217729.0  # 2**27 + 1


def fma(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """``a * b + c`` rounded once; for values whose products stay far from the ends of float64.

    The exact product is two numbers, and so is its sum with `c`; what remains is rounded to odd
    before the last addition, so that it is not rounded twice.
    """
    with np.errstate(all="ignore"):
        high, low = _product(a, b)
        first, rest = _sum(c, low)
        top, middle = _sum(high, first)
        tail, lost = _sum(rest, middle)
        even = np.ascontiguousarray(tail).view(np.int64) % 2 == 0
        beside = np.nextafter(tail, np.where(lost > 0, np.inf, -np.inf))
        return np.asarray(top + np.where((lost != 0) & even, beside, tail))


def _product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    product = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def _halves(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def _sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def squares_of(x: np.ndarray, order: str) -> np.ndarray:
    """The square of each row of `x` as the dot product of that `order` sums it."""
    rows, n = x.shape
    e, at = np.zeros((rows, 16)), 0
    if order == "avx512":
        wide = np.zeros((rows, 32))
        for at in range(0, n - n % 32, 32):
            part = x[:, at : at + 32]
            wide = fma(part, part, wide)
        at = n - n % 32
        e = wide.reshape(rows, 4, 2, 4).sum(axis=2).reshape(rows, 16)
    for first in range(at, n - n % 16, 16):
        part = x[:, first : first + 16]
        e = fma(part, part, e)
    tail = x[:, n - n % 16 :].T
    if order == "avx512":
        f = ((e[:, :4] + e[:, 4:8]) + e[:, 8:12]) + e[:, 12:]
        total = (f[:, 0] + f[:, 2]) + (f[:, 1] + f[:, 3])
        for column in tail:
            total = fma(column, column, total)
    else:
        h = e.reshape(rows, 4, 2, 2)
        h = h[:, :, 0] + h[:, :, 1]
        f = (h[:, 0] + h[:, 1]) + (h[:, 2] + h[:, 3])
        total = f[:, 0] + f[:, 1]
        for column in tail:
            total = total + column * column
    return np.asarray(total)


def products(x: np.ndarray, points: np.ndarray) -> np.ndarray:
    """``x . point`` of one row and each point, a chain of `fma` over the features."""
    dots = np.zeros(len(points))
    for value, column in zip(x, points.T.astype(np.float64), strict=True):
        dots = fma(np.full(len(points), value), column, dots)
    return dots


def expanded(x: np.ndarray, points: np.ndarray, norms: np.ndarray, order: str) -> np.ndarray:
    """The squared distances of one row to `points`, whose squares are `norms`."""
    (square,) = squares_of(x[None], order)
    values = (square - 2.0 * products(x, points)) + norms
    return np.where(values < 0.0, 0.0, values)
