"""Float networks quantized here, beside the int8 networks their makers published.

python -m bench.quantization --results bench/quantization.json --document docs/quantization.md

Every float network of MLPerf Tiny in int8 and int16, with each way to choose ranges, each with and
without bias correction and equalization. All are judged by the float network's answers to inputs
that none of them was calibrated on.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import edgeinfer
from bench.report import put_into
from edgeinfer.converters.tflite import graph_of, read_network
from edgeinfer.quantize.network.passes import quantized
from edgeinfer.quantize.ranges import RANGES
from tests.quantize.network.recordings import Draws, hums, photograph, word
from tests.quantize.network.searched import search

FOLDER = Path(__file__).parents[2] / "shared" / "models" / "mlperf-tiny"
PRECISIONS = ("int8", "int16")
VARIANTS: dict[str, tuple[bool, bool] | None] = {
    "neither": (False, False),
    "bias correction": (True, False),
    "equalization": (False, True),
    "both": (True, True),
    "as `convert` chooses": None,
}
Model = edgeinfer.Model


@dataclass(frozen=True)
class Network:
    """A network of the benchmark, and where its inputs come from.

    `calibrate`, `judge`: inputs of each class, or in all where there are no classes.
    `make` gives one input of a class network, `series` a number of them of one that has none.
    """

    name: str
    calibrate: int
    judge: int
    make: Callable[[Draws], np.ndarray] | None = None
    series: Callable[[int, int], np.ndarray] | None = None

    def inputs(self, model: Model, each: int, seed: int) -> np.ndarray:
        """Inputs; those of another seed have none in common with them."""
        if self.make is None:
            assert self.series is not None
            return self.series(each, seed)
        return search(self.make, model.predict, each, seed, most=60 * each)[0]


NETWORKS = (
    Network("kws", 20, 60, make=word),
    Network("ic", 24, 100, make=lambda rng: photograph(rng, 32)),
    Network("vww", 100, 200, make=lambda rng: photograph(rng, 96, True) / np.float32(255)),
    Network("ad", 240, 1000, series=hums),
)


def judged(network: Network, X: np.ndarray, want: np.ndarray, have: np.ndarray) -> dict[str, float]:
    """How far answers are from the float network's: shares of rows, and mean errors."""
    have = have.reshape(want.shape)
    found = {"error": float(np.abs(have - want).mean())}
    if network.make is not None:
        found["same class"] = float((have.argmax(axis=1) == want.argmax(axis=1)).mean())
    else:  # what an autoencoder is for: how much of its input it does not know
        rows = X.reshape(want.shape)
        scores = [np.square(answer - rows).mean(axis=1) for answer in (want, have)]
        found["score error"] = float(np.abs(scores[1] / scores[0] - 1).mean())
    return found


def measure(network: Network) -> dict[str, Any]:
    """Everything there is to know of one network."""
    path = FOLDER / f"{network.name}_float32.tflite"
    floats = edgeinfer.convert(path)
    calibration = network.inputs(floats, network.calibrate, seed=0)
    X = network.inputs(floats, network.judge, seed=1)
    want = floats.predict(X)
    result: dict[str, Any] = {"calibration_rows": len(calibration), "rows": len(X), "ours": {}}
    if network.make is not None:
        result["classes"] = np.bincount(want.argmax(axis=1), minlength=want.shape[1]).tolist()
        result["largest_probability"] = float(want.max(axis=1).mean())
    official = edgeinfer.convert(FOLDER / f"{network.name}_int8.tflite")
    result["official"] = judged(network, X, want, official.predict(X))
    file = read_network(path)
    for precision in PRECISIONS:
        for ranges in RANGES:
            for name, variant in VARIANTS.items():
                start = time.perf_counter()
                operators, report = quantized(
                    file,
                    graph_of,
                    lambda graph: Model(graph).run,
                    precision=precision,
                    calibration=calibration,
                    ranges=ranges,
                    variant=variant,
                    by_layer=False,
                )
                entry = judged(network, X, want, Model(graph_of((operators,))).predict(X))
                entry["seconds"] = time.perf_counter() - start
                if variant is None:
                    entry |= {k: report[k] for k in ("bias_correction", "equalization")}
                result["ours"][f"{precision} {ranges} {name}"] = entry
                print(network.name, precision, ranges, name, entry, flush=True)
    return result


MEASURES = {
    "same class": ("same class", lambda v: f"{100 * v:.1f} %"),
    "error": ("mean error of the outputs", lambda v: f"{v:.3g}"),
    "score error": ("mean error of the anomaly score", lambda v: f"{100 * v:.1f} %"),
}


def overview(results: dict[str, Any]) -> str:
    """The official networks and ours, as `convert` makes them."""
    titles = [f"{p} `{r}`" for p in PRECISIONS for r in RANGES]
    lines = [_row("", "official int8", *titles), _row(*["---"] * (2 + len(titles)))]
    for name, result in results.items():
        for measure, (title, text) in MEASURES.items():
            if measure not in result["official"]:
                continue
            cells = [
                text(result["ours"][f"{p} {r} as `convert` chooses"][measure])
                for p in PRECISIONS
                for r in RANGES
            ]
            lines.append(_row(f"{name}: {title}", text(result["official"][measure]), *cells))
    return "\n".join(lines)


def variants(results: dict[str, Any]) -> str:
    """What bias correction and equalization do, each on its own."""
    lines = [_row("", *VARIANTS), _row(*["---"] * (1 + len(VARIANTS)))]
    for name, result in results.items():
        measure = "same class" if "same class" in result["official"] else "error"
        text = MEASURES[measure][1]
        for precision in PRECISIONS:
            for ranges in RANGES:
                cells = [
                    text(result["ours"][f"{precision} {ranges} {variant}"][measure])
                    for variant in VARIANTS
                ]
                lines.append(_row(f"{name}, {precision} `{ranges}`", *cells))
    return "\n".join(lines)


def classes(results: dict[str, Any]) -> str:
    """How many of the judging inputs the float networks take for which class."""
    lines = ["| | rows to calibrate, to judge | of each class | mean largest probability |"]
    lines.append("|---|---|---|---|")
    for name, result in results.items():
        counts = ", ".join(map(str, result.get("classes", ()))) or "no classes"
        sure = f"{result['largest_probability']:.2f}" if "classes" in result else "-"
        rows = f"{result['calibration_rows']}, {result['rows']}"
        lines.append(_row(name, rows, counts, sure))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, help="where the JSON goes")
    parser.add_argument("--document", type=Path, help="file with the markers of these tables")
    parser.add_argument("--only", nargs="*", default=[], help="names of networks; default: all")
    parser.add_argument("--from", type=Path, dest="read", help="JSON to take instead of measuring")
    options = parser.parse_args()
    if options.read:
        results = json.loads(options.read.read_text())
    else:
        chosen = [n for n in NETWORKS if not options.only or n.name in options.only]
        results = {network.name: measure(network) for network in chosen}
    tables = {
        "quantized networks": overview(results),
        "variants": variants(results),
        "classes": classes(results),
    }
    print(*tables.values(), sep="\n\n")
    if options.results:
        options.results.write_text(json.dumps(results, indent=1) + "\n")
    if options.document:
        for what, text in tables.items():
            put_into(options.document, text, what, command="make quantization")


if __name__ == "__main__":
    main()
