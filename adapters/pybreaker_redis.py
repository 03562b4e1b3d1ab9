"""pybreaker, with its circuits in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar
from uuid import uuid4

import pybreaker
import redis

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState
from patternproof.servers import redis_url

from ._own_errors import Watched
from ._settings import offer_only
from .pybreaker import STATES

T = TypeVar("T")

RUNTIME = "live"
SCALE = 0.3  # the library stores whole seconds: 30 s of an example stay well above one
ADAPTS = {"pybreaker", "redis"}
CLAIMS = {"shared"}


class Breaker:
    """The port over a `pybreaker.CircuitBreaker`."""

    def __init__(self, breaker: pybreaker.CircuitBreaker) -> None:
        self._breaker = breaker

    @property
    def state(self) -> CircuitState:
        return STATES[self._breaker.current_state]

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        loop, runs = asyncio.get_running_loop(), list[Future[T]]()

        async def awaited() -> T:
            return await operation()

        def run() -> T:
            work: Coroutine[Any, Any, T] = awaited()
            runs.append(asyncio.run_coroutine_threadsafe(work, loop))
            return runs[-1].result()

        watched = Watched(run)
        try:
            return await asyncio.to_thread(self._breaker.call, watched)
        except pybreaker.CircuitBreakerError as error:
            if error is watched.error:
                raise
            raise CircuitOpenError() from error
        except asyncio.CancelledError:
            for each in runs:
                each.cancel()  # a thread cannot be cancelled, what it waits for can
            raise


def circuit_breaker(settings: CircuitBreakerSettings) -> Iterator[Breaker]:
    offer_only(settings, "failure_threshold", "reset_timeout", "success_threshold", "ignored_errors", "store")
    with redis.Redis.from_url(redis_url()) as store:
        storage = pybreaker.CircuitRedisStorage(pybreaker.STATE_CLOSED, store, namespace=settings.store or uuid4().hex)
        breaker = pybreaker.CircuitBreaker(
            fail_max=settings.failure_threshold,
            reset_timeout=settings.reset_timeout,
            success_threshold=settings.success_threshold,
            exclude=settings.ignored_errors,
            state_storage=storage,
            throw_new_error_on_trip=False,  # the documented way to get the operation's own error from the call that trips
        )
        yield Breaker(breaker)
