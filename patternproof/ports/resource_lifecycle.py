"""The port of the resource lifecycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

ResourceId: TypeAlias = str
"""Names a resource; not empty."""


@dataclass(frozen=True, slots=True)
class ResourceLifecycleSettings:
    """What the kit asks a factory for; what the manager cannot have is refused with ``Unsupported("name_of_the_field")``."""

    initialize_timeout: float | None = None
    """Seconds after which an initialize() that has not ended is given up; None: no limit."""
    cleanup_timeout: float | None = None
    """Seconds after which a cleanup() that has not ended is given up, each by itself; None: no limit."""
    health_timeout: float | None = None
    """Seconds after which an is_healthy() that has not ended counts as unhealthy; None: no limit."""
    restarts: int = 0
    """Claim ``restart``: how often in a row a resource that is found unhealthy is cleaned up and initialised again; 0: never."""
    replace: bool = False
    """Claim ``replace``: whether registering an id that is taken replaces the resource instead of failing.

    A manager that makes the claim, and can do nothing else, replaces with either.
    """


class Health(StrEnum):
    """What the last check of a resource came to; a plain ``bool`` will do as well."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class ManagedResource(Protocol):
    """A resource that the kit makes. Under RUNTIME "threads" the same names are plain methods.

    What initialize() has begun is closed by cleanup() alone, even if initialize() failed half-way or was cancelled: whoever has
    called the one has to call the other, once.
    """

    async def initialize(self) -> None:
        """Open whatever the resource needs.

        Raises:
            Exception: it cannot be used; it may be open in part.
        """

    async def is_healthy(self) -> bool:
        """Whether it can be used; may raise, and may take any time."""

    async def cleanup(self) -> None:
        """Close whatever initialize() has opened.

        Raises:
            Exception: not all of it could be closed; another attempt would do no better.
        """


class LifecycleError(Exception):
    """What the errors below have in common."""


class ResourceNotFoundError(LifecycleError, LookupError):
    """No resource of that id is registered.

    Args:
        id: the one that was asked for.
    """

    def __init__(self, id: ResourceId) -> None:
        super().__init__(f"no resource {id!r} is registered; register it first")
        self.id = id


class DuplicateResourceError(LifecycleError):
    """The id is taken, by a resource that is registered or is being so; that one was left as it was.

    Args:
        id: the one that is taken.
    """

    def __init__(self, id: ResourceId) -> None:
        super().__init__(f"a resource {id!r} is registered already; choose another id, or clean up first")
        self.id = id


class DependencyCycleError(LifecycleError):
    """A resource would depend on itself, if by way of others.

    Args:
        ids: along the cycle, the first one again at its end.
    """

    def __init__(self, ids: Iterable[ResourceId]) -> None:
        self.ids = tuple(ids)
        super().__init__(f"resources depend on each other in a circle: {' -> '.join(self.ids)}; leave one of these out")


class ManagerClosedError(LifecycleError):
    """The manager has cleaned up, or is about to, and takes nothing more."""


class InvalidResourceError(LifecycleError, TypeError):
    """An id or a resource is not what a manager can work with; the message says what was expected and seen."""


class CleanupError(ExceptionGroup[Exception]):
    """Some resources could not be cleaned up; all the others were.

    Args:
        failures: the error of each, by id.
    """

    failures: Mapping[ResourceId, Exception]

    def __new__(cls, failures: Mapping[ResourceId, Exception]) -> CleanupError:
        self = super().__new__(cls, f"could not clean up {', '.join(map(repr, failures))}", list(failures.values()))
        self.failures = dict(failures)
        return self

    def __init__(self, failures: Mapping[ResourceId, Exception]) -> None:
        super().__init__(self.message, self.exceptions)

    @property
    def ids(self) -> tuple[ResourceId, ...]:
        """The resources that could not be cleaned up."""
        return tuple(self.failures)

    def derive(self, exceptions: Any) -> CleanupError:  # type: ignore[override]  # an error that is none of these cannot be in it
        """The same for some of the errors."""
        return CleanupError({id: error for id, error in self.failures.items() if any(error is each for each in exceptions)})


class ResourceManager(Protocol):
    """A resource manager as the kit drives it; made by ``resource_lifecycle(settings)``.

    Where it is an async context manager too (under threads a context manager), leaving its scope cleans up (RL-13).
    """

    async def register(self, id: ResourceId, resource: ManagedResource) -> Any:
        """Initialise a resource, and keep it under an id from then on; what it returns is not looked at.

        Where the claim ``dependencies`` is made it takes ``depends_on``, a sequence of ids, as well.

        Raises:
            DuplicateResourceError: the id is taken.
            DependencyCycleError: the resource would depend on itself, if by way of others.
            TimeoutError: initialize() took longer than initialize_timeout.
            Exception: whatever initialize() raised, or an error that has it as a cause; an error of the manager's own where it
                has cleaned up, or does so, and takes no more.
        """

    async def get(self, id: ResourceId) -> Any:
        """The resource that is registered under an id, or a proxy that is equal to it or has its attributes.

        Raises:
            ResourceNotFoundError: there is none; its text or its ``id`` names the one that was asked for.
            Unsupported: ``"get"``, where resources have no ids.
        """

    async def cleanup_all(self) -> Any:
        """Clean up every resource, in the reverse of the order of registration; a second call does nothing.

        Raises:
            CleanupError: some could not be cleaned up, with their ids; a `BaseException` of one may be raised as it is.
        """


class Checked(Protocol):
    """A manager that reports how its resources are (RL-12, and RL-16 where the claim ``restart`` is made)."""

    async def health(self) -> Mapping[ResourceId, Health | bool]:
        """Check every resource, and report on each by its id."""


ARGUMENTS = ("settings",)
REQUIRED = ResourceManager
OPTIONAL = (Checked,)
