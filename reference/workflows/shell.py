"""What the workflows of both flavours share; nothing waits."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from types import MappingProxyType
from typing import Any

from patternproof.ports.circuit_breaker import CircuitOpenError
from patternproof.ports.error_propagation import ComponentError, Kind
from patternproof.ports.event_bus import ContextChanged, ErrorOccurred, Event, StateChanged, ToolExecuted, Topic
from patternproof.ports.service_interface import Message
from patternproof.ports.workflows import Command

HEARD = (Topic.CONTEXT, Topic.TOOL)
"""What user interfaces listen to."""


class SystemClosedError(Exception):
    """run() of a system that is shut down, or about to."""


def add(data: dict[str, Any], message: Message) -> None:
    """Change data as a message says; one that says something else changes nothing."""
    changes = message.body.get("add") if isinstance(message.body, Mapping) else None
    for key, number in changes.items() if isinstance(changes, Mapping) else ():
        data[key] = data.get(key, 0) + number


class Messages:
    """Makes messages, each with an id of its own."""

    def __init__(self) -> None:
        self._numbers = count(1)  # a C object: next() is one step, in threads too

    def of(self, command: Command) -> Message:
        """The message in which a command goes."""
        return Message(f"command-{next(self._numbers)}", command.body)


class View:
    """What a user sees; replaced, never changed."""

    def __init__(self) -> None:
        self.actions: tuple[str, ...] = ()
        self.context: str | None = None
        self.tools: Mapping[str, str] = MappingProxyType({})

    def take(self, event: Event) -> None:
        """Show what an event says."""
        if isinstance(event, ContextChanged):
            self.context = event.context
        elif isinstance(event, ToolExecuted):
            self.tools = MappingProxyType({**self.tools, event.tool: event.status})


def of_failure(error: Exception) -> ComponentError:
    """The error of a request that the dependency failed; its text is for whoever looks at the cause."""
    return ComponentError(Kind.DEPENDENCY_ERROR, "The dependency failed.", "guarded client", "request")


def of_rejection(error: CircuitOpenError) -> ComponentError:
    """The error of a request that was not sent."""
    sentence = "The dependency has failed too often, and is left alone for a while."
    return ComponentError(Kind.DEPENDENCY_ERROR, sentence, "guarded client", "request", retryable=True)


def announced(error: ComponentError) -> ErrorOccurred:
    """The event that tells of an error."""
    return ErrorOccurred(error.component, error.message)


def changed(name: str, key: str, value: Any) -> StateChanged:
    """The event that tells of a change."""
    return StateChanged(name, {key: value})
