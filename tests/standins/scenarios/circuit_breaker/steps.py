"""Steps that ask the implementation itself what holds of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import check, premise
from patternproof.ports.circuit_breaker import CircuitBreakerSettings


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closed with the example."""
    with ExitStack() as entered:
        yield entered


@given("a breaker", target_fixture="breaker")
def _(patternproof_adapter: Adapter, driver: Driver, stack: ExitStack) -> Any:
    return stack.enter_context(patternproof_adapter.make("circuit_breaker", driver, CircuitBreakerSettings()))


@given(parsers.parse("a breaker with {threshold:d} as its threshold"), target_fixture="breaker")
def _(patternproof_adapter: Adapter, driver: Driver, stack: ExitStack, threshold: int) -> Any:
    settings = CircuitBreakerSettings(failure_threshold=threshold)
    return stack.enter_context(patternproof_adapter.make("circuit_breaker", driver, settings))


@when(parsers.parse("{count:d} calls are made"))
def _(breaker: Any, count: int) -> None:
    breaker.calls(count)


@then("it holds")
def _(breaker: Any, requirement: str) -> None:
    premise(requirement not in breaker.unreachable, "the situation was not reached")
    breaker.explode(requirement)
    history = ["given the defaults", "1. a call"]
    check(requirement, requirement not in breaker.broken, "expected: it holds; seen: it does not", history)
