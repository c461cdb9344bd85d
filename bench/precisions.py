"""Precisions side by side: accuracy against latency, size and energy, and the front of the best.

python -m bench.precisions --results bench/precisions.json --plots docs/figures
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import edgeinfer
from bench.report import put_into
from edgeinfer.quantize.scheme import PRECISIONS

Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
AXES = (
    ("one row, µs", lambda m: m["latency"]["median_us"]),
    ("file, kB", lambda m: m["sizes"]["file_bytes"] / 1000),
    ("energy a row, nJ (operation model)", lambda m: m["energy"]["total_nj"]),
)
COLOURS = dict(zip(PRECISIONS, ("#4c6a92", "#3f8f6b", "#d08c3c", "#b34a48"), strict=True))


def _split(load: Callable[..., Any]) -> Split:
    from sklearn.model_selection import train_test_split

    X, y = load(return_X_y=True)
    parts: Split = tuple(train_test_split(X, y, test_size=0.4, random_state=0))
    return parts


def models() -> dict[str, tuple[Any, Split]]:
    """A fitted estimator and its data for every family."""
    from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    cancer, digits, diabetes = map(_split, (load_breast_cancer, load_digits, load_diabetes))
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    network = make_pipeline(StandardScaler(), MLPClassifier((64, 32), max_iter=300, random_state=0))
    return {
        "scaler + logistic, breast cancer": (logistic.fit(*cancer[::2]), cancer),
        "forest of 100, digits": (
            RandomForestClassifier(random_state=0).fit(*digits[::2]),
            digits,
        ),
        "boosting, diabetes": (
            HistGradientBoostingRegressor(max_iter=50, random_state=0).fit(*diabetes[::2]),
            diabetes,
        ),
        "5 nearest, digits": (KNeighborsClassifier().fit(*digits[::2]), digits),
        "scaler + MLP 64-32, digits": (network.fit(*digits[::2]), digits),
    }


def measure(seconds: float) -> dict[str, Any]:
    """Per model the measurements of the four precisions on rows that were not trained on."""
    results = {}
    for name, (source, (X_train, X, _, y)) in models().items():
        print(f"{name} ...", flush=True)
        converted = [
            edgeinfer.convert(source, precision=precision, calibration=X_train)
            for precision in PRECISIONS
        ]
        report = edgeinfer.measure(converted, X, source=source, labels=y, seconds=seconds)
        results[name] = [m.to_dict() for m in report.measurements]
    return results


def front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that no other beats in both: cheaper and at least as accurate."""
    best: list[tuple[float, float]] = []
    for cost, score in sorted(points, key=lambda p: (p[0], -p[1])):
        if not best or score > best[-1][1]:
            best.append((cost, score))
    return best


def plot(results: dict[str, Any], path: Path) -> None:
    """A row of three pictures per model, the front drawn through the best."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(len(results), len(AXES), figsize=(11, 2.3 * len(results)))
    for row, (name, measurements) in zip(grid, results.items(), strict=True):
        for axes, (title, cost) in zip(row, AXES, strict=True):
            points = [(cost(m), m["score"]) for m in measurements]
            axes.plot(*zip(*front(points), strict=True), color="#bbbbbb", zorder=1)
            for (x, y), m in zip(points, measurements, strict=True):
                axes.scatter(x, y, color=COLOURS[m["precision"]], zorder=2, s=40)
            axes.set_xlabel(title, fontsize=8)
            axes.tick_params(labelsize=7)
            axes.margins(0.15)
            axes.spines[["top", "right"]].set_visible(False)
        row[0].set_ylabel("score", fontsize=8)
        row[1].set_title(name, fontsize=9)
    handles = [
        plt.Line2D([], [], marker="o", linestyle="", color=colour) for colour in COLOURS.values()
    ]
    figure.legend(handles, COLOURS, loc="lower center", ncol=4, frameon=False)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def table(results: dict[str, Any]) -> str:
    """Everything in one table, for the documentation."""
    titles = ("model", "precision", "score", "agreement", "one row", "file", "memory", "energy")
    lines = [
        "| " + " | ".join(titles) + " |",
        "|---" * len(titles) + "|",
    ]
    for name, measurements in results.items():
        for m in measurements:
            sizes = m["sizes"]
            lines.append(
                f"| {name} | {m['precision']} | {m['score']:.4f} | {100 * m['agreement']:.2f} % "
                f"| {m['latency']['median_us']:.2f} µs | {sizes['file_bytes'] / 1000:.1f} kB "
                f"| {sizes['row_arena_bytes']} B | {m['energy']['total_nj']:.3g} nJ |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="where the JSON goes")
    parser.add_argument("--plots", type=Path, help="folder for the plot")
    parser.add_argument("--document", type=Path, help="file with the markers of this table")
    parser.add_argument("--seconds", type=float, default=0.3, help="time per model, twice")
    options = parser.parse_args()
    results = measure(options.seconds)
    text = table(results)
    print(text)
    if options.document:
        put_into(options.document, text, "precisions")
    if options.results:
        options.results.write_text(json.dumps(results, indent=1) + "\n")
    if options.plots:
        plot(results, options.plots / "precisions.png")


if __name__ == "__main__":
    main()
