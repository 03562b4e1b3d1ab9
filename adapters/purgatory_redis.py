"""purgatory, with its circuits in Redis."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

import purgatory
import redis
from purgatory.domain.model import OpenedState

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState
from patternproof.servers import redis_url

from ._own_errors import AsyncWatched
from ._settings import offer_only
from .purgatory import STATES

T = TypeVar("T")

RUNTIME = "live"
ADAPTS = {"purgatory", "redis"}
CLAIMS = {"shared"}


class Breaker:
    """The port over one named circuit of a `purgatory.AsyncCircuitBreakerFactory`."""

    def __init__(self, factory: purgatory.AsyncCircuitBreakerFactory, store: redis.Redis, circuit: str) -> None:
        self._factory = factory
        self._store = store
        self._circuit = circuit

    @property
    def state(self) -> CircuitState:
        stored: Any = self._store.get(f"cbr::{self._circuit}")  # none before the first call
        return CircuitState.CLOSED if stored is None else STATES[json.loads(stored)["state"]]

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        watched = AsyncWatched(operation)
        try:
            async with await self._factory.get_breaker(self._circuit):
                result = await watched()
        except OpenedState as error:
            if error is watched.error:
                raise
            raise CircuitOpenError() from error
        return result


async def circuit_breaker(settings: CircuitBreakerSettings) -> AsyncIterator[Breaker]:
    offer_only(settings, "failure_threshold", "reset_timeout", "ignored_errors", "store")
    work = purgatory.AsyncRedisUnitOfWork(redis_url())
    factory = purgatory.AsyncCircuitBreakerFactory(
        default_threshold=settings.failure_threshold,
        default_ttl=settings.reset_timeout,
        exclude=list(settings.ignored_errors),
        uow=work,
    )
    await factory.initialize()
    with redis.Redis.from_url(redis_url()) as store:
        yield Breaker(factory, store, settings.store or uuid4().hex)
    contexts: Any = work.contexts  # declared as the abstract repository
    await contexts.redis.aclose()
