"""Layers of MLPs in the report, layers kept in floats, and ranges that clamp outliers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

import edgeinfer
from edgeinfer.errors import InvalidParameterError
from edgeinfer.quantize.layers import EXACT, Noise, chosen_layers

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_digits(return_X_y=True)
INTEGERS = ("int8", "int16")


@pytest.fixture(scope="module", params=["relu", "tanh", "identity"])
def mlp(request: pytest.FixtureRequest) -> object:
    regressor = MLPRegressor(
        hidden_layer_sizes=(24, 16), activation=request.param, max_iter=15, random_state=0
    )
    return make_pipeline(StandardScaler(), regressor).fit(X, Y)


@pytest.mark.parametrize("precision", INTEGERS)
def test_noise_of_each_layer(mlp: object, precision: str) -> None:
    model = edgeinfer.convert(mlp, precision=precision, calibration=X)
    lines = model.report["layers"]
    assert [line["number"] for line in lines] == [0, 1, 2]
    for line in lines:
        assert line["precision"] == precision
        assert line["sqnr"] > (20 if precision == "int8" else 60)
        assert line["sqnr_alone"] >= line["sqnr"] - 3
    assert lines[0]["sqnr_alone"] == pytest.approx(lines[0]["sqnr"], abs=0.1)
    # What is said of the last layer is what can be seen outside.
    want, have = mlp.predict(X), model.predict(X)  # type: ignore[attr-defined]
    seen = 10 * np.log10(np.square(want).sum() / np.square(have - want).sum())
    assert lines[-1]["sqnr"] == pytest.approx(seen, abs=0.1)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_layer_in_floats(mlp: object, which: int) -> None:
    every = edgeinfer.convert(mlp, precision="int8", calibration=X)
    name = every.report["layers"][which]["name"]
    for wanted in ([which], [name], [str(which)]):
        model = edgeinfer.convert(mlp, precision="int8", calibration=X, keep_float=wanted)
        lines = model.report["layers"]
        assert [line["precision"] for line in lines] == [
            "float32" if k == which else "int8" for k in range(3)
        ]
        assert lines[which]["reason"] == "kept by keep_float"
        kinds = [node.op.kind for node in model.graph.nodes]
        assert kinds.count("Dense") == 1
        assert kinds.count("DenseInt") == 2
        want = mlp.predict(X)  # type: ignore[attr-defined]
        assert np.abs(model.predict(X) - want).mean() < 0.1 * np.abs(want).mean()


def test_layers_that_are_not_there(mlp: object) -> None:
    with pytest.raises(InvalidParameterError, match=r"no layer 'x'(.|\n)*0: Dense Dense_"):
        edgeinfer.convert(mlp, precision="int8", calibration=X, keep_float=["x"])
    with pytest.raises(InvalidParameterError, match="no layer 3"):
        edgeinfer.convert(mlp, precision="int8", calibration=X, keep_float=[3])
    with pytest.raises(InvalidParameterError, match="all layers are floats in float32"):
        edgeinfer.convert(mlp, keep_float=[0])
    tree = DecisionTreeRegressor(max_depth=2).fit(X, Y)
    with pytest.raises(InvalidParameterError, match="none"):
        edgeinfer.convert(tree, precision="int8", calibration=X, keep_float=[0])


def test_ranges_leave_outliers_out() -> None:
    """One wild row in many costs all others their resolution, unless it is clamped."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(30_000, 4))
    data[0] = 60.0
    model = MLPRegressor(hidden_layer_sizes=(8,), max_iter=2, random_state=0).fit(
        data[1:400], data[1:400, 0]
    )
    usual = data[1:]
    want = model.predict(usual)
    errors = {
        ranges: np.square(
            edgeinfer.convert(model, precision="int8", calibration=data, ranges=ranges).predict(
                usual
            )
            - want
        ).mean()
        for ranges in ("minmax", "percentile", "mse")
    }
    assert errors["percentile"] < 0.3 * errors["minmax"]
    assert errors["mse"] < errors["minmax"]
    with pytest.raises(InvalidParameterError, match="unknown ranges 'all'"):
        edgeinfer.convert(model, precision="int8", calibration=data[:9], ranges="all")


def test_noise() -> None:
    noise = Noise()
    noise.add(np.array([3.0, 4.0]), np.array([3.0, 4.0]))
    assert noise.decibels == EXACT
    noise.add(np.array([0.0]), np.array([0.5]))
    assert noise.decibels == pytest.approx(20.0)
    assert noise.ratio == pytest.approx(0.01)
    silent = Noise()
    silent.add(np.zeros(2), np.ones(2))
    assert silent.decibels == -EXACT


def test_names_before_numbers() -> None:
    layers = [("A", "1"), ("B", "0"), ("C", "same"), ("D", "same")]
    assert chosen_layers(layers, ["1"]) == [0]
    assert chosen_layers(layers, "same") == [2, 3]
    assert chosen_layers(layers, 3) == [3]
    for wrong in (4, -1, "", "A"):
        with pytest.raises(InvalidParameterError):
            chosen_layers(layers, [wrong])
