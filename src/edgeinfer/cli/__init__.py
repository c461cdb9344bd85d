"""The command line: one module per command, each with a click command called `command`.

`_group` finds the commands, `_io` reads sources and data and writes results, `_show` prints
tables, progress and JSON, `_options` holds what several commands share. Adding a command is a
module here and its name in `COMMANDS`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from edgeinfer.errors import MissingExtraError

COMMANDS = ("convert", "inspect", "predict", "verify", "bench", "export", "fit", "demo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    0: done. 1: it could not be done (or `verify` found a difference). 2: wrong usage.
    """
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ImportError as err:
        print(
            f"error: {MissingExtraError(err.name or 'click', 'cli', 'the command line')}",
            file=sys.stderr,
        )
        return 1
    from edgeinfer.cli._group import run

    return run(arguments)
