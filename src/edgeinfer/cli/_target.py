"""What `bench --target` and `fit` share: options of a target, and its report for people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgeinfer.api import load
from edgeinfer.cli._io import feature_names, read_data
from edgeinfer.cli._show import print_json, print_table, progress
from edgeinfer.export.targets.machines import ALIASES, MACHINES
from edgeinfer.measurement.target import TargetReport, measure_target
from edgeinfer.target import FORESTS, OPTIMIZE

Function = TypeVar("Function", bound=Callable[..., Any])
TARGET = click.Choice([*MACHINES, *ALIASES])

_FACTORS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}


def bytes_of(text: str) -> int:
    """A size as people write it: 32k is 32 * 1024 bytes."""
    return int(_number(text, {"": 1, "k": 1024, "m": 1024 * 1024}, "b"))


def hertz_of(text: str) -> float:
    """A frequency: 64M, 16MHz, 120e6."""
    return _number(text, _FACTORS, "hz")


def ampere_of(text: str) -> float:
    """A current: 12mA, 0.012."""
    return _number(text, {"": 1.0, "m": 1e-3, "u": 1e-6}, "a")


def _number(text: str, factors: dict[str, float] | dict[str, int], unit: str) -> float:
    word = text.strip().lower().removesuffix(unit)
    word = word.removesuffix("i") if unit == "b" else word
    factor = factors.get(word[-1:], None) if not word[-1:].isdigit() else 1.0
    digits = word if word[-1:].isdigit() or word[-1:] == "." else word[:-1]
    try:
        value = float(digits) * (1.0 if factor is None else factor)
    except ValueError:
        value = -1.0
    if factor is None or not value > 0:
        raise click.BadParameter(f"{text!r} is not a positive number such as 32k")
    return value


def target_options(function: Function) -> Function:
    """--target and what goes with it."""
    for option in reversed(
        (
            click.option("--target", type=TARGET, help="Measure exported C on this target."),
            click.option("--codes", is_flag=True, help="With --target: encoded features as input."),
            click.option("--forest", type=click.Choice(FORESTS), default="table"),
            click.option("--optimize", type=click.Choice(OPTIMIZE), default="size"),
            click.option("--clock", help="With --target: the core's clock, such as 64MHz."),
            click.option("--current", help="With --target: the data sheet's current, as 12mA."),
            click.option("--voltage", type=float, default=3.3, show_default=True),
        )
    ):
        function = option(function)
    return function


def bench_target(
    path: Path,
    data: Path,
    target: str,
    method: str | None,
    *,
    as_json: bool,
    clock: str | None,
    current: str | None,
    **options: Any,
) -> None:
    """Measure the model in a file on a target, and print what came out."""
    model = load(path)
    with progress() as step:
        step(f"building and running {path.name} on {target}")
        report = measure_target(
            model,
            read_data(data, feature_names(model)),
            target,
            method=method,
            clock_hz=None if clock is None else hertz_of(clock),
            current_ampere=None if current is None else ampere_of(current),
            **options,
        )
    if as_json:
        print_json(report.to_dict())
    else:
        print_target(report)


def print_target(report: TargetReport) -> None:
    """The report as a table, and what was assumed."""
    lines = [
        ("rows", str(report.rows)),
        ("agreement with this machine", f"{report.agreement:.2%}"),
        ("flash", f"{report.flash_bytes} B"),
        ("  code", f"{report.code_bytes} B"),
        ("  constants", f"{report.constant_bytes} B"),
        ("RAM", f"{report.ram_bytes} B"),
        ("  static", f"{report.static_bytes} B"),
        ("  scratch (arena)", f"{report.scratch_bytes} B"),
    ]
    if report.stack_bytes is not None:
        lines.append(("stack, high-water mark", f"{report.stack_bytes} B"))
    if report.instructions is not None:
        lines.append(("instructions per call", f"{report.instructions:.0f}"))
    if report.latency_seconds is not None:
        lines.append(("latency, estimated", f"{report.latency_seconds * 1e6:.1f} us"))
    if report.energy_joules is not None:
        lines.append(("energy, estimated", f"{report.energy_joules * 1e6:.2f} uJ"))
    print_table((f"{report.method} on {report.target}", ""), lines)
    for assumption in report.assumptions:
        click.echo(f"assumed: {assumption}")
