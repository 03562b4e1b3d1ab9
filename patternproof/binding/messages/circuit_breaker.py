"""The messages of circuit breakers."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from patternproof.binding.messages.common import ErrorKind, Id, Message
from patternproof.binding.messages.settings import message_of
from patternproof.ports.circuit_breaker import CircuitBreakerSettings

Settings: Any = message_of(CircuitBreakerSettings, ("store",), ignored_errors=tuple[ErrorKind, ...])


class MakeBreaker(Message, tag_field="pattern", tag="circuit_breaker"):
    """Make a circuit breaker."""

    instance: Id
    settings: Settings = field(default_factory=Settings)


class CallBreaker(Message, tag_field="method", tag="circuit_breaker.call"):
    """Call the breaker with a function, which it may run; it returns or raises what that does, or rejects the call."""

    call: Id
    function: Id


class ReadState(Message, tag_field="method", tag="circuit_breaker.state"):
    """Read the state: closed, open or half_open. Ends at once."""

    call: Id


class AddBreakerListener(Message, tag_field="method", tag="circuit_breaker.add_listener"):
    """Have a listener told of each transition, with the old and the new state. Ends at once."""

    call: Id
    listener: Id
    fails: bool = False
    """Whether the listener raises an error each time."""


class Trip(Message, tag_field="method", tag="circuit_breaker.trip"):
    """Open the circuit by hand. Ends at once."""

    call: Id


class ResetBreaker(Message, tag_field="method", tag="circuit_breaker.reset"):
    """Close the circuit by hand. Ends at once."""

    call: Id


Make = MakeBreaker
CALLS = (CallBreaker, ReadState, AddBreakerListener, Trip, ResetBreaker)
PLAIN = (ReadState, AddBreakerListener, Trip, ResetBreaker)
"""Those that end at once."""
MEMBERS: tuple[Literal["add_listener", "trip", "reset"], ...] = ("add_listener", "trip", "reset")
"""Methods that not every breaker has."""
