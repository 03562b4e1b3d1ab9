"""Stores of several processes, wrong and unusual ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from patternproof.outcome import Status
from tests.faulty.distributed_state_sync import EXAMPLES, FAULTY, ODD, Stored
from tests.proof import held_against, prove

pytestmark = pytest.mark.proof


def held(factory: Callable[..., Any]) -> dict[str, set[Status]]:
    """How each example of SY-16 has ended."""
    proof = prove("state_sync", factory.__name__, factory, {"distributed"}, requirement="SY-16")
    assert not proof.errors()
    assert set(proof.examples) == EXAMPLES
    return proof.examples


@pytest.mark.parametrize("factory", FAULTY)
def test_a_wrong_store_fails_exactly_the_examples_about_what_it_does_wrong(factory: Callable[..., Any]) -> None:
    found = held(factory)
    assert {name for name, statuses in found.items() if statuses == {Status.FAILED}} == FAULTY[factory]
    assert {name for name, statuses in found.items() if statuses != {Status.PASSED}} == FAULTY[factory]


@pytest.mark.parametrize("factory", [Stored, *ODD])
def test_an_unusual_one_passes_every_example(factory: Callable[..., Any]) -> None:
    assert {name: statuses for name, statuses in held(factory).items() if statuses != {Status.PASSED}} == {}


def test_every_example_is_failed_by_some_wrong_store() -> None:
    assert set().union(*FAULTY.values()) == EXAMPLES


@pytest.mark.parametrize("name", ["sqlite_live", "http", "postgres"])
def test_the_reference_passes_over_a_real_store(name: str) -> None:
    proof = held_against(f"patternproof.reference.adapters.{name}", "SY-16")
    assert not proof.errors()
    assert {each: statuses for each, statuses in proof.examples.items() if statuses != {Status.PASSED}} == {}
