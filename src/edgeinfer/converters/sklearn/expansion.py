"""Features that become several: products of features, bins, one column per category."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeinfer.converters._registry import Context, Methods, converter
from edgeinfer.converters.methods import transformer
from edgeinfer.converters.sklearn.selection import select
from edgeinfer.ops import Binary, BinaryConst, Concat, Reduce, Reshape, Select

MAX_COLUMNS = 1 << 16


def columns_of(ctx: Context, x: str, indices: list[int]) -> str:
    """The columns of `x` at `indices`, which may repeat."""
    return ctx.emit(Select(np.array(indices, dtype=np.int32)), x)


@converter("sklearn", "PolynomialFeatures")
def polynomial_features(est: Any, ctx: Context, x: str) -> Methods:
    """A product of features is that of all but its first, times its first, as in the source."""
    ctx.check_input(est, x)
    powers = np.asarray(est.powers_)
    if len(powers) > MAX_COLUMNS:
        raise ctx.unsupported(est, f"makes {len(powers)} features, more than {MAX_COLUMNS}")
    products = [
        tuple(int(i) for i in np.repeat(np.arange(len(row)), row)) for row in powers.tolist()
    ]
    # What each product is made of has to be there as well, whether it is an answer or not.
    wanted = {tail for p in products for tail in (p[i:] for i in range(len(p))) if len(tail) > 1}
    levels = [x]
    place: dict[tuple[int, ...], tuple[int, int]] = {(i,): (0, i) for i in range(ctx.width(x))}
    for degree in range(2, max(map(len, products), default=0) + 1):
        level = sorted(p for p in wanted if len(p) == degree)
        rest = columns_of(ctx, levels[-1], [place[p[1:]][1] for p in level])
        levels.append(ctx.emit(Binary("mul"), rest, columns_of(ctx, x, [p[0] for p in level])))
        place |= {p: (degree - 1, i) for i, p in enumerate(level)}
    if () in products:
        nothing = ctx.emit(BinaryConst("mul", np.zeros(1)), columns_of(ctx, x, [0]))
        levels.append(ctx.emit(BinaryConst("add", np.ones(1)), nothing))
        place[()] = (len(levels) - 1, 0)
    starts = np.cumsum([0, *(ctx.width(level) for level in levels)])
    everything = ctx.emit(Concat(), *levels) if len(levels) > 1 else x
    answer = np.array([starts[place[p][0]] + place[p][1] for p in products], dtype=np.int64)
    return transformer(select(ctx, everything, answer))


@converter("sklearn", "KBinsDiscretizer")
def bins(est: Any, ctx: Context, x: str) -> Methods:
    """The number of inner edges that a value reaches; one-hot is dense here."""
    ctx.check_input(est, x)
    inner = [np.asarray(edges, dtype=np.float64)[1:-1] for edges in est.bin_edges_]
    width = max((edges.size for edges in inner), default=0)
    if est.dtype == np.float32:
        raise ctx.unsupported(est, "dtype=float32; the nearest that works is float64")
    if width == 0:
        index = ctx.emit(BinaryConst("mul", np.zeros(1)), x)
    else:
        # x >= edge is x > the number before it; features with fewer edges get unreachable ones.
        padded = np.full((len(inner), width), np.inf)
        for row, edges in zip(padded, inner, strict=True):
            row[: edges.size] = np.nextafter(edges, -np.inf)
        wide = columns_of(ctx, x, np.repeat(np.arange(len(inner)), width).tolist())
        above = ctx.emit(BinaryConst("gt", padded.ravel()), wide)
        index = ctx.emit(Reduce("sum"), ctx.emit(Reshape((len(inner), width)), above))
    ctx.expect_range(index, 0.0, float(width))
    if est.encode == "ordinal":
        return transformer(index)
    return transformer(one_hot_columns(ctx, index, [np.arange(int(n)) for n in est.n_bins_]))


def one_hot_columns(ctx: Context, x: str, categories: list[np.ndarray]) -> str:
    """For each column of `x` one column per category: 1.0 where it is that, else 0.0."""
    source = np.repeat(np.arange(len(categories)), [len(c) for c in categories])
    codes = np.concatenate([np.asarray(c, dtype=np.float64) for c in categories])
    y = ctx.emit(BinaryConst("eq", codes), columns_of(ctx, x, source.tolist()))
    ctx.expect_range(y, 0.0, 1.0)
    return y


@converter("sklearn", "OneHotEncoder")
def one_hot_encoder(est: Any, ctx: Context, x: str) -> Methods:
    """Numeric categories; the answer is dense. Unknown categories have to be ignored."""
    ctx.check_input(est, x, allow_nan=True)
    if est.handle_unknown != "ignore":
        raise ctx.unsupported(
            est,
            f"handle_unknown={est.handle_unknown!r} refuses or renames what the fit has not "
            "seen; the nearest that works is 'ignore'",
        )
    if est.min_frequency is not None or est.max_categories is not None:
        raise ctx.unsupported(est, "min_frequency and max_categories; what works: neither of them")
    if np.dtype(est.dtype) != np.float64:
        raise ctx.unsupported(est, f"dtype={est.dtype}; the nearest that works is float64")
    kept = []
    for number, known in enumerate(est.categories_):
        values = np.asarray(known)
        numeric = values.dtype.kind in "biuf" and not np.isnan(values.astype(np.float64)).any()
        if not numeric:
            raise ctx.unsupported(
                est, f"column {number} has categories that are no numbers, or NaN among them"
            )
        drop = None if est.drop_idx_ is None else est.drop_idx_[number]
        kept.append(values if drop is None else np.delete(values, drop))
    return transformer(one_hot_columns(ctx, x, kept))
