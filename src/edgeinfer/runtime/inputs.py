"""Whatever a user has (lists, frames, arrays of any dtype and layout) as an array a program takes.

The rules and the wording of the checks follow scikit-learn, so that what is an error there is an
error here. Values are taken as float64 (float32 arrays are widened while they are read), that is:
`model.predict(X)` answers as the source does for ``X.astype(float64)``.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

from edgeinfer.errors import InvalidInputError, MissingExtraError
from edgeinfer.graph import Graph


class InputPreparer:
    """Turns the X of one model into a 2-D float64 / float32 array with the right features."""

    def __init__(
        self,
        n_features: int,
        feature_names: tuple[str, ...] | None,
        who: str,
        read_by_name: tuple[int, ...] | None = None,
    ) -> None:
        self.n_features = n_features
        self.feature_names = feature_names
        self.read_by_name = read_by_name
        self.who = who or "this model"
        self._warned = False

    @classmethod
    def of(cls, graph: Graph) -> InputPreparer:
        """What takes the X of `graph`, which has one input."""
        (only,) = graph.inputs.values()
        info = graph.info
        return cls(only.size, info.feature_names, info.estimator, info.read_by_name)

    def __call__(self, X: Any) -> np.ndarray:
        """X as an array of shape ``(rows, n_features)``.

        Raises InvalidInputError, with what was wrong and what to do.
        """
        if X is None:
            raise InvalidInputError(
                f"X is missing; {self.who} answers for rows that are given, not for the data it "
                "was fitted on"
            )
        values = self._values(X)
        array = self._numeric(values)
        if array.ndim != 2:
            hint = (
                " Reshape your data either using array.reshape(-1, 1) if it has a single feature "
                "or array.reshape(1, -1) if it is a single row."
                if array.ndim == 1
                else ""
            )
            have = f"{array.ndim}D" if array.ndim else "scalar"
            raise InvalidInputError(f"Expected 2D array, got {have} array instead.{hint}")
        rows, features = array.shape
        if rows == 0:
            raise InvalidInputError(
                f"Found array with 0 sample(s) (shape={array.shape}) while a minimum of 1 is "
                f"required by {self.who}."
            )
        if features != self.n_features:
            raise InvalidInputError(
                f"X has {features} features, but {self.who} is expecting "
                f"{self.n_features} features as input."
            )
        return array

    def _values(self, X: Any) -> Any:
        """X without its frame, after the check of its column names."""
        if not isinstance(X, (np.ndarray, list, tuple)):
            if hasattr(X, "toarray") and hasattr(X, "nnz"):
                raise InvalidInputError(
                    "Sparse data was passed, but dense data is required. "
                    "Use '.toarray()' to convert to a dense array."
                )
            if hasattr(type(X), "columns") or hasattr(type(X), "schema"):
                return self._from_frame(Frame(X))
        self._without_names()
        return X

    def _without_names(self) -> None:
        """Warn that names cannot be checked, if there are any to check and they matter."""
        if self.feature_names is not None and self.read_by_name is None:
            self._warn(
                f"X does not have valid feature names, but {self.who} was fitted with feature names"
            )

    def _from_frame(self, frame: Frame) -> np.ndarray:
        """A frame's values, after the check of its column names."""
        if self.feature_names is not None and self.read_by_name is not None:
            needed = {self.feature_names[column]: column for column in self.read_by_name}
            missing = set(needed) - set(frame.names)
            if missing:
                raise InvalidInputError(f"columns are missing: {missing}")
            values = self._numeric(frame.values(list(needed)))
            if values.shape[1] != len(needed):
                raise InvalidInputError("several columns have the same name")
            # What nobody reads stays zero, whatever the frame has there.
            array = np.zeros((len(values), self.n_features))
            array[:, list(needed.values())] = values
            return array
        self._check_names(frame.names)
        return frame.values(frame.names)

    def _warn(self, message: str) -> None:
        """Warn once per model, at the line that called its method."""
        if not self._warned:
            self._warned = True
            depth = 0
            while sys._getframe(depth).f_code.co_filename == __file__:
                depth += 1
            warnings.warn(message, UserWarning, stacklevel=depth + 1)

    def _check_names(self, names: list[Any]) -> None:
        """Column names against those of the fit; frames with other than string names have none."""
        kinds = {isinstance(name, str) for name in names}
        if kinds == {True, False}:
            raise InvalidInputError(
                "Feature names are only supported if all input features have string names; "
                "convert all of them to strings, or none"
            )
        if kinds == {False}:
            self._without_names()
            return
        if self.feature_names is None:
            self._warn(f"X has feature names, but {self.who} was fitted without feature names")
            return
        expected = self.feature_names
        if tuple(names) == expected:
            return
        unseen = sorted(set(names) - set(expected))
        missing = sorted(set(expected) - set(names))
        message = "The feature names should match those that were passed during fit.\n"
        for title, group in (
            ("unseen at fit time", unseen),
            ("seen at fit time, yet now missing", missing),
        ):
            if group:
                shown = "".join(f"- {name}\n" for name in group[:5])
                more = "- ...\n" if len(group) > 5 else ""
                message += f"Feature names {title}:\n{shown}{more}"
        if not unseen and not missing:
            message += "Feature names must be in the same order as they were in fit.\n"
        raise InvalidInputError(message)

    def _numeric(self, X: Any) -> np.ndarray:
        """X as a float64 or float32 array, of any strides."""
        if isinstance(X, np.ma.MaskedArray):
            raise InvalidInputError("masked arrays are not taken; fill the missing values first")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                array = np.asarray(X)
                if array.dtype.kind == "c":
                    raise InvalidInputError("Complex data not supported")
                if array.dtype.kind in "USV":
                    raise InvalidInputError(
                        "X holds strings; convert your data to numeric values explicitly instead"
                    )
                if array.dtype.kind in "mM":
                    raise InvalidInputError(f"cannot use {array.dtype} values as numbers")
                native = array.dtype.isnative and array.flags.aligned
                if array.dtype not in (np.float64, np.float32) or not native:
                    array = array.astype(np.float64)
        except InvalidInputError:
            raise
        except (ValueError, TypeError, OverflowError) as err:
            raise InvalidInputError(f"X cannot be read as numbers: {err}") from err
        return array


class Frame:
    """A frame of any library that narwhals knows; pandas alone needs no extra.

    Raises MissingExtraError, and InvalidInputError for a frame that has no rows at hand (lazy).
    """

    def __init__(self, native: Any) -> None:
        pandas = sys.modules.get("pandas")
        self.is_pandas = pandas is not None and isinstance(native, pandas.DataFrame)
        self.frame: Any = native
        if not self.is_pandas:
            try:
                import narwhals as nw
            except ImportError as err:
                purpose = f"reading a {type(native).__name__}"
                raise MissingExtraError("narwhals", "frames", purpose) from err
            try:
                self.frame = nw.from_native(native, eager_only=True)
            except TypeError as err:
                raise InvalidInputError(
                    f"cannot read a {type(native).__name__} as rows: {err}"
                ) from err
        self.names = list(self.frame.columns)

    def values(self, names: list[Any]) -> np.ndarray:
        """The named columns side by side; missing values of nullable columns are NaN."""
        if self.is_pandas:
            frame = self.frame if names == self.names else self.frame[names]
            if all(isinstance(dtype, np.dtype) for dtype in frame.dtypes):
                return np.asarray(frame.to_numpy())
            try:
                return np.asarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))
            except (TypeError, ValueError) as err:
                raise InvalidInputError(f"X cannot be read as numbers: {err}") from err
        if not names:
            return np.empty((len(self.frame), 0))
        columns = [self.frame[name].to_numpy() for name in names]
        return np.column_stack([_nan_for_none(column) for column in columns])


def _nan_for_none(column: np.ndarray) -> np.ndarray:
    """A column of objects with its None as NaN."""
    if column.dtype != object:
        return column
    return np.array([np.nan if value is None else value for value in column], dtype=object)
