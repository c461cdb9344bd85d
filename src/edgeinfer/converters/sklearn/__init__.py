"""Converters of scikit-learn, one module per family; importing this registers them."""

from edgeinfer.converters.sklearn import boosting, linear, neighbors, svm, tree

__all__ = ["boosting", "linear", "neighbors", "svm", "tree"]
