"""Converters of scikit-learn, one module per family; importing this registers them."""

from edgeinfer.converters.sklearn import (
    boosting,
    compose,
    decomposition,
    expansion,
    impute,
    linear,
    linear_classifiers,
    multi,
    neighbors,
    neural,
    scaling,
    selection,
    svm,
    tree,
    voting,
)

__all__ = [
    "boosting",
    "compose",
    "decomposition",
    "expansion",
    "impute",
    "linear",
    "linear_classifiers",
    "multi",
    "neighbors",
    "neural",
    "scaling",
    "selection",
    "svm",
    "tree",
    "voting",
]
