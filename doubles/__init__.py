"""Doubles for unit tests: right, but for their scripts."""

from .circuit_breaker import CircuitBreakerDouble
from .connection_pool import ConnectionPoolDouble, EchoConnection
from .error_propagation import ComponentDouble, EchoDependency
from .event_bus import EventBusDouble
from .resource_lifecycle import ResourceManagerDouble
from .script import Call, Hold, Script
from .service_interface import MessageServiceDouble, Peer
from .shared_state import SharedStateDouble
from .state_sync import Line, SyncSystemDouble

__all__ = [
    "Call",
    "CircuitBreakerDouble",
    "ComponentDouble",
    "ConnectionPoolDouble",
    "EchoConnection",
    "EchoDependency",
    "EventBusDouble",
    "Hold",
    "Line",
    "MessageServiceDouble",
    "Peer",
    "ResourceManagerDouble",
    "Script",
    "SharedStateDouble",
    "SyncSystemDouble",
]
