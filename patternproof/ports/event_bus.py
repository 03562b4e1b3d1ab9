"""The port of the event bus."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, Literal, Protocol, Self, TypeAlias

from .frozen import NOTHING, PayloadError, Value, frozen

OverflowPolicy: TypeAlias = Literal["block", "drop_oldest", "drop_newest", "disconnect"]


class Topic(StrEnum):
    """What an event is about; a subscription asks for a set of them."""

    STATE = "state"
    RESOURCE = "resource"
    USER = "user"
    ERROR = "error"
    CONTEXT = "context"
    TOOL = "tool"


class BusClosedError(Exception):
    """publish() or subscribe() on a bus that is closed."""


class SubscriptionClosedError(Exception):
    """receive() on a subscription that has ended: it was unsubscribed, or its bus was closed and all is drained."""


class Overflowed(Exception):
    """Events were dropped for want of room in the subscription.

    With the policies that drop it may be raised once for each gap, after which receive() goes on; with "disconnect" it is how a
    subscription ends.

    Args:
        dropped: events that were dropped since the subscription was told the last time; at least 1.
    """

    def __init__(self, dropped: int) -> None:
        super().__init__(f"{dropped} event{'s were' if dropped > 1 else ' was'} dropped, since nobody received in time")
        self.dropped = dropped

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.dropped,)


class UnknownTopicError(ValueError):
    """A topic that there is not."""


class UnknownEventError(TypeError):
    """Something that is none of the events below."""


class EventTooLargeError(ValueError):
    """An event that takes more bytes than the bus was made for."""


class WireError(ValueError):
    """Bytes that are no encoded event."""


class Event:
    """What the six kinds of events have in common: text that names what it is about, data, and a topic.

    Raises:
        PayloadError: a field is not text, or the data nothing that JSON can say.
    """

    __slots__ = ()
    topic: ClassVar[Topic]
    data: Mapping[str, Value]

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]  # each kind below is a dataclass
            value = getattr(self, field.name)
            if not isinstance(value, Mapping if field.name == "data" else str):
                expected = "a mapping" if field.name == "data" else "text"
                raise PayloadError(f"{type(self).__name__}.{field.name}: expected {expected}, seen {type(value).__name__}")
            if value is not NOTHING:
                object.__setattr__(self, field.name, frozen(value, field.name))


@dataclass(frozen=True, slots=True, weakref_slot=True)
class StateChanged(Event):
    """The state of a component has changed."""

    topic: ClassVar[Topic] = Topic.STATE
    component: str
    data: Mapping[str, Value] = NOTHING


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ResourceUpdated(Event):
    """A resource was updated."""

    topic: ClassVar[Topic] = Topic.RESOURCE
    resource: str
    data: Mapping[str, Value] = NOTHING


@dataclass(frozen=True, slots=True, weakref_slot=True)
class UserAction(Event):
    """A user did something."""

    topic: ClassVar[Topic] = Topic.USER
    action: str
    data: Mapping[str, Value] = NOTHING


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ErrorOccurred(Event):
    """Something failed."""

    topic: ClassVar[Topic] = Topic.ERROR
    component: str
    message: str
    data: Mapping[str, Value] = NOTHING


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ContextChanged(Event):
    """The context that users work in has changed."""

    topic: ClassVar[Topic] = Topic.CONTEXT
    context: str
    data: Mapping[str, Value] = NOTHING


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ToolExecuted(Event):
    """A tool was run."""

    topic: ClassVar[Topic] = Topic.TOOL
    tool: str
    status: str
    data: Mapping[str, Value] = NOTHING


EVENTS: Mapping[Topic, type[Event]] = {
    kind.topic: kind for kind in (StateChanged, ResourceUpdated, UserAction, ErrorOccurred, ContextChanged, ToolExecuted)
}
"""The kind of events of each topic."""


def encode(event: Event) -> bytes:
    """An event as JSON in UTF-8, its topic among its fields.

    Raises:
        UnknownEventError: it is none of the events above.
    """
    if not isinstance(event, Event):
        raise UnknownEventError(f"{type(event).__name__} is no event; expected one of {', '.join(_names())}")
    values = {field.name: getattr(event, field.name) for field in fields(event)}  # type: ignore[arg-type]  # as above
    text = json.dumps({"topic": event.topic, **values}, default=dict, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def decode(data: bytes) -> Event:
    """The event that `encode` made bytes of.

    Raises:
        WireError: they are no JSON, or no event; what was expected, and seen.
    """
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError(f"expected an event as JSON, seen {data[:40]!r}: {error}") from error
    if not isinstance(values, dict) or values.get("topic") not in list(Topic):
        raise WireError(f"expected an object with a topic among {', '.join(Topic)}; seen {data[:80]!r}")
    kind = EVENTS[Topic(values.pop("topic"))]
    try:
        return kind(**values)
    except (TypeError, PayloadError) as error:
        raise WireError(f"expected the fields of {kind.__name__}, seen {', '.join(values)}: {error}") from error


def _names() -> list[str]:
    return [kind.__name__ for kind in EVENTS.values()]


@dataclass(frozen=True, slots=True)
class EventBusSettings:
    """What the kit asks a factory for; a value that the bus cannot have is refused with ``Unsupported("name")``."""

    capacity: int = 16
    """Events that wait for a subscription's reader, at most; at least 1. One that a handler is busy with waits no more."""
    overflow: OverflowPolicy = "block"
    """What happens to an event that finds no room: publish() waits for it, the oldest or this newest one is dropped and counted,
    or the subscription is ended by `Overflowed`."""
    max_bytes: int | None = None
    """Bytes that an encoded event may take; None: no limit."""
    namespace: str = ""
    """Claims ``distributed`` and ``durable``: buses of one namespace, in whichever process, are one bus; others never meet."""


class Subscription(Protocol):
    """What subscribe() and handle() give; those of handlers have no receive()."""

    async def receive(self) -> Event:
        """The next event; waits for it. Cancelling it loses none.

        Raises:
            SubscriptionClosedError: the subscription has ended, and all that was accepted before is drained.
            Overflowed: events were dropped since the last time.
        """

    @property
    def dropped(self) -> int:
        """Events that were dropped for want of room."""

    async def unsubscribe(self) -> None:
        """End the subscription; a second time does nothing. When it has returned nothing more arrives."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events until the subscription has ended."""

    async def __aenter__(self) -> Self:
        """The subscription itself."""

    async def __aexit__(self, *error: object) -> None:
        """Unsubscribe."""


Handler = Callable[[Event], Awaitable[None]]
"""Called with one event at a time; under RUNTIME "threads" a plain function."""
ErrorListener = Callable[[BaseException], None]


class EventBus(Protocol):
    """An event bus as the kit drives it; made by ``event_bus(settings)``. It has `Pulling`, or `Pushing`, or both."""

    async def publish(self, event: Event) -> None:
        """Accept an event for every subscription of its topic.

        Raises:
            BusClosedError: the bus is closed.
            UnknownEventError: it is none of the events above.
            EventTooLargeError: it takes more bytes than `EventBusSettings.max_bytes`.
        """


class Pulling(Protocol):
    """A bus whose subscribers fetch their events."""

    async def subscribe(self, *topics: Topic) -> Subscription:
        """Ask for the events of these topics; what is published after this has returned is not missed.

        Raises:
            BusClosedError: the bus is closed.
            UnknownTopicError: there is no such topic, or none was given.
        """


class Pushing(Protocol):
    """A bus that calls its subscribers."""

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        """As `Pulling.subscribe`; the events go to a handler, one after the other."""


class Reporting(Protocol):
    """A bus that tells of the errors of handlers (EB-15)."""

    def add_error_listener(self, listener: ErrorListener) -> None:
        """Have a plain function called with the error of each handler that fails."""


class Closing(Protocol):
    """A bus that can be closed (EB-14)."""

    async def close(self) -> None:
        """Accept nothing more, let subscriptions drain what was accepted, then end them; a second time does nothing."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as a durable subscription gets it."""

    id: str
    """The same whenever this event is delivered, and no other's."""
    event: Event


class DurableSubscription(Protocol):
    """A subscription that what is published waits for while it is away.

    Whoever comes back may be another process, and who went away may have been killed.
    """

    async def receive(self) -> Delivery:
        """The next event; waits for it."""

    async def acknowledge(self, delivery: Delivery) -> None:
        """Say that an event was dealt with; one that was not is delivered again after the subscription comes back.

        Again may mean after a while; the kit waits some 30 s for it, in real time.
        """

    async def leave(self) -> None:
        """Go away for a while."""


class Lasting(Protocol):
    """A bus with durable subscriptions; claim ``durable`` (EB-19)."""

    async def resume(self, name: str, *topics: Topic) -> DurableSubscription:
        """The durable subscription of that name, which is made where there is none."""


class Brokered(Protocol):
    """A bus over a broker of its own; claims ``distributed`` and ``durable``.

    One over a server of `patternproof.servers` needs none of this: the kit restarts that.
    """

    async def stop_broker(self) -> None:
        """Stop the broker, in order; all connections to it end, and what it has stored stays."""

    async def start_broker(self) -> None:
        """Start the broker again, and come back once it answers."""


class Wiring(Protocol):
    """A bus with a wire format of its own (EB-16); the functions `encode` and `decode` above are one that is ready for use."""

    def encode(self, event: Event) -> bytes:
        """An event as bytes."""

    def decode(self, data: bytes) -> Event:
        """The event that `encode` made bytes of."""


ARGUMENTS = ("settings",)
REQUIRED = EventBus
OPTIONAL = (Pulling, Pushing, Reporting, Closing, Wiring, Lasting, Brokered)
