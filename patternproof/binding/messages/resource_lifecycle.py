"""The messages of resource managers."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, field

from patternproof.binding.messages.common import Id, Message, Raised
from patternproof.binding.messages.settings import message_of
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings

Settings: Any = message_of(ResourceLifecycleSettings, restarts=Annotated[int, Meta(ge=0, le=1_000)])


class MakeManager(Message, tag_field="pattern", tag="resource_lifecycle"):
    """Make a resource manager."""

    instance: Id
    settings: Settings = field(default_factory=Settings)


class RegisterResource(Message, tag_field="method", tag="resource_lifecycle.register"):
    """Register a resource of the kit's: ``initialize()``, ``is_healthy()`` and ``cleanup()`` are functions of its id."""

    call: Id
    id: str
    """What it is to be registered under."""
    resource: Id
    depends_on: list[str] = field(default_factory=list)
    """Ids of others; given to the manager only where there are some."""


class GetResource(Message, tag_field="method", tag="resource_lifecycle.get"):
    """Get a resource by what it is registered under. Returns ``{"resource": "r1"}``, or is ``missing``."""

    call: Id
    id: str


class CheckHealth(Message, tag_field="method", tag="resource_lifecycle.health"):
    """Check every resource. Returns an object: for each id healthy or unhealthy, or whether it is healthy."""

    call: Id


class CleanUpAll(Message, tag_field="method", tag="resource_lifecycle.cleanup_all"):
    """Clean up every resource. May be ``uncleaned``."""

    call: Id


class EnterManager(Message, tag_field="method", tag="resource_lifecycle.enter"):
    """Enter the scope of the manager, which goes by the id of this call."""

    call: Id


class LeaveManager(Message, tag_field="method", tag="resource_lifecycle.leave"):
    """Leave a scope, which cleans up. Returns whether an error of what ran in it was swallowed."""

    call: Id
    scope: Id
    error: Raised | None = None
    """What is raised in it; null: nothing went wrong."""


Make = MakeManager
CALLS = (RegisterResource, GetResource, CheckHealth, CleanUpAll, EnterManager, LeaveManager)
PLAIN = ()
"""Those that end at once."""
MEMBERS = ("health", "enter")
"""Methods that not every manager has; enter: it is a scope."""
