"""Files: sources (trained models), data, results."""

from __future__ import annotations

import csv
import io
import pickle
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeinfer.api import load
from edgeinfer.errors import (
    EdgeInferError,
    FormatError,
    InvalidInputError,
    InvalidParameterError,
    MissingExtraError,
)

PICKLES = (".joblib", ".pkl", ".pickle")
NETWORKS = (".tflite", ".onnx")


def read_source(path: Path, trust: bool) -> Any:
    """The estimator, model or network in a file, by its ending.

    Raises FormatError, InvalidParameterError (untrusted file, unknown ending), MissingExtraError.
    """
    suffix = path.suffix.lower()
    if suffix == ".edge":
        return load(path)
    if suffix in NETWORKS:
        return str(path)
    if suffix == ".skops":
        return _read_skops(path, trust)
    if suffix in PICKLES:
        if not trust:
            raise InvalidParameterError(
                f"{path}: reading a {suffix} file can run code hidden in it. Either you trust "
                "whoever made it: add --trust; or save the model with "
                "skops.io.dump(model, 'model.skops'), which is checked when it is read"
            )
        return _read_pickle(path)
    raise InvalidParameterError(
        f"{path}: unknown ending {suffix!r}; takes .skops, .joblib, .pkl, .tflite and .edge"
    )


def _read_skops(path: Path, trust: bool) -> Any:
    try:
        from skops.io import get_untrusted_types
        from skops.io import load as skops_load
    except ImportError as err:
        raise MissingExtraError("skops", "skops", f"reading {path}") from err
    try:
        untrusted = get_untrusted_types(file=path)
        if untrusted and not trust:
            raise InvalidParameterError(
                f"{path} holds types that skops does not trust: {', '.join(sorted(untrusted))}; "
                "if you know them, add --trust"
            )
        return skops_load(path, trusted=untrusted)
    except EdgeInferError:
        raise
    except Exception as err:  # whatever a damaged file makes skops raise
        raise FormatError(f"{path} cannot be read by skops: {_short(err)}") from err


def _read_pickle(path: Path) -> Any:
    try:
        try:
            import joblib
        except ImportError:
            with path.open("rb") as stream:
                return pickle.load(stream)
        return joblib.load(path)
    except ModuleNotFoundError as err:
        raise FormatError(f"{path} needs the package {err.name!r}, which is not installed") from err
    except Exception as err:  # a pickle can raise anything
        raise FormatError(f"{path} cannot be read: {_short(err)}") from err


def _short(err: Exception) -> str:
    return f"{type(err).__name__}: {err}".splitlines()[0]


def read_data(path: Path, names: Sequence[str] | None = None) -> np.ndarray:
    """Rows of features, shape ``(rows, features)``, from .npy or .csv.

    A .csv may begin with a line of column names. If the model knows its features by `names`, they
    are taken from the columns of those names, in any order; other columns are left out. Empty
    fields are missing values.

    Raises InvalidInputError.
    """
    if path.suffix.lower() == ".npy":
        return _read_npy(path)
    if path.suffix.lower() == ".csv":
        return _read_csv(path, names)
    raise InvalidInputError(f"{path}: data has to be .npy or .csv, not {path.suffix!r}")


def _read_npy(path: Path) -> np.ndarray:
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as err:
        raise InvalidInputError(f"{path} is not a .npy file of numbers: {_short(err)}") from err
    if not isinstance(array, np.ndarray):
        raise InvalidInputError(f"{path} is an archive of arrays; give one .npy array")
    return array


def _read_csv(path: Path, names: Sequence[str] | None) -> np.ndarray:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        try:
            lines = [(number, line) for number, line in enumerate(csv.reader(stream), 1) if line]
        except (csv.Error, UnicodeDecodeError) as err:
            raise InvalidInputError(f"{path}: {err}") from err
    if not lines:
        raise InvalidInputError(f"{path} is empty")
    header = lines[0][1] if not all(_is_number(field) for field in lines[0][1]) else None
    body = lines[1:] if header else lines
    width = len(lines[0][1])
    columns: Sequence[int] = range(width)
    if header and names is not None:
        titles = [title.strip() for title in header]
        missing = [name for name in names if name not in titles]
        if missing:
            shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            raise InvalidInputError(f"{path} has no column for the model's features: {shown}")
        columns = [titles.index(name) for name in names]
    values = np.empty((len(body), len(columns)))
    for row, (number, line) in enumerate(body):
        if len(line) != width:
            raise InvalidInputError(
                f"{path}, line {number}: {len(line)} fields, the first line has {width}"
            )
        for k, column in enumerate(columns):
            try:
                values[row, k] = float(line[column]) if line[column].strip() else np.nan
            except ValueError:
                raise InvalidInputError(
                    f"{path}, line {number}: {line[column]!r} in column {column + 1} is no number"
                ) from None
    return values


def _is_number(field: str) -> bool:
    if not field.strip():
        return True
    try:
        float(field)
    except ValueError:
        return False
    return True


def read_column(path: Path) -> np.ndarray:
    """One value per row (labels, targets) from .npy or a .csv of one column, numbers or text."""
    if path.suffix.lower() == ".npy":
        return _read_npy(path).ravel()
    with path.open(newline="", encoding="utf-8-sig") as stream:
        fields = [line[0] for line in csv.reader(stream) if line]
    if fields and not _is_number(fields[0]) and all(_is_number(f) for f in fields[1:]):
        fields = fields[1:]
    if all(_is_number(f) for f in fields):
        return np.array([float(f) for f in fields])
    return np.array(fields)


def as_source_takes(X: np.ndarray, source: Any) -> Any:
    """X as a pandas frame if the source was fitted with column names and pandas is there."""
    names = getattr(source, "feature_names_in_", None)
    if names is None or len(names) != X.shape[-1]:
        return X
    try:
        import pandas as pd
    except ImportError:
        return X
    return pd.DataFrame(X, columns=list(names))


def feature_names(model: Any) -> tuple[str, ...] | None:
    """The names of the features a model or estimator was fitted with."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def call(method: Any, X: np.ndarray) -> Any:
    """``method(X)``, without a warning that X has no names: `read_data` has seen to those."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        return method(X)


def named_arrays(result: Any, method: str) -> dict[str, np.ndarray]:
    """The arrays a method returned, by name."""
    if isinstance(result, dict):
        return {name: np.asarray(value) for name, value in result.items()}
    if isinstance(result, (list, tuple)):
        names = (
            ("distances", "indices")
            if method == "kneighbors" and len(result) == 2
            else tuple(f"{method}_{i}" for i in range(len(result)))
        )
        return {name: np.asarray(v) for name, v in zip(names, result, strict=True)}
    return {method: np.asarray(result)}


def write_result(path: Path | None, arrays: dict[str, np.ndarray]) -> None:
    """Results to a .npy (one array), .npz or .csv file, or as .csv to standard output."""
    arrays = {name: _storable(array) for name, array in arrays.items()}
    if path is None:
        sys.stdout.write(_to_csv(arrays))
        return
    suffix = path.suffix.lower()
    if suffix == ".csv":
        path.write_text(_to_csv(arrays), encoding="utf-8")
    elif suffix == ".npz":
        np.savez(path, **arrays)  # type: ignore[arg-type]
    elif suffix == ".npy":
        if len(arrays) > 1:
            raise InvalidParameterError(
                f"there are {len(arrays)} results ({', '.join(arrays)}); write .npz or .csv"
            )
        (only,) = arrays.values()
        np.save(path, only)
    else:
        raise InvalidParameterError(f"{path}: results go to .npy, .npz or .csv")


def _storable(array: np.ndarray) -> np.ndarray:
    """Labels that are Python objects as text, so that no file holds pickles."""
    return array.astype(str) if array.dtype == object else array


def _to_csv(arrays: dict[str, np.ndarray]) -> str:
    columns, titles = [], []
    for name, array in arrays.items():
        flat = array.reshape(len(array), -1)
        titles += [name] if array.ndim == 1 else [f"{name}_{k}" for k in range(flat.shape[1])]
        columns += [flat[:, k].tolist() for k in range(flat.shape[1])]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()
