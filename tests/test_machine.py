"""The machine and implementations that go by chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis.internal.conjecture import providers
from patternproof.reference.circuit_breaker import CircuitBreaker
from patternproof.scenarios.circuit_breaker.model import CircuitBreakerModel

from patternproof import judge
from patternproof.adapter import load
from patternproof.machine import hunt
from patternproof.outcome import Status
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.profiles import PROFILES
from tests.proof import loaded


def test_what_an_implementation_has_done_once_is_told_though_it_does_not_do_it_again() -> None:
    left: list[object] = []

    class SeldomWrong(CircuitBreaker):
        async def call(self, operation: Any) -> Any:
            result = await super().call(operation)
            return left.pop() if left else result

    def factory(settings: CircuitBreakerSettings) -> SeldomWrong:
        return SeldomWrong(settings)

    with loaded("circuit_breaker", "seldom", factory) as adapter:
        judge.subject(adapter, "circuit_breaker")  # which tries what the breaker has
        left.append("another result")
        outcomes = judge.run_machine(adapter, "circuit_breaker", "quick", None)
    assert [each.requirement for each in outcomes if each.status is Status.FAILED] == ["CB-01"]
    assert not [each for each in outcomes if each.status is Status.ERRORED]


def test_where_the_same_choices_lead_elsewhere_the_search_goes_on_to_its_end() -> None:
    chance = Random(0)

    class ByChance(CircuitBreakerModel):
        def alongside(self, state: Any, events: Any) -> Iterator[Any]:
            options = list(super().alongside(state, events))
            return iter(options[: chance.randint(1, len(options))])

    held = judge.subject(load("patternproof.reference.adapters.in_memory"), "circuit_breaker")
    histories: list[Any] = []
    machine = judge._machine(replace(held, model=ByChance()), frozenset(), histories)
    assert hunt(machine, PROFILES["quick"], None) is None
    assert machine.made >= PROFILES["quick"].examples


def test_of_many_histories_some_are_kept_evenly_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patternproof.machine.MOST_KEPT", 10)
    held = judge.subject(load("patternproof.reference.adapters.in_memory"), "circuit_breaker")
    kept: list[Any] = []
    machine = judge._machine(held, frozenset(), kept)
    for number in range(100):
        machine._keep(number)  # type: ignore[arg-type]  # whatever is kept
    assert kept == list(range(0, 100, 16))
    assert (machine.made, machine.latest) == (100, 99)


def test_the_search_goes_the_same_way_whatever_else_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    held = judge.subject(load("patternproof.reference.adapters.in_memory"), "circuit_breaker")

    def searched() -> list[str]:
        histories: list[Any] = []
        assert hunt(judge._machine(held, frozenset(), histories), PROFILES["quick"], None) is None
        return [str(moment.batch) for history in histories for moment in history]

    alone = searched()
    assert searched() == alone
    others = providers.Constants()
    for number in range(100):
        others.add(number)
    monkeypatch.setattr(providers, "_get_local_constants", lambda: others)
    providers.CONSTANTS_CACHE.cache.clear()
    assert searched() == alone
