"""aiobreaker, used from asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import aiobreaker  # type: ignore[import-untyped]  # the library has no types

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

from ._own_errors import AsyncWatched
from ._settings import offer_only

T = TypeVar("T")

RUNTIME = "asyncio"
ADAPTS = {"aiobreaker"}
CLAIMS = {"manual_control"}

STATES = {
    aiobreaker.CircuitBreakerState.CLOSED: CircuitState.CLOSED,
    aiobreaker.CircuitBreakerState.OPEN: CircuitState.OPEN,
    aiobreaker.CircuitBreakerState.HALF_OPEN: CircuitState.HALF_OPEN,
}


class Listener(aiobreaker.CircuitBreakerListener):  # type: ignore[misc]  # the library has no types
    """Passes transitions on to the kit's function."""

    def __init__(self, function: Callable[[CircuitState, CircuitState], Any]) -> None:
        self._function = function

    def state_change(self, breaker: Any, old: Any, new: Any) -> None:
        self._function(STATES[old.state], STATES[new.state])


class Breaker:
    """The port over an `aiobreaker.CircuitBreaker`."""

    def __init__(self, breaker: aiobreaker.CircuitBreaker) -> None:
        self._breaker = breaker
        self.trip = breaker.open
        self.reset = breaker.close

    @property
    def state(self) -> CircuitState:
        return STATES[self._breaker.current_state]

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        watched = AsyncWatched(operation)
        try:
            result: T = await self._breaker.call_async(watched)
        except aiobreaker.CircuitBreakerError as error:
            if error is watched.error:
                raise
            known = error.reopen_time is not None
            raise CircuitOpenError(error.time_remaining.total_seconds() if known else None) from error
        return result

    def add_listener(self, listener: Callable[[CircuitState, CircuitState], Any]) -> None:
        self._breaker.add_listener(Listener(listener))


def circuit_breaker(settings: CircuitBreakerSettings) -> Breaker:
    offer_only(settings, "failure_threshold", "reset_timeout", "ignored_errors")
    breaker = aiobreaker.CircuitBreaker(
        fail_max=settings.failure_threshold,
        timeout_duration=timedelta(seconds=settings.reset_timeout),
        exclude=settings.ignored_errors,
    )
    return Breaker(breaker)
