"""The `edgeinfer` command: finds its subcommands, and turns errors into one line and a status."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

import edgeinfer
from edgeinfer.cli import COMMANDS
from edgeinfer.errors import EdgeInferError


class Commands(click.Group):
    """Imports a command's module when it is needed: `edgeinfer predict` starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"edgeinfer.cli.{cmd_name}")
        command: click.Command = module.command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(edgeinfer.__version__, prog_name="edgeinfer")
def edgeinfer_command() -> None:
    """Trained models, small and fast.

    Convert a fitted scikit-learn model into an .edge file that runs without scikit-learn, check
    that it still gives the same answers, and measure what it costs.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line on `arguments` (default: the process's); the exit status."""
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            result = edgeinfer_command.main(arguments, "edgeinfer", standalone_mode=False)
        except click.ClickException as err:
            err.show()
            return err.exit_code
        except click.Abort:
            click.echo("stopped", err=True)
            return 130
        except BrokenPipeError:
            # Whoever reads the output has gone (`| head`): nothing left to say to anyone.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (EdgeInferError, OSError, MemoryError) as err:
            click.echo(f"error: {_one_line(err)}", err=True)
            return 1
    return result if isinstance(result, int) else 0


def _one_line(err: BaseException) -> str:
    if isinstance(err, OSError) and err.strerror:
        return f"{err.filename}: {err.strerror}" if err.filename else err.strerror
    return str(err) or type(err).__name__


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"warning: {message}", err=True)
