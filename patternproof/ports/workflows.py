"""The port of workflows: components made over other patterns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .frozen import NOTHING, Value, frozen


@dataclass(frozen=True, slots=True)
class Command:
    """What a component is told to do.

    Args:
        name: of what is to be done.
        arguments: whatever JSON can say.

    Raises:
        PayloadError: the arguments are nothing that JSON can say.
    """

    name: str
    arguments: Mapping[str, Value] = NOTHING

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", frozen(self.arguments, "arguments"))

    @property
    def body(self) -> Value:
        """That of the message in which it goes over the service."""
        return frozen({"command": self.name, "arguments": self.arguments}, "body")


@dataclass(frozen=True, slots=True)
class CommandResponse:
    """What a command came to: its name, and the body of the response."""

    command: str
    result: Value = None


class CoreComponent(Protocol):
    """A component over a message service and a shared state; made by ``core_component(service, state)``.

    From the moment at which it is made it handles the messages of the service's peer: one with the body ``{"add": {key: n}}``
    adds numbers to keys of the shared state, which begin at 0; any other body leaves the state alone. The state is shared:
    others change it as well.
    """

    async def send_command(self, command: Command) -> CommandResponse:
        """Send a command over the service once, as a message of its own with `Command.body`, and wait for the response to it.

        Raises:
            ServiceError: the service's own, of whichever kind, or a `ComponentError` of that kind.
        """


Perform = Callable[[], Awaitable[Any]]
"""What a user's action does; under RUNTIME "threads" a plain function."""


class UiComponent(Protocol):
    """A component that acts for a user, over an event bus; made by ``ui_component(bus)``.

    From the moment at which it is made it hears `ContextChanged` and `ToolExecuted` events. Whatever else is on the bus is
    nothing to it.
    """

    async def user_action(self, action: str, perform: Perform) -> Any:
        """Have a user's action performed, once, and recorded; once it has succeeded, publish a `UserAction` of that name.

        Whether an action that fails stays on record is the component's choice.

        Returns:
            What the function returned.

        Raises:
            Exception: whatever the function raised, or an error with that as a cause; nothing was published.
        """

    @property
    def actions(self) -> Sequence[str]:
        """The actions that were recorded, in order."""

    @property
    def context(self) -> str | None:
        """The latest context; None: it has not changed yet."""

    @property
    def tools(self) -> Mapping[str, str]:
        """The latest status of each tool that was executed."""


class GuardedClient(Protocol):
    """A client of a dependency, behind a pool and a breaker; made by ``guarded_client(pool, breaker, bus)``."""

    async def request(self, payload: Any) -> Any:
        """Send a payload to the dependency over a connection of the pool, once, unless the breaker rejects it.

        For each request that the dependency fails, `ErrorOccurred` is published. Whether one is for a request that is rejected,
        or cancelled, is the client's choice.

        Returns:
            The reply.

        Raises:
            ComponentError: the dependency has failed, which is the cause: ``dependency_error``.
            CircuitOpenError: the request was rejected; or a `ComponentError` with that as a cause.
        """


class LocalComponent(Protocol):
    """A component with local state, which a replica holds; made by ``local_component(name, replica, bus)``.

    Each change that it makes is announced once, by a `StateChanged` with its name as ``component`` and the key and value among
    the ``data``: at once, or at the latest when it has been synchronised. What others have changed is theirs to announce.
    """

    async def change(self, key: str, value: Value) -> None:
        """Set a key, at once here; elsewhere once it was synchronised."""

    async def synchronise(self) -> Any:
        """Bring the local state and that of the others together. A component may do so by itself as well.

        Raises:
            Exception: it failed; the local state is as it was.
        """

    async def snapshot(self) -> Mapping[str, Value]:
        """Every key here with its value."""


class WorkingSystem(Protocol):
    """A system of parts that a lifecycle manager cleans up; made by ``working_system(manager, service, bus, pool)``.

    From the moment at which it is made it works: for each job, each message of the service's peer and each `UserAction` on the
    bus it sends one request over a connection of the pool. The payload is the job's, the message's body, the event's name.

    The pool is its own; service and bus are others' as well, and stay open. What has to be cleaned up is registered with the
    manager, in such an order that ``cleanup_all()`` takes back handler and subscription before it closes the pool that they
    work with. Work under way may be finished first, or be given up; either way it ends. Afterwards no task, connection,
    subscription or handler of the system remains, and new work is refused.
    """

    async def run(self, job: Any) -> Any:
        """Do one job.

        Returns:
            The reply of the dependency.

        Raises:
            Exception: the dependency has failed, or the system is shut down.
        """


ARGUMENTS = {
    "core_component": ("service", "state"),
    "ui_component": ("bus",),
    "guarded_client": ("pool", "breaker", "bus"),
    "local_component": ("name", "replica", "bus"),
    "working_system": ("manager", "service", "bus", "pool"),
}
REQUIRED: dict[str, type] = {
    "core_component": CoreComponent,
    "ui_component": UiComponent,
    "guarded_client": GuardedClient,
    "local_component": LocalComponent,
    "working_system": WorkingSystem,
}
OPTIONAL: dict[str, tuple[type, ...]] = dict.fromkeys(ARGUMENTS, ())
