"""A model against its source, on data and at every threshold the data reaches.

`probes` makes the rows at the thresholds, `compare` measures method by method against a
`promise`, `locate` names the op where a difference arises, `verify` puts them together.
"""
