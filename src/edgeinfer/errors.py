"""Every error edgeinfer raises on purpose.

Each is an :class:`EdgeInferError` and also the built-in error that a caller of scikit-learn
would expect, so ``except ValueError`` keeps working after a model has been converted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeinfer.verification.result import Verification


class EdgeInferError(Exception):
    """Base class of all errors raised by edgeinfer."""


class UnsupportedError(EdgeInferError, TypeError):
    """The source (estimator, option, operator) has no faithful translation."""


class NotFittedError(EdgeInferError, ValueError):
    """The estimator given to ``convert`` has not been fitted."""


class InvalidInputError(EdgeInferError, ValueError):
    """The data given to a model cannot be used: shape, dtype, names, NaN or infinity."""


class InvalidParameterError(EdgeInferError, ValueError):
    """An argument of a public function has a value it cannot have."""


class CalibrationError(EdgeInferError, ValueError):
    """Integer precision was asked for, and there is no data to choose the ranges from."""


class GraphError(EdgeInferError, ValueError):
    """A graph or an op contradicts itself (types, shapes, indices)."""


class FormatError(EdgeInferError, ValueError):
    """A model file is damaged, hostile, or written by a later version."""


class VerificationError(EdgeInferError, AssertionError):
    """A converted model and its source disagree by more than the precision allows.

    `verification` is the whole result, as `edgeinfer.verify(..., raises=False)` returns it.
    """

    verification: Verification | None = None


class MissingExtraError(EdgeInferError, ImportError):
    """An optional dependency is needed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed; "
            f"install it with: pip install 'edgeinfer[{extra}]'"
        )
