"""A float network in int8 or int16: all passes in order, the best variant kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edgeinfer.errors import EdgeInferError, GraphError, UnsupportedError
from edgeinfer.graph import Graph
from edgeinfer.operators import Subgraph
from edgeinfer.quantize.network.equalize import equalized
from edgeinfer.quantize.network.measure import ROWS, layers, output_noise, outputs, spread
from edgeinfer.quantize.network.observe import (
    Engine,
    Progress,
    Runner,
    Seen,
    calibration_feeds,
    float_tensors,
    observe,
    tensor_range,
)
from edgeinfer.quantize.network.plan import Plan, assign, choose_operators, kept, scores
from edgeinfer.quantize.network.prepare import simplest
from edgeinfer.quantize.network.rewrite import Rewriter, Rewritten, alone
from edgeinfer.quantize.ranges import check_ranges


def quantize_network(
    file: tuple[Subgraph, ...], build: Callable[..., Graph], *options: Any, **more: Any
) -> Graph:
    """The graph of `quantized`, its report in the graph's info."""
    network, report = quantized(file, build, *options, **more)
    return build((network,)).with_info(precision=more["precision"], report=report)


def quantized(
    file: tuple[Subgraph, ...],
    build: Callable[..., Graph],
    compile: Callable[[Graph], Runner],
    *,
    precision: str,
    calibration: Any,
    ranges: str = "minmax",
    keep_float: Iterable[str | int] = (),
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    variant: tuple[bool, bool] | None = None,
    by_layer: bool = True,
    progress: Progress | None = None,
) -> tuple[Subgraph, dict[str, Any]]:
    """The float network of a file in `precision`, and what that cost.

    `build` makes the graph of a file (and input shapes), `compile` what runs a graph.
    `calibration`: rows of the network's input, or one array per input by name.
    `variant`: with bias correction or not, equalized or not; without it the best is taken.
    `by_layer`: whether the noise of every layer is measured, which takes as long as all else.

    Raises UnsupportedError, CalibrationError, InvalidParameterError.
    """
    check_ranges(ranges)
    network = simplest(file)
    engine = Engine(build, compile, progress or (lambda what, done, total: None))
    floats = kept(network, keep_float)
    tensors = float_tensors(network)
    graph = build((replace(network, outputs=tuple(_computed(network, tensors))),), input_shapes)
    network = _resolved(network, graph)
    feeds = calibration_feeds(graph, calibration)
    task = _Task(engine, network, precision, ranges, feeds)
    seen = task.observe(network)
    floats = task.without_kernels(network, seen, floats)
    chosen, best, plan, tried = task.best(seen, floats, variant)
    report = {
        "calibration_rows": len(feeds[0]),
        "ranges": ranges,
        **tried,
        "outputs": outputs(engine, network, best, feeds),
    }
    if by_layer:
        report["layers"] = layers(engine, chosen, plan, best, feeds)
    return best.network, report


def _computed(network: Subgraph, tensors: Sequence[int]) -> list[int]:
    return [i for i in tensors if i not in network.inputs]


def _resolved(network: Subgraph, graph: Graph) -> Subgraph:
    """The network with the shapes its tensors have, now that those of its inputs are known."""
    tensors = list(network.tensors)
    rows = list(zip(network.inputs, graph.inputs.values(), strict=True))
    computed = _computed(network, float_tensors(network))
    names = graph.methods["run"].tensors
    rows += [(i, graph.types[name]) for i, name in zip(computed, names, strict=True)]
    for i, kind in rows:
        old = tensors[i].shape
        shape = (1, *kind.shape) if len(old) == len(kind.shape) + 1 else kind.shape
        tensors[i] = replace(tensors[i], shape=shape, signature=())
    return replace(network, tensors=tuple(tensors))


class _Task:
    """What all variants of a network have in common."""

    def __init__(
        self,
        engine: Engine,
        network: Subgraph,
        precision: str,
        ranges: str,
        feeds: list[np.ndarray],
    ) -> None:
        self.engine = engine
        self.network = network
        self.precision = precision
        self.ranges = ranges
        self.feeds = feeds

    def observe(self, network: Subgraph) -> dict[int, Seen]:
        """What the tensors hold on the calibration data."""
        return observe(self.engine, network, self.feeds, counted=self.ranges != "minmax")

    def plan(self, network: Subgraph, seen: Mapping[int, Seen], floats: Mapping[int, str]) -> Plan:
        """Operators and parameters. Raises UnsupportedError where nothing becomes integers."""
        plan = choose_operators(network, self.precision, floats)
        if not plan.integer:
            why = "\n".join(
                f"  {n}: {network.operators[n].name}: {reason}"
                for n, reason in sorted(plan.reasons.items())
            )
            raise UnsupportedError(f"no layer of this network can be {self.precision}:\n{why}")
        exact = scores(network)
        spans = {
            i: tensor_range(s, "minmax" if i in exact else self.ranges, self.precision)
            for i, s in seen.items()
        }
        assign(network, plan, spans)
        return plan

    def without_kernels(
        self, network: Subgraph, seen: Mapping[int, Seen], floats: dict[int, str]
    ) -> dict[int, str]:
        """`floats`, and the operators that have no integer kernel, with what was said of them."""
        floats = dict(floats)
        known: set[int] = set()
        while True:
            plan = self.plan(network, seen, floats)
            result = Rewriter(self.engine, network, plan, None).run()
            found = dict(floats)
            conversions: list[int] = []
            for place in range(len(result.network.operators)):
                number = result.numbers.get(place)
                if number is None:
                    conversions.append(place)
                    continue
                if number in plan.integer:
                    own = [place] if number not in known else []
                    reasons = [self._refused(result.network, p) for p in (*conversions, *own)]
                    reason = next((r for r in reasons if r), None)
                    if reason:
                        found[number] = reason
                    else:
                        known.add(number)
                conversions = []
            if len(found) == len(floats):
                return floats
            floats = found

    def _refused(self, network: Subgraph, place: int) -> str | None:
        """Why an operator of integers cannot be converted; None if it can."""
        try:
            self.engine.build((alone(network, place),))
        except (UnsupportedError, GraphError) as err:
            return f"no {self.precision} kernel: {err}"
        return None

    def best(
        self,
        seen: Mapping[int, Seen],
        floats: Mapping[int, str],
        only: tuple[bool, bool] | None = None,
    ) -> tuple[Subgraph, Rewritten, Plan, dict[str, Any]]:
        """The variant whose outputs have the least noise: in floats, in integers; its plan.

        `only`: no other than this one, with bias correction or not, equalized or not.
        """
        network = self.network
        sample = spread(self.feeds, ROWS)
        plan = self.plan(network, seen, floats)
        variants: list[tuple[float, bool, bool, Subgraph, Rewritten, Plan]] = []

        def attempt(
            what: Subgraph, values: Mapping[int, Seen], chosen: Plan, alike: bool, corrected: bool
        ) -> float:
            result = Rewriter(self.engine, what, chosen, values if corrected else None).run()
            noise = output_noise(self.engine, network, result, sample)
            variants.append((noise, alike, corrected, what, result, chosen))
            self.engine.progress("comparing variants", len(variants), 3)
            return noise

        if only is None:
            plain = attempt(network, seen, plan, False, False)
            corrects = attempt(network, seen, plan, False, True) < plain
        else:
            corrects = only[0]
        other = equalized(network, seen) if only is None or only[1] else None
        if other is not None:
            try:
                values = self.observe(other)
                attempt(other, values, self.plan(other, values, floats), True, corrects)
            except EdgeInferError:
                pass  # a variant that cannot be is no variant
        if not variants:
            attempt(network, seen, plan, False, corrects)
        _, alike, corrected, floating, result, chosen = min(variants, key=lambda v: v[0])
        tried = {"bias_correction": corrected, "equalization": alike}
        return floating, result, chosen, tried
