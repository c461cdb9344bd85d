"""measure: figures that are there, that fit one another, and that say what they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge

import edgeinfer
from edgeinfer.errors import EdgeInferError, InvalidInputError, InvalidParameterError
from edgeinfer.measurement import energy
from edgeinfer.measurement.html import page
from edgeinfer.measurement.latency import batch_of, batches, one_row
from edgeinfer.measurement.report import Report, duration, size
from edgeinfer.measurement.size import layers, sizes

X, Y = load_iris(return_X_y=True)
SOURCE = LogisticRegression(max_iter=500).fit(X, Y)
MODELS = [edgeinfer.convert(SOURCE, precision=p) for p in ("float64", "float32")]


def measure(models: Any, **options: Any) -> Report:
    return edgeinfer.measure(models, X, seconds=0.01, batch_rows=300, **options)


def test_side_by_side() -> None:
    report = measure(MODELS, source=SOURCE, labels=Y)
    assert [m.name for m in report.measurements] == ["float64", "float32"]
    for m in report.measurements:
        assert 0 < m.latency.median_us <= m.latency.p99_us
        assert m.throughput.rows_per_second > 0
        assert m.throughput.batch_rows == 300
        assert m.agreement == 1.0
        assert m.score == pytest.approx(SOURCE.score(X, Y))
    document = json.loads(json.dumps(report.to_dict()))
    assert document["measurements"][0]["sizes"]["macs_per_row"] > 0
    text = str(report)
    for words in ("float64", "one row, median", "operation model", "Horowitz", "Measured on"):
        assert words in text


def test_names() -> None:
    assert [m.name for m in measure({"a": MODELS[0], "b": MODELS[0]}).measurements] == ["a", "b"]
    twice = measure([MODELS[0], MODELS[0]])
    assert [m.name for m in twice.measurements] == ["float64", "float64 (2)"]
    assert measure(MODELS[1]).measurements[0].name == "float32"


def test_what_is_not_asked_for_is_none() -> None:
    (m,) = measure(MODELS[0]).measurements
    assert m.agreement is m.score is m.relative_error is None
    assert "agreement" not in str(measure(MODELS[0]))


def test_disagreement_is_seen() -> None:
    other = LogisticRegression(C=0.01, max_iter=500).fit(X, Y)
    (m,) = measure(MODELS[0], source=other).measurements
    assert m.agreement is not None
    assert 0.5 < m.agreement < 1
    (m,) = measure(MODELS[0], source=other, method="predict_proba").measurements
    assert m.agreement == 0
    assert m.relative_error is not None
    assert m.relative_error > 0.1
    (m,) = measure(MODELS[1], source=MODELS[0], method="predict_proba").measurements
    assert m.agreement == 1


def test_regression_score() -> None:
    data, target = load_diabetes(return_X_y=True)
    ridge = Ridge().fit(data, target)
    report = edgeinfer.measure(
        edgeinfer.convert(ridge), data, labels=target, seconds=0.01, batch_rows=10
    )
    assert report.measurements[0].score == pytest.approx(ridge.score(data, target), rel=1e-4)


def test_sizes_are_those_of_the_file_and_the_program(tmp_path: Path) -> None:
    model = MODELS[0]
    model.save(tmp_path / "m.edge")
    weight = sizes(model)
    assert weight.file_bytes == (tmp_path / "m.edge").stat().st_size
    assert weight.method == "predict"
    program = model.predict.program.lowered
    assert weight.arena_bytes == program.arena_bytes
    assert weight.block_rows == program.block_rows
    assert 0 < weight.row_arena_bytes <= weight.arena_bytes
    assert weight.macs_per_row == sum(layer.macs for layer in layers(model, "predict"))
    proba = sizes(model, "predict_proba")
    assert proba.method == "predict_proba"
    assert proba.macs_per_row != weight.macs_per_row
    # 3 classes, 4 features: the products alone.
    assert weight.macs_per_row >= 12


def test_operation_model_by_hand() -> None:
    weight = sizes(MODELS[0])
    model = energy.operation_model(MODELS[0], weight)
    floats = sum(x.macs for x in layers(MODELS[0], "predict") if x.dtype == "float64")
    integers = weight.macs_per_row - floats
    assert model.compute_pj == pytest.approx(floats * (18.0 + 1.8) + integers * (3.1 + 0.1))
    assert model.parameters_in == "8 kB cache"
    assert model.parameters_pj == pytest.approx(weight.parameter_bytes_read * 10 / 8)
    assert model.total_nj * 1000 == pytest.approx(
        model.compute_pj + model.parameters_pj + model.values_pj
    )
    cheaper = energy.operation_model(MODELS[1], sizes(MODELS[1]))
    assert cheaper.compute_pj < model.compute_pj


@pytest.mark.parametrize(
    ("count", "name"),
    [(8192, "8 kB cache"), (8193, "32 kB cache"), (40_000, "1 MB cache"), (2 << 20, "DRAM")],
)
def test_memory_levels(count: int, name: str) -> None:
    assert energy.level(count)[1] == name


def test_rapl_reads_counters_and_their_overflow(tmp_path: Path) -> None:
    assert not energy.Rapl(tmp_path).available
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    (zone / "max_energy_range_uj").write_text("1000\n")
    assert not energy.Rapl(tmp_path).available  # no counter to read
    (zone / "energy_uj").write_text("900\n")
    rapl = energy.Rapl(tmp_path)
    before = rapl.read()
    (zone / "energy_uj").write_text("950\n")
    assert rapl.since(before) == 50
    (zone / "energy_uj").write_text("30\n")
    assert rapl.since(before) == 130


def test_energy_that_is_not_measured_is_not_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy.Rapl, "available", property(lambda self: False))
    report = measure(MODELS[0])
    assert report.to_dict()["measurements"][0]["rapl_uj_per_row"] == "not available"
    assert "not available on this machine" in str(report)


def test_timing_counts_calls() -> None:
    seen: list[int] = []
    latency = one_row(lambda rows: seen.append(len(rows)), X, seconds=0.005)
    assert set(seen) == {1}
    assert latency.calls <= len(seen)
    seen.clear()
    throughput = batches(lambda rows: seen.append(len(rows)), X, seconds=0.001)
    assert set(seen) == {len(X)}
    assert throughput.calls == len(seen)


def test_batches_repeat_the_rows() -> None:
    batch = batch_of(X, 400)
    assert batch.shape == (400, 4)
    np.testing.assert_array_equal(batch[150:300], X)
    assert batch_of(X, 10) is X


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"method": "kneighbors"}, InvalidParameterError),
        ({"source": object()}, InvalidParameterError),
        ({"labels": [1, 2]}, InvalidInputError),
    ],
)
def test_wrong_arguments(options: dict[str, Any], error: type[EdgeInferError]) -> None:
    with pytest.raises(error):
        measure(MODELS[0], **options)
    with pytest.raises(InvalidParameterError):
        measure([])
    with pytest.raises(InvalidParameterError):
        measure("model.edge")


def test_html_is_one_escaped_page() -> None:
    text = page(measure({"<a>": MODELS[0], "b": MODELS[1]}), "Iris & co")
    assert "Iris &amp; co" in text
    assert "&lt;a&gt;" in text
    assert "<a>" not in text
    assert text.count("<svg") == 5
    assert not re.search(r"(src|href)=", text)
    assert "<svg" not in page(measure(MODELS[0]), "one")


def test_units() -> None:
    assert [duration(t) for t in (0.25, 2.5, 2500, 2.5e6)] == [
        "250 ns",
        "2.5 us",
        "2.5 ms",
        "2.5 s",
    ]
    assert [size(n) for n in (0, 999, 12_345, 5e6)] == ["0 B", "999 B", "12.3 kB", "5 MB"]
