"""Breakers over one store, wrong and unusual ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patternproof.outcome import Status
from tests.faulty.shared_circuit_breaker import CLOSES, FAULTY, ODD, ONE_PROBE, OPENS, OPENS_LATER, REOPENS, RUSH
from tests.proof import Proof, held_against, prove

pytestmark = pytest.mark.proof

EXAMPLES = {OPENS, OPENS_LATER, ONE_PROBE, RUSH, CLOSES, REOPENS}


def held(factory: Callable[..., Any]) -> Proof:
    proof = prove("circuit_breaker", factory.__name__, factory, {"shared"}, requirement="CB-24")
    assert not proof.errors()
    assert set(proof.examples) == EXAMPLES
    return proof


@pytest.mark.parametrize("factory", FAULTY)
def test_a_wrong_breaker_fails_exactly_the_examples_about_what_it_does_wrong(factory: Callable[..., Any]) -> None:
    proof = held(factory)
    assert proof.failed() == {"CB-24"}
    assert {name for name, statuses in proof.examples.items() if statuses == {Status.FAILED}} == FAULTY[factory]
    assert {name for name, statuses in proof.examples.items() if statuses == {Status.PASSED}} == EXAMPLES - FAULTY[factory]


@pytest.mark.parametrize("factory", ODD)
def test_an_unusual_one_passes_every_example(factory: Callable[..., Any]) -> None:
    assert {name: statuses for name, statuses in held(factory).examples.items() if statuses != {Status.PASSED}} == {}


def test_every_example_is_failed_by_some_wrong_one() -> None:
    assert set().union(*FAULTY.values()) == EXAMPLES
    assert [examples for examples in FAULTY.values() if len(examples) < len(EXAMPLES)]


OVER_PROCESSES = """
from collections.abc import Iterator
from patternproof.reference.circuit_breaker import CircuitBreaker

RUNTIME = "live"
CLAIMS = {"shared"}
CIRCUITS = {}  # of this process alone

def circuit_breaker(settings):
    if settings.store is None:
        return CircuitBreaker(settings)
    return CIRCUITS.setdefault(settings.store, CircuitBreaker(settings))
"""


def test_what_is_shared_within_one_process_is_not_shared_by_two(tmp_path: Path) -> None:
    file = tmp_path / "adapter.py"
    file.write_text(OVER_PROCESSES, encoding="utf-8")
    proof = held_against(str(file), "CB-24")
    assert not proof.errors()
    assert {name for name, statuses in proof.examples.items() if statuses == {Status.FAILED}} == EXAMPLES - {CLOSES}


def test_the_reference_shares_one_circuit_over_processes() -> None:
    proof = held_against("patternproof.reference.adapters.redis", "CB-24")
    assert not proof.errors()
    assert {name for name, statuses in proof.examples.items() if statuses == {Status.PASSED}} == EXAMPLES
