"""What is done to message services, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import ClassVar, NamedTuple

DEADLINE = 10.0
"""Seconds after which a call with a deadline ends."""
WITHOUT_CAUSE = "fails: without its cause"
"""The phase of a call that ends with a typed error which gives no reason."""
NOBODY = -1


def name_of(handler: int) -> str:
    """What people call a handler: A, B, and so on."""
    letter = ascii_uppercase[handler % 26]
    return letter if handler < 26 else f"{letter}{handler // 26}"


class HandlerFailure(Exception):
    """The error of a handler."""


@dataclass(frozen=True, slots=True)
class Given:
    """The settings of a history: a service has none."""


@dataclass(frozen=True, slots=True)
class Send:
    """A message is sent.

    `how` is one of: nothing; special (its data, and that of its answer, is hard on a wire); refused (the transport fails);
    deadline (within DEADLINE seconds); keyed (with an idempotency key of its own).
    """

    call: int
    how: str = ""

    @property
    def kind(self) -> str:
        return self.how or "call"

    def __str__(self) -> str:
        words = {
            "special": ", with data that is hard on a wire",
            "refused": ", which the transport refuses",
            "deadline": f", to be answered within {DEADLINE:g} s",
            "keyed": ", with an idempotency key",
        }
        return f"request {self.call} is sent{words.get(self.how, '')}"


@dataclass(frozen=True, slots=True)
class Retry:
    """A message that was sent with an idempotency key is sent again, with the same key."""

    call: int
    of: int

    kind: ClassVar[str] = "keyed"

    def __str__(self) -> str:
        return f"request {self.of} is sent again as {self.call}, with the same idempotency key"


@dataclass(frozen=True, slots=True)
class CancelSend:
    """A call is cancelled by its caller."""

    call: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"the call of request {self.call} is cancelled"


@dataclass(frozen=True, slots=True)
class Answer:
    """The peer answers a request: ok, fault, or again, where it has answered it before."""

    call: int
    how: str = "ok"

    @property
    def kind(self) -> str:
        return "call" if self.how == "ok" else self.how

    def __str__(self) -> str:
        words = {"ok": "", "fault": " with a fault", "again": " once more"}
        return f"the peer answers request {self.call}{words[self.how]}"


@dataclass(frozen=True, slots=True)
class PeerSends:
    """The peer sends a message; `special` ones have data that is hard on a wire."""

    message: int
    special: bool = False

    @property
    def kind(self) -> str:
        return "special" if self.special else "come"

    def __str__(self) -> str:
        return f"the peer sends message {self.message}{', with data that is hard on a wire' if self.special else ''}"


@dataclass(frozen=True, slots=True)
class Lose:
    """The transport loses its peer, for good."""

    kind: ClassVar[str] = "lose"

    def __str__(self) -> str:
        return "the transport loses its peer"


@dataclass(frozen=True, slots=True)
class Register:
    """A new handler is registered; the next number that is free."""

    handler: int

    kind: ClassVar[str] = "hear"

    def __str__(self) -> str:
        return f"handler {name_of(self.handler)} is registered"


@dataclass(frozen=True, slots=True)
class Unregister:
    """A handler is taken back."""

    handler: int

    kind: ClassVar[str] = "leave"

    def __str__(self) -> str:
        return f"handler {name_of(self.handler)} is unregistered"


@dataclass(frozen=True, slots=True)
class HandlerEnds:
    """The run of a handler ends that has run longest.

    `how` is one of: ok; error; sends (it sends request `call` first, and waits for the response); leaves (it unregisters itself
    first); registers (it registers handler `other` first).
    """

    handler: int
    how: str = "ok"
    call: int = NOBODY
    other: int = NOBODY

    @property
    def kind(self) -> str:
        return "hear" if self.how == "ok" else self.how

    def __str__(self) -> str:
        words = {
            "ok": "returns",
            "error": "fails",
            "sends": f"sends request {self.call}, to return once it is answered",
            "leaves": "unregisters itself and returns",
            "registers": f"registers handler {name_of(self.other)} and returns",
        }
        return f"handler {name_of(self.handler)} {words[self.how]}"


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Somebody calls receive_messages()."""

    reader: int

    kind: ClassVar[str] = "read"

    def __str__(self) -> str:
        return f"reader {self.reader} subscribes"


@dataclass(frozen=True, slots=True)
class SubscribeThenPeerSends:
    """Somebody calls receive_messages(), and as soon as that has returned the peer sends a message."""

    reader: int
    message: int

    kind: ClassVar[str] = "then"

    def __str__(self) -> str:
        return f"reader {self.reader} subscribes, and as soon as that has returned the peer sends message {self.message}"


@dataclass(frozen=True, slots=True)
class Receive:
    """A reader asks for its next message."""

    reader: int

    kind: ClassVar[str] = "read"

    def __str__(self) -> str:
        return f"reader {self.reader} receives"


@dataclass(frozen=True, slots=True)
class CancelReceive:
    """A receive is cancelled."""

    reader: int

    kind: ClassVar[str] = "cancel-read"

    def __str__(self) -> str:
        return f"the receive of reader {self.reader} is cancelled"


@dataclass(frozen=True, slots=True)
class Try:
    """An experiment with new services beside this one: neighbours, or flood."""

    experiment: str

    @property
    def kind(self) -> str:
        return self.experiment

    def __str__(self) -> str:
        words = {
            "neighbours": "two services over two transports are used side by side",
            "flood": "a reader stops reading while the peer sends on",
        }
        return words.get(self.experiment, self.experiment)


@dataclass(frozen=True, slots=True)
class Advance:
    """Let time pass."""

    seconds: float

    kind: ClassVar[str] = "time"

    def __str__(self) -> str:
        return f"{self.seconds:g} s pass"


@dataclass(frozen=True, slots=True)
class SetWallClock:
    """Set the wall clock forward or back; no time passes."""

    seconds: float

    kind: ClassVar[str] = "wall"

    def __str__(self) -> str:
        return f"the wall clock is set {'forward' if self.seconds > 0 else 'back'} by {abs(self.seconds):g} s"


class Arrival(NamedTuple):
    """A request that has arrived at the peer."""

    call: int
    what: str = ""
    """How it was changed, if it was."""

    def __str__(self) -> str:
        return f"request {self.call} arrives{f' {self.what}' if self.what else ''}"


class Calling(NamedTuple):
    """A call of send_message() as seen: in flight, or over since the last look."""

    call: int
    phase: str
    """waits, answered, fault, refused, timeout, cancelled, or what it did instead."""

    def __str__(self) -> str:
        words = {
            "waits": "waits",
            "answered": "gets its response",
            "fault": "gets a typed error with the peer's fault",
            "refused": "gets a typed error with that of the transport",
            "timeout": "gets a typed error, as its deadline has come",
            "cancelled": "ends as cancelled",
        }
        return f"call {self.call} {words.get(self.phase, self.phase)}"


class Hearing(NamedTuple):
    """A handler was called with a message."""

    handler: int
    what: str
    """The number of a message, or what it was called with instead."""

    def __str__(self) -> str:
        return f"handler {name_of(self.handler)} hears {what_came(self.what)}"


class Receipt(NamedTuple):
    """What a receive came to."""

    reader: int
    what: str
    """The number of a message; or waits, cancelled, or what it did instead."""

    def __str__(self) -> str:
        plain = {"waits": "waits", "cancelled": "is cancelled"}
        return f"reader {self.reader} {plain.get(self.what) or 'gets ' + what_came(self.what)}"


def what_came(what: str) -> str:
    """What people call something that arrived."""
    return f"message {what}" if what[:1].isdigit() else what


class Told(NamedTuple):
    """A reply to the peer."""

    message: int
    what: str
    """ok, fault, or what it was instead."""

    def __str__(self) -> str:
        words = {"ok": "is told that all is well", "fault": "gets a typed error"}
        return f"the sender of message {self.message} {words.get(self.what, self.what)}"


class Standing(NamedTuple):
    """A handler whose registering or unregistering waits, or went wrong."""

    handler: int
    trouble: str
    """registers, leaves, or what went wrong."""

    def __str__(self) -> str:
        return f"handler {name_of(self.handler)} {self.trouble}"


class Seen(NamedTuple):
    """Everything observable after a batch of events."""

    arrived: tuple[Arrival, ...] = ()
    calls: tuple[Calling, ...] = ()
    heard: tuple[Hearing, ...] = ()
    """In the order in which each handler was called."""
    received: tuple[Receipt, ...] = ()
    told: tuple[Told, ...] = ()
    standing: tuple[Standing, ...] = ()
    found: tuple[str, ...] = ()
    """What experiments found wrong; one entry each, empty where nothing."""
    plainly: bool = True
    """False only in the model's own words: it can behave so, but not plainly."""

    def __str__(self) -> str:
        parts = [*map(str, self.arrived), *map(str, self.calls), *map(str, self.heard), *map(str, self.received)]
        parts += [*map(str, self.told), *map(str, self.standing), *(each or "nothing is found wrong" for each in self.found)]
        return "; ".join(parts) or "nothing to see"


LIFELINES = {
    "handler": lambda handler: f"handler {name_of(handler)}",
    "reader": "reader {}".format,
    "call": "call {}".format,
}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {
    event.__name__: event
    for event in (
        Send,
        Retry,
        CancelSend,
        Answer,
        PeerSends,
        Lose,
        Register,
        Unregister,
        HandlerEnds,
        Subscribe,
        SubscribeThenPeerSends,
        Receive,
        CancelReceive,
        Try,
        Advance,
        SetWallClock,
    )
}
"""By name, for tokens that replay a history."""
