"""The implementations behind a server, as rigs know them."""

from __future__ import annotations

from types import ModuleType

from patternproof.binding.proxies import (
    circuit_breaker,
    connection_pool,
    error_propagation,
    event_bus,
    resource_lifecycle,
    service_interface,
    shared_state,
    state_sync,
)

PROXIES: dict[str, ModuleType] = {
    "circuit_breaker": circuit_breaker,
    "connection_pool": connection_pool,
    "event_bus": event_bus,
    "shared_state": shared_state,
    "state_sync": state_sync,
    "error_propagation": error_propagation,
    "service_interface": service_interface,
    "resource_lifecycle": resource_lifecycle,
}
"""For each pattern ``make(driver, *arguments)``, as an adapter's factory of that name takes them."""
