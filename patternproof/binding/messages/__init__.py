"""What passes between the kit and a server."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Union

from patternproof.binding.messages import (
    circuit_breaker,
    connection_pool,
    error_propagation,
    event_bus,
    resource_lifecycle,
    service_interface,
    shared_state,
    state_sync,
)
from patternproof.binding.messages.common import (
    Abandoned,
    Answer,
    Begun,
    CallState,
    Cancelled,
    Description,
    Ended,
    Event,
    Failed,
    Made,
    Move,
    NotHad,
    Outcome,
    Problem,
    Raised,
    Release,
    Returned,
    Told,
)

PATTERNS: dict[str, ModuleType] = {
    "circuit_breaker": circuit_breaker,
    "connection_pool": connection_pool,
    "event_bus": event_bus,
    "shared_state": shared_state,
    "state_sync": state_sync,
    "error_propagation": error_propagation,
    "service_interface": service_interface,
    "resource_lifecycle": resource_lifecycle,
}
"""The messages of each pattern that the binding has: `Make`, and `CALLS` by method."""
MAKE: Any = Union[tuple(each.Make for each in PATTERNS.values())]  # noqa: UP007  # made of a sequence
CALL: Any = Union[tuple(call for each in PATTERNS.values() for call in each.CALLS)]  # noqa: UP007  # as above

__all__ = [
    "CALL",
    "MAKE",
    "PATTERNS",
    "Abandoned",
    "Answer",
    "Begun",
    "CallState",
    "Cancelled",
    "Description",
    "Ended",
    "Event",
    "Failed",
    "Made",
    "Move",
    "NotHad",
    "Outcome",
    "Problem",
    "Raised",
    "Release",
    "Returned",
    "Told",
]
