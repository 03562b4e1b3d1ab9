"""The port of error propagation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

ProblemDetails = Mapping[str, Any]
"""A problem details object of RFC 9457, as it goes into JSON: type, title, status, detail, instance, and extension members."""


class Kind(StrEnum):
    """What callers tell apart; a member is its own text."""

    OPERATION_FAILED = "operation_failed"
    RESOURCE_NOT_FOUND = "resource_not_found"
    PERMISSION_DENIED = "permission_denied"
    DEPENDENCY_ERROR = "dependency_error"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class ErrorPropagationSettings:
    """What the kit asks a factory for; what a component cannot have is refused with ``Unsupported("name_of_the_field")``."""

    layers: tuple[str, ...] = ("gateway",)
    """The names of the components that an error passes, outermost first; the last one calls the dependency."""
    concurrent: int = 1
    """How many resources one request names at most; where there are several, the dependency may be called for all at once."""
    cleanup: bool = False
    """Whether ``dependency.release(operation)`` is called once the dependency's calls are over, however they ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a component is asked to perform."""

    operation: str
    """Its name, which errors bear."""
    resources: tuple[str, ...]
    """What the dependency is called for, once each."""


class Context(NamedTuple):
    """What an error concerns, as one layer says it."""

    component: str
    operation: str
    resource: str | None = None


class ComponentError(Exception):
    """An error of a component; subclass it as you like.

    Args:
        kind: what callers tell apart.
        message: a sentence for people.
        component: the name of the layer that says so.
        operation: as the request names it.
        resource: the one that the error concerns.
        retryable: whether the same request may succeed later; None where nobody can know.
        code: for machines, stable and another one for each kind; by default the kind itself.
    """

    def __init__(
        self,
        kind: Kind | str,
        message: str,
        component: str,
        operation: str,
        resource: str | None = None,
        retryable: bool | None = None,
        code: Any = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.component = component
        self.operation = operation
        self.resource = resource
        self.retryable = retryable
        self.code = kind if code is None else code

    @property
    def contexts(self) -> tuple[Context, ...]:
        """What this one error says of its context; several, outermost first, where one error collects those of all layers."""
        return (Context(self.component, self.operation, self.resource),)

    @property
    def codes(self) -> tuple[Any, ...]:
        """The chain of codes: its own, and those of the component errors beneath it, outermost first."""
        return tuple(error.code for error in beneath(self) if isinstance(error, ComponentError))


def beneath(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it comes from, depth first: members of groups, its cause, or the context that is not suppressed."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += reversed(directly_beneath(each))


def directly_beneath(error: BaseException) -> list[BaseException]:
    """What a traceback would show next below an error."""
    members = list(error.exceptions) if isinstance(error, BaseExceptionGroup) else []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return members if cause is None else [*members, cause]


class DependencyFailure(Exception):
    """A failure that a dependency declares as its own; the kit's dependency raises it.

    Args:
        message: written for whoever operates the dependency, and for nobody on the other side of a boundary.
        retryable: whether the same call may succeed later.
    """

    def __init__(self, message: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class Dependency(Protocol):
    """What the kit hands to a factory; under threads all methods are plain."""

    async def call(self, operation: str, resource: str) -> Any:
        """Give a result.

        Raises:
            DependencyFailure: it has failed.
            ComponentError: of a known kind, which it keeps.
            BaseException: whatever else goes wrong.
        """

    def objection(self, result: Any) -> str | None:
        """Why a result is not valid, in a sentence; None where it is. Plain in either flavour.

        Raises:
            Exception: the validation itself goes wrong.
        """

    async def release(self, operation: str) -> None:
        """Clean up after the calls of an operation; only where the settings say so.

        Raises:
            DependencyFailure: it has failed.
        """


class Component(Protocol):
    """A component as the kit drives it; made by ``error_propagation(dependency, settings)``."""

    async def perform(self, request: Request) -> Any:
        """Call the dependency for each resource, hold the results against its objections, and give them as a list, in order.

        Raises:
            ComponentError: what went wrong, or a group of such where several did.
            BaseException: a cancellation, KeyboardInterrupt or SystemExit, as it is.
        """


class Crossing(Protocol):
    """A component whose errors cross a process boundary (EP-09, EP-10, EP-12). Both methods are plain in either flavour."""

    def to_problem(self, error: ComponentError) -> ProblemDetails:
        """What crosses, with the HTTP status as its member ``status``."""

    def from_problem(self, document: ProblemDetails) -> ComponentError:
        """What has crossed, for a caller on the other side; members that mean nothing to it are ignored (RFC 9457, 3.2)."""


ARGUMENTS = ("dependency", "settings")
REQUIRED = Component
OPTIONAL = (Crossing,)
