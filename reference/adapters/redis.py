"""The reference over Redis, in real time."""

from __future__ import annotations

import atexit
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from functools import cache
from uuid import uuid4

from patternproof.reference.event_bus.logged import LoggedEventBus
from patternproof.reference.event_bus.over_redis import RedisLog
from patternproof.reference.shared_circuit_breaker import SharedCircuitBreaker

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.ports.event_bus import EventBusSettings
from patternproof.servers import Server, redis_url, restartable

ADDRESS = "PATTERNPROOF_REDIS_URL"
RUNTIME = "live"
CLAIMS = {"shared", "distributed", "durable"}
ADAPTS = {"redis"}
SETTLE = 0.1
_open = ExitStack()
"""What is open as long as this process: let go of earlier, the server would be stopped."""


@cache
def _server() -> Server:
    """A server of this process' own, for the buses, whose examples restart it."""
    server = _open.enter_context(restartable("redis"))
    atexit.register(_open.close)
    return server


class RedisEventBus(LoggedEventBus):
    """The reference over a server that can be restarted, unless it was given by its address."""

    async def restart_broker(self) -> None:
        _server().stop()
        _server().start()

    def environment(self) -> Mapping[str, str]:
        return {} if _given() else {ADDRESS: _server().url}


def _given() -> str:
    return os.environ.get(ADDRESS, "")


async def circuit_breaker(settings: CircuitBreakerSettings) -> AsyncIterator[SharedCircuitBreaker]:
    if settings.failure_rate is not None:
        raise Unsupported("failure_rate")
    breaker = SharedCircuitBreaker(redis_url(), settings.store or uuid4().hex, settings)
    yield breaker
    await breaker.close()


async def event_bus(settings: EventBusSettings) -> AsyncIterator[LoggedEventBus]:
    if settings.overflow == "block":
        raise Unsupported("overflow")
    bus = RedisEventBus(RedisLog(_given() or _server().url, settings.namespace or uuid4().hex), settings)
    yield bus
    await bus.close()
