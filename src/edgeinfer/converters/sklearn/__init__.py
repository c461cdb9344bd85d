"""Converters of scikit-learn, one module per family; importing this registers them."""

from edgeinfer.converters.sklearn import linear, svm

__all__ = ["linear", "svm"]
