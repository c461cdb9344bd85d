"""The kernels as plain functions of NumPy arrays.

Each builds a program of one op and runs it the way models run: what these functions answer is
what a model answers, on every instruction set. Compiled programs are kept, by the content of
their parameters, so that calling again with the same weights does not lay them out anew.

``isa=`` chooses the instruction set (see `available_isas`); the default is the best one, or
what the variable EDGEINFER_ISA says.

=============  ===================================================================================
`matrix`       matmul_int8, matmul_int16, matmul_float32, matmul_float64
`convolution`  conv2d_int8, conv2d_int16, conv2d_float32 (each also depthwise)
`elementwise`  unary, binary, softmax, argmax
`search`       tree_sums, nearest
=============  ===================================================================================
"""

from edgeinfer.kernels.convolution import conv2d_float32, conv2d_int8, conv2d_int16
from edgeinfer.kernels.elementwise import argmax, binary, softmax, unary
from edgeinfer.kernels.matrix import matmul_float32, matmul_float64, matmul_int8, matmul_int16
from edgeinfer.kernels.search import nearest, tree_sums
from edgeinfer.runtime.program import available_isas

__all__ = [
    "argmax",
    "available_isas",
    "binary",
    "conv2d_float32",
    "conv2d_int8",
    "conv2d_int16",
    "matmul_float32",
    "matmul_float64",
    "matmul_int8",
    "matmul_int16",
    "nearest",
    "softmax",
    "tree_sums",
    "unary",
]
