"""The adapter that holds the doubles to the requirements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from patternproof.doubles import (
    CircuitBreakerDouble,
    ComponentDouble,
    ConnectionPoolDouble,
    EventBusDouble,
    MessageServiceDouble,
    ResourceManagerDouble,
    SharedStateDouble,
    SyncSystemDouble,
)
from patternproof.reference.adapters import in_memory

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.ports.connection_pool import Connect, ConnectionPoolSettings
from patternproof.ports.error_propagation import Dependency, ErrorPropagationSettings
from patternproof.ports.event_bus import EventBusSettings
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings
from patternproof.ports.service_interface import Transport
from patternproof.ports.shared_state import SharedStateSettings
from patternproof.ports.state_sync import Network, StateSyncSettings

RUNTIME = "asyncio"
CLAIMS = in_memory.CLAIMS


def circuit_breaker(settings: CircuitBreakerSettings) -> CircuitBreakerDouble:
    if settings.store is not None:
        raise Unsupported("store")
    return CircuitBreakerDouble(settings)


async def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[ConnectionPoolDouble]:
    pool = ConnectionPoolDouble(connect, settings)
    yield pool
    await pool.close()


async def event_bus(settings: EventBusSettings) -> AsyncIterator[EventBusDouble]:
    bus = EventBusDouble(settings)
    yield bus
    await bus.close()


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> SharedStateDouble:
    if settings.store is not None:
        raise Unsupported("store")
    return SharedStateDouble(initial)


async def state_sync(network: Network, settings: StateSyncSettings) -> AsyncIterator[SyncSystemDouble]:
    if settings.store is not None:
        raise Unsupported("store")
    system = SyncSystemDouble(network, settings)
    yield system
    await system.close()


def error_propagation(dependency: Dependency, settings: ErrorPropagationSettings) -> ComponentDouble:
    return ComponentDouble(dependency, settings)


async def service_interface(dependency: Transport) -> AsyncIterator[MessageServiceDouble]:
    service = MessageServiceDouble(dependency)
    yield service
    await service.close()


def resource_lifecycle(settings: ResourceLifecycleSettings) -> ResourceManagerDouble:
    return ResourceManagerDouble(settings)
