"""The double of a circuit breaker."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from patternproof.reference.circuit_breaker import CircuitBreaker

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitState

from .script import Script

T = TypeVar("T")


class CircuitBreakerDouble:
    """A circuit breaker that can be scripted.

    Args:
        settings: None: the defaults.
        clock: monotonic time in seconds.
    """

    def __init__(self, settings: CircuitBreakerSettings | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.script = Script("call")
        self._breaker = CircuitBreaker(settings or CircuitBreakerSettings(), clock)

    @property
    def state(self) -> CircuitState:
        return self._breaker.state

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        await self.script.play("call")
        return await self._breaker.call(operation)

    def add_listener(self, listener: Callable[[CircuitState, CircuitState], Any]) -> Callable[[], None]:
        return self._breaker.add_listener(listener)

    def trip(self) -> None:
        self._breaker.trip()

    def reset(self) -> None:
        self._breaker.reset()
