"""Support vector machines: kernel values against support vectors, summed per pair of classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeinfer.graph import TensorType
from edgeinfer.ops._base import SUFFIX, Block, Cost, Lowered, Op, array, require, require_float
from edgeinfer.ops.dense import PANEL, pack_panels

KERNELS = ("linear", "poly", "rbf", "sigmoid")
TILE = 4
"""Rows whose kernel values are computed together (EI_TILE_ROWS in ei_tile.h)."""

MAX_CLASSES = 1024
MAX_FEATURES = 32768


def pairs(classes: int) -> list[tuple[int, int]]:
    """The pairs of classes, in the order in which their decisions stand."""
    return [(i, j) for i in range(classes) for j in range(i + 1, classes)]


@dataclass(frozen=True, eq=False)
class KernelMachine(Op):
    """``sum of coef * K(x, vector) + intercept``: one value per pair of classes, or one in all.

    `vectors` has shape ``(vectors, features)``, sorted by class; `counts` says how many each class
    has. One count: regression, ``coef`` of shape ``(vectors, 1)`` and one intercept. Otherwise
    LIBSVM's layout, transposed: ``coef[s, m]`` of a vector of class c belongs to the decision
    between c and the m-th of the other classes; intercepts are in the order of `pairs`.

    K is ``x.v`` (linear), ``(gamma x.v + coef0) ** degree`` (poly), ``exp(-gamma |x - v|^2)``
    (rbf) or ``tanh(gamma x.v + coef0)`` (sigmoid). A product or distance is summed over the
    features in ascending order, a decision over the vectors of a class in theirs; the distance is
    the sum of squared differences itself, so nothing cancels. exp is within two units in the last
    place, float32's tanh within five, in plain arithmetic: the same bits on every instruction set.

    Vectors of int8 or int16 are codes, as the input then is: products and distances of codes are
    exact integers, everything after them is float32, and gamma and the coefficients of a linear
    kernel have to be scaled to the codes.
    """

    kind = "KernelMachine"

    vectors: np.ndarray = array("float64", "float32", "int16", "int8", ndim=2)
    coef: np.ndarray = array("float64", "float32", ndim=2)
    intercept: np.ndarray = array("float64", "float32", ndim=1)
    counts: np.ndarray = array("int32", ndim=1)
    kernel: str = "rbf"
    gamma: float = 1.0
    coef0: float = 0.0
    degree: int = 3

    def check(self) -> None:
        classes = self.counts.size
        require(self.kernel in KERNELS, f"unknown kernel {self.kernel!r}")
        require(0 < classes <= MAX_CLASSES, f"1 to {MAX_CLASSES} classes")
        require(bool((self.counts >= 0).all()), "a class cannot have fewer than no vectors")
        total = int(self.counts.sum(dtype=np.int64))
        require(total == len(self.vectors), f"{len(self.vectors)} vectors, counts of {total}")
        columns = max(classes - 1, 1)
        require(self.coef.shape == (total, columns), f"coefficients have to be {(total, columns)}")
        decisions = max(len(pairs(classes)), 1)
        require(self.intercept.shape == (decisions,), f"needs {decisions} intercepts")
        dtypes = {self._values_dtype, self.coef.dtype.name, self.intercept.dtype.name}
        require(len(dtypes) == 1, "vectors, coefficients and intercepts differ in dtype")
        require(self.vectors.shape[1] <= MAX_FEATURES, f"more than {MAX_FEATURES} features")
        require(0 <= self.degree < 1 << 30, "the degree is out of range")

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        features = self.vectors.shape[1]
        require(x.shape == (features,), f"takes {features} features, got {x}")
        require(x.dtype == self.vectors.dtype.name, f"{x} input, {self.vectors.dtype} vectors")
        return (TensorType(self._values_dtype, (self.intercept.size,)),)

    @property
    def _values_dtype(self) -> str:
        """In which floating type kernel values and decisions are."""
        return "float64" if self.vectors.dtype == np.float64 else "float32"

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):
            values = self._kernel_values(x)
            return (self._decisions(values).astype(self._values_dtype, copy=False),)

    def _kernel_values(self, x: np.ndarray) -> np.ndarray:
        dtype = np.dtype(self._values_dtype)
        gamma, coef0 = dtype.type(self.gamma), dtype.type(self.coef0)
        vectors = self.vectors
        if x.dtype.kind == "i":
            x, vectors = x.astype(np.int64), vectors.astype(np.int64)
        if self.kernel == "rbf":
            columns = [((x - v) ** 2).sum(axis=1) for v in vectors]
            distances = np.stack(columns, axis=1) if columns else np.zeros((len(x), 0))
            values = np.exp(-gamma * distances.astype(dtype))
        else:
            values = (x @ vectors.T).astype(dtype)
            if self.kernel != "linear":
                values = gamma * values + coef0
            if self.kernel == "poly":
                values = values**self.degree
            if self.kernel == "sigmoid":
                values = np.tanh(values)
        return np.asarray(values)

    def _decisions(self, values: np.ndarray) -> np.ndarray:
        if self.counts.size == 1:
            return np.asarray(values @ self.coef + self.intercept)
        ends = np.cumsum(self.counts)
        of = [slice(end - n, end) for end, n in zip(ends, self.counts, strict=True)]
        columns = [
            values[:, of[i]] @ self.coef[of[i], j - 1] + values[:, of[j]] @ self.coef[of[j], i]
            for i, j in pairs(self.counts.size)
        ]
        return np.asarray(np.stack(columns, axis=1) + self.intercept)

    def cost(self, x: TensorType) -> Cost:
        macs = self.vectors.size + self.coef.size
        return Cost(float(macs), float(self.vectors.nbytes + self.coef.nbytes))

    def lower(self, x: TensorType) -> Lowered:
        count, features = self.vectors.shape
        width = PANEL[self._values_dtype]
        padded = -(-count // width) * width
        classes = self.counts.size
        columns = -(-self.coef.shape[1] // width) * width
        ends = np.cumsum(self.counts)
        coef = [
            pack_panels(np.ascontiguousarray(self.coef[end - n : end].T), width).ravel()
            for end, n in zip(ends, self.counts, strict=True)
        ]
        fields = (
            ("vectors", "ptr", pack_panels(self.vectors, width)),
            ("coef", "ptr", np.concatenate(coef)),
            ("intercept", "ptr", self.intercept),
            ("counts", "ptr", self.counts),
            ("gamma", "f64", self.gamma),
            ("coef0", "f64", self.coef0),
            ("degree", "i32", self.degree),
            ("kernel", "i32", KERNELS.index(self.kernel)),
            ("n_in", "i32", features),
            ("n_vectors", "i32", count),
            ("n_classes", "i32", classes),
            ("n_columns", "i32", columns),
        )
        values = TILE * (padded + classes * columns)
        return Lowered(
            f"kernel_machine_{SUFFIX[x.dtype]}",
            Block("ei_svm_params", fields),
            scratch_fixed=values * np.dtype(self._values_dtype).itemsize,
        )


def _square(decisions: int) -> int:
    """The number of classes that have so many pairs; 0 if there is none."""
    classes = (1 + round((1 + 8 * decisions) ** 0.5)) // 2
    return classes if classes * (classes - 1) // 2 == decisions else 0


class _OneVsOne(Op):
    """Base of the ops that take one decision per pair of classes."""

    def classes(self, x: TensorType) -> int:
        """Number of classes of the decisions `x`."""
        require(len(x.shape) == 1, "takes one decision per pair of classes")
        classes = _square(x.shape[0])
        require(1 < classes <= MAX_CLASSES, f"{x.shape[0]} decisions are no pairs of classes")
        return classes

    def _block(self, x: TensorType) -> Block:
        return Block("ei_reduce_params", (("n", "i32", self.classes(x)), ("repeat", "i32", 1)))


@dataclass(frozen=True, eq=False)
class Vote(_OneVsOne):
    """The class with most votes (the first of equals), int64; a decision above 0 is for i < j."""

    kind = "Vote"

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require_float(self.kind, x)
        self.classes(x)
        return (TensorType("int64", ()),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        classes = _square(x.shape[1])
        votes = np.zeros((len(x), classes), np.int64)
        for k, (i, j) in enumerate(pairs(classes)):
            votes[:, i] += x[:, k] > 0
            votes[:, j] += ~(x[:, k] > 0)
        return (votes.argmax(axis=1).astype(np.int64),)

    def lower(self, x: TensorType) -> Lowered:
        return Lowered(f"vote_{SUFFIX[x.dtype]}", self._block(x), scratch_fixed=4 * self.classes(x))


@dataclass(frozen=True, eq=False)
class OneVsRest(_OneVsOne):
    """One score per class from pairwise decisions: votes, ties broken by summed confidences.

    ``votes + s / (3 (|s| + 1))`` with s the sum of the decisions for the class, as
    scikit-learn's SVC has it for ``decision_function_shape="ovr"``.
    """

    kind = "OneVsRest"

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        dtype = require_float(self.kind, x)
        return (TensorType(dtype, (self.classes(x),)),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        classes = _square(x.shape[1])
        votes = np.zeros((len(x), classes), x.dtype)
        sums = np.zeros((len(x), classes), x.dtype)
        for k, (i, j) in enumerate(pairs(classes)):
            sums[:, i] += x[:, k]
            sums[:, j] -= x[:, k]
            votes[:, i] += ~(x[:, k] < 0)
            votes[:, j] += x[:, k] < 0
        return (votes + sums / (3 * (np.abs(sums) + 1)),)

    def lower(self, x: TensorType) -> Lowered:
        size = self.classes(x) * np.dtype(x.dtype).itemsize
        return Lowered(f"one_vs_rest_{SUFFIX[x.dtype]}", self._block(x), scratch_fixed=size)


@dataclass(frozen=True, eq=False)
class PairCoupling(_OneVsOne):
    """Class probabilities from pairwise decisions: Platt's sigmoids, coupled.

    The second method of Wu, Lin and Weng, "Probability estimates for multi-class classification by
    pairwise coupling", JMLR 5 (2004): what LIBSVM computes, its number of rounds and its stop.
    """

    kind = "PairCoupling"

    prob_a: np.ndarray = array("float64", ndim=1)
    prob_b: np.ndarray = array("float64", ndim=1)

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        require(x.dtype == "float64", f"couples float64 decisions, not {x.dtype}")
        require(self.prob_a.shape == self.prob_b.shape == x.shape, "one sigmoid per decision")
        return (TensorType("float64", (self.classes(x),)),)

    def reference(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        classes = _square(x.shape[1])
        with np.errstate(over="ignore", invalid="ignore"):
            value = x * self.prob_a + self.prob_b
            first = np.where(
                value >= 0, np.exp(-value) / (1 + np.exp(-value)), 1 / (1 + np.exp(value))
            )
        first = np.clip(first, 1e-7, 1 - 1e-7)
        result = np.empty((len(x), classes))
        for row, probabilities in enumerate(first):
            r = np.zeros((classes, classes))
            for k, (i, j) in enumerate(pairs(classes)):
                r[i, j], r[j, i] = probabilities[k], 1 - probabilities[k]
            result[row] = _couple(r)
        return (result,)

    def lower(self, x: TensorType) -> Lowered:
        classes = self.classes(x)
        fields = (
            ("prob_a", "ptr", self.prob_a),
            ("prob_b", "ptr", self.prob_b),
            ("n_classes", "i32", classes),
        )
        scratch = 8 * (2 * classes * classes + classes)
        return Lowered("pair_coupling_f64", Block("ei_coupling_params", fields), scratch)


def _couple(r: np.ndarray) -> np.ndarray:
    """The probabilities p that fit r[i, j] ~ p[i] / (p[i] + p[j]) best, by fixed-point rounds."""
    n = len(r)
    q = -(r.T * r)
    np.fill_diagonal(q, (r.T**2).sum(axis=1))
    p = np.full(n, 1 / n)
    for _ in range(max(100, n)):
        qp = q @ p
        pqp = p @ qp
        if np.abs(qp - pqp).max() < 0.005 / n:
            break
        for t in range(n):
            diff = (pqp - qp[t]) / q[t, t]
            p[t] += diff
            pqp = (pqp + diff * (diff * q[t, t] + 2 * qp[t])) / (1 + diff) ** 2
            qp = (qp + diff * q[t]) / (1 + diff)
            p /= 1 + diff
    return p
