"""Damaged files, in the small: `make sanitize` does the same at length, under the sanitizers."""

from __future__ import annotations

import pytest

from edgeinfer.errors import FormatError
from edgeinfer.format import load_bytes
from edgeinfer.ops import Dense, Select
from tests.examples_of_ops import Example, all_examples
from tests.mutations import Parts, campaign, corpus, survives


def _first(op: type) -> Example:
    return next(example for example in all_examples() if isinstance(example.op, op))


@pytest.fixture(scope="module")
def small() -> bytes:
    return _first(Dense).edge()


def test_every_truncation_is_refused(small: bytes) -> None:
    for length in range(len(small)):
        with pytest.raises(FormatError):
            load_bytes(small[:length])


def test_any_byte_may_be_changed(small: bytes) -> None:
    outcomes = set()
    for place in range(len(small)):
        for bit in (0, 3, 7):
            damaged = bytearray(small)
            damaged[place] ^= 1 << bit
            outcomes.add(survives(bytes(damaged)))
    assert outcomes == {"refused", "answered"}


def test_random_mutations_of_every_family() -> None:
    outcomes = campaign(corpus(), 1500, seed=1_000_000)
    assert outcomes["refused"] > 300
    assert outcomes["answered"] > 100


def test_sound_files_pass_through_the_same_mill() -> None:
    """Otherwise `survives` could pass for refusing everything."""
    for family, files in corpus().items():
        for data in files:
            assert survives(data) == "answered", family


def test_taking_apart_and_joining_changes_nothing(small: bytes) -> None:
    again = Parts(Parts(small).joined())
    assert again.graph == Parts(small).graph
    assert again.body == Parts(small).body


def test_a_wrong_exception_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign that cannot fail is worth nothing: here a check of an op fails in a wrong way."""

    def check(self: Select) -> None:
        assert 0 <= self.indices.min(initial=0) <= self.indices.max(initial=0) < 5

    data = _first(Select).edge()
    monkeypatch.setattr(Select, "check", check)
    with pytest.raises(AssertionError, match=r"mutation \d+: AssertionError at"):
        campaign({"op-Select": [data]}, 500, seed=0)
