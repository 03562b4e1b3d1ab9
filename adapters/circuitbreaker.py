"""circuitbreaker, used from asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import circuitbreaker  # type: ignore[import-untyped]  # the library has no types

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

from ._own_errors import AsyncWatched
from ._settings import offer_only

T = TypeVar("T")

RUNTIME = "asyncio"
ADAPTS = {"circuitbreaker"}
CLAIMS: set[str] = set()

STATES = {
    circuitbreaker.STATE_CLOSED: CircuitState.CLOSED,
    circuitbreaker.STATE_OPEN: CircuitState.OPEN,
    circuitbreaker.STATE_HALF_OPEN: CircuitState.HALF_OPEN,
}


def make(settings: CircuitBreakerSettings) -> circuitbreaker.CircuitBreaker:
    """The library's breaker for these settings, in either flavour."""
    offer_only(settings, "failure_threshold", "reset_timeout", "ignored_errors")

    def counts(kind: type[BaseException], error: BaseException) -> bool:
        return issubclass(kind, Exception) and not issubclass(kind, settings.ignored_errors)

    return circuitbreaker.CircuitBreaker(
        failure_threshold=settings.failure_threshold,
        recovery_timeout=settings.reset_timeout,
        expected_exception=counts,
    )


def rejection(breaker: circuitbreaker.CircuitBreaker) -> CircuitOpenError:
    """The port's error, with the hint that the library's own message gives."""
    return CircuitOpenError(max(0.0, breaker.open_remaining))  # below 0 only if time passed since the library looked


class Breaker:
    """The port over a function decorated by a `circuitbreaker.CircuitBreaker`."""

    def __init__(self, breaker: circuitbreaker.CircuitBreaker) -> None:
        @breaker  # type: ignore[untyped-decorator]  # the library has no types
        async def run(operation: Callable[[], Awaitable[Any]]) -> Any:
            return await operation()

        self._breaker = breaker
        self._run = run

    @property
    def state(self) -> CircuitState:
        return STATES[self._breaker.state]

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        watched = AsyncWatched(operation)
        try:
            result: T = await self._run(watched)
        except circuitbreaker.CircuitBreakerError as error:
            if error is watched.error:
                raise
            raise rejection(self._breaker) from error
        return result


def circuit_breaker(settings: CircuitBreakerSettings) -> Breaker:
    return Breaker(make(settings))
