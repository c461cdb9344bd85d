"""Examples of compact trees: on features and on codes, with and without missing ones."""

from dataclasses import replace

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from edgeinfer.converters._registry import to_graph
from edgeinfer.ops import Lookup, RankCodes, SmallTrees, TreeEnsemble
from edgeinfer.ops.tree_small import float_keys, on_codes, small_trees
from edgeinfer.quantize.tree import integer_leaves
from tests.examples_of_ops import Example

RNG = np.random.default_rng(11)
X = RNG.normal(size=(120, 5)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] * X[:, 2] > 0.2)
GAPS = X.copy()
GAPS[RNG.random(X.shape) < 0.15] = np.nan
ROWS = np.vstack([X[:12], np.zeros((1, 5)), np.full((1, 5), -0.0)]).astype(np.float32)


def _ensemble(est: object) -> TreeEnsemble:
    nodes = [n.op for n in to_graph(est).nodes if isinstance(n.op, TreeEnsemble)]
    op = nodes[0].on_float32()
    assert op is not None
    return op


def _small(op: TreeEnsemble, allow_nan: bool) -> SmallTrees:
    small = small_trees(op, allow_nan)
    assert small is not None
    return small


FOREST = _ensemble(RandomForestClassifier(4, max_depth=4, random_state=0).fit(X, Y))
MISSING = _ensemble(RandomForestClassifier(3, max_depth=4, random_state=1).fit(GAPS, Y))
BOOSTED = _ensemble(GradientBoostingClassifier(n_estimators=3, random_state=0).fit(X, Y))
SINGLE = _ensemble(DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, X[:, 3]))
STUMP = _ensemble(DecisionTreeRegressor(max_depth=3).fit(X, np.ones(len(X))))


def _examples(note: str, op: TreeEnsemble, rows: np.ndarray, allow_nan: bool) -> list[Example]:
    result = []
    for dtype in ("int16", "int32"):
        whole = integer_leaves(op, dtype)[0]
        small = _small(whole, allow_nan)
        result.append(Example(small, (rows,), 0.0, note=f"{note}-{dtype}"))
    small = _small(op, allow_nan)
    result.append(Example(small, (rows,), 0.0, note=f"{note}-float64"))
    pair = on_codes(small)
    assert pair is not None
    codes = pair[0].reference(rows)[0]
    result.append(Example(pair[0], (rows,), note=note))
    result.append(Example(pair[1], (codes,), 0.0, note=note))
    wide = replace(pair[0], dtype="uint16")
    result.append(Example(wide, (rows,), note=note))
    result.append(Example(pair[1], wide.reference(rows), 0.0, note=note))
    return result


def _votes() -> list[Example]:
    small = replace(_small(integer_leaves(FOREST, "int16")[0], False), vote=True)
    pair = on_codes(replace(_small(integer_leaves(FOREST, "int32")[0], False), vote=True))
    assert pair is not None
    codes = pair[0].reference(ROWS)[0]
    wide = codes.astype(np.uint16)
    return [
        Example(small, (ROWS,), note="vote"),
        Example(pair[1], (codes,), note="vote"),
        Example(pair[1], (wide,), note="vote"),
        Example(replace(pair[1], values=small.values), (wide,), note="vote-int16"),
        Example(replace(pair[1], values=small.values), (codes,), note="vote-int16"),
    ]


EXAMPLES = [
    *_examples("forest", FOREST, ROWS, False),
    *_examples("missing", MISSING, GAPS[:15], True),
    *_examples("boosted", BOOSTED, ROWS, False),
    *_examples("tree", SINGLE, ROWS, False),
    *_examples("stump", STUMP, ROWS, False),
    *_votes(),
    Example(
        RankCodes(
            "uint8",
            float_keys(np.array([-2.0, -0.0, 0.0, 1e-45, 3.5], np.float32)),
            np.array([[1, 0, 5, 3], [0, 4, 1, 1], [0, 0, 0, 2]], np.uint16),
        ),
        (np.array([[0.0, -0.0], [np.nan, 1e-45], [3.5, -2.0], [np.inf, -np.inf]], np.float32),),
        note="edges",
    ),
    Example(Lookup(np.array([7, -3, 9])), (np.array([2, 0, 1], np.int32),)),
]
