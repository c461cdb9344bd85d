"""Graph -> Graph in another precision.

`scheme` walks the graph and applies the rule of each op; the rules of a family are in its module
(`dense` ...), `calibrate` observes tensors on calibration data, `report` measures the loss.
"""
