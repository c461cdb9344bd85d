"""Fuzz target of the model format, for longer runs than `make sanitize` makes.

    pip install atheris
    python -m tests.mutations --corpus build/fuzz --write
    python -m fuzz.fuzz_format build/fuzz -max_len=65536 -max_total_time=3600

Coverage of the Python side guides the fuzzer; half of its tries take a file apart and join it
again, so that they get past the container. See docs/robustness.md.
"""

from __future__ import annotations

import random
import sys

import atheris

with atheris.instrument_imports(include=["edgeinfer"]):
    import edgeinfer.api  # noqa: F401

from tests.mutations import mutate, survives


def one_input(data: bytes) -> None:
    """Refused with an EdgeInferError, or answered: everything else is a finding."""
    survives(data)


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """Half of the time the fuzzer's own mutations, else those that know the format."""
    if seed % 2:
        try:
            return mutate(random.Random(seed), data)[:max_size]
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            pass  # not a whole file any more
    return bytes(atheris.Mutate(data, max_size))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input, custom_mutator=mutated)
    atheris.Fuzz()
