"""Options and argument types that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edgeinfer.quantize.scheme import PRECISIONS

Function = TypeVar("Function", bound=Callable[..., Any])

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)
PRECISION = click.Choice(PRECISIONS)


# Older releases of click have no generic ParamType.
if TYPE_CHECKING:
    _FloatType = click.ParamType[float]
else:
    _FloatType = click.ParamType


class Fraction(_FloatType):
    """A fraction, as 0.005 or 0.5%."""

    name = "fraction"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            number = -1.0
        if not 0 <= number < 1:
            self.fail(f"{value!r} is not a fraction such as 0.005 or 0.5%", param, ctx)
        return number


def json_option(function: Function) -> Function:
    """--json, as the parameter `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print the result as JSON on standard output."
    )(function)


def trust_option(function: Function) -> Function:
    """--trust."""
    return click.option(
        "--trust",
        is_flag=True,
        help="Read the source even if doing so can run code: .joblib and .pkl files, and types "
        "in a .skops file that skops does not know. Only for files from people you trust.",
    )(function)


def data_option(function: Function) -> Function:
    """--data FILE, required."""
    return click.option(
        "--data",
        "data_path",
        type=EXISTING,
        required=True,
        metavar="X.npy|X.csv",
        help="Rows of features: a 2-D .npy array, or .csv with or without a line of names.",
    )(function)
