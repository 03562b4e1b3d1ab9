"""Buses over a broker, wrong and unusual ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from patternproof.outcome import Status
from tests.faulty import distributed_event_bus as buses
from tests.faulty.distributed_event_bus import FAULTY, KILLED, ODD
from tests.proof import held_against, prove

pytestmark = pytest.mark.proof

BOTH = ("EB-18", "EB-19")
EXAMPLES = {value for value in vars(buses).values() if isinstance(value, str) and value.startswith(BOTH)}
CLAIMS = {"distributed", "durable"}


def held(factory: Callable[..., Any], *requirements: str) -> dict[str, set[Status]]:
    """How each example of these requirements has ended."""
    found = {}
    for requirement in requirements:
        proof = prove("event_bus", factory.__name__, factory, CLAIMS, requirement=requirement)
        assert not proof.errors()
        found |= proof.examples
    assert set(found) == {name for name in EXAMPLES if name.startswith(requirements)}
    assert found.pop(KILLED, {Status.NOT_APPLICABLE}) == {Status.NOT_APPLICABLE}
    return found


@pytest.mark.parametrize("factory", FAULTY)
def test_a_wrong_bus_fails_exactly_the_examples_about_what_it_does_wrong(factory: Callable[..., Any]) -> None:
    requirements = BOTH if hasattr(factory, "resume") else ("EB-18",)
    found = held(factory, *requirements)
    assert {name for name, statuses in found.items() if statuses == {Status.FAILED}} == FAULTY[factory]
    assert {name for name, statuses in found.items() if statuses != {Status.PASSED}} == FAULTY[factory]


@pytest.mark.parametrize("factory", ODD)
def test_an_unusual_one_passes_every_example(factory: Callable[..., Any]) -> None:
    assert {name: statuses for name, statuses in held(factory, *BOTH).items() if statuses != {Status.PASSED}} == {}


def test_every_example_is_failed_by_some_wrong_bus() -> None:
    assert set().union(*FAULTY.values()) == EXAMPLES - {KILLED}


@pytest.mark.parametrize("name", ["nats", "redis"])
def test_the_reference_passes_over_a_real_broker(name: str) -> None:
    for requirement in BOTH:
        proof = held_against(f"patternproof.reference.adapters.{name}", requirement)
        assert not proof.errors()
        assert {each: statuses for each, statuses in proof.examples.items() if statuses != {Status.PASSED}} == {}


LIBRARIES = {"nats_py": "EB-14", "redis_py": "EB-14"}
"""By adapter, what the library breaks: each was judged by hand in its source."""


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_breaks_what_its_source_says_it_does(name: str) -> None:
    proof = held_against(f"patternproof.adapters.{name}", LIBRARIES[name])
    assert not proof.errors()
    assert proof.failed() == {LIBRARIES[name]}
