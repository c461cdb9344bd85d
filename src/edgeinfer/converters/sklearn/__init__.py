"""Converters of scikit-learn, one module per family; importing this registers them."""

from edgeinfer.converters.sklearn import linear, svm, tree

__all__ = ["linear", "svm", "tree"]
