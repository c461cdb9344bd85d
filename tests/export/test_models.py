"""Whole models as C: one of every family against the Python runtime, row by row."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import edgeinfer
from edgeinfer.errors import InvalidParameterError
from edgeinfer.export.layouts import print_c
from edgeinfer.export.targets.build import WARNINGS
from edgeinfer.measurement.target import measure_target
from tests.compilers import need, run

IRIS = load_iris(return_X_y=True)
DIGITS = load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def iris_model() -> edgeinfer.Model:
    X, y = IRIS
    names = np.array(["setosa", 'versi"color', "virgin*/ica"])[y]
    return edgeinfer.convert(LogisticRegression(max_iter=300).fit(X, names))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("layout", ["c", "header"])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_linear(precision: str, layout: str, compiler: str) -> None:
    need(compiler)
    X, y = load_diabetes(return_X_y=True)
    model = edgeinfer.convert(Ridge().fit(X, y), precision=precision)
    report = measure_target(model, X[:50], "host", compiler=compiler, layout=layout)
    assert report.agreement == 1.0


def test_every_method_as_cplusplus(iris_model: edgeinfer.Model) -> None:
    need("g++")
    for method in iris_model.graph.methods:
        report = measure_target(
            iris_model, IRIS[0], "host", method=method, compiler="g++", language="c++"
        )
        assert report.agreement == 1.0, method


FAMILIES = {
    "forest": RandomForestClassifier(8, max_depth=5, random_state=0),
    "scaled forest": make_pipeline(
        StandardScaler(), RandomForestClassifier(4, max_depth=4, random_state=0)
    ),
    "boosting": GradientBoostingRegressor(n_estimators=8, random_state=0),
    "network": make_pipeline(StandardScaler(), MLPClassifier((12,), max_iter=300, random_state=0)),
    "kernels": SVC(),
    "neighbours": KNeighborsClassifier(3),
}


@pytest.mark.parametrize("precision", ["float64", "float32", "int16", "int8"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_families(family: str, precision: str) -> None:
    """One model of each family, every method, trees also as if/else code."""
    X, y = IRIS
    try:
        model = edgeinfer.convert(FAMILIES[family].fit(X, y), precision=precision, calibration=X)
    except edgeinfer.EdgeInferError as err:
        pytest.skip(str(err))
    rows = X[::5].astype(np.float32)
    forests = ("table", "inline") if "forest" in family else ("table",)
    for forest in forests:
        for method in model.graph.methods:
            report = measure_target(model, rows, "host", method=method, forest=forest, level="O0")
            assert report.agreement == 1.0, (method, report)


def test_codes_give_the_same_answers() -> None:
    X, y = DIGITS
    forest = RandomForestClassifier(5, max_depth=6, random_state=0).fit(X, y)
    model = edgeinfer.convert(forest, precision="int8", calibration=X)
    for codes in (False, True):
        report = measure_target(model, X[:60], "host", forest="inline", codes=codes)
        assert report.agreement == 1.0
    assert (model.predict(X[:60]) == forest.predict(X[:60])).all()


def test_refusals_are_statuses() -> None:
    X, y = IRIS
    rows = X[:4].copy()
    rows[1, 2], rows[2, 0] = np.nan, np.inf
    model = edgeinfer.convert(LogisticRegression(max_iter=300).fit(X, y))
    assert measure_target(model, rows, "host").agreement == 1.0


def test_labels(iris_model: edgeinfer.Model, tmp_path: Path) -> None:
    need("gcc")
    edgeinfer.export_c(iris_model, tmp_path, name="iris")
    header = (tmp_path / "iris.h").read_text()
    assert "IRIS_CLASS_SETOSA = 0" in header
    assert "IRIS_CLASSES 3" in header
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "iris.h"\nint main(void) {\n'
        "  for (int i = 0; i < IRIS_CLASSES; i++) puts(iris_class_name(i));\n"
        "  return iris_class_name(3) != NULL || iris_class_name(-1) != NULL;\n}\n"
    )
    program = tmp_path / "main"
    run("gcc", *WARNINGS, tmp_path / "main.c", tmp_path / "iris.c", "-lm", "-o", program)
    shown = run(program).stdout.decode().splitlines()
    assert shown == ["setosa", 'versi"color', "virgin*/ica"]


def test_integer_labels_are_the_answer(tmp_path: Path) -> None:
    X, y = IRIS
    model = edgeinfer.convert(LogisticRegression(max_iter=300).fit(X, y * 7 - 3))
    export = edgeinfer.export_c(model, tmp_path)
    assert "MODEL_CLASS_MINUS_3 = -3" in export.files["model.h"]
    assert "case 11: return" in export.files["model.c"]
    assert measure_target(model, X, "host").agreement == 1.0


def test_arduino_library(iris_model: edgeinfer.Model, tmp_path: Path) -> None:
    """The library as an archive; its sketch compiles against a stand-in for the Arduino core."""
    need("g++")
    archive = tmp_path / "iris.zip"
    edgeinfer.export_c(iris_model, archive, name="iris", layout="arduino")
    zipfile.ZipFile(archive).extractall(tmp_path)
    library = tmp_path / "iris"
    for name in ("library.properties", "keywords.txt", "README.md", "src/iris.h", "src/iris.c"):
        assert (library / name).is_file(), name
    properties = (library / "library.properties").read_text()
    assert "includes=iris.h" in properties
    (tmp_path / "Arduino.h").write_text(
        "#include <stddef.h>\nstruct Port { void begin(long); void setTimeout(long);"
        " int available(); float parseFloat(); long parseInt(); operator bool();"
        " template <class T> void print(T); template <class T> void print(T, int);"
        " template <class T> void println(T); void println(); };\nextern Port Serial;\n"
    )
    sketch = library / "examples" / "iris" / "iris.ino"
    flags = [*WARNINGS, f"-I{tmp_path}", f"-I{library / 'src'}"]
    run("g++", "-x", "c++", *flags, "-c", sketch, "-o", tmp_path / "sketch.o")


def test_the_same_model_makes_the_same_files(iris_model: edgeinfer.Model, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        edgeinfer.export_c(iris_model, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_only_the_headers_that_are_needed(tmp_path: Path) -> None:
    X, y = load_diabetes(return_X_y=True)
    export = edgeinfer.export_c(edgeinfer.convert(Ridge().fit(X, y)), tmp_path)
    assert "ei_dense_small.h" in export.files
    assert "ei_kernel_machine.h" not in export.files
    assert {p.name for p in tmp_path.iterdir()} == set(export.files)


@pytest.mark.parametrize(
    "options",
    [
        {"name": "int"},
        {"name": "2nd"},
        {"name": "a b"},
        {"name": "ei_model"},
        {"layout": "zip"},
        {"methods": ["fit"]},
        {"methods": []},
        {"input_dtype": "int8"},
        {"forest": "tables"},
        {"optimize": "both"},
    ],
)
def test_wrong_options_are_refused(iris_model: edgeinfer.Model, options: dict[str, str]) -> None:
    with pytest.raises(InvalidParameterError):
        print_c(iris_model.graph, **options)  # type: ignore[arg-type]


def test_a_file_is_in_the_way(iris_model: edgeinfer.Model, tmp_path: Path) -> None:
    place = tmp_path / "taken"
    place.write_text("")
    with pytest.raises(InvalidParameterError, match="is a file"):
        edgeinfer.export_c(iris_model, place)
