"""Rows are made exactly where a column crosses a threshold, whatever stands before it."""

from __future__ import annotations

import numpy as np
import pytest

from edgeinfer.graph import Graph, GraphBuilder, Info, Method, TensorType
from edgeinfer.ops import (
    BinaryConst,
    Cast,
    CheckFinite,
    Concat,
    Impute,
    Op,
    Reduce,
    Select,
    SignIndex,
    Unary,
)
from edgeinfer.verification.probes import make_probes

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))


def chain(*ops: Op, threshold: float = 0.25) -> Graph:
    """Three features through `ops`, then compared with a threshold."""
    builder = GraphBuilder({"X": TensorType("float64", (3,))})
    tensor = "X"
    for op in ops:
        written = builder.emit_many(op, tensor)
        tensor = written[0] if written else tensor
    answer = builder.emit(SignIndex(threshold), tensor)
    return builder.build({"predict": Method((answer,))}, Info())


def constants(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def level(graph: Graph, rows: np.ndarray) -> np.ndarray:
    """What the last op compares."""
    tensor = graph.nodes[-1].inputs[0]
    return graph.evaluate({"X": rows}, [tensor])[tensor]


def test_an_input_gets_the_threshold_and_its_neighbours() -> None:
    probes = make_probes([chain()], X, 1000)
    assert probes.thresholds == 3
    assert not probes.not_probed
    t = 0.25
    want = {np.nextafter(t, -1), t, np.nextafter(t, 1)}
    for column in range(3):
        moved = probes.rows[~np.isin(probes.rows[:, column], X[:, column])]
        assert set(moved[:, column]) == want
        others = np.delete(moved, column, axis=1)
        assert np.isin(others, np.delete(X, column, axis=1)).all()  # all else is a row of X


CHAINS = {
    "scaler": (
        BinaryConst("sub", constants(0.1, -3.0, 1e3)),
        BinaryConst("div", constants(0.7, 1e-4, 3e5)),
    ),
    "falling": (BinaryConst("mul", constants(-1.3, -1e-3, -7.0)),),
    "rounding": (Cast("float32"),),
    "rounding back": (Cast("float32"), Cast("float64")),
    "guarded": (CheckFinite("Tree", float32=True), Cast("float32")),
    "selected": (Select(np.array([2, 0, 2], np.int32)), BinaryConst("sub", constants(1, 2, 3))),
    "imputed": (Impute(float("nan"), constants(9.0, -9.0, 0.25)),),
    "not monotone": (Unary("abs"),),
    "saturating": (Unary("tanh"),),
}


@pytest.mark.parametrize("name", CHAINS)
def test_both_sides_of_every_crossing(name: str) -> None:
    graph = chain(*CHAINS[name])
    probes = make_probes([graph], X, 2000)
    assert not probes.not_probed
    assert probes.thresholds == 3
    at = level(graph, probes.rows).astype(np.float64)
    width = at.shape[1]
    for column in range(width):
        for question in (at[:, column] > 0.25, at[:, column] >= 0.25):
            # Somewhere two neighbouring inputs answer differently.
            crossed = False
            for feature in range(3):
                order = np.argsort(probes.rows[:, feature], kind="stable")
                x, q = probes.rows[order, feature], question[order]
                near = np.nextafter(x[:-1], np.inf) == x[1:]
                crossed |= bool((near & (q[:-1] != q[1:])).any())
            assert crossed, (name, column)


def test_missing_values_in_the_data_do_no_harm() -> None:
    data = X.copy()
    data[::3, 0] = np.nan
    data[5, 1] = np.inf
    graph = chain(Impute(float("nan"), constants(9.0, -9.0, 0.0)))
    assert make_probes([graph], data, 1000).thresholds == 3
    data[:, 2] = np.nan
    assert make_probes([graph], data, 1000).thresholds == 3


def test_several_inputs_are_said_not_to_be_probed() -> None:
    probes = make_probes([chain(Reduce("sum"))], X, 1000)
    assert len(probes.rows) == 0
    (note,) = probes.not_probed
    assert "1 thresholds of SignIndex" in note
    assert "several input columns" in note


def test_a_threshold_no_input_reaches() -> None:
    probes = make_probes([chain(Unary("tanh"), threshold=2.0)], X, 1000)
    assert len(probes.rows) == 0
    assert "no value of the input reaches" in probes.not_probed[0]


def test_a_constant_column() -> None:
    probes = make_probes([chain(BinaryConst("mul", constants(1.0, 0.0, 1.0)))], X, 1000)
    assert probes.thresholds == 2
    assert "does not follow any input column" in probes.not_probed[0]


def test_the_limit_is_kept_and_told() -> None:
    builder = GraphBuilder({"X": TensorType("float64", (3,))})
    parts = [builder.emit(SignIndex(t), "X") for t in np.linspace(-1, 1, 100)]
    floats = [builder.emit(Cast("float64"), part) for part in parts]
    graph = builder.build({"predict": Method((builder.emit(Concat(), *floats),))}, Info())
    assert make_probes([graph], X, 10_000).thresholds == 300
    probes = make_probes([graph], X, 100)
    assert 20 <= probes.thresholds < 300
    assert 50 <= len(probes.rows) <= 100
    assert "beyond the limit" in probes.not_probed[0]


def test_one_row_is_enough() -> None:
    assert make_probes([chain(Cast("float32"))], X[:1], 1000).thresholds == 3


def test_float32_models_are_probed_with_what_float32_holds() -> None:
    """0.3 is no float32: the values around it are; a source that rounds is probed as it rounds."""
    direct = make_probes([chain(threshold=0.3)], X, 1000, True).rows
    moved = direct[~np.isin(direct[:, 0], X[:, 0]), 0]
    t = np.float32(0.3)
    assert float(t) > 0.3
    assert set(moved) == {float(t), float(np.nextafter(t, np.float32(0)))}
    source = chain(Cast("float32"), threshold=float(t))
    rounding = make_probes([source, source], X, 1000, True).rows
    moved = rounding[~np.isin(rounding[:, 0], X[:, 0]), 0]
    assert len(set(moved.astype(np.float32))) == 3  # below, at and above
    kept = set(moved) - set(moved.astype(np.float32).astype(float))
    assert len(kept) == 4  # and neighbours in float64 at either end of what rounds to it
    alone = make_probes([source], X, 1000, True).rows
    assert (alone[:, 0] == alone[:, 0].astype(np.float32))[~np.isin(alone[:, 0], X[:, 0])].all()
    exact = make_probes([chain()], X, 1000, True).rows  # 0.25 is a float32
    moved = exact[~np.isin(exact[:, 0], X[:, 0]), 0]
    quarter = np.float32(0.25)
    assert set(moved) == {
        float(v)
        for v in (
            np.nextafter(quarter, np.float32(0)),
            quarter,
            np.nextafter(quarter, np.float32(1)),
        )
    }
