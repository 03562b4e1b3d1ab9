"""The port of migration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, TypeAlias, TypeVar

from .event_bus import Event, Subscription, Topic, UserAction
from .event_bus import Handler as EventHandler
from .frozen import Value, frozen
from .service_interface import MessageService
from .shared_state import Snapshot, Updater

T = TypeVar("T")


class LegacyCode(IntEnum):
    """The codes of old errors that are known; an old component may have others."""

    NOT_FOUND = 4
    DENIED = 13
    FAILED = 20
    DOWNSTREAM = 31
    LOST = 111
    INTERNAL = 500


class LegacyError(Exception):
    """An error of the old type; its arguments are its code, its text, and whatever else it was made with.

    Args:
        code: what went wrong, for machines; one of `LegacyCode`, or any other number.
        text: for people.
        details: more, of any type.
    """

    def __init__(self, code: int, text: str, *details: Any) -> None:
        super().__init__(code, text, *details)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        return f"E{int(self.code):04}: {self.text}"


# MG-01: a legacy component behind the service interface

Answered: TypeAlias = Callable[[int, "LegacyError | None", Value], None]
"""Called as ``answered(ticket, error, answer)``; the error is None where all is well."""
Heard: TypeAlias = Callable[[int, str, Value], None]
"""Called as ``heard(number, name, payload)``."""


class LegacyComponent(Protocol):
    """The kit's old component: plain in either flavour, with callbacks, tickets and error codes of its own.

    It calls back from the loop of asyncio, or under threads from a thread of its own: one callback after the other, each of which
    returns at once, and whose errors nobody hears of.
    """

    def submit(self, name: str, payload: Value, answered: Answered) -> int:
        """Hand a request over.

        Args:
            name: the id of the message.
            payload: its body.
            answered: called after this has returned, with the ticket and what came of it: in any order among requests, more than
                once, or never.

        Returns:
            The ticket of the request, which no other has.

        Raises:
            LegacyError: it was not taken.
        """

    def listen(self, heard: Heard) -> None:
        """Have a function called with each message that the component sends by itself; a later one replaces it."""

    def reply(self, number: int, error: LegacyError | None) -> None:
        """Say that a message which was heard is dealt with, or what went wrong; once for each at most.

        Raises:
            LegacyError: the component is lost.
        """


# MG-02: direct calls and events side by side


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is to take effect exactly once.

    Args:
        id: one text for one action, whichever way it comes and however often.
        body: whatever JSON can say.
    """

    id: str
    body: Value = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", frozen(self.body, "body"))


def event_of(action: Action) -> UserAction:
    """The event that asks for an action on the bus."""
    return UserAction(action.id, {"body": action.body})


def action_of(event: UserAction) -> Action:
    """The action that an event asks for."""
    return Action(event.action, event.data["body"])


class Direct(Protocol):
    """The kit's old way: whoever is called makes the action take effect."""

    async def perform(self, action: Action) -> Any:
        """Make an action take effect, each time that this is called, and give its result.

        Raises:
            Exception: it has failed, without effect. One that is cancelled before its end has none either.
        """


class Bus(Protocol):
    """The kit's new way: a bus as that of the event bus' port, which may deliver an event again."""

    async def publish(self, event: Event) -> None:
        """Accept an event for every subscription of its topic, that of the bridge too.

        Raises:
            Exception: it was not accepted.
        """

    async def subscribe(self, *topics: Topic) -> Subscription:
        """Ask for the events of these topics; what is published after this has returned is not missed."""

    async def handle(self, topics: tuple[Topic, ...], handler: EventHandler) -> Subscription:
        """As `subscribe`; the events go to a handler, one after the other. Nobody hears of its errors."""


class EventBridge(Protocol):
    """A bridge as the kit drives it; made by ``event_bridge(direct, bus)``.

    An action comes by a call of perform(), by its event on the bus, by both, or by one of them again. Once it has taken effect by
    `Direct.perform`, it is not performed again. One that has failed, or was cancelled without effect, takes effect when it comes
    again. What comes by its event needs no caller to take effect.
    """

    async def perform(self, action: Action) -> Any:
        """Have an action take effect, and publish its event for whoever listens, if it has not come by the bus.

        Returns:
            What `Direct.perform` has returned; to those who ask again the same, or None.

        Raises:
            Exception: what the direct way, or the bus, has raised, or an error with that as its cause.
        """


# MG-03: a flag between the old and the new way of state handling


class Store(Protocol):
    """The kit's old, or new, way of handling state: as that of the shared state's port."""

    async def update(self, function: Updater[T]) -> T:
        """Change the data by ``function(data)``, all or nothing, and return its result.

        Raises:
            Exception: it has failed, and nothing was changed. One that is cancelled before its end has changed nothing either.
        """

    async def get(self) -> Snapshot:
        """The latest version."""


Flag: TypeAlias = Callable[[], bool]
"""Whether the new way is to be used; plain, and asked as often as one likes: it may be turned at any time, and back."""


class StateSwitch(Protocol):
    """A switch as the kit drives it; made by ``state_switch(old, new, flag)``, where the data is in the store of the flag.

    An update that begins after the flag was turned goes to the store of the flag, with all that was acknowledged before. What is
    under way meanwhile takes effect once, wherever. A switch may use both stores all the time.
    """

    async def update(self, function: Updater[T]) -> T:
        """Change the data by ``function(data)``, once; as `Store.update`.

        Raises:
            Exception: what a store has raised, or an error with that as its cause; whether it has changed anything is not known.
        """

    async def get(self) -> Snapshot:
        """The data, with every update that was acknowledged before this was called.

        Raises:
            Exception: as `update`.
        """


# MG-04: old errors and new ones

Convert: TypeAlias = Callable[[BaseException], BaseException]
"""``convert_error(error)``: the new error of an old one, whatever that is. A plain function, which raises nothing.

The new one is a `ComponentError` of the port of error propagation, or a group of such. From it what caused the old one can be
reached. An error that is no Exception may be left as it is. The old error is not changed.
"""
Restore: TypeAlias = Callable[[BaseException], BaseException]
"""``restore_error(error)``: the old error of a new one. A plain function, which raises nothing.

Of one that was converted the old error, or one with the same type, code, text, arguments and cause; of any other new error a
`LegacyError` from which what caused the new one can be reached.
"""

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "legacy_service": ("legacy",),
    "event_bridge": ("direct", "bus"),
    "state_switch": ("old", "new", "flag"),
    "convert_error": ("error",),
    "restore_error": ("error",),
}
REQUIRED: Mapping[str, type | None] = {
    "legacy_service": MessageService,
    "event_bridge": EventBridge,
    "state_switch": StateSwitch,
    "convert_error": None,
    "restore_error": None,
}
OPTIONAL: Mapping[str, tuple[type, ...]] = dict.fromkeys(ARGUMENTS, ())
JUDGED = ("legacy_service",)
"""Of what these make it is a requirement that it has its members, as they should be, and no fault of the adapter."""
