"""The patterns as a server has them."""

from __future__ import annotations

from patternproof.binding.hosting.circuit_breaker import CircuitBreakerHost
from patternproof.binding.hosting.connection_pool import ConnectionPoolHost
from patternproof.binding.hosting.error_propagation import ErrorPropagationHost
from patternproof.binding.hosting.event_bus import EventBusHost
from patternproof.binding.hosting.host import Host
from patternproof.binding.hosting.resource_lifecycle import ResourceLifecycleHost
from patternproof.binding.hosting.service_interface import ServiceInterfaceHost
from patternproof.binding.hosting.shared_state import SharedStateHost
from patternproof.binding.hosting.state_sync import StateSyncHost

HOSTS: dict[str, type[Host]] = {
    "circuit_breaker": CircuitBreakerHost,
    "connection_pool": ConnectionPoolHost,
    "event_bus": EventBusHost,
    "shared_state": SharedStateHost,
    "state_sync": StateSyncHost,
    "error_propagation": ErrorPropagationHost,
    "service_interface": ServiceInterfaceHost,
    "resource_lifecycle": ResourceLifecycleHost,
}
"""By pattern."""
