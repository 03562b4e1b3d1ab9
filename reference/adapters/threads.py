"""The reference for threads, all in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from patternproof.reference.circuit_breaker import ThreadedCircuitBreaker
from patternproof.reference.connection_pool import ThreadedConnectionPool
from patternproof.reference.state_sync import ThreadedStateSync

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.ports.state_sync import StateSyncSettings

RUNTIME = "threads"
CLAIMS = {"manual_control", "sliding_window", "min_size", "three_way_merge"}


def circuit_breaker(settings: CircuitBreakerSettings) -> ThreadedCircuitBreaker:
    if settings.store is not None:
        raise Unsupported("store")
    return ThreadedCircuitBreaker(settings)


def connection_pool(connect: Callable[[], Any], settings: ConnectionPoolSettings) -> Iterator[ThreadedConnectionPool]:
    pool = ThreadedConnectionPool(connect, settings)
    yield pool
    pool.close()


def state_sync(network: Any, settings: StateSyncSettings) -> Iterator[ThreadedStateSync]:
    if settings.store is not None:
        raise Unsupported("store")
    system = ThreadedStateSync(network, settings)
    yield system
    system.close()
