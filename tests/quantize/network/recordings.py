"""Inputs like those the networks of MLPerf Tiny were trained on, made of what packages ship.

Images are crops of scikit-learn's two photographs; sounds are synthesised words, turned into
cepstra as the benchmark's training code does it. Random noise would not do: its ranges are others.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

import numpy as np


class Draws(Protocol):
    """What the recordings ask of NumPy's generators."""

    def random(self) -> float: ...
    def uniform(self, low: float, high: float) -> float: ...
    def integers(self, low: int, high: int) -> Any: ...
    def normal(self, mean: float, deviation: float, size: int) -> np.ndarray: ...


RATE = 16000
FRAME, STEP, FFT = 480, 320, 512
MELS, CEPSTRA = 40, 10


def photographs(count: int, size: int, seed: int) -> np.ndarray:
    """Photographs of chance, from 0 to 255, shape ``(count, size, size, 3)``."""
    rng = np.random.default_rng(seed)
    return np.stack([photograph(rng, size) for _ in range(count)])


def photograph(rng: Draws, size: int, people: bool = False) -> np.ndarray:
    """A crop of any size, half of them with something cut out of another crop in its midst.

    `people`: also of the portrait that matplotlib ships, if it is installed.
    """
    picture = _crop(rng, size, people)
    if rng.random() < 0.5:
        thing = _crop(rng, size, people)
        y, x = (np.arange(size) + 0.5)[:, None] / size, (np.arange(size) + 0.5)[None] / size
        down, right = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7)
        high, wide = rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.5)
        far = np.hypot((y - down) / high, (x - right) / wide) ** rng.uniform(1, 3)
        mask = np.clip((1 - far) * rng.uniform(2, 10) + 0.5, 0, 1)[:, :, None]
        picture = mask * thing + (1 - mask) * picture
    tint = np.array([rng.uniform(0.8, 1.2) for _ in range(3)])
    bright = picture * tint * rng.uniform(0.5, 1.4) + rng.uniform(-20, 20)
    return np.clip(bright, 0, 255).astype(np.float32)


def _crop(rng: Draws, size: int, people: bool) -> np.ndarray:
    """A square of one of the photographs, averaged to `size`; maybe mirrored."""
    sums = _summed(people)
    image = sums[int(rng.integers(0, len(sums)))]
    height, width = image.shape[0] - 1, image.shape[1] - 1
    side = int(rng.integers(size, min(height, width)))
    top, left = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
    edges = (np.arange(size + 1) * side) // size
    corners = image[np.ix_(top + edges, left + edges)]
    cells = np.diff(np.diff(corners, axis=0), axis=1)
    small = cells / np.outer(np.diff(edges), np.diff(edges))[:, :, None]
    return small[:, ::-1] if rng.random() < 0.5 else small


@lru_cache(maxsize=2)
def _summed(people: bool) -> tuple[np.ndarray, ...]:
    """The photographs, each summed from its upper left corner to every other."""
    from sklearn.datasets import load_sample_images

    images = [np.asarray(image) for image in load_sample_images().images]
    if people:
        images += _portraits()
    sums = (image.astype(np.float64).cumsum(axis=0).cumsum(axis=1) for image in images)
    return tuple(np.pad(total, ((1, 0), (1, 0), (0, 0))) for total in sums)


def _portraits() -> list[np.ndarray]:
    """The photograph of a person that matplotlib ships; none where it is not installed."""
    try:
        from matplotlib.cbook import get_sample_data
        from matplotlib.image import imread
    except ImportError:
        return []
    with get_sample_data("grace_hopper.jpg") as stream:
        return [np.asarray(imread(stream, format="jpg"))]


def words(count: int, seed: int) -> np.ndarray:
    """Cepstra of synthesised words, one second each, float32 of shape ``(count, 49, 10, 1)``."""
    rng = np.random.default_rng(seed)
    return np.stack([word(rng) for _ in range(count)])


def word(rng: Draws) -> np.ndarray:
    """Cepstra of one synthesised word, float32 of shape ``(49, 10, 1)``."""
    return cepstra(_word(rng))[..., None].astype(np.float32)


def _word(rng: Draws) -> np.ndarray:
    """One to three syllables, hissing or voiced, with gliding formants, in some noise."""
    sound = rng.normal(0, 10 ** rng.uniform(-4, -1.5), RATE)
    at = int(rng.integers(0, RATE // 4))
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.7:
            at = _add(sound, at, _hiss(rng))
        at = _add(sound, at, _vowel(rng))
        at += int(rng.integers(0, RATE // 12))
    return sound / np.abs(sound).max()


def _add(sound: np.ndarray, at: int, part: np.ndarray) -> int:
    end = min(at + len(part), len(sound))
    if end > at:
        sound[at:end] += part[: end - at]
    return end


def _hiss(rng: Draws) -> np.ndarray:
    """A consonant: noise in a band, short like a t or long like an s."""
    n = int(RATE * rng.uniform(0.015, 0.18))
    spectrum = np.fft.rfft(rng.normal(0, 1, n))
    hertz = np.fft.rfftfreq(n, 1 / RATE)
    centre, width = rng.uniform(800, 6000), rng.uniform(300, 2500)
    band = np.exp(-(((hertz - centre) / width) ** 2))
    return np.asarray(np.fft.irfft(spectrum * band, n) * np.hanning(n) * rng.uniform(0.2, 1.5))


def _vowel(rng: Draws) -> np.ndarray:
    """A voiced sound: harmonics of a gliding pitch, weighted by gliding formants."""
    n = int(RATE * rng.uniform(0.08, 0.35))
    along = np.linspace(0, 1, n)
    pitch = rng.uniform(80, 260) * (1 + rng.uniform(-0.3, 0.3) * along)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    starts = [rng.uniform(250, 850), rng.uniform(800, 2500), rng.uniform(2200, 3400)]
    ends = [f * rng.uniform(0.6, 1.6) for f in starts]
    formants = [a + (b - a) * along for a, b in zip(starts, ends, strict=True)]
    sound = np.zeros(n)
    knots = np.linspace(0, n - 1, 9).astype(int)  # gains glide slowly, so few are computed
    for k in range(1, 24):
        hertz = k * pitch[knots]
        gain = sum(
            g / (1 + ((hertz - f[knots]) / w) ** 2)
            for f, g, w in zip(formants, (1.0, 0.6, 0.25), (70, 100, 150), strict=True)
        )
        sound += np.interp(along, along[knots], gain) * np.sin(k * phase)
    rise = np.minimum(1, np.minimum(along, 1 - along) * rng.uniform(4, 20))
    return np.asarray(sound * rise * rng.uniform(0.3, 1.0))


def cepstra(sound: np.ndarray) -> np.ndarray:
    """Mel frequency cepstral coefficients, shape (49, 10), of one second within -1 to 1."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::STEP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    spectrum = np.abs(np.fft.rfft(frames * window, FFT))
    logs = np.log(spectrum @ _mel_weights() + 1e-6)
    k, n = np.arange(CEPSTRA)[:, None], np.arange(MELS)
    cosines = 2 * np.cos(np.pi * k * (2 * n + 1) / (2 * MELS)) / np.sqrt(2 * MELS)
    return np.asarray(logs @ cosines.T)


@lru_cache(maxsize=1)
def _mel_weights() -> np.ndarray:
    """Triangles of equal width in mel from 20 to 4000 Hz, shape ``(bins, MELS)``."""

    def mel(hertz: np.ndarray) -> np.ndarray:
        return 1127 * np.log1p(hertz / 700)

    bins = mel(np.linspace(0, RATE / 2, FFT // 2 + 1))[:, None]
    edges = np.linspace(*mel(np.array([20.0, 4000.0])), MELS + 2)
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rising, falling))
    weights[0] = 0
    return np.asarray(weights)


def hums(count: int, seed: int) -> np.ndarray:
    """Log mel spectra of machines that run, five frames each, shape ``(count, 640)``."""
    rng = np.random.default_rng(seed)
    edges = np.linspace(0, 1127 * np.log1p(8000 / 700), 130)
    bins = 1127 * np.log1p(np.linspace(0, RATE / 2, 513) / 700)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    mels = np.maximum(0, np.minimum(rising, falling))
    time = np.arange(1024 + 4 * 512) / RATE
    found = []
    for _ in range(count):
        base = rng.uniform(40, 400)
        partials = rng.exponential(size=20) / np.arange(1, 21)
        sound = sum(
            a * np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6.28))
            for k, a in enumerate(partials, 1)
        )
        noise = np.cumsum(rng.normal(size=len(time))) * 0.02 + rng.normal(size=len(time)) * 0.1
        sound = (sound + noise) * 10 ** rng.uniform(-2, 0)
        frames = np.lib.stride_tricks.sliding_window_view(sound, 1024)[::512]
        power = np.square(np.abs(np.fft.rfft(frames * np.hanning(1024), 1024)))
        found.append(10 * np.log10(power @ mels + 1e-10).reshape(-1))
    return np.asarray(found, np.float32)
