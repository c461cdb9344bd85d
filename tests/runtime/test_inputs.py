"""Everything a user may give as X, against what scikit-learn makes of the same."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.preprocessing import MinMaxScaler

import edgeinfer
from edgeinfer.errors import InvalidInputError, MissingExtraError

RNG = np.random.default_rng(8)
BYTES = RNG.integers(0, 100, (40, 4)).astype(np.float64)
TARGET = BYTES @ [1.0, -2.0, 0.5, 3.0] + RNG.normal(size=40)
SOURCE = Ridge().fit(BYTES, TARGET)
MODEL = edgeinfer.convert(SOURCE, precision="float64")
NAMES = ["a", "b", "c", "d"]
FRAME = pd.DataFrame(BYTES, columns=NAMES)

DTYPES = [
    *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float16", "float32", "float64", "longdouble", "object"),
    *(">i2", ">i4", ">u8", ">f4", ">f8"),
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_is_read_as_float64(dtype: str) -> None:
    X = BYTES.astype(dtype)
    np.testing.assert_array_equal(MODEL.predict(X), MODEL.predict(X.astype(np.float64)))
    np.testing.assert_allclose(MODEL.predict(X), SOURCE.predict(X.astype(np.float64)), rtol=1e-12)


def _unaligned(X: np.ndarray) -> np.ndarray:
    raw = np.zeros(X.nbytes + 1, np.uint8)
    view = raw[1:].view(X.dtype).reshape(X.shape)
    view[:] = X
    assert not view.flags.aligned
    return view


def _read_only(X: np.ndarray) -> np.ndarray:
    X = X.copy()
    X.flags.writeable = False
    return X


LAYOUTS: dict[str, Any] = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "rows backwards": lambda X: X[::-1].copy()[::-1],
    "columns backwards": lambda X: X[:, ::-1].copy()[:, ::-1],
    "transposed": lambda X: X.T.copy().T,
    "read-only": _read_only,
    "unaligned": _unaligned,
    "field of records": lambda X: np.rec.fromarrays([X, X], names="p,q")["q"],
    "subclass": lambda X: X.view(np.matrix),
    "list": lambda X: X.tolist(),
    "tuple of arrays": tuple,
    "memoryview": lambda X: memoryview(np.ascontiguousarray(X)),
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(layout: str, dtype: str) -> None:
    X = BYTES.astype(dtype)
    np.testing.assert_array_equal(MODEL.predict(LAYOUTS[layout](X)), MODEL.predict(X))


def test_a_broadcast_row() -> None:
    X = np.broadcast_to(BYTES[0], (5, 4))
    np.testing.assert_array_equal(MODEL.predict(X), np.full(5, MODEL.predict(BYTES[:1])[0]))


REFUSED: list[tuple[Any, str]] = [
    (np.float64(3.0), "Expected 2D array, got scalar array"),
    (BYTES[0], r"Expected 2D array, got 1D array.*reshape\(1, -1\)"),
    (BYTES[None], "Expected 2D array, got 3D array"),
    (np.empty((0, 4)), r"0 sample\(s\)"),
    ([], "Expected 2D array, got 1D array"),
    (BYTES[:, :3], "X has 3 features, but Ridge is expecting 4 features as input"),
    (np.empty((3, 0)), "X has 0 features"),
    (BYTES * 1j, "Complex data not supported"),
    (BYTES.astype("datetime64[s]"), "datetime64"),
    (BYTES.astype(str), "strings"),
    ([["1", "2", "3", "4"]], "strings"),
    ([[b"1", b"2", b"3", b"4"]], "strings"),
    (np.array([["a", 1, 2, 3]], dtype=object), "cannot be read as numbers"),
    ([[1, 2, 3, 4], [1, 2]], "cannot be read as numbers"),
    ([[1, 2, 3, {}]], "cannot be read as numbers"),
    (np.ma.masked_greater(BYTES, 50), "masked"),
    (sparse.csr_matrix(BYTES), r"toarray\(\)"),
    (sparse.coo_array(BYTES), r"toarray\(\)"),
    (None, "X is missing"),
    ("text", "strings"),
    (np.where(BYTES > 50, np.nan, BYTES), "NaN"),
    ([[1, 2, 3, None]], "NaN"),
    (np.where(BYTES > 50, -np.inf, BYTES), "infinity"),
]


@pytest.mark.parametrize(("X", "message"), REFUSED, ids=[m[:30] for _, m in REFUSED])
def test_refused(X: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        MODEL.predict(X)
    # Ridge forgets a mask and takes sparse matrices; everything else it refuses as well.
    if message != "masked" and not sparse.issparse(X):
        with pytest.raises((ValueError, TypeError)):
            SOURCE.predict(X)


def test_a_longdouble_beyond_float64_is_infinity() -> None:
    X = BYTES.astype(np.longdouble)
    X[0, 0] = np.finfo(np.longdouble).max
    with np.errstate(over="ignore"), pytest.raises(InvalidInputError, match="infinity"):
        MODEL.predict(X)


# Frames ------------------------------------------------------------------------------------------

NAMED = Ridge().fit(FRAME, TARGET)
FRAMES: dict[str, Any] = {
    "pandas": FRAME,
    "pandas Int64": FRAME.astype("Int64"),
    "pandas Float32": FRAME.astype("Float32"),
    "pandas mixed": FRAME.astype({"a": "Int8", "b": "float32", "c": "uint8"}),
    "pandas object": FRAME.astype(object),
    "pandas boolean": FRAME.assign(a=(FRAME["a"] > 50).astype("boolean")),
    "pandas sparse": FRAME.astype(pd.SparseDtype("float64", 0.0)),
    "polars": pl.DataFrame(BYTES, schema=NAMES),
    "polars mixed": pl.DataFrame(BYTES, schema=NAMES).with_columns(
        pl.col("a").cast(pl.UInt8), pl.col("b").cast(pl.Float32), pl.col("c").cast(pl.Int64)
    ),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames(kind: str) -> None:
    model = edgeinfer.convert(NAMED, precision="float64")
    frame = FRAMES[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        have = model.predict(frame)
    values = np.column_stack([np.asarray(frame[n], dtype=np.float64) for n in NAMES])
    np.testing.assert_allclose(have, NAMED.predict(pd.DataFrame(values, columns=NAMES)), rtol=1e-12)
    np.testing.assert_array_equal(model.feature_names_in_, NAMES)


MISSING = [
    pd.DataFrame({"a": [1, None, 3], "b": [1.5, 2.5, None]}, dtype=object),
    pd.DataFrame(
        {"a": pd.array([1, None, 3], "Int16"), "b": pd.array([1.5, 2.5, None], "Float64")}
    ),
    pd.DataFrame({"a": [1.0, np.nan, 3], "b": pd.array([1.5, 2.5, None], "Float32")}),
    pl.DataFrame({"a": [1, None, 3], "b": [1.5, 2.5, None]}),
    pl.DataFrame({"a": [True, None, False], "b": [1.5, 2.5, None]}),
]


@pytest.mark.parametrize("frame", MISSING, ids=range(len(MISSING)))
def test_missing_values_of_frames_are_nan(frame: Any) -> None:
    scaler = MinMaxScaler().fit(pd.DataFrame({"a": [0.0, 3.0], "b": [0.0, 5.0]}))
    have = edgeinfer.convert(scaler, precision="float64").transform(frame)
    np.testing.assert_array_equal(np.isnan(have), [[False, False], [True, False], [False, True]])
    assert have[2, 0] in (0.0, 1.0)


WRONG_NAMES = [
    FRAME[["b", "a", "c", "d"]],
    FRAME[["a", "b", "c"]],
    FRAME.rename(columns={"a": "z"}),
    FRAME.assign(e=1.0),
    FRAME.rename(columns=dict(zip(NAMES, "wxyz", strict=True))).assign(**dict.fromkeys("12345", 0)),
]


@pytest.mark.parametrize("frame", WRONG_NAMES, ids=lambda f: "".join(f.columns))
def test_wrong_names_are_errors_in_the_words_of_scikit_learn(frame: pd.DataFrame) -> None:
    model = edgeinfer.convert(NAMED)
    with pytest.raises(ValueError) as theirs:
        NAMED.predict(frame)
    for given in (frame, pl.DataFrame(frame.to_dict("list"))):
        with pytest.raises(InvalidInputError) as ours:
            model.predict(given)
        assert str(ours.value) == str(theirs.value)


def test_other_than_string_names() -> None:
    model = edgeinfer.convert(NAMED)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(pd.DataFrame(BYTES))
    mixed = pd.DataFrame(BYTES, columns=["a", "b", 2, 3])
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        NAMED.predict(mixed)
    with pytest.raises(InvalidInputError, match="only supported if all input features have string"):
        model.predict(mixed)


def test_warnings_about_names_come_once_and_point_at_the_call() -> None:
    named, nameless = edgeinfer.convert(NAMED), edgeinfer.convert(SOURCE)
    for model, X, message in (
        (named, BYTES, "X does not have valid feature names, but Ridge was fitted with"),
        (nameless, FRAME, "X has feature names, but Ridge was fitted without"),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.predict(X)
            model.predict(X)
        assert [str(w.message) for w in caught] == [caught[0].message.args[0]]
        assert str(caught[0].message).startswith(message)
        assert caught[0].filename == __file__


def test_frames_that_cannot_be_read() -> None:
    model = edgeinfer.convert(NAMED)
    with pytest.raises(InvalidInputError, match="numbers"):
        model.predict(FRAME.assign(a="text"))
    with pytest.raises(InvalidInputError, match="numbers"):
        model.predict(FRAME.assign(a=pd.array(["x"] * 40, "string"), b=pd.array([1] * 40, "Int8")))
    with pytest.raises(InvalidInputError, match="LazyFrame"):
        model.predict(pl.DataFrame(BYTES, schema=NAMES).lazy())
    with pytest.raises(InvalidInputError, match="0 sample"):
        model.predict(FRAME[:0])
    with pytest.raises(InvalidInputError, match="Expected 2D array"):
        model.predict(FRAME["a"])
    with pytest.raises(InvalidInputError, match="Expected 2D array"):
        model.predict(pl.Series([1.0, 2.0]))


def test_without_narwhals_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "narwhals", None)
    with pytest.raises(MissingExtraError, match=r"edgeinfer\[frames\]"):
        edgeinfer.convert(NAMED).predict(pl.DataFrame(BYTES, schema=NAMES))
    edgeinfer.convert(NAMED).predict(FRAME)  # pandas alone needs no extra
