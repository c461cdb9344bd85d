"""What people see: tables and text on standard output, progress on standard error."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


def console() -> Console:
    """Standard output; wide where it is no terminal, so that no table is cut."""
    screen = Console(highlight=False, soft_wrap=False)
    return screen if screen.is_terminal else Console(highlight=False, width=160)


def print_json(value: Any) -> None:
    """The value as JSON. NaN and infinities, which JSON does not have, become strings."""
    click.echo(json.dumps(plain(value), indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """Arrays, NumPy scalars and tuples as what JSON has."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def print_table(
    titles: Sequence[str], lines: Iterable[Sequence[str]], *, title: str | None = None
) -> None:
    """A table whose first column is text and whose others are figures."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, name in enumerate(titles):
        table.add_column(name, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for line in lines:
        table.add_row(*line)
    console().print(table)


class Steps:
    """Reports how far long work is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None)

    def __call__(self, what: str, done: float = 0, total: float | None = None) -> None:
        """`what` is being done, `done` of `total`."""
        self._progress.update(self._task, description=what, completed=done, total=total)


@contextmanager
def progress() -> Iterator[Steps]:
    """A progress bar on standard error while the block runs; nothing if that is no terminal."""
    screen = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)
    with bar:
        yield Steps(bar)
