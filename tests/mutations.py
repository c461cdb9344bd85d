"""Damaged and hostile model files, and what has to become of each.

`mutate` makes a damaged file out of a sound one: cut off anywhere, bytes changed, or (with the
format in mind) values of the header, the graph or the weights replaced by hostile ones. `survives`
loads the result and runs what loads: it is refused with an EdgeInferError, or it is a model that
answers differently. Anything else (another exception, a crash, a hang, absurd amounts of memory)
is a bug.

`make sanitize` runs this file with the extension built under the address and undefined behaviour
sanitizers: ``python -m tests.mutations --corpus FOLDER --count 20000``.
"""

from __future__ import annotations

import argparse
import copy
import faulthandler
import json
import os
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import numpy as np

from edgeinfer.errors import EdgeInferError
from edgeinfer.format import DTYPES, load_bytes
from edgeinfer.lower import lower
from edgeinfer.ops import Block
from edgeinfer.runtime.model import Model
from edgeinfer.runtime.program import ENVIRONMENT, available_isas
from edgeinfer.target import Target

MAX_RUN = 1 << 20
"""Rows of more values are not run: such a file is only slow, as it says it is."""

NUMBERS = (0, 1, -1, 2, 3, 7, 255, 256, -128, 32767, 1 << 24, (1 << 31) - 1, 1 << 31, -(1 << 31))
HOSTILE: tuple[Any, ...] = (
    *NUMBERS,
    (1 << 32) + 1,
    (1 << 62) - 1,
    (1 << 63) - 1,
    1 << 64,
    10**40,
    0.5,
    -0.0,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    float("-inf"),
    None,
    True,
    False,
    "",
    "X",
    "x0",
    "float32",
    "int8",
    "uint16",
    "object",
    "<U1000000",
    "run",
    "relu",
    "../../x",
    [],
    [0],
    [-1],
    [[]],
    [1 << 31],
    [0] * 40,
    {},
    {"": None},
)


class Parts:
    """A model file taken apart: the container's entries, the graph, the body."""

    def __init__(self, data: bytes) -> None:
        size = int.from_bytes(data[:8], "little")
        self.entries: dict[str, Any] = json.loads(data[8 : 8 + size])
        self.graph: Any = json.loads(self.entries.pop("__metadata__")["edgeinfer"])
        self.body = bytearray(data[8 + size :])

    def joined(self) -> bytes:
        """The file again, its header as long as it says."""
        entries = {"__metadata__": {"edgeinfer": json.dumps(self.graph)}, **self.entries}
        header = json.dumps(entries).encode()
        header += b" " * (-len(header) % 8)
        return len(header).to_bytes(8, "little") + header + bytes(self.body)


def _walk(rng: Random, value: Any) -> tuple[Any, Any] | None:
    """A container somewhere inside `value`, and a key or index of it."""
    found = None
    while isinstance(value, (dict, list)) and value:
        if found is not None and rng.random() < 0.15:
            break
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        found = (value, key)
        value = value[key]
    return found


def _tweaked(rng: Random, value: Any) -> Any:
    """Something near `value`: the checks that forget a border are found by it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((-2, -1, 1, 2, value, -2 * value))
    if isinstance(value, float):
        return rng.choice((-value, value * 2, value / 3, float("nan"), float("inf"), 0.0))
    if isinstance(value, str):
        return rng.choice((value[:-1], value + "x", value.upper(), "float32", "float64", "int64"))
    if isinstance(value, list):
        return rng.choice((value[:-1], value + value[-1:], value[::-1], value * 2))
    return value


def _change_json(rng: Random, parts: Parts, value: Any) -> None:
    """Replace, remove, repeat or move a value somewhere in `value`."""
    place = _walk(rng, value)
    if place is None:
        return
    parent, key = place
    what = rng.randrange(10)
    if what < 4:
        parent[key] = copy.deepcopy(rng.choice(HOSTILE))
    elif what < 7:
        parent[key] = _tweaked(rng, parent[key])
    elif what == 7:
        del parent[key]
    else:  # a value of another place
        other = _walk(rng, parts.graph)
        if other is not None:
            parent[key] = copy.deepcopy(other[0][other[1]])


def change_graph(rng: Random, parts: Parts) -> None:
    """Indices, shapes, names, attributes, labels ..."""
    _change_json(rng, parts, parts.graph)


def change_nodes(rng: Random, parts: Parts) -> None:
    """The same where most of the meaning is: in the ops."""
    if isinstance(parts.graph, dict) and parts.graph.get("nodes"):
        _change_json(rng, parts, parts.graph["nodes"])


def change_container(rng: Random, parts: Parts) -> None:
    """Offsets, shapes and dtypes of the weights."""
    if not parts.entries:
        return
    name = rng.choice(list(parts.entries))
    entry = parts.entries[name]
    what = rng.randrange(5)
    try:
        if what == 0:
            entry["shape"] = rng.choice(
                (entry["shape"][::-1], [*entry["shape"], 1], [int(np.prod(entry["shape"]))])
            )
        elif what == 1:
            entry["dtype"] = rng.choice(list(DTYPES))
        elif what == 2:
            other = parts.entries[rng.choice(list(parts.entries))]
            entry["data_offsets"], other["data_offsets"] = (
                other["data_offsets"],
                entry["data_offsets"],
            )
        elif what == 3:
            parts.entries[rng.choice((name + "x", "n0.weights", "n1.x", "x"))] = entry
        else:
            _change_json(rng, parts, parts.entries)
    except (TypeError, KeyError, ValueError, OverflowError):
        return  # another mutation has been here already


def change_weights(rng: Random, parts: Parts) -> None:
    """Numbers of one weight array: child pointers, indices, thresholds, NaN ..."""
    arrays = list(parts.entries.values())
    if not arrays:
        return
    entry = rng.choice(arrays)
    try:
        first, last = entry["data_offsets"]
        dtype = np.dtype(DTYPES[entry["dtype"]])
        view = np.frombuffer(parts.body, np.uint8)[first:last].view(dtype)
    except (TypeError, KeyError, ValueError):
        return
    if view.size == 0 or dtype.kind == "b":
        return
    where: Any = rng.randrange(view.size) if rng.random() < 0.8 else slice(None)
    with np.errstate(all="ignore"):
        if dtype.kind == "f":
            values = (float("nan"), float("inf"), float("-inf"), -0.0, 1e300, 5e-324, -7.5)
            view[where] = np.float64(rng.choice(values)).astype(dtype)
        else:
            info = np.iinfo(dtype)
            near = int(view[where] if isinstance(where, int) else view[0])
            value = rng.choice((info.min, info.max, 0, 1, near + 1, near - 1, view.size, 2 * near))
            view[where] = min(max(value, int(info.min)), int(info.max))
            if rng.random() < 0.2 and isinstance(where, int) and view.size > 1:
                # Differences and sums of these wrap around.
                view[max(where - 1, 0) :][:2] = (info.max, info.min)


CHANGES: tuple[Callable[[Random, Parts], None], ...] = (
    change_graph,
    change_nodes,
    change_container,
    change_weights,
)


def mutate(rng: Random, data: bytes) -> bytes:
    """A damaged version of the sound file `data`."""
    what = rng.random()
    if what < 0.1:
        return data[: rng.randrange(len(data))]
    if what < 0.3:
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        return bytes(damaged)
    parts = Parts(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(CHANGES)(rng, parts)
    return parts.joined()


def _feeds(model: Model, rows: int, special: bool) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(rows)
    feeds = {}
    for name, tensor in model.inputs.items():
        values = rng.normal(size=(rows, *tensor.shape)) * 4
        if special and values.size:
            values.flat[:: 1 + values.size // 5] = np.nan
            values.flat[1 :: 1 + values.size // 3] = 1e300
        if not tensor.dtype.startswith("float"):  # small ones are indices that tables have
            info = np.iinfo(tensor.dtype)
            low, high = (int(info.min), int(info.max)) if special else (0, 2)
            values = rng.integers(low, high, values.shape, endpoint=True)
        with np.errstate(all="ignore"):
            feeds[name] = values.astype(tensor.dtype)
    return feeds


def _isolated(pack: Callable[[Block], Any], block: Block) -> Any:
    """A parameter block whose arrays are allocations of their own, exactly as large as they are.

    Arrays of a loaded model are views of the file: the sanitizer would not see a kernel step from
    one into the next.
    """
    fields = tuple(
        (name, ctype, np.array(value) if isinstance(value, np.ndarray) else value)
        for name, ctype, value in block.fields
    )
    return pack(replace(block, fields=fields))


def survives(data: bytes) -> str:
    """What became of a file: ``refused``, ``answered`` or ``too large to run``.

    Raises whatever is not an EdgeInferError.
    """
    try:
        graph = load_bytes(data)
    except EdgeInferError:
        return "refused"
    model = Model(graph)
    if sum(t.size for t in graph.types.values()) > MAX_RUN:
        return "too large to run"
    outcome = "refused"
    for rows, special in ((2, False), (19, False), (3, True)):
        feeds = _feeds(model, rows, special)
        calls: list[Callable[[], Any]] = [lambda feeds=feeds: model.run(feeds)]  # type: ignore[misc]
        if len(feeds) == 1:
            (x,) = feeds.values()
            calls += [
                lambda name=name, x=x: getattr(model, name)(x)  # type: ignore[misc]
                for name in graph.methods
                if name.isidentifier() and not hasattr(Model, name)
            ]
        for call in calls:
            try:
                call()
                outcome = "answered"
            except EdgeInferError:
                pass
            except AttributeError:
                if len(feeds) == 1 and model._prepare is not None:
                    raise
    for use in (
        model.summary,
        lambda: lower(graph, model._run_tensors(), 1, Target(host=False, alignment=8)),
    ):
        try:
            use()
        except EdgeInferError:
            outcome = "refused"
    return outcome


def corpus() -> dict[str, list[bytes]]:
    """Sound files by family: every example of an op, and small models in all precisions."""
    from tests.examples_of_ops import all_examples

    files: dict[str, list[bytes]] = {}
    for example in all_examples():
        files.setdefault(f"op-{example.op.kind}", []).append(example.edge())
    for name, model in _models():
        files.setdefault(name, []).append(model)
    return files


def _models() -> list[tuple[str, bytes]]:
    """Small converted models; a family whose converter is not there yet gives none."""
    from sklearn.base import is_classifier
    from sklearn.datasets import load_iris
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    import edgeinfer
    from edgeinfer.format import dump_bytes

    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    estimators = [
        LogisticRegression(),
        Ridge(),
        make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=5, random_state=0)),
        RandomForestRegressor(3, max_depth=3, random_state=0),
        GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=0),
        KNeighborsClassifier(3),
        SVC(),
    ]
    files = []
    for estimator in estimators:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator.fit(X, names if is_classifier(estimator) else y)
        for precision in ("float64", "float32", "int16", "int8"):
            try:
                model = edgeinfer.convert(estimator, precision=precision, calibration=X)
            except EdgeInferError:
                continue
            files.append((f"model-{type(estimator).__name__}", dump_bytes(model.graph)))
    return files


def campaign(
    files: dict[str, list[bytes]], count: int, seed: int, last: Path | None = None
) -> Counter[str]:
    """Mutate and run `count` files; how many of each outcome.

    With `last`, progress is shown, and each file is written there before it is tried: after a
    crash the culprit is found there.

    Raises AssertionError that lists what went wrong, each with the number of the first mutation
    that shows it: ``--seed NUMBER --count 1`` repeats it.
    """
    pack = Block.pack
    with mock.patch.object(Block, "pack", lambda block: _isolated(pack, block)):
        return _campaign(files, count, seed, last)


def _campaign(
    files: dict[str, list[bytes]], count: int, seed: int, last: Path | None
) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    failures: dict[str, int] = {}
    isas = available_isas()
    started = time.monotonic()
    families = sorted(files)
    for number in range(seed, seed + count):
        rng = Random(number)
        data = mutate(rng, rng.choice(files[rng.choice(families)]))
        if last is not None:
            last.write_bytes(data)
        os.environ[ENVIRONMENT] = rng.choice(isas)
        faulthandler.dump_traceback_later(60, exit=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                # A check whose own arithmetic overflows would believe anything.
                warnings.filterwarnings("error", "overflow", RuntimeWarning)
                outcomes[survives(data)] += 1
        except Exception as err:
            where = traceback.extract_tb(err.__traceback__)[-1]
            what = f"{type(err).__name__} at {where.filename}:{where.lineno}: {str(err)[:200]}"
            failures.setdefault(what, number)
        finally:
            faulthandler.cancel_dump_traceback_later()
            del os.environ[ENVIRONMENT]
        done = number - seed + 1
        if last is not None and done % 1000 == 0:
            seconds = time.monotonic() - started
            print(f"{done} of {count} mutations, {seconds:.0f} s: {dict(outcomes)}", flush=True)
    assert not failures, "\n".join(f"mutation {n}: {what}" for what, n in failures.items())
    return outcomes


def write_corpus(folder: Path) -> None:
    """The corpus as files ``family.number.edge``."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.edge"):
        old.unlink()
    for family, contents in corpus().items():
        for number, data in enumerate(contents):
            (folder / f"{family}.{number}.edge").write_bytes(data)


def read_corpus(folder: Path) -> dict[str, list[bytes]]:
    """What `write_corpus` wrote."""
    files: dict[str, list[bytes]] = {}
    for path in sorted(folder.glob("*.edge")):
        files.setdefault(path.name.split(".")[0], []).append(path.read_bytes())
    return files


def main(arguments: Sequence[str]) -> int:
    """The command line: see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of sound files")
    parser.add_argument("--write", action="store_true", help="write the corpus, and stop")
    parser.add_argument("--count", type=int, default=20_000, help="how many mutations")
    parser.add_argument("--seed", type=int, default=0, help="number of the first mutation")
    options = parser.parse_args(arguments)
    if options.write:
        write_corpus(options.corpus)
        return 0
    files = read_corpus(options.corpus)
    outcomes = campaign(files, options.count, options.seed, options.corpus / "last")
    print(f"{options.count} mutations of {len(files)} families survived: {dict(outcomes)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
