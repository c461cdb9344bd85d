"""edgeinfer demo: train on real data, convert in four precisions, verify, show the table."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import click
import numpy as np

from edgeinfer.cli._options import json_option
from edgeinfer.cli._show import print_json, print_table, progress
from edgeinfer.errors import MissingExtraError
from edgeinfer.measurement.measure import machine
from edgeinfer.measurement.precisions import TITLES, Line, as_table, compare_precisions


def scaled_logistic() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=100, random_state=0)


def neighbours() -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=5)


def network() -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    layers = MLPClassifier(hidden_layer_sizes=(64, 32), max_iter=300, random_state=0)
    return make_pipeline(MinMaxScaler(), layers)


def boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=50, random_state=0)


def boosted_regression() -> Any:
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(max_depth=3, random_state=0)


MODELS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "logistic": ("scaler + logistic, breast cancer", "breast_cancer", scaled_logistic),
    "forest": ("forest of 100, digits", "digits", forest),
    "neighbours": ("5 nearest neighbours, digits", "digits", neighbours),
    "network": ("scaler + MLP 64-32, digits", "digits", network),
    "boosting": ("histogram boosting, breast cancer", "breast_cancer", boosting),
    "regression": ("gradient boosting, diabetes", "diabetes", boosted_regression),
}
"""Name on the command line: (name in the table, data set, how to build the estimator)."""


def data(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """X and y for training, X and y for testing, of a data set that scikit-learn carries.

    Features hold what float32 holds, as those that a sensor or a table of measurements brings.
    """
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = X.astype(np.float32).astype(np.float64)
    train_X, test_X, train_y, test_y = train_test_split(X, y, test_size=0.3, random_state=0)
    return train_X, train_y, test_X, test_y


@click.command("demo", short_help="Train, convert, verify and measure on real data.")
@click.option(
    "--only",
    type=click.Choice(tuple(MODELS)),
    multiple=True,
    help="Only this model; may be given several times.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=0.15,
    show_default=True,
    help="How long to time each engine, twice.",
)
@json_option
def command(*, only: tuple[str, ...], seconds: float, as_json: bool) -> int:
    """Train scikit-learn models on data that comes with it, and show what edgeinfer makes of them.

    Each model stands in four precisions next to scikit-learn: score on test data, share of equal
    answers, whether verification passed (also at, below and above every threshold), time for one
    row, rows a second, size. The exit status is 1 if a conversion or a verification fails.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError as err:
        raise MissingExtraError("scikit-learn", "sklearn", "the demo") from err
    lines: list[Line] = []
    names = only or tuple(MODELS)
    with progress() as step:
        for number, name in enumerate(names):
            title, source, build = MODELS[name]
            step(f"{title}: training", number, len(names))
            train_X, train_y, test_X, test_y = data(source)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                estimator = build().fit(train_X, train_y)
            lines += compare_precisions(
                title,
                estimator,
                train_X,
                (test_X, test_y),
                seconds=seconds,
                progress=partial(step, done=number, total=len(names)),
            )
    failed = [line for line in lines if line.problem]
    if as_json:
        print_json({"machine": machine(), "lines": [line.to_dict() for line in lines]})
        return 1 if failed else 0
    print_table(TITLES, as_table(lines))
    click.echo(
        "score: accuracy, or R2 of the regression. One row: median of predict with one row; "
        "batches of 2000 rows; one thread. Size: the .edge file, and the pickle of scikit-learn's."
    )
    for line in failed:
        click.echo(f"error: {line.model}, {line.engine}: {line.problem}", err=True)
    return 1 if failed else 0
