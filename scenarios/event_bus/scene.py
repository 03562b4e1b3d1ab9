"""What the steps of one example act on."""

from __future__ import annotations

from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang
from patternproof.outcome import NotApplicable, NotOffered, premise
from patternproof.ports import Unsupported
from patternproof.ports.event_bus import EventBusSettings
from patternproof.scene import JudgedScene

from .events import (
    MISCOUNTED,
    OVERFLOWED,
    PULL,
    PUSH,
    CancelPublish,
    CancelReceive,
    Close,
    HandlerEnds,
    LookForLeftovers,
    Publish,
    PublishThenSubscribe,
    Receive,
    Seen,
    Subscribe,
    SubscribeThenPublish,
)
from .model import POLICIES
from .rig import EventBusRig, rig

MOST_READ = 30
"""Events that a subscriber reads in one step, before it counts as one without an end."""


class Scene(JudgedScene):
    """One example: a bus, the subscribers and the events by name, and what was seen of them.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "event_bus"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make`, `subscribe`, `publish`, `perform` and what they call only.
        self._rig: EventBusRig | None = None
        self._subscribers: dict[str, int] = {}
        self._styles: dict[int, str] = {}
        self._events: list[int] = []
        self._phases: dict[int, str] = {}
        self._received: dict[int, list[str]] = {}
        self._dropped: dict[int, int] = {}
        self.reported: set[int] = set()
        """The subscribers of whose handlers an error was reported."""
        self.seen = Seen()
        """What was seen last."""
        self.beyond_model = False
        """Whether something happened that no model knows of."""

    def __repr__(self) -> str:
        return f"<Scene {', '.join(self._subscribers) or 'without subscribers'}; events {', '.join(map(str, self._events))}>"

    @property
    def rig(self) -> EventBusRig:
        """The rig of the example's bus.

        Raises:
            LookupError: no step has made one.
        """
        if self._rig is None:
            raise LookupError("there is no event bus yet; begin the example with 'Given an event bus'")
        return self._rig

    def make(self, settings: EventBusSettings | None = None) -> None:
        """Make the bus; without settings with the first policy that it has.

        Raises:
            NotOffered: the implementation does not have one of the settings.
            LookupError: there is one already.
        """
        if self._rig is not None:
            raise LookupError("there is an event bus already; an example has one")
        if settings is not None:
            self._rig = self.stack.enter_context(rig(self.adapter, self.driver, settings))
            return
        reason = NotOffered("the event bus has no overflow policy")
        for policy in POLICIES:
            try:
                self._rig = self.stack.enter_context(rig(self.adapter, self.driver, EventBusSettings(overflow=policy)))
                return
            except NotOffered as refusal:
                reason = refusal
        raise reason

    def perform(self, *events: Any) -> None:
        """Make events happen at one moment, and take in what is seen."""
        try:
            seen = self.rig.perform(*events)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        self.take(seen)

    def take(self, seen: Seen) -> None:
        """Take in what is seen."""
        self.seen = seen
        self._phases.update({each.number: each.phase for each in seen.published})
        self._dropped.update({each.subscription: each.dropped for each in seen.standing})
        self.reported.update(seen.reported)
        for receipt in seen.received:
            if receipt.what != "waits":
                self._received.setdefault(receipt.subscription, []).append(receipt.what)

    # Subscribers

    def subscribe(self, names: list[str], topics: str, style: str = PULL) -> None:
        """Subscribe for each name; who would fetch its events gets a handler from a bus that has nothing else.

        Raises:
            NotOffered: the bus has no handlers, and one is asked for.
        """
        for name in names:
            self.perform(Subscribe(self.new_subscriber(name, style), topics, self._styles[self._subscribers[name]]))
            self.require_subscribed(name)

    def new_subscriber(self, name: str, style: str = PULL) -> int:
        """The number of a subscriber that is new.

        Raises:
            LookupError: the name is taken.
        """
        if name in self._subscribers:
            raise LookupError(f"there is a subscriber {name} already; give each subscriber of an example a name of its own")
        number = self._subscribers[name] = len(self._subscribers)
        self._styles[number] = style if style == PUSH or hasattr(self.rig.bus, "subscribe") else PUSH
        if self._styles[number] == PUSH and not hasattr(self.rig.bus, "handle"):
            raise NotOffered("the event bus has no handle()")
        return number

    def style(self, name: str) -> str:
        """Whether a subscriber fetches its events, or has a handler."""
        return self._styles[self.number(name)]

    def require_subscribed(self, name: str) -> None:
        """Go on only where the bus did not refuse a subscriber.

        Raises:
            NotOffered: it did, as something that it does not have.
        """
        refusal = self.rig.subscribers[self.number(name)].refused
        if isinstance(refusal, Unsupported):
            raise NotOffered(str(refusal))

    def subscribe_then_publish(self, name: str, style: str, event: str) -> None:
        """Subscribe, and publish a state event as soon as that has returned."""
        number = self.new_subscriber(name, style)
        self.perform(SubscribeThenPublish(number, self.new_event(event), self._styles[number]))
        self.require_subscribed(name)

    def publish_then_subscribe(self, event: str, name: str) -> None:
        """Publish a state event, and subscribe as soon as that has returned."""
        number = self.new_subscriber(name)
        self.perform(PublishThenSubscribe(self.new_event(event), number, self._styles[number]))

    def number(self, name: str) -> int:
        """The number of a subscriber.

        Raises:
            LookupError: there is none of that name.
        """
        if name not in self._subscribers:
            raise LookupError(f"there is no subscriber {name!r}; known: {', '.join(self._subscribers) or 'none so far'}")
        return self._subscribers[name]

    def read(self, name: str) -> None:
        """Let a subscriber read, or its handler return, until nothing more comes."""
        number = self.number(name)
        for _ in range(MOST_READ):
            if not self._read_once(number):
                return

    def _read_once(self, number: int) -> bool:
        """Whether there may be more to be read."""
        subscriber = self.rig.subscribers.get(number)
        if subscriber is None or subscriber.subscription is None:
            return False
        if self._styles[number] == PUSH:
            if subscriber.busy:
                self.perform(HandlerEnds(number))
            return subscriber.busy
        if subscriber.busy:
            return False
        before = len(self._received.get(number, ()))
        self.perform(Receive(number))
        came = self._received.get(number, [])[before:]
        return bool(came) and (came[0][:1].isdigit() or (came[0] == OVERFLOWED and self._received[number][-2:-1] != came))

    def receive_once(self, name: str) -> None:
        """Let a subscriber read one event; one with a handler is called anyway."""
        if self.style(name) == PULL:
            self.perform(Receive(self.number(name)))

    def wait(self, name: str) -> None:
        """Let a subscriber wait for an event."""
        self.require_pull(name)
        self.perform(Receive(self.number(name)))
        self.reach(self.rig.subscribers[self.number(name)].busy, f"subscriber {name} to wait", self.seen)

    def require_pull(self, name: str) -> None:
        """Go on only where a subscriber fetches its events.

        Raises:
            NotOffered: it cannot.
        """
        if self.style(name) != PULL:
            raise NotOffered("the event bus has no subscribe()")

    def require_cancelling(self) -> None:
        """Go on only where calls can be cancelled.

        Raises:
            NotApplicable: the driver cannot cancel.
        """
        if not self.driver.can_cancel:
            raise NotApplicable(f"a call cannot be cancelled from outside under the {self.driver.name} driver")

    def require_nearby(self) -> None:
        """Go on only where the bus hands out its own objects.

        Raises:
            NotApplicable: they are copies.
        """
        if not self.driver.shares_objects:
            raise NotApplicable("what comes over HTTP is a copy, and the bus's own object is out of reach")

    def cancellation(self, name: str) -> CancelReceive:
        """The cancellation of a receive.

        Raises:
            NotApplicable: the driver cannot cancel.
        """
        self.require_cancelling()
        return CancelReceive(self.number(name))

    def give_up(self, publisher: str) -> None:
        """Cancel what a publisher does.

        Raises:
            NotApplicable: the driver cannot cancel.
            LookupError: there are two publishers, P and Q.
        """
        self.require_cancelling()
        self.perform(CancelPublish(_number_of(publisher)))

    def end_handler(self, name: str, how: str, other: int = -1) -> None:
        """Let a handler end that is busy.

        Raises:
            PremiseMissing: it is not.
        """
        self.reach(self.rig.subscribers[self.number(name)].busy, f"handler {name} to be busy", self.seen)
        self.perform(HandlerEnds(self.number(name), how, other))

    def received(self, name: str) -> list[str]:
        """What a subscriber has got so far: numbers of events, or how something else is."""
        got = self._received.get(self.number(name), [])
        return [what for what in got if what not in ("cancelled", "ended", OVERFLOWED, MISCOUNTED)]

    def told(self, name: str) -> list[str]:
        """What a subscriber was told that is no event."""
        return [what for what in self._received.get(self.number(name), []) if not what[:1].isdigit()]

    def dropped(self, name: str) -> int:
        """How many events a subscription says were dropped."""
        return self._dropped.get(self.number(name), 0)

    def leftovers(self, name: str) -> str:
        """What the bus holds of a subscriber that is gone: nothing, or it."""
        self.reach(self.rig.subscribers[self.number(name)].gone, f"subscriber {name} to be gone", self.seen)
        if self.style(name) == PUSH:
            self.read(name)
        self.perform(LookForLeftovers(self.number(name)))
        premise(self.seen.left, f"subscriber {name} is not quite gone")
        return self.seen.left[-1]

    # Events

    def new_event(self, name: str) -> int:
        """The number of an event that is new.

        Raises:
            LookupError: it is no number, or taken.
        """
        if not name.isdecimal() or int(name) in self._events:
            raise LookupError(f"event {name!r}: each event of an example has a number of its own")
        self._events.append(int(name))
        return int(name)

    def publish(self, publisher: str, topic: str, names: list[str]) -> None:
        """Publish events, one after the other.

        Raises:
            LookupError: there are two publishers, P and Q.
        """
        for name in names:
            self.perform(self.publishing(publisher, topic, name))

    def publishing(self, publisher: str, topic: str, name: str) -> Publish:
        """The publishing of a new event.

        Raises:
            LookupError: there are two publishers, P and Q.
        """
        return Publish(self.new_event(name), _number_of(publisher), topic)

    def phase(self, name: str) -> str:
        """How the publishing of an event goes: done, waits, refused, or what it did instead."""
        if not name.isdecimal() or int(name) not in self._events:
            raise LookupError(f"no event {name} was published; known: {', '.join(map(str, self._events)) or 'none so far'}")
        return self._phases.get(int(name), "waits")

    def publish_again(self, publisher: str, name: str) -> None:
        """Publish a state event that is equal to one before."""
        self._events.remove(int(name))
        self.publish(publisher, "X", [name])

    def accepted(self, topics: str) -> list[str]:
        """The events of these topics whose publishing has ended well, in order."""
        done = [number for number in self._events if self._phases.get(number) == "done"]
        return [str(number) for number in done if self.rig.topic_of(number) in topics]

    def waiting(self) -> list[str]:
        """The events whose publishing has not ended."""
        return [str(number) for number in self._events if self.phase(str(number)) == "waits"]

    def published(self) -> int:
        """How many events were published so far."""
        return len(self._events)

    def close_bus(self) -> None:
        """Close the bus.

        Raises:
            NotOffered: it has no close().
        """
        if not hasattr(self.rig.bus, "close"):
            raise NotOffered("the event bus has no close()")
        self.perform(Close())
        if not self.rig.offers_close:
            raise NotOffered("the event bus has no close()")

    # Verdicts

    def require_claim(self, claim: str) -> None:
        """Go on only where the adapter claims something.

        Raises:
            NotOffered: it does not.
        """
        if claim not in self.adapter.claims:
            raise NotOffered(f"the adapter does not claim {claim!r}")

    def _is_beyond_model(self) -> bool:
        return self.beyond_model


def _number_of(publisher: str) -> int:
    if publisher not in ("P", "Q"):
        raise LookupError(f"no publisher {publisher!r}; there are P and Q")
    return "PQ".index(publisher)
