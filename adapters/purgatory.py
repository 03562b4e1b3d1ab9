"""purgatory, used from asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import purgatory
from purgatory.domain.model import OpenedState

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

from ._own_errors import AsyncWatched
from ._settings import offer_only

T = TypeVar("T")

RUNTIME = "asyncio"
ADAPTS = {"purgatory"}
CLAIMS: set[str] = set()

CIRCUIT = "dependency"
STATES = {"closed": CircuitState.CLOSED, "opened": CircuitState.OPEN, "half-opened": CircuitState.HALF_OPEN}


class Breaker:
    """The port over a `purgatory.AsyncCircuitBreakerFactory` with one named circuit."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        memory = purgatory.AsyncInMemoryUnitOfWork()
        self._circuits = memory.contexts.breakers  # type: ignore[attr-defined]  # declared as the abstract repository
        self._factory = purgatory.AsyncCircuitBreakerFactory(
            default_threshold=settings.failure_threshold,
            default_ttl=settings.reset_timeout,
            exclude=list(settings.ignored_errors),
            uow=memory,
        )

    @property
    def state(self) -> CircuitState:
        circuit = self._circuits.get(CIRCUIT)  # none before the first call
        return CircuitState.CLOSED if circuit is None else STATES[circuit.state]

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        watched = AsyncWatched(operation)
        try:
            async with await self._factory.get_breaker(CIRCUIT):
                result = await watched()
        except OpenedState as error:
            if error is watched.error:
                raise
            raise CircuitOpenError() from error
        return result

    def add_listener(self, listener: Callable[[CircuitState, CircuitState], Any]) -> None:
        announced = [self.state]

        def hook(name: str, kind: str, event: Any) -> None:
            if kind == "state_changed":  # the library announces the new state alone: the old one is what it announced before
                announced.append(STATES[event.state])
                listener(announced.pop(0), announced[0])

        self._factory.add_listener(hook)


def circuit_breaker(settings: CircuitBreakerSettings) -> Breaker:
    offer_only(settings, "failure_threshold", "reset_timeout", "ignored_errors")
    return Breaker(settings)
