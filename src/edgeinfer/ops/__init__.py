"""The ops, one file per family. Adding one = one file here, one kernel header, one line in
``kernels/csrc/ei_kernels.def``.

========================  ==========================================================
`check`                   guards: no NaN, no infinity, float32 range
`scale`                   elementwise arithmetic with constants or tensors, imputation
`unary`                   elementwise functions
`select`                  columns: take, concatenate, cast
`reduce`                  argmax, softmax, norms, sums
`encode`                  class labels
`dense`                   matrix product with bias and activation
`dense_int`               the same on integers, `fixed_point` its rescaling
`quantize`                floating values to integers and back
`kernel_machine`          support vectors, pairwise decisions
`tree_ensemble`           trees, forests, boosting
`conv`, `conv_float`      convolutions of networks, in integers and in float32
`pool`                    poolings of networks
`arithmetic`, `table`     quantized tensors element by element, integer functions by table
`indexed`                 values by computed places, the largest and their places
`integers`                integers to other integers, one at a time; places, rows by index
`logic`                   comparisons, choices by them
`normalize_int`           softmax, its logarithm and the Euclidean norm of integers
`recurrent`               LSTM
`svdf`                    SVDF of integers
`move`                    strided copies, padding, constants
`neighbors`               nearest neighbours, their votes and means
`neighbor_tree`           the same by scikit-learn's own tree
========================  ==========================================================
"""

from edgeinfer.ops._base import OPS, Block, Cost, Lowered, Op, op_from_data
from edgeinfer.ops.arithmetic import QBinary
from edgeinfer.ops.check import CheckFinite
from edgeinfer.ops.conv import QConv2D, QDepthwiseConv2D
from edgeinfer.ops.conv_float import Conv2D, DepthwiseConv2D
from edgeinfer.ops.dense import Dense
from edgeinfer.ops.dense_int import DenseInt
from edgeinfer.ops.encode import Lookup, SignIndex
from edgeinfer.ops.indexed import Gather, TopK, UpdateSlice
from edgeinfer.ops.integers import Convert, Divide, Place, QInverseRoot, Rescale, Take, Whole
from edgeinfer.ops.kernel_machine import KernelMachine, OneVsRest, PairCoupling, Vote
from edgeinfer.ops.logic import Choose, Compare, QCompare, Where
from edgeinfer.ops.move import Constant, Move, Pad, Relabel
from edgeinfer.ops.neighbor_tree import NeighborTree
from edgeinfer.ops.neighbors import (
    NeighborMean,
    NeighborProba,
    NeighborSearch,
    NeighborSearchInt,
    NeighborVote,
)
from edgeinfer.ops.network import BatchMatMul, CumSum, QBatchMatMul, QBilinear, QReduce
from edgeinfer.ops.normalize_int import QL2Norm, QLogSoftmax, QSoftmax, QSoftmax16
from edgeinfer.ops.pool import Pool2D
from edgeinfer.ops.quantize import Dequantize, Quantize
from edgeinfer.ops.recurrent import LSTM, QLSTM
from edgeinfer.ops.reduce import ArgMax, Normalize, Reduce, Softmax
from edgeinfer.ops.scale import Binary, BinaryConst, Clip, Impute
from edgeinfer.ops.select import Cast, Concat, Reshape, Select
from edgeinfer.ops.svdf import QSVDF
from edgeinfer.ops.table import QSigmoid16, Table8, Table16, sign_flip
from edgeinfer.ops.tree_ensemble import TreeEnsemble
from edgeinfer.ops.tree_small import RankCodes, SmallTrees
from edgeinfer.ops.unary import Complement, Unary

__all__ = [
    "LSTM",
    "OPS",
    "QLSTM",
    "QSVDF",
    "ArgMax",
    "BatchMatMul",
    "Binary",
    "BinaryConst",
    "Block",
    "Cast",
    "CheckFinite",
    "Choose",
    "Clip",
    "Compare",
    "Complement",
    "Concat",
    "Constant",
    "Conv2D",
    "Convert",
    "Cost",
    "CumSum",
    "Dense",
    "DenseInt",
    "DepthwiseConv2D",
    "Dequantize",
    "Divide",
    "Gather",
    "Impute",
    "KernelMachine",
    "Lookup",
    "Lowered",
    "Move",
    "NeighborMean",
    "NeighborProba",
    "NeighborSearch",
    "NeighborSearchInt",
    "NeighborTree",
    "NeighborVote",
    "Normalize",
    "OneVsRest",
    "Op",
    "Pad",
    "PairCoupling",
    "Place",
    "Pool2D",
    "QBatchMatMul",
    "QBilinear",
    "QBinary",
    "QCompare",
    "QConv2D",
    "QDepthwiseConv2D",
    "QInverseRoot",
    "QL2Norm",
    "QLogSoftmax",
    "QReduce",
    "QSigmoid16",
    "QSoftmax",
    "QSoftmax16",
    "Quantize",
    "RankCodes",
    "Reduce",
    "Relabel",
    "Rescale",
    "Reshape",
    "Select",
    "SignIndex",
    "SmallTrees",
    "Softmax",
    "Table8",
    "Table16",
    "Take",
    "TopK",
    "TreeEnsemble",
    "Unary",
    "UpdateSlice",
    "Vote",
    "Where",
    "Whole",
    "op_from_data",
    "sign_flip",
]
