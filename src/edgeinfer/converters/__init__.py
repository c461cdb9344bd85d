"""Fitted estimators -> Graph. `_registry` finds the converter by library and class name."""
