"""Whole models as C: one of every family against the Python runtime, row by row."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge

import edgeinfer
from edgeinfer.errors import InvalidParameterError
from edgeinfer.export.layouts import print_c
from edgeinfer.export.targets.build import WARNINGS
from edgeinfer.export.targets.machines import find_machine
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


ARDUINO_H = (
    "#include <stddef.h>\nstruct Port { void begin(long); void setTimeout(long);"
    " int available(); float parseFloat(); long parseInt(); operator bool();"
    " template <class T> void print(T); template <class T> void print(T, int);"
    " template <class T> void println(T); void println(); };\nextern Port Serial;\n"
)
CATEGORIES = (
    *("Display", "Communication", "Signal Input/Output", "Sensors", "Device Control"),
    *("Timing", "Data Storage", "Data Processing", "Other"),
)


@pytest.fixture(scope="module")
def arduino(iris_model: edgeinfer.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, unpacked beside a stand-in for the Arduino core."""
    folder = tmp_path_factory.mktemp("arduino")
    edgeinfer.export_c(iris_model, folder / "iris.zip", name="iris", layout="arduino")
    zipfile.ZipFile(folder / "iris.zip").extractall(folder)
    (folder / "Arduino.h").write_text(ARDUINO_H)
    return folder / "iris"


def test_arduino_library(arduino: Path) -> None:
    """What the library specification (1.5, revision 2.2) wants of the files and their fields."""
    for name in ("library.properties", "keywords.txt", "README.md", "src/iris.h", "src/iris.c"):
        assert (arduino / name).is_file(), name
    assert (arduino / "examples" / "iris" / "iris.ino").is_file()
    assert not (arduino / "utility").exists()
    lines = (arduino / "library.properties").read_text().splitlines()
    fields = dict(line.split("=", 1) for line in lines)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}", fields["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?", fields["version"])
    for name in ("author", "maintainer", "sentence", "paragraph", "url", "architectures"):
        assert fields[name], name
    assert fields["category"] in CATEGORIES
    assert fields["includes"] == "iris.h"
    for line in (arduino / "keywords.txt").read_text().splitlines():
        assert re.fullmatch(r"\w+\t(KEYWORD[12]|LITERAL1)", line), line


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("g++", ()),
        ("arm-none-eabi-g++", find_machine("cortex-m0").flags),
        ("arm-none-eabi-g++", find_machine("cortex-m4").flags),
    ],
    ids=["host", "cortex-m0", "cortex-m4"],
)
def test_arduino_sketch(
    arduino: Path, compiler: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    """Sketch and library compile as the IDE does it: the one as C++, the other as C."""
    path = need(compiler)
    common = [*flags, *WARNINGS, f"-I{arduino.parent}", f"-I{arduino / 'src'}", "-c"]
    sketch = arduino / "examples" / "iris" / "iris.ino"
    run(path, "-x", "c++", *common, sketch, "-o", tmp_path / "sketch.o")
    run(path, "-x", "c", *common, arduino / "src" / "iris.c", "-o", tmp_path / "library.o")


def test_a_name_that_no_arduino_library_may_have(iris_model: edgeinfer.Model) -> None:
    with pytest.raises(InvalidParameterError, match="Arduino"):
        print_c(iris_model.graph, name="arduino_iris", layout="arduino")


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
