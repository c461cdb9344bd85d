"""Which of many values are the least, and in which order: as scikit-learn's heap and sort have it.

The same as ei_nearest.h, in plain Python; see there.
"""

from __future__ import annotations

import math
import sys

import numpy as np

FEW = 16

Pair = tuple[float, int]


def nearest(values: np.ndarray, k: int) -> np.ndarray:
    """Indices of the `k` smallest of `values`, nearest first; equals as brute force has them."""
    offered = list(zip(values.tolist(), range(values.size), strict=True))
    # One heap for each thread, and another for what they found: here there is one thread.
    return np.array([i for _, i in ordered(heap_of(heap_of(offered, k), k))])


def heap_of(offered: list[Pair], k: int) -> list[Pair]:
    """What a heap of `k` keeps of values with indices that are offered in order.

    A value replaces the top, the largest, where it is below it, and sinks; which of several
    equal ones is at the top follows from how they sank.
    """
    heap: list[Pair] = [(sys.float_info.max, 0)] * k
    for value, index in offered:
        if not value < heap[0][0]:
            continue
        at = 0
        while (left := 2 * at + 1) < k:
            right = left + 1
            child = right if right < k and heap[right][0] > heap[left][0] else left
            if heap[child][0] <= value:
                break
            heap[at] = heap[child]
            at = child
        heap[at] = (value, index)
    return heap


def ordered(heap: list[Pair]) -> list[Pair]:
    """Sorted by value, by a sort that is not stable: where equals end follows from the input."""
    heap = list(heap)
    depth = 2 * int(math.log2(len(heap)))
    _sort(heap, 0, len(heap), depth)
    return heap


def _sort(h: list[Pair], first: int, end: int, depth: int) -> None:
    while end - first >= FEW:
        if depth <= 0:
            part = h[first:end]
            _heapsort(part)
            h[first:end] = part
            return
        depth -= 1
        at = _split(h, first, end)
        _sort(h, first, at, depth)
        first = at + 1
    for i in range(first + 1, end):
        moved, j = h[i], i
        while j > first and h[j - 1][0] > moved[0]:
            h[j] = h[j - 1]
            j -= 1
        h[j] = moved


def _split(h: list[Pair], first: int, end: int) -> int:
    last, middle = end - 1, first + (end - first) // 2
    if h[first][0] > h[last][0]:
        h[first], h[last] = h[last], h[first]
    if h[last][0] > h[middle][0]:
        h[last], h[middle] = h[middle], h[last]
        if h[first][0] > h[last][0]:
            h[first], h[last] = h[last], h[first]
    pivot, i, j = h[last][0], first + 1, last - 1
    while True:
        while i <= j and h[i][0] < pivot:
            i += 1
        while i <= j and h[j][0] > pivot:
            j -= 1
        if i >= j:
            break
        h[i], h[j] = h[j], h[i]
        i, j = i + 1, j - 1
    h[i], h[last] = h[last], h[i]
    return i


def _heapsort(h: list[Pair]) -> None:
    def sift(at: int, end: int) -> None:
        while True:
            most = at
            for child in (2 * at + 1, 2 * at + 2):
                if child < end and h[most][0] < h[child][0]:
                    most = child
            if most == at:
                return
            h[at], h[most] = h[most], h[at]
            at = most

    for at in range((len(h) - 2) // 2, -1, -1):
        sift(at, len(h))
    for end in range(len(h) - 1, 0, -1):
        h[0], h[end] = h[end], h[0]
        sift(0, end)
