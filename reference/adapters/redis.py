"""The reference over Redis, in real time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

from patternproof.reference.event_bus.logged import LoggedEventBus
from patternproof.reference.event_bus.over_redis import RedisLog
from patternproof.reference.shared_circuit_breaker import SharedCircuitBreaker

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.ports.event_bus import EventBusSettings
from patternproof.servers import redis_url

RUNTIME = "live"
CLAIMS = {"shared", "distributed", "durable"}
ADAPTS = {"redis"}


async def circuit_breaker(settings: CircuitBreakerSettings) -> AsyncIterator[SharedCircuitBreaker]:
    if settings.failure_rate is not None:
        raise Unsupported("failure_rate")
    breaker = SharedCircuitBreaker(redis_url(), settings.store or uuid4().hex, settings)
    yield breaker
    await breaker.close()


async def event_bus(settings: EventBusSettings) -> AsyncIterator[LoggedEventBus]:
    if settings.overflow == "block":
        raise Unsupported("overflow")
    bus = LoggedEventBus(RedisLog(redis_url(), settings.namespace or uuid4().hex), settings)
    yield bus
    await bus.close()
