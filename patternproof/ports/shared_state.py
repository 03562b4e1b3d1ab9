"""The port of the shared state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")
Updater = Callable[[dict[str, Any]], T]
"""A plain function that changes the data which it is given, in place, and returns a result; an error of its own undoes it all.

An implementation may call it more than once for one update, each time with fresh data; so it should do nothing else.
"""
Remove = Callable[[], Any]
"""Removes a listener; plain, and harmless when called again."""


@dataclass(frozen=True, slots=True)
class SharedStateSettings:
    """What the kit asks a factory for; what the state cannot have is refused with ``Unsupported("name_of_the_field")``."""

    store: str | None = None
    """Where the state outlives its maker, or is shared with others; None: in this object alone.

    A path that no other state has, of a file that need not exist in a folder that does; a server may take it for a mere name.
    Claim ``persistent``: a state made again with one store goes on where the last one was acknowledged. Claim ``distributed``:
    states made with one store, in one process or in several, are one.
    """


class Snapshot(NamedTuple):
    """The state at one version; changing what is in it changes nothing else."""

    data: Mapping[str, Any]
    """Text, numbers, lists and mappings of these."""
    version: int
    """Grows by exactly one at each update; it may start anywhere."""
    last_updated: Any = None
    """When this version was made: a `datetime`, or seconds; never before that of an earlier version. None: not kept."""


Listener = Callable[[Snapshot], Any]
"""Told of each version after its commit; a plain function or, under asyncio, a coroutine function."""


class VersionConflictError(Exception):
    """update_if() was asked for a version that is not the latest; nothing was changed.

    Args:
        expected: the version that was asked for.
        found: the version that there is; None where it is not known.
    """

    def __init__(self, expected: int, found: int | None = None) -> None:
        seen = "another one" if found is None else f"version {found}"
        super().__init__(f"expected version {expected}, found {seen}; read the state again, and decide anew")
        self.expected = expected
        self.found = found


class UpdaterError(TypeError):
    """An updater is not one that a state can be updated by; nothing was changed.

    Raised where it returned something to be awaited, or left something in the data that the state cannot hold.
    """


class SharedState(Protocol):
    """A shared state as the kit drives it; made by ``shared_state(initial, settings)``."""

    async def update(self, function: Updater[T]) -> T:
        """Change the data by ``function(data)``, all or nothing, and return its result.

        Raises:
            Exception: whatever the function raised, or an error with that as its cause; nothing was changed.
        """

    async def get(self) -> Snapshot:
        """The latest version."""


class Listened(Protocol):
    """A state that tells of its versions (SS-07 to SS-11). Both methods are plain in either flavour."""

    def add_listener(self, listener: Listener) -> Any:
        """Call ``listener(snapshot)`` for every version from the next one on, in their order, once each.

        Returns:
            A function that removes the listener.

        Raises:
            Unsupported: ``"async listeners"``, where it takes plain functions only and this is none.
        """


class Reporting(Protocol):
    """A state that hands on the errors of its listeners (SS-09); plain in either flavour."""

    def add_error_listener(self, listener: Callable[[Exception], Any]) -> Any:
        """Call ``listener(error)`` with each error of a listener, or with one that has it as its cause."""


class Comparing(Protocol):
    """A state that claims ``compare_and_set`` (SS-13)."""

    async def update_if(self, version: int, function: Updater[T]) -> T:
        """As `SharedState.update`, where `version` is the latest one.

        Raises:
            VersionConflictError: it is not.
        """


ARGUMENTS = ("initial", "settings")
REQUIRED = SharedState
OPTIONAL = (Listened, Reporting, Comparing)
