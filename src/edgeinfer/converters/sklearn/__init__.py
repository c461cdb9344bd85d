"""Converters of scikit-learn, one module per family; importing this registers them."""

from edgeinfer.converters.sklearn import (
    boosting,
    linear,
    linear_classifiers,
    neighbors,
    neural,
    svm,
    tree,
)

__all__ = ["boosting", "linear", "linear_classifiers", "neighbors", "neural", "svm", "tree"]
