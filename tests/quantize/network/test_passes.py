"""Float networks in integers: the specification's integers, what is kept, refused and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeinfer
from edgeinfer.converters.tflite import graph_of
from edgeinfer.errors import CalibrationError, InvalidParameterError, UnsupportedError
from edgeinfer.quantize.network.plan import Params, params_of
from tests.converters.networks import micro_session
from tests.converters.tflite_writer import write
from tests.quantize.network import small

PRECISIONS = ("int8", "int16")


@pytest.mark.parametrize("ranges", ["minmax", "mse"])
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", small.NETWORKS)
def test_integers_of_tensorflow_lite_micro(
    tmp_path: Path, name: str, precision: str, ranges: str
) -> None:
    path = small.save(tmp_path, small.NETWORKS[name]())
    X = small.rows(path, 60)
    network, report = small.operators(path, precision, calibration=X, ranges=ranges)
    model = edgeinfer.Model(graph_of((network,)))
    ((feed, kind),) = model.inputs.items()
    assert kind.dtype == precision
    info = np.iinfo(precision)
    codes = np.random.default_rng(1).integers(info.min, info.max + 1, size=(6, *kind.shape))
    x = codes.astype(precision)
    have = list(model.run({feed: x}).values())
    run = micro_session(write(network), len(have))
    for number, row in enumerate(x):
        for got, want in zip(have, run(row[None]), strict=True):
            if want.dtype == np.float32:
                np.testing.assert_allclose(got[number].reshape(want.shape), want, rtol=1e-4)
            else:
                np.testing.assert_array_equal(got[number].reshape(want.shape), want)
    assert all(line["sqnr"] > 20 for line in report["layers"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", small.NETWORKS)
def test_near_the_float_network(tmp_path: Path, name: str, precision: str) -> None:
    path = small.save(tmp_path, small.NETWORKS[name]())
    X, new = small.rows(path, 200), small.rows(path, 100, seed=9)
    exact = edgeinfer.convert(path)
    model = edgeinfer.convert(path, precision=precision, calibration=X)
    assert model.precision == precision
    ((feed, _),) = exact.inputs.items()
    wanted = list(exact.run({feed: new}).values())
    found = model.predict(new)
    got = list(found.values()) if isinstance(found, dict) else [found]
    for want, have in zip(wanted, got, strict=True):
        noise = np.square(have - want).mean() / np.square(want).mean()
        assert noise < (0.01 if precision == "int8" else 1e-3)


def test_fixed_and_equal_scales(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.residual())
    network, _ = small.operators(path, "int8", calibration=small.rows(path, 50))
    labels = {
        op.name: [
            (network.tensors[i].scale, network.tensors[i].zero_point)
            for i in (*op.inputs, *op.outputs)
            if i >= 0 and network.tensors[i].type == "INT8" and network.tensors[i].data is None
        ]
        for op in network.operators
    }
    assert labels["SOFTMAX"][-1] == ((1 / 256,), (-128,))
    for name in ("CONCATENATION", "MAX_POOL_2D", "AVERAGE_POOL_2D"):
        assert len(set(labels[name])) == 1, name
    assert len(set(labels["ADD"])) == 3
    for op in network.operators:
        if op.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights, bias = (network.tensors[op.inputs[k]] for k in (1, 2))
            assert set(weights.zero_point) == {0}
            assert len(weights.scale) == network.tensors[op.outputs[0]].shape[-1]
            assert weights.data is not None
            assert np.abs(weights.data.astype(int)).max() == 127
            assert bias.type == "INT32"


def test_joined_functions_keep_their_own_scale(tmp_path: Path) -> None:
    """A logistic has its scale from the specification; where it is joined, it is rescaled."""
    path = small.save(tmp_path, small.gates())
    network, _ = small.operators(path, "int8", calibration=small.rows(path, 50))
    outputs = {op.name: network.tensors[op.outputs[0]] for op in network.operators}
    assert outputs["LOGISTIC"].scale == (1 / 256,)
    assert outputs["TANH"].scale == (1 / 128,)
    assert "QUANTIZE" in outputs


def test_without_an_integer_kernel(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.power())
    X = small.rows(path, 50)
    model = edgeinfer.convert(path, precision="int8", calibration=X)
    lines = {line["operator"]: line for line in model.report["layers"]}
    assert "RELU" not in lines  # fused into the convolution before it
    assert lines["POW"]["precision"] == "float32"
    assert "no int8 kernel" in lines["POW"]["reason"]
    kinds = [node.op.kind for node in model.graph.nodes]
    assert kinds.count("Dequantize") == kinds.count("Quantize") == 1
    assert lines["CONV_2D"]["precision"] == "int8"


def test_kept_in_floats(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.residual())
    X = small.rows(path, 80)
    every = edgeinfer.convert(path, precision="int8", calibration=X)
    first, last = every.report["layers"][0], every.report["layers"][-1]
    model = edgeinfer.convert(
        path, precision="int8", calibration=X, keep_float=[first["name"], last["number"]]
    )
    lines = model.report["layers"]
    assert [n for n, line in enumerate(lines) if line["precision"] == "float32"] == [
        0,
        len(lines) - 1,
    ]
    assert lines[0]["reason"] == "kept by keep_float"
    assert lines[0]["sqnr"] == 200.0
    ((_, kind),) = model.inputs.items()
    assert kind.dtype == "float32"
    ((_, out),) = model.outputs.items()
    assert out.dtype == "float32"
    want = edgeinfer.convert(path).predict(X)
    assert np.abs(model.predict(X) - want).mean() < np.abs(every.predict(X) - want).mean()


def test_the_layer_that_hurts_the_outputs(tmp_path: Path) -> None:
    """`sqnr_outputs` is what is left of the outputs with one layer in integers."""
    path = small.save(tmp_path, small.separate())
    X = small.rows(path, 80)
    every = edgeinfer.convert(path, precision="int8", calibration=X).report["layers"]
    assert all(line["sqnr_outputs"] > 20 for line in every)
    assert every[-1]["sqnr_outputs"] == every[-1]["sqnr_alone"]
    worst = min(every, key=lambda line: line["sqnr_outputs"])["number"]
    others = [line["number"] for line in every if line["number"] != worst]
    alone = edgeinfer.convert(path, precision="int8", calibration=X, keep_float=others).report
    (output,) = alone["outputs"].values()
    assert output["sqnr"] == pytest.approx(every[worst]["sqnr_outputs"], abs=1.0)


def test_layers_that_are_not_there(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.residual())
    for wrong in ("no such layer", 99, -1, "99"):
        with pytest.raises(InvalidParameterError, match="no layer") as caught:
            edgeinfer.convert(
                path, precision="int8", calibration=small.rows(path, 5), keep_float=[wrong]
            )
        assert "0: CONV_2D tensor_" in str(caught.value)


def test_all_kept_is_no_quantization(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.residual())
    count = 10
    with pytest.raises(UnsupportedError, match="no layer of this network"):
        edgeinfer.convert(
            path, precision="int8", calibration=small.rows(path, 5), keep_float=range(count)
        )


@pytest.mark.parametrize("kind", ["nan", "empty", "shape", "none", "names"])
def test_bad_calibration(tmp_path: Path, kind: str) -> None:
    path = small.save(tmp_path, small.residual())
    X: Any = small.rows(path, 5)
    message = {
        "nan": "NaN or infinity",
        "empty": "no rows",
        "shape": r"rows of shape \(8, 8, 3\)",
        "none": "typical inputs",
        "names": "of the inputs tensor_0",
    }[kind]
    if kind == "nan":
        X[2, 1, 1, 1] = np.nan
    elif kind == "empty":
        X = X[:0]
    elif kind == "shape":
        X = X[:, :, :7]
    elif kind == "none":
        X = None
    else:
        X = {"wrong": X}
    with pytest.raises(CalibrationError, match=message):
        edgeinfer.convert(path, precision="int8", calibration=X)


def test_unknown_ranges(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.residual())
    with pytest.raises(InvalidParameterError, match="minmax, percentile, mse"):
        edgeinfer.convert(path, precision="int8", calibration=small.rows(path, 5), ranges="entropy")


def test_a_quantized_network_is_refused(tmp_path: Path) -> None:
    from tests.converters.tflite_builder import NetworkBuilder

    b = NetworkBuilder()
    x, y = b.tensor("int8", (1, 4), 0.1), b.tensor("int8", (1, 4), 0.1)
    b.operator("RELU", [x], [y])
    path = small.save(tmp_path, b.build([x], [y]))
    with pytest.raises(UnsupportedError, match="not a float network"):
        edgeinfer.convert(path, precision="int8", calibration=np.zeros((2, 4)))


def test_equalization_helps_where_channels_differ(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.unequal())
    _, report = small.operators(path, "int8", calibration=small.rows(path, 100))
    assert report["equalization"] is True


def test_one_variant(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.unequal())
    X = small.rows(path, 50)
    found = {}
    for variant in ((False, False), (True, False), (False, True), (True, True)):
        network, report = small.operators(
            path, "int8", calibration=X, variant=variant, by_layer=False
        )
        assert (report["bias_correction"], report["equalization"]) == variant
        assert "layers" not in report
        x = X[:5] / np.abs(X).max()
        found[variant] = edgeinfer.Model(graph_of((network,))).predict(x)
    assert len({values.tobytes() for values in found.values()}) == 4


def test_progress_is_told(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.residual())
    told: list[tuple[str, float, float]] = []
    edgeinfer.convert(
        path,
        precision="int8",
        calibration=small.rows(path, 20),
        ranges="mse",
        progress=lambda *step: told.append(step),
    )
    assert {what for what, _, _ in told} == {"observing", "comparing variants", "measuring layers"}
    assert all(0 < done <= total for _, done, total in told)


def test_saved_with_its_report(tmp_path: Path) -> None:
    path = small.save(tmp_path, small.residual())
    X = small.rows(path, 20)
    model = edgeinfer.convert(path, precision="int16", calibration=X)
    model.save(tmp_path / "n.edge")
    again = edgeinfer.load(tmp_path / "n.edge")
    assert again.report == model.report
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_a_bound_beyond_all_values_costs_no_resolution(tmp_path: Path) -> None:
    b = small.Layers(6)
    x = b.floats(1, 6, 6, 4)
    y = b.conv(x, 4, act=0)
    limits = {"MAXIMUM": -1e30, "MINIMUM": 1e30}
    for name, limit in limits.items():
        bound = b.constant(np.full(1, limit, np.float32))
        y = b.apply(name, [y, bound], (1, 6, 6, 4), "MaximumMinimumOptions")
    path = small.save(tmp_path, b.build([x], [b.dense(y, 3)]))
    model = edgeinfer.convert(path, precision="int8", calibration=small.rows(path, 50))
    lines = model.report["layers"]
    assert [line["precision"] for line in lines] == ["int8"] * 4
    assert all(line["sqnr"] > 25 for line in lines)


def test_parameters_of_a_range() -> None:
    assert params_of(0.0, 255.0, "int8") == Params("int8", 1.0, -128)
    assert params_of(3.0, 255.0, "int8") == Params("int8", 1.0, -128)
    assert params_of(-128.0, 127.0, "int8") == Params("int8", 1.0, 0)
    assert params_of(-9.0, -255.0, "int8").zero == 127
    assert params_of(0.0, 0.0, "int8").scale == 1.0
    assert params_of(-2.0, 1.0, "int16") == Params("int16", float(np.float32(2 / 32767)), 0)
    for low, high in ((-0.3, 7.1), (0.0, 1e-3), (-5.0, 0.01)):
        p = params_of(low, high, "int8")
        assert p.values(p.codes(np.array([0.0])))[0] == 0
