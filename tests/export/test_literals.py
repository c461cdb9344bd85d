"""Numbers as C text and back: not a bit is lost."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from edgeinfer.export.literals import C_TYPES, initialiser
from edgeinfer.export.names import comment, identifier, string
from edgeinfer.export.targets.build import WARNINGS
from tests.compilers import need, run


def _values(dtype: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        info = np.finfo(kind)
        special = [0.0, -0.0, np.nan, np.inf, -np.inf, info.max, info.tiny, info.smallest_subnormal]
        bits = rng.integers(0, 256, 400 * kind.itemsize, np.uint8).view(kind)
        return np.concatenate([np.array(special, kind), bits])
    info = np.iinfo(kind)
    return np.concatenate(
        [
            np.array([info.min, info.max, 0, 1], kind),
            rng.integers(info.min, info.max, 200, kind, endpoint=True),
        ]
    )


@pytest.mark.parametrize(("compiler", "dialect"), [("gcc", "-std=c99"), ("g++", "-xc++")])
def test_every_bit_comes_back(compiler: str, dialect: str, tmp_path: Path) -> None:
    need(compiler)
    lines = ["#include <math.h>", "#include <stdint.h>"]
    if compiler == "g++":
        lines.append('extern "C" {')
    for dtype, c_type in C_TYPES.items():
        values = _values(dtype)
        lines.append(f"extern const {c_type} t_{dtype}[];")
        lines.append(f"const {c_type} t_{dtype}[{values.size}] = {{\n{initialiser(values)}}};")
    if compiler == "g++":
        lines.append("}")
    source, image = tmp_path / "tables.c", tmp_path / "tables.so"
    source.write_text("\n".join(lines) + "\n")
    run(compiler, dialect, *WARNINGS, "-shared", "-fPIC", source, "-o", image)
    library = ctypes.CDLL(str(image))
    for dtype in C_TYPES:
        values = _values(dtype)
        raw = (ctypes.c_uint8 * values.nbytes).in_dll(library, f"t_{dtype}")
        have = np.frombuffer(raw, dtype)
        if values.dtype.kind == "f":  # which NaN it was is not told
            assert (np.isnan(have) == np.isnan(values)).all()
            keep = ~np.isnan(values)
            have, values = have[keep], values[keep]
        assert have.tobytes() == values.tobytes(), dtype


def test_text_stays_where_it_is() -> None:
    assert "*/" not in comment("a */ int x; /* b")
    assert "\n" not in comment("a\nb")
    assert string('a"b\\\n?é') == '"a\\042b\\134\\012\\077\\303\\251"'
    assert identifier("Größe (cm)") == "Gr_uf6_uf__e_cm" or identifier("Größe (cm)").isascii()
