"""The reference for threads, all in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from patternproof.reference.circuit_breaker import ThreadedCircuitBreaker
from patternproof.reference.connection_pool import ThreadedConnectionPool
from patternproof.reference.error_propagation import ThreadedComponent
from patternproof.reference.event_bus import ThreadedEventBus
from patternproof.reference.migration import (
    ThreadedEventBridge,
    ThreadedStateSwitch,
    convert_error,
    restore_error,
    threaded_legacy_service,
)
from patternproof.reference.resource_lifecycle import ThreadedResourceManager
from patternproof.reference.service_interface import ThreadedMessageService
from patternproof.reference.shared_state import ThreadedSharedState
from patternproof.reference.state_sync import ThreadedStateSync
from patternproof.reference.workflows import (
    ThreadedCoreComponent,
    ThreadedGuardedClient,
    ThreadedLocalComponent,
    ThreadedUiComponent,
    ThreadedWorkingSystem,
)

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.ports.error_propagation import ErrorPropagationSettings
from patternproof.ports.event_bus import EventBusSettings
from patternproof.ports.migration import Flag, LegacyComponent
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings
from patternproof.ports.shared_state import SharedStateSettings
from patternproof.ports.state_sync import StateSyncSettings

__all__ = ["convert_error", "restore_error"]

RUNTIME = "threads"
CLAIMS = {
    "manual_control",
    "sliding_window",
    "min_size",
    "compare_and_set",
    "three_way_merge",
    "dependencies",
    "restart",
    "replace",
}


def circuit_breaker(settings: CircuitBreakerSettings) -> ThreadedCircuitBreaker:
    if settings.store is not None:
        raise Unsupported("store")
    return ThreadedCircuitBreaker(settings)


def connection_pool(connect: Callable[[], Any], settings: ConnectionPoolSettings) -> Iterator[ThreadedConnectionPool]:
    pool = ThreadedConnectionPool(connect, settings)
    yield pool
    pool.close()


def event_bus(settings: EventBusSettings) -> Iterator[ThreadedEventBus]:
    bus = ThreadedEventBus(settings)
    yield bus
    bus.close()


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> ThreadedSharedState:
    if settings.store is not None:
        raise Unsupported("store")
    return ThreadedSharedState(initial)


def state_sync(network: Any, settings: StateSyncSettings) -> Iterator[ThreadedStateSync]:
    if settings.store is not None:
        raise Unsupported("store")
    system = ThreadedStateSync(network, settings)
    yield system
    system.close()


def error_propagation(dependency: Any, settings: ErrorPropagationSettings) -> ThreadedComponent:
    return ThreadedComponent(dependency, settings)


def service_interface(dependency: Any) -> ThreadedMessageService:
    return ThreadedMessageService(dependency)


def resource_lifecycle(settings: ResourceLifecycleSettings) -> ThreadedResourceManager:
    return ThreadedResourceManager(settings)


def core_component(service: Any, state: Any) -> Iterator[ThreadedCoreComponent]:
    component = ThreadedCoreComponent(service, state)
    component.open()
    yield component
    component.close()


def ui_component(bus: Any) -> Iterator[ThreadedUiComponent]:
    component = ThreadedUiComponent(bus)
    component.open()
    yield component
    component.close()


def guarded_client(pool: Any, breaker: Any, bus: Any) -> ThreadedGuardedClient:
    return ThreadedGuardedClient(pool, breaker, bus)


def local_component(name: str, replica: Any, bus: Any) -> ThreadedLocalComponent:
    return ThreadedLocalComponent(name, replica, bus)


def working_system(manager: Any, service: Any, bus: Any, pool: Any) -> ThreadedWorkingSystem:
    system = ThreadedWorkingSystem(manager, service, bus, pool)
    system.open()
    return system


def legacy_service(legacy: LegacyComponent) -> ThreadedMessageService:
    return threaded_legacy_service(legacy)


def event_bridge(direct: Any, bus: Any) -> ThreadedEventBridge:
    return ThreadedEventBridge(direct, bus)


def state_switch(old: Any, new: Any, flag: Flag) -> ThreadedStateSwitch:
    return ThreadedStateSwitch(old, new, flag)
