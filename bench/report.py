"""From pytest-benchmark's JSON to what people read: a table, plots, a small JSON.

python -m bench.report raw.json --results bench/results.json --readme README.md
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from bench.contest import OURS
from bench.workloads import MEANS


def collect(raw: dict[str, Any]) -> dict[str, Any]:
    """Per workload: the median seconds, agreement and target of every engine; and the machine."""
    workloads: dict[str, dict[str, Any]] = defaultdict(dict)
    for entry in raw["benchmarks"]:
        info = entry["extra_info"]
        if "workload" not in info or "flash_bytes" in info:
            continue
        workloads[info["workload"]][info["engine"]] = {
            "median_s": entry["stats"]["median"],
            "rows": info["rows"],
            "agreement": info["agreement"],
            "target": info["target"],
        }
    machine = raw["machine_info"]
    keep = ("processor", "instruction_set", "compiler", "python", "commit", "versions")
    return {"machine": {k: machine.get(k) for k in keep}, "workloads": workloads}


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`old` with the workloads of `new` in their place, and the machine that those ran on."""
    elsewhere = {k: v for k, v in old.get("elsewhere", {}).items() if k not in new["workloads"]}
    elsewhere |= dict.fromkeys(new["workloads"], new["machine"])
    workloads = old["workloads"] | new["workloads"]
    return {"machine": old["machine"], "elsewhere": elsewhere, "workloads": workloads}


def _named(machine: dict[str, Any]) -> str:
    return f"{machine['processor']}, {machine['instruction_set']}, {machine['compiler']}"


def best_peer(engines: dict[str, Any]) -> tuple[str, float] | None:
    """The fastest engine that is not ours."""
    peers = {name: e["median_s"] for name, e in engines.items() if not name.startswith(OURS)}
    if not peers:
        return None
    name = min(peers, key=lambda n: peers[n])
    return name, peers[name]


def ratios(engines: dict[str, Any]) -> dict[str, float]:
    """Best peer's time over ours, per precision."""
    best = best_peer(engines)
    if best is None:
        return {}
    return {
        name.removeprefix(OURS): best[1] / e["median_s"]
        for name, e in engines.items()
        if name.startswith(OURS)
    }


def seconds(value: float) -> str:
    """A time as people read it."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def table(results: dict[str, Any]) -> str:
    """The README's table: the ratio to the best peer, the target, whether it was reached."""
    lines = [
        "| workload | best peer | edgeinfer | times faster: "
        + " / ".join(PRECISIONS)
        + " | target |",
        "|---|---|---|---|---|",
    ]
    for name, engines in results["workloads"].items():
        best, times = best_peer(engines), ratios(engines)
        if best is None or not times:
            continue
        fastest = max(times, key=lambda p: times[p])
        cells = " / ".join(f"{times[p]:.1f}" if p in times else "-" for p in PRECISIONS)
        lines.append(
            f"| {name} | {best[0]} {seconds(best[1])} "
            f"| {fastest} {seconds(engines[OURS + fastest]['median_s'])} "
            f"| {cells} | {_target(engines)} |"
        )
    for title, names, target in MEANS:
        times_of = [ratios(results["workloads"].get(name, {})) for name in names]
        best_of = [max(times.values()) for times in times_of if times]
        if best_of:
            mean = geometric_mean(best_of)
            lines.append(
                f"| *{title}, geometric mean of the {len(best_of)}* | | | {mean:.2g} "
                f"| {_mark(mean, target)} |"
            )
    others: dict[str, list[str]] = defaultdict(list)
    for name, machine in results.get("elsewhere", {}).items():
        others[_named(machine)].append(name)
    lines += [
        "",
        f"One thread, medians, answers checked; {_named(results['machine'])}"
        + "".join(f"; on {who}: {', '.join(names)}" for who, names in others.items())
        + ". A time is worth nothing on another machine, the ratios are what to look at.",
    ]
    return "\n".join(lines)


def microcontrollers(raw: dict[str, Any]) -> str:
    """What exported models take of an emulated core, beside what they should take at most."""
    entries = [e["extra_info"] for e in raw["benchmarks"] if "flash_bytes" in e["extra_info"]]
    if not entries:
        return ""
    lines = [
        "| model | core | flash B (at most) | instructions (at most) "
        "| RAM and stack B | as the source |",
        "|---|---|---|---|---|---|",
    ]
    for info in entries:
        memory = info["ram_bytes"] + (info["stack_bytes"] or 0)
        lines.append(
            f"| {info['workload']} | {info['target']} "
            f"| {_at_most(info['flash_bytes'], info['flash_target'])} "
            f"| {_at_most(info['instructions'], info['instructions_target'])} "
            f"| {memory} | {info['agreement']:.1%} |"
        )
    lines += [
        "",
        "int8, gcc -O2 under emulation, per call; every answer equal to the host's. "
        "What is to be reached comes from the figures of the best peers there.",
    ]
    return "\n".join(lines)


def _at_most(have: float, most: float | None) -> str:
    """A figure, and the limit it met or missed."""
    if most is None:
        return f"{have:.0f}"
    return f"{have:.0f} ({most:.0f} {'met' if have <= most else 'missed'})"


PRECISIONS = ("float64", "float32", "int16", "int8")


def _target(engines: dict[str, Any]) -> str:
    """Targets of the workload and whether the precision they hold for reached them."""
    times = ratios(engines)
    wanted: dict[float, list[str]] = defaultdict(list)
    for precision in times:
        target = engines[OURS + precision]["target"]
        if target is not None:
            wanted[target].append(precision)
    cells = []
    for target, precisions in wanted.items():
        reached = max(times[p] for p in precisions)
        which = f" ({precisions[0]})" if len(wanted) > 1 or len(precisions) < len(times) else ""
        cells.append(_mark(reached, target) + which)
    return ", ".join(cells)


def _mark(reached: float, target: float) -> str:
    return f"{target:g} " + ("reached" if reached >= target else "missed")


def plot(results: dict[str, Any], folder: Path) -> None:
    """Bars of the ratios: one picture per kind of workload would hide that they are one scale."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = [n for n, e in results["workloads"].items() if ratios(e)]
    colours = dict(zip(PRECISIONS, ("#4c6a92", "#3f8f6b", "#d08c3c", "#b34a48"), strict=True))
    figure, axes = plt.subplots(figsize=(9, 0.5 * len(names) + 1.5))
    height = 0.2
    for place, name in enumerate(reversed(names)):
        times = ratios(results["workloads"][name])
        for k, (precision, ratio) in enumerate(times.items()):
            offset = (k - (len(times) - 1) / 2) * height
            axes.barh(place - offset, ratio, height, color=colours[precision])
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_xlabel("times faster than the best peer (one thread, log scale)")
    handles = [plt.Rectangle((0, 0), 1, 1, color=c) for c in colours.values()]
    axes.legend(handles, PRECISIONS, loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "ratios.png", dpi=110)
    plt.close(figure)


def put_into(
    document: Path, text: str, what: str = "figures", *, command: str = "make bench"
) -> None:
    """Replace what stands between a document's markers `<!-- what: make bench -->` ..."""
    start, end = f"<!-- {what}: {command} -->", f"<!-- end of {what} -->"
    before, found, rest = document.read_text().partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{document} has no '{start}' ... '{end}'")
    document.write_text(f"{before}{start}\n{text}\n{end}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path, help="JSON that pytest-benchmark wrote")
    parser.add_argument("--results", type=Path, help="where the small JSON goes")
    parser.add_argument("--update", action="store_true", help="keep what --results has besides")
    parser.add_argument("--readme", type=Path, help="file with the figures markers")
    parser.add_argument("--plots", type=Path, help="folder for the plots")
    options = parser.parse_args()
    raw = json.loads(options.raw.read_text())
    results = collect(raw)
    if options.update:
        results = merged(json.loads(options.results.read_text()), results)
    text, small = table(results), microcontrollers(raw)
    print(text if results["workloads"] else "", small, sep="\n\n")
    if options.results:
        options.results.write_text(json.dumps(results, indent=1) + "\n")
    if options.readme and results["workloads"]:
        put_into(options.readme, text)
    if options.readme and small:
        put_into(options.readme, small, "microcontrollers")
    if options.plots:
        plot(results, options.plots)


if __name__ == "__main__":
    main()
