"""Which resources a manager has, without doing anything to them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from patternproof.ports.resource_lifecycle import (
    DependencyCycleError,
    DuplicateResourceError,
    InvalidResourceError,
    ManagerClosedError,
    ResourceId,
    ResourceLifecycleSettings,
    ResourceNotFoundError,
)

MEMBERS = ("initialize", "is_healthy", "cleanup")


@dataclass(slots=True, eq=False)
class Entry:
    """One resource, from its reservation on; `settled` is of the manager's flavour, and set once it is registered or given up."""

    id: ResourceId
    resource: Any
    settled: Any
    place: int = -1
    """In the order of registration, which a restart does not change; -1: not registered yet."""
    restarts: int = 0
    """In a row."""


@dataclass(slots=True)
class Reservation:
    """What has to be done before a resource may be initialised."""

    entry: Entry
    awaited: list[Entry] = field(default_factory=list)
    """What it depends on, and is being registered itself."""
    replaced: Entry | None = None
    """The resource that is to be cleaned up, and whose id it takes."""


class Book:
    """The resources of one manager. Nothing here waits; whoever shares it between threads holds a lock.

    Args:
        settings: see `ResourceLifecycleSettings`.

    Raises:
        ValueError: a setting is out of its range; the message names it.
    """

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        _validate(settings)
        self.settings = settings
        # Changed by the methods below alone; an id is in one of the two.
        self._registered: dict[ResourceId, Entry] = {}
        self._under_way: dict[ResourceId, Entry] = {}
        self._places = 0
        self._closed = False

    def __repr__(self) -> str:
        state = ", closed" if self._closed else ""
        return f"{len(self._registered)} registered, {len(self._under_way)} under way{state}"

    def reserve(self, id: ResourceId, resource: Any, needs: Sequence[ResourceId], settled: Any) -> Reservation:
        """Take an id for a resource that is about to be initialised.

        Raises:
            InvalidResourceError: the id is no text or empty, or the resource or the dependencies are not what they should be.
            ManagerClosedError: the manager takes nothing more.
            DependencyCycleError: it depends on itself.
            ResourceNotFoundError: it depends on what is not registered.
            DuplicateResourceError: the id is taken.
        """
        _require_valid(id, resource, needs)
        if self._closed:
            raise ManagerClosedError(f"cannot register {id!r}: the manager has cleaned up; make a new one")
        if id in needs:
            raise DependencyCycleError((id, id))
        for need in needs:
            if need not in self._registered and need not in self._under_way:
                raise ResourceNotFoundError(need)
        if id in self._under_way or (id in self._registered and not self.settings.replace):
            raise DuplicateResourceError(id)
        entry = self._under_way[id] = Entry(id, resource, settled)
        awaited = [self._under_way[need] for need in needs if need in self._under_way]
        return Reservation(entry, awaited, self._registered.pop(id, None))

    def require(self, needs: Sequence[ResourceId]) -> None:
        """Make sure that what a resource depends on is registered, now that all of it is settled.

        Raises:
            ManagerClosedError: the manager takes nothing more.
            ResourceNotFoundError: something has failed meanwhile.
        """
        if self._closed:
            raise ManagerClosedError("the manager has begun to clean up meanwhile")
        for need in needs:
            if need not in self._registered:
                raise ResourceNotFoundError(need)

    def confirm(self, entry: Entry) -> None:
        """Register a resource that is initialised.

        Raises:
            ManagerClosedError: the manager has begun to clean up; the resource is the caller's.
        """
        if self._closed:
            raise ManagerClosedError(f"cannot register {entry.id!r}: the manager has begun to clean up meanwhile")
        if entry.place < 0:
            entry.place, self._places = self._places, self._places + 1
        self._registered[entry.id] = self._under_way.pop(entry.id)

    def release(self, entry: Entry) -> None:
        """Give the id of a resource back, unless it is registered."""
        if self._under_way.get(entry.id) is entry:
            del self._under_way[entry.id]

    def withdraw(self, entry: Entry) -> bool:
        """Take a resource back to where it was before its registration; False: somebody else has."""
        if self._registered.get(entry.id) is not entry:
            return False
        self._under_way[entry.id] = self._registered.pop(entry.id)
        return True

    def find(self, id: ResourceId) -> Any:
        """The resource that is registered under an id.

        Raises:
            ResourceNotFoundError: there is none.
        """
        if id not in self._registered:
            raise ResourceNotFoundError(id)
        return self._registered[id].resource

    def registered(self) -> list[Entry]:
        """What is registered now."""
        return [*self._registered.values()]

    def close(self) -> list[Entry]:
        """Take nothing more, and hand over what is to be cleaned up, in that order.

        What is being registered now is not among it: whoever does so cannot confirm it any more, and cleans it up.
        """
        self._closed = True
        entries = sorted(self._registered.values(), key=lambda entry: entry.place, reverse=True)
        self._registered.clear()
        return entries


def _validate(settings: Any) -> None:
    for name in ("initialize_timeout", "cleanup_timeout", "health_timeout"):
        seconds = getattr(settings, name)
        if seconds is None:
            continue
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
            raise ValueError(f"{name} is {seconds!r}; it is a number of seconds above 0, or None for no limit")
    if isinstance(settings.restarts, bool) or not isinstance(settings.restarts, int) or settings.restarts < 0:
        raise ValueError(f"restarts is {settings.restarts!r}; it is a whole number, 0 for none")


def _require_valid(id: Any, resource: Any, needs: Any) -> None:
    if not isinstance(id, str) or not id:
        raise InvalidResourceError(f"an id is a text that is not empty; seen: {id!r}")
    lacking = [name for name in MEMBERS if not callable(getattr(resource, name, None))]
    if lacking:
        raise InvalidResourceError(f"resource {id!r} is a {type(resource).__name__} without {', '.join(lacking)}()")
    if isinstance(needs, str) or not all(isinstance(need, str) and need for need in needs):
        raise InvalidResourceError(f"depends_on of {id!r} is a sequence of ids; seen: {needs!r}")
