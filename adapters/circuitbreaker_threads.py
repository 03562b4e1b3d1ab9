"""circuitbreaker, used from threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import circuitbreaker  # type: ignore[import-untyped]  # the library has no types

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitState

from ._own_errors import Watched
from .circuitbreaker import STATES, make, rejection

T = TypeVar("T")

RUNTIME = "threads"
ADAPTS = {"circuitbreaker"}
CLAIMS: set[str] = set()


class Breaker:
    """The port over a function decorated by a `circuitbreaker.CircuitBreaker`."""

    def __init__(self, breaker: circuitbreaker.CircuitBreaker) -> None:
        @breaker  # type: ignore[untyped-decorator]  # the library has no types
        def run(operation: Callable[[], Any]) -> Any:
            return operation()

        self._breaker = breaker
        self._run = run

    @property
    def state(self) -> CircuitState:
        return STATES[self._breaker.state]

    def call(self, operation: Callable[[], T]) -> T:
        watched = Watched(operation)
        try:
            result: T = self._run(watched)
        except circuitbreaker.CircuitBreakerError as error:
            if error is watched.error:
                raise
            raise rejection(self._breaker) from error
        return result


def circuit_breaker(settings: CircuitBreakerSettings) -> Breaker:
    return Breaker(make(settings))
