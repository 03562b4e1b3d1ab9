"""pybreaker, used from threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pybreaker

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

from ._own_errors import Watched
from ._settings import offer_only

T = TypeVar("T")

RUNTIME = "threads"
ADAPTS = {"pybreaker"}
CLAIMS = {"manual_control"}

STATES = {
    pybreaker.STATE_CLOSED: CircuitState.CLOSED,
    pybreaker.STATE_OPEN: CircuitState.OPEN,
    pybreaker.STATE_HALF_OPEN: CircuitState.HALF_OPEN,
}


class Listener(pybreaker.CircuitBreakerListener):
    """Passes transitions on to the kit's function."""

    def __init__(self, function: Callable[[CircuitState, CircuitState], Any]) -> None:
        self._function = function

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:
        self._function(STATES[old_state.name], STATES[new_state.name])


class Breaker:
    """The port over a `pybreaker.CircuitBreaker`."""

    def __init__(self, breaker: pybreaker.CircuitBreaker) -> None:
        self._breaker = breaker
        self.trip = breaker.open
        self.reset = breaker.close

    @property
    def state(self) -> CircuitState:
        return STATES[self._breaker.current_state]

    def call(self, operation: Callable[[], T]) -> T:
        watched = Watched(operation)
        try:
            result: T = self._breaker.call(watched)
        except pybreaker.CircuitBreakerError as error:
            if error is watched.error:
                raise
            raise CircuitOpenError() from error
        return result

    def add_listener(self, listener: Callable[[CircuitState, CircuitState], Any]) -> None:
        self._breaker.add_listener(Listener(listener))


def circuit_breaker(settings: CircuitBreakerSettings) -> Breaker:
    offer_only(settings, "failure_threshold", "reset_timeout", "success_threshold", "ignored_errors")
    breaker = pybreaker.CircuitBreaker(
        fail_max=settings.failure_threshold,
        reset_timeout=settings.reset_timeout,
        success_threshold=settings.success_threshold,
        exclude=settings.ignored_errors,
        throw_new_error_on_trip=False,  # the documented way to get the operation's own error from the call that trips
    )
    return Breaker(breaker)
