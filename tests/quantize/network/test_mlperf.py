"""MLPerf Tiny's float networks quantized here, judged beside the benchmark's own int8 networks."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import edgeinfer
from edgeinfer.converters.tflite import graph_of
from tests.converters.networks import micro_session, mlperf
from tests.converters.tflite_writer import write
from tests.quantize.network import small
from tests.quantize.network.recordings import hums, photograph, photographs, word, words
from tests.quantize.network.searched import search


@cache
def inputs(name: str, count: int, seed: int) -> np.ndarray:
    """Rows for a network, made once."""
    if name == "kws":
        return words(count, seed)
    if name == "ad":
        return hums(count, seed)
    return photographs(count, 32, seed) if name == "ic" else photographs(count, 96, seed) / 255


@cache
def of_all_classes(name: str, each: int, seed: int) -> np.ndarray:
    """Rows that the float network takes for every one of its classes, made once."""
    judge = edgeinfer.convert(mlperf(f"{name}_float32")).predict
    make = word if name == "kws" else lambda rng: photograph(rng, 32)
    return search(make, judge, each, seed, most=150 * each)[0]


@pytest.mark.parametrize("ranges", ["minmax", "percentile", "mse"])
@pytest.mark.parametrize("name", ["kws", "ic"])
def test_agrees_at_least_as_often_as_the_official_network(name: str, ranges: str) -> None:
    new = of_all_classes(name, 10, 1)
    path = mlperf(f"{name}_float32")
    want = edgeinfer.convert(path).predict_classes(new)
    assert len(np.unique(want)) == (12 if name == "kws" else 10)
    official = edgeinfer.convert(mlperf(f"{name}_int8")).predict_classes(new) == want
    ours = edgeinfer.convert(
        path, precision="int8", calibration=of_all_classes(name, 8, 0), ranges=ranges
    )
    agrees = ours.predict_classes(new) == want
    assert agrees.mean() >= official.mean()


@pytest.mark.parametrize("name", ["vww", "ad"])
def test_errs_no_more_than_the_official_network(name: str) -> None:
    new = inputs(name, 100, 1)
    path = mlperf(f"{name}_float32")
    want = edgeinfer.convert(path).predict(new)
    official = edgeinfer.convert(mlperf(f"{name}_int8")).predict(new).reshape(want.shape)
    ours = edgeinfer.convert(path, precision="int8", calibration=inputs(name, 100, 0)).predict(new)
    assert np.abs(ours - want).mean() <= np.abs(official - want).mean()


@pytest.mark.parametrize("precision", ["int8", "int16"])
@pytest.mark.parametrize("name", ["kws", "ic", "ad"])
def test_integers_of_tensorflow_lite_micro(name: str, precision: str) -> None:
    X = inputs(name, 120, 0)[:40]
    network, _ = small.operators(mlperf(f"{name}_float32"), precision, calibration=X)
    model = edgeinfer.Model(graph_of((network,)))
    ((feed, kind),) = model.inputs.items()
    info = np.iinfo(precision)
    codes = np.random.default_rng(1).integers(info.min, info.max + 1, size=(3, *kind.shape))
    x = codes.astype(precision)
    (have,) = model.run({feed: x}).values()
    run = micro_session(write(network))
    want = np.concatenate([run(row[None])[0] for row in x])
    if want.dtype == np.float32:  # a last function without an integer kernel
        np.testing.assert_allclose(have.reshape(want.shape), want, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_array_equal(have.reshape(want.shape), want)
