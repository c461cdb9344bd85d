"""What quantization cost: signal to noise of the outputs, and of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edgeinfer.operators import Subgraph
from edgeinfer.quantize.layers import Noise
from edgeinfer.quantize.network.observe import Engine, Run, chunks, float_tensors
from edgeinfer.quantize.network.plan import SCORES, Plan
from edgeinfer.quantize.network.prepare import is_activation, name_of, writers
from edgeinfer.quantize.network.rewrite import Rewritten, alone

ROWS = 256
"""Layers are measured on so many rows of the calibration data at most."""


def spread(rows: Sequence[np.ndarray], most: int) -> list[np.ndarray]:
    """At most so many rows, taken evenly."""
    count = len(rows[0])
    if count <= most:
        return list(rows)
    index = np.linspace(0, count - 1, most).astype(np.int64)
    return [r[index] for r in rows]


class Quantized:
    """A quantized network that gives tensors as floats, by their index in the float network."""

    def __init__(self, engine: Engine, result: Rewritten, wanted: Sequence[int]) -> None:
        self.result = result
        place = {i: result.codes.get(i, i) for i in wanted}
        self._place = place
        self._run: Run = engine.runner(result.network, tuple(dict.fromkeys(place.values())))

    def __call__(self, feeds: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
        sources = self.result.sources
        inputs = [
            sources[i][1].codes(f) if i in sources else f
            for i, f in zip(self.result.network.inputs, feeds, strict=True)
        ]
        found = self._run(inputs)
        values = {}
        for i, place in self._place.items():
            array = found[place]
            values[i] = sources[place][1].values(array) if place in sources else array
        return values


def judged(network: Subgraph) -> list[int]:
    """The tensors by which variants are compared: outputs, or the scores before a softmax."""
    made = writers(network)
    found = []
    for i in network.outputs:
        number = made.get(i)
        if number is not None and network.operators[number].name in SCORES:
            found.append(network.operators[number].inputs[0])
        else:
            found.append(i)
    floats = set(float_tensors(network))
    return [i for i in dict.fromkeys(found) if i in floats]


def output_noise(
    engine: Engine, network: Subgraph, result: Rewritten, feeds: Sequence[np.ndarray]
) -> float:
    """Error by signal of what is judged, averaged over the tensors."""
    wanted = judged(network)
    run, quantized = engine.runner(network, wanted), Quantized(engine, result, wanted)
    noise = {i: Noise() for i in wanted}
    for piece in chunks(network, feeds):
        want, have = run(piece), quantized(piece)
        for i in wanted:
            noise[i].add(want[i], have[i])
    return sum(n.ratio for n in noise.values()) / max(len(noise), 1)


def layers(
    engine: Engine,
    network: Subgraph,
    plan: Plan,
    result: Rewritten,
    feeds: Sequence[np.ndarray],
) -> list[dict[str, Any]]:
    """A line for each operator: its precision and its signal to noise in decibels.

    ``sqnr_alone``: the layer on exact inputs; ``sqnr``: with the noise of all layers before it;
    ``sqnr_outputs``: what is judged, if this layer alone had integers.
    """
    wanted = float_tensors(network)
    inner = set(network.inputs)
    computed = [i for i in wanted if i not in inner]
    run = engine.runner(network, wanted)
    whole = Quantized(engine, result, computed)
    places = {number: place for place, number in result.numbers.items()}
    single = {
        number: alone(result.network, places[number])
        for number in sorted(plan.integer)
        if all(i in result.sources for i in result.network.operators[places[number]].outputs)
    }
    runs = {number: engine.runner(part, part.outputs) for number, part in single.items()}
    aims = judged(network)
    after = {number: rest(network, number, aims) for number in single}
    rests = {number: engine.runner(part, aims) for number, part in after.items()}
    total = {number: Noise() for number in range(len(network.operators))}
    own = {number: Noise() for number in single}
    harm = {number: Noise() for number in rests}
    sample = spread(feeds, ROWS)
    done = 0
    for piece in chunks(network, sample):
        want, have = run(piece), whole(piece)
        given = dict(zip(network.inputs, piece, strict=True))
        for number, op in enumerate(network.operators):
            for i in op.outputs:
                if i in want:
                    total[number].add(want[i], have[i])
            if number not in single:
                continue
            part = single[number]
            try:
                inputs = [
                    result.sources[i][1].codes(want[result.sources[i][0]])
                    if i in result.sources
                    else given[i]
                    for i in part.inputs
                ]
            except KeyError:  # it reads integers that are no floats' codes: computed indices
                continue
            found = runs[number](inputs)
            rough = {**given, **want}
            for i in op.outputs:
                if i in want:
                    place = result.codes[i]
                    values = result.sources[place][1].values(found[place])
                    own[number].add(want[i], values)
                    rough[i] = values.astype(np.float32)
            if number in rests and all(i in rough for i in after[number].inputs):
                answers = rests[number]([rough[i] for i in after[number].inputs])
                for i in aims:
                    harm[number].add(want[i], answers[i])
            share = (number + 1) / len(network.operators)
            engine.progress("measuring layers", done + share * len(piece[0]), len(sample[0]))
        done += len(piece[0])
    lines = []
    for number, op in enumerate(network.operators):
        line: dict[str, Any] = {
            "number": number,
            "name": name_of(network, number),
            "operator": op.name,
            "precision": plan.dtype if number in plan.integer else "float32",
            "sqnr": total[number].decibels,
        }
        if number in own:
            line["sqnr_alone"] = own[number].decibels
        if number in harm and harm[number].signal:
            line["sqnr_outputs"] = harm[number].decibels
        if number in plan.reasons:
            line["reason"] = plan.reasons[number]
        lines.append(line)
    return lines


def rest(network: Subgraph, number: int, aims: Sequence[int]) -> Subgraph:
    """What comes after an operator, up to the tensors `aims`, as a network of its own.

    Its inputs are all that it reads of what comes before, and of `aims` what is there already.
    """
    needed = set(aims)
    operators = []
    for op in reversed(network.operators[number + 1 :]):
        if needed.intersection(op.outputs):
            operators.append(op)
            needed.difference_update(op.outputs)
            needed.update(i for i in op.inputs if is_activation(network, i))
    inputs = tuple(sorted(needed))
    return replace(network, inputs=inputs, outputs=tuple(aims), operators=tuple(operators[::-1]))


def outputs(
    engine: Engine, network: Subgraph, result: Rewritten, feeds: Sequence[np.ndarray]
) -> dict[str, dict[str, float]]:
    """Per output: how often the largest value is the same one, and the errors."""
    floats = set(float_tensors(network))
    wanted = [i for i in dict.fromkeys(network.outputs) if i in floats]
    run, quantized = engine.runner(network, wanted), Quantized(engine, result, wanted)
    found: dict[int, list[float]] = {i: [0.0, 0.0, 0.0, 0.0, 0.0] for i in wanted}
    noise = {i: Noise() for i in wanted}
    for piece in chunks(network, feeds):
        want, have = run(piece), quantized(piece)
        for i in wanted:
            a = want[i].reshape(len(want[i]), -1).astype(np.float64)
            b = have[i].reshape(a.shape)
            error = np.abs(a - b)
            sums = found[i]
            sums[0] += float((a.argmax(axis=1) == b.argmax(axis=1)).sum())
            sums[1] += len(a)
            sums[2] = max(sums[2], float(error.max(initial=0.0)))
            sums[3] += float(error.sum())
            sums[4] += error.size
            noise[i].add(a, b)
    report = {}
    for i, (equal, rows, worst, total, count) in found.items():
        entry = {
            "max_abs_error": worst,
            "mean_abs_error": total / max(count, 1),
            "sqnr": noise[i].decibels,
        }
        if count > rows:
            entry["top_agreement"] = equal / rows
        report[network.tensors[i].name or f"output_{i}"] = entry
    return report
