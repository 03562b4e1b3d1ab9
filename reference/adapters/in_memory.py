"""The reference for asyncio, all in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from patternproof.reference.circuit_breaker import CircuitBreaker
from patternproof.reference.connection_pool import ConnectionPool
from patternproof.reference.error_propagation import Component
from patternproof.reference.event_bus import EventBus
from patternproof.reference.migration import EventBridge, StateSwitch, convert_error, restore_error
from patternproof.reference.migration import legacy_service as service_over_legacy
from patternproof.reference.resource_lifecycle import ResourceManager
from patternproof.reference.service_interface import MessageService
from patternproof.reference.shared_state import SharedState
from patternproof.reference.state_sync import StateSync
from patternproof.reference.workflows import CoreComponent, GuardedClient, LocalComponent, UiComponent, WorkingSystem

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreaker as Breaker
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.ports.connection_pool import Connect, ConnectionPoolSettings
from patternproof.ports.connection_pool import ConnectionPool as Pool
from patternproof.ports.error_propagation import Dependency, ErrorPropagationSettings
from patternproof.ports.event_bus import EventBus as Bus
from patternproof.ports.event_bus import EventBusSettings
from patternproof.ports.migration import Bus as BridgedBus
from patternproof.ports.migration import Direct, Flag, LegacyComponent, Store
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings
from patternproof.ports.resource_lifecycle import ResourceManager as Manager
from patternproof.ports.service_interface import MessageService as Service
from patternproof.ports.service_interface import Transport
from patternproof.ports.shared_state import SharedState as State
from patternproof.ports.shared_state import SharedStateSettings
from patternproof.ports.state_sync import Network, Replica, StateSyncSettings

__all__ = ["convert_error", "restore_error"]

RUNTIME = "asyncio"
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


def circuit_breaker(settings: CircuitBreakerSettings) -> CircuitBreaker:
    if settings.store is not None:
        raise Unsupported("store")
    return CircuitBreaker(settings)


async def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(connect, settings)
    yield pool
    await pool.close()


async def event_bus(settings: EventBusSettings) -> AsyncIterator[EventBus]:
    bus = EventBus(settings)
    yield bus
    await bus.close()


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> SharedState:
    if settings.store is not None:
        raise Unsupported("store")
    return SharedState(initial)


async def state_sync(network: Network, settings: StateSyncSettings) -> AsyncIterator[StateSync]:
    if settings.store is not None:
        raise Unsupported("store")
    system = StateSync(network, settings)
    yield system
    await system.close()


def error_propagation(dependency: Dependency, settings: ErrorPropagationSettings) -> Component:
    return Component(dependency, settings)


def error_propagation_service() -> Any:
    try:
        from patternproof.reference.error_propagation.service import made  # litestar comes with an extra
    except ImportError as error:
        raise Unsupported("a service without the extra http: pip install 'patternproof[http]'") from error
    return made()


async def service_interface(dependency: Transport) -> AsyncIterator[MessageService]:
    service = MessageService(dependency)
    yield service
    await service.close()


def resource_lifecycle(settings: ResourceLifecycleSettings) -> ResourceManager:
    return ResourceManager(settings)


async def core_component(service: Service, state: State) -> AsyncIterator[CoreComponent]:
    component = CoreComponent(service, state)
    await component.open()
    yield component
    await component.close()


async def ui_component(bus: Bus) -> AsyncIterator[UiComponent]:
    component = UiComponent(bus)
    await component.open()
    yield component
    await component.close()


def guarded_client(pool: Pool, breaker: Breaker, bus: Bus) -> GuardedClient:
    return GuardedClient(pool, breaker, bus)


def local_component(name: str, replica: Replica, bus: Bus) -> LocalComponent:
    return LocalComponent(name, replica, bus)


async def working_system(manager: Manager, service: Service, bus: Bus, pool: Pool) -> WorkingSystem:
    system = WorkingSystem(manager, service, bus, pool)
    await system.open()
    return system


async def legacy_service(legacy: LegacyComponent) -> AsyncIterator[MessageService]:
    service = service_over_legacy(legacy)
    yield service
    await service.close()


async def event_bridge(direct: Direct, bus: BridgedBus) -> EventBridge:
    bridge = EventBridge(direct, bus)
    await bridge.open()
    return bridge


def state_switch(old: Store, new: Store, flag: Flag) -> StateSwitch:
    return StateSwitch(old, new, flag)
