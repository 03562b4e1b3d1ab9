"""What is done to event buses, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import ClassVar, NamedTuple

PUBLISHERS = "PQR"
"""What people call the publishers; R publishes only together with something else that it does."""
R = 2
TOPICS = {"X": "state", "Y": "resource"}
"""What people call the two topics of a history."""
PULL, PUSH = "pull", "push"
OVERFLOWED, MISCOUNTED = "overflowed", "overflowed by another number"
"""What a receive comes to where events were dropped: it is told how many, rightly or not."""
"""Whether a subscriber fetches its events, or has a handler."""


def name_of(subscription: int) -> str:
    """What people call a subscription: A, B, and so on."""
    letter = ascii_uppercase[subscription % 26]
    return letter if subscription < 26 else f"{letter}{subscription // 26}"


class HandlerFailure(Exception):
    """The error of a handler."""


@dataclass(frozen=True, slots=True)
class Publish:
    """A publisher publishes an event, once it is done with those before: its events in a batch come by number.

    `special` events have data that is hard on a wire.
    """

    number: int
    publisher: int = 0
    topic: str = "X"
    special: bool = False

    @property
    def kind(self) -> str:
        return "payload" if self.special else "other" if self.publisher else "topic" if self.topic == "Y" else ""

    def __str__(self) -> str:
        data = " with data that is hard on a wire" if self.special else ""
        return f"{PUBLISHERS[self.publisher]} publishes {TOPICS[self.topic]} event {self.number}{data}"


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A new subscription to topics X, Y or both; the next number that is free."""

    subscription: int
    topics: str = "X"
    style: str = PULL

    @property
    def kind(self) -> str:
        return self.style if self.topics == "X" else f"{self.style}-{self.topics}"

    def __str__(self) -> str:
        how = " with a handler" if self.style == PUSH else ""
        return f"{name_of(self.subscription)} subscribes to {' and '.join(TOPICS[topic] for topic in self.topics)} events{how}"


@dataclass(frozen=True, slots=True)
class SubscribeThenPublish:
    """R subscribes to X, and publishes an event of X at once."""

    subscription: int
    number: int
    style: str = PULL

    @property
    def kind(self) -> str:
        return f"{self.style}-then"

    def __str__(self) -> str:
        how = " with a handler" if self.style == PUSH else ""
        name = name_of(self.subscription)
        return f"{name} is subscribed to state events{how}, and as soon as that returns R publishes state event {self.number}"


@dataclass(frozen=True, slots=True)
class PublishThenSubscribe:
    """R publishes an event of X, and subscribes to X at once."""

    number: int
    subscription: int
    style: str = PULL

    @property
    def kind(self) -> str:
        return f"{self.style}-after"

    def __str__(self) -> str:
        how = " with a handler" if self.style == PUSH else ""
        name = name_of(self.subscription)
        return f"R publishes state event {self.number}, and as soon as that returns {name} is subscribed to state events{how}"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A subscription is unsubscribed."""

    subscription: int

    kind: ClassVar[str] = "leave"

    def __str__(self) -> str:
        return f"{name_of(self.subscription)} unsubscribes"


@dataclass(frozen=True, slots=True)
class UnsubscribeThenPublish:
    """A subscription is unsubscribed, and R publishes an event of X at once."""

    subscription: int
    number: int

    kind: ClassVar[str] = "leave-then"

    def __str__(self) -> str:
        name = name_of(self.subscription)
        return f"{name} is unsubscribed, and as soon as that returns R publishes state event {self.number}"


@dataclass(frozen=True, slots=True)
class LeaveScope:
    """The scope of a subscription ends (``async with``)."""

    subscription: int

    kind: ClassVar[str] = "scope"

    def __str__(self) -> str:
        return f"{name_of(self.subscription)} leaves the scope of its subscription"


@dataclass(frozen=True, slots=True)
class Receive:
    """A subscriber asks for its next event."""

    subscription: int

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"{name_of(self.subscription)} receives"


@dataclass(frozen=True, slots=True)
class CancelReceive:
    """Cancel a receive."""

    subscription: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"the receive of {name_of(self.subscription)} is cancelled"


@dataclass(frozen=True, slots=True)
class CancelPublish:
    """A publisher gives up the publish() that it is in."""

    publisher: int

    kind: ClassVar[str] = "give-up"

    def __str__(self) -> str:
        return f"the publish() of {PUBLISHERS[self.publisher]} is cancelled"


@dataclass(frozen=True, slots=True)
class HandlerEnds:
    """Let the handler of a subscription end that has run longest.

    How: ok, error, or cancelled, where what it waits for was; leaves, where it unsubscribes itself first; removes, where it
    unsubscribes the other one; subscribes, where it gives the other one a handler; publishes, where it publishes event `other`.
    """

    subscription: int
    how: str = "ok"
    other: int = -1

    @property
    def kind(self) -> str:
        return "" if self.how == "ok" else self.how

    def __str__(self) -> str:
        words = {
            "ok": "returns",
            "error": "fails",
            "cancelled": "ends as cancelled",
            "leaves": "unsubscribes itself and returns",
            "removes": f"unsubscribes {name_of(self.other)} and returns",
            "subscribes": f"subscribes {name_of(self.other)} to state events with a handler and returns",
            "publishes": f"publishes state event {self.other} and returns",
        }
        return f"the handler of {name_of(self.subscription)} {words[self.how]}"


@dataclass(frozen=True, slots=True)
class Spoil:
    """A subscriber tries to change the event that it got last."""

    subscription: int

    kind: ClassVar[str] = "spoil"

    def __str__(self) -> str:
        return f"{name_of(self.subscription)} tries to change the event that it got last"


@dataclass(frozen=True, slots=True)
class LookForLeftovers:
    """Let go of a subscription that is gone, and look whether the bus does so, too."""

    subscription: int

    kind: ClassVar[str] = "leftovers"

    def __str__(self) -> str:
        return f"it is looked whether the bus still holds anything of {name_of(self.subscription)}"


@dataclass(frozen=True, slots=True)
class SendOverWire:
    """An event with data that is hard on a wire is encoded and decoded."""

    kind: ClassVar[str] = "wire"

    def __str__(self) -> str:
        return "an event is encoded and decoded"


@dataclass(frozen=True, slots=True)
class Close:
    """Close the bus."""

    kind: ClassVar[str] = "close"

    def __str__(self) -> str:
        return "the bus is closed"


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


class Publishing(NamedTuple):
    """A publish() as seen: in flight, or over since the last look."""

    number: int
    phase: str
    """waits, done, refused, cancelled, or what it did instead."""

    def __str__(self) -> str:
        words = {"waits": "waits to be published", "done": "is published", "refused": "is refused, as the bus is closed"}
        words["cancelled"] = "is given up"
        return f"event {self.number} {words.get(self.phase, self.phase)}"


class Receipt(NamedTuple):
    """What a receive came to, or what a handler was called with."""

    subscription: int
    what: str
    """The number of an event; or waits, cancelled, ended, overflowed, overflowed by another number, or what it did instead."""

    def __str__(self) -> str:
        words = {"ended": "is told that its subscription has ended", OVERFLOWED: "is told that events were dropped"}
        words[MISCOUNTED] = "is told that another number of events was dropped"
        got = f"gets event {self.what}" if self.what[:1].isdigit() else words.get(self.what, self.what)
        return f"{name_of(self.subscription)} {got}"


class Standing(NamedTuple):
    """A subscription as seen: how its beginning or end goes, and how many events it says were dropped."""

    subscription: int
    dropped: int = 0
    trouble: str = ""
    """leaves while unsubscribe() waits; subscribes, refused, or how one of them failed."""

    def __str__(self) -> str:
        counted = f"{name_of(self.subscription)} counts {self.dropped} dropped" if self.dropped else ""
        trouble = f"{name_of(self.subscription)} {self.trouble}" if self.trouble else ""
        return "; ".join(filter(None, (counted, trouble)))


class Seen(NamedTuple):
    """Everything observable after a batch of events."""

    published: tuple[Publishing, ...] = ()
    received: tuple[Receipt, ...] = ()
    """In the order in which each subscription got it."""
    standing: tuple[Standing, ...] = ()
    reported: tuple[int, ...] = ()
    """The subscriptions of whose handlers an error was reported."""
    closing: str = ""
    """What close() is about: nothing, "waits", "over", or how it failed."""
    left: tuple[str, ...] = ()
    """What the bus still held of subscriptions that are gone: nothing, or what."""
    wired: tuple[str, ...] = ()
    """What came of events that were encoded and decoded: equal, or what else."""
    plainly: bool = True
    """False only in the model's own words: it can behave so, but not plainly."""

    def __str__(self) -> str:
        parts = [*map(str, self.published), *map(str, self.received), *filter(None, map(str, self.standing))]
        parts += [f"the error of the handler of {name_of(number)} is reported" for number in self.reported]
        parts += [f"close() {'is ' if self.closing == 'over' else ''}{self.closing}"] if self.closing else []
        parts += [f"the bus holds {what}" for what in self.left]
        parts += [f"the event comes back {how}" for how in self.wired]
        return "; ".join(parts) or "nothing to see"


LIFELINES = {
    "subscription": name_of,
    "Publish.number": "event {}".format,
    "Publishing.number": "event {}".format,
}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {
    event.__name__: event
    for event in (
        Publish,
        Subscribe,
        SubscribeThenPublish,
        PublishThenSubscribe,
        Unsubscribe,
        UnsubscribeThenPublish,
        LeaveScope,
        Receive,
        CancelReceive,
        CancelPublish,
        HandlerEnds,
        Spoil,
        LookForLeftovers,
        SendOverWire,
        Close,
        Advance,
        SetWallClock,
    )
}
"""By name, for tokens that replay a history."""
