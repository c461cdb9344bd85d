"""What do exported models take of an emulated microcontroller, beside the best of the peers?

What it should take at most comes from figures of emlearn, measured beforehand with the same
emulator and compiler on models of the same size; its tools are not needed here. Skips where the
toolchain is missing. Run it with ``pytest -s`` to see each figure beside its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import edgeinfer
from edgeinfer.export.targets.machines import find_machine
from edgeinfer.export.targets.toolchain import missing_tools
from edgeinfer.measurement.target import measure_target


@dataclass(frozen=True)
class Case:
    """A model on a target, and what it should take at most; None: no figure to compare with."""

    name: str
    source: str
    target: str
    precision: str = "int8"
    forest: str = "table"
    codes: bool = False
    optimize: str = "size"
    level: str = "O2"
    flash: float | None = None
    instructions: float | None = None
    agreement: float = 1.0


CASES = (
    Case("forest 10x8, table", "forest 10", "cortex-m4", flash=0.9 * 8776, instructions=1302),
    Case(
        "forest 10x8, if/else, codes",
        "forest 10",
        "cortex-m4",
        forest="inline",
        codes=True,
        flash=11448,
        instructions=0.85 * 460,
    ),
    Case(
        "forest 10x8, if/else, codes, speed",
        "forest 10",
        "cortex-m4",
        forest="inline",
        codes=True,
        optimize="speed",
        flash=11448,
        instructions=0.85 * 460,
    ),
    Case("forest 100x10, table", "forest 100", "cortex-m4", flash=0.6 * 117500, instructions=10500),
    Case(
        "MLP 64-32-10",
        "network",
        "cortex-m4",
        flash=0.3 * 12740,
        instructions=0.4 * 16900,
        agreement=0.99,
    ),
    Case("MLP 64-32-10, M0", "network", "cortex-m0", instructions=0.05 * 437_000, agreement=0.99),
    Case("forest 10x8, table, M0", "forest 10", "cortex-m0"),
    Case("forest 10x8, table, M3", "forest 10", "cortex-m3"),
    Case("forest 10x8, table, RISC-V", "forest 10", "riscv32"),
)


NETWORKS = Path(__file__).parents[2] / "shared" / "models" / "mlperf-tiny"


@dataclass(frozen=True)
class Peer:
    """A network of MLPerf Tiny with TensorFlow Lite Micro and CMSIS-NN, measured beforehand.

    Flash and arena in bytes, instructions by core; and what share of flash and arena we may take.
    """

    name: str
    flash: int
    arena: int
    instructions: dict[str, float]
    flash_share: float
    arena_share: float


PEERS = (
    Peer("kws", 138220, 22820, {"m4": 7.70e6, "m3": 10.5e6, "m0": 29.0e6}, 0.35, 0.75),
    Peer("ic", 177640, 54996, {"m4": 29.9e6, "m3": 41.8e6, "m0": 97.6e6}, 0.60, 0.92),
    Peer("vww", 417572, 100708, {"m4": 24.1e6, "m3": 32.0e6, "m0": 86.9e6}, 0.62, 0.58),
    Peer("ad", 308916, 2580, {"m4": 0.583e6, "m3": 0.956e6, "m0": 1.76e6}, 0.97, 0.60),
)
INSTRUCTIONS = {"m4": 0.85, "m3": 1.0, "m0": 1.15}
CODE = 16_000


@cache
def _data() -> tuple[np.ndarray, ...]:
    X, y = load_digits(return_X_y=True)
    return tuple(train_test_split(X, y, test_size=450, random_state=0))


@cache
def _source(name: str) -> Any:
    X, _, y, _ = _data()
    if name == "network":
        layers = MLPClassifier((32,), max_iter=300, random_state=0)
        return make_pipeline(MinMaxScaler(), layers).fit(X, y)
    trees = int(name.split()[1])
    depth = 8 if trees == 10 else 10
    return RandomForestClassifier(trees, max_depth=depth, random_state=0).fit(X, y)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_microcontroller(case: Case, benchmark: Any) -> None:
    missing = missing_tools(find_machine(case.target))
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    X, rows, _, _ = _data()
    source = _source(case.source)
    model = edgeinfer.convert(source, precision=case.precision, calibration=X)
    report = benchmark.pedantic(
        lambda: measure_target(
            model,
            rows,
            case.target,
            forest=case.forest,
            codes=case.codes,
            optimize=case.optimize,
            level=case.level,
        ),
        rounds=1,
        iterations=1,
    )
    agreement = float((model.predict(rows) == source.predict(rows)).mean())
    benchmark.group = "microcontrollers"
    benchmark.extra_info.update(
        {
            **report.to_dict(),
            "workload": case.name,
            "engine": f"edgeinfer {case.precision}",
            "agreement": agreement,
            "flash_target": case.flash,
            "instructions_target": case.instructions,
        }
    )
    assert report.agreement == 1.0, "the target answers otherwise than the host"
    assert agreement >= case.agreement
    for what, have, most in (
        ("flash", report.flash_bytes, case.flash),
        ("instructions", report.instructions, case.instructions),
    ):
        if have is not None:
            verdict = "" if most is None else ("  met" if have <= most else "  MISSED")
            limit = "" if most is None else f"  at most {most:.0f}"
            print(f"\n{case.name}: {what} {have:.0f}{limit}{verdict}", end="")


@pytest.mark.parametrize("core", INSTRUCTIONS)
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_network(peer: Peer, core: str, benchmark: Any) -> None:
    """One row: a network takes as many instructions for any other, but for a few clamps."""
    path = NETWORKS / f"{peer.name}_int8.tflite"
    if not path.exists():
        pytest.skip(f"needs {path.name} of MLPerf Tiny in {NETWORKS}")
    missing = missing_tools(find_machine(core))
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    model = edgeinfer.convert(path)
    (tensor,) = model.graph.inputs.values()
    rows = np.random.default_rng(0).integers(-128, 128, (1, *tensor.shape)).astype(np.int8)
    report = benchmark.pedantic(lambda: measure_target(model, rows, core), rounds=1, iterations=1)
    assert report.agreement == 1.0, "the target answers otherwise than the host"
    limits = {
        "code": (report.code_bytes, CODE, 1.0),
        "flash": (report.flash_bytes, peer.flash, peer.flash_share),
        "scratch": (report.scratch_bytes, peer.arena, peer.arena_share),
        "instructions": (report.instructions, peer.instructions[core], INSTRUCTIONS[core]),
    }
    benchmark.group = "microcontrollers"
    benchmark.extra_info.update(
        {
            **report.to_dict(),
            "workload": f"{peer.name}, {core}",
            "engine": "edgeinfer int8",
            "flash_target": peer.flash * peer.flash_share,
            "instructions_target": peer.instructions[core] * INSTRUCTIONS[core],
            "ratios": {what: have / best for what, (have, best, _) in limits.items()},
        }
    )
    for what, (have, best, most) in limits.items():
        verdict = "met" if have <= best * most else "MISSED"
        print(f"\n{peer.name}, {core}: {what} {have:.0f}, {have / best:.3f} of {best:.0f}", end="")
        print(f"  at most {most}  {verdict}", end="")
