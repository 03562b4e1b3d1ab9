"""Durable subscribers: what they are owed, and what they got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from patternproof.drivers.base import deliver
from patternproof.flavour import resolved
from patternproof.outcome import AdapterError
from patternproof.ports.event_bus import Delivery

from .beyond import Beyond
from .broker import Broker
from .samples import TOPIC_OF
from .scene import MOST_READ

LOOK = 0.5
"""Seconds in which what is not expected may still come."""
SLICE = 1.0
LONGEST = 300
"""Slices for which an event is waited for that was not acknowledged: many brokers give it again only after a while."""


@dataclass
class Durable:
    """One durable subscriber."""

    topics: str
    before: frozenset[str]
    """The events that were published before it was there."""
    subscription: Any = None
    acknowledged: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    """The events that it was given since it came back."""
    deliveries: list[tuple[str, str]] = field(default_factory=list)
    """Ids and events."""


class Durables:
    """The durable subscribers of an example, by name.

    Args:
        broker: of the example.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._bus = broker.bus
        self._all: dict[str, Durable] = {}

    def subscribe(self, name: str, topics: str, elsewhere: bool = False) -> None:
        """Make a durable subscription.

        Raises:
            NotOffered: the adapter does not claim ``durable``.
            AdapterError: it does, and the bus has no resume().
        """
        self._bus.require_claim("durable")
        if not hasattr(self._bus.rig.bus, "resume"):
            raise AdapterError(f"{self._bus.adapter.file}: CLAIMS names 'durable', and the event bus has no resume()")
        self._all[name] = Durable(topics, frozenset(self._bus.accepted(topics)))
        self.come_back(name, elsewhere)

    def come_back(self, name: str, elsewhere: bool = False) -> None:
        """Take up a durable subscription, here or in the other process."""
        durable = self._all[name]
        bus = self._broker.other if elsewhere else self._bus.rig.bus
        topics = [TOPIC_OF[topic] for topic in durable.topics]
        self._note(f"durable subscriber {name} is there{' in another process' * elsewhere}")
        durable.given.clear()
        durable.subscription = self._ended(lambda: bus.resume(name, *topics))

    def leave(self, name: str) -> None:
        """Let a durable subscriber go away."""
        self._note(f"durable subscriber {name} goes away")
        self._ended(self._all[name].subscription.leave)

    def read(self, name: str, acknowledges: bool = True, enough: Callable[[], bool] | None = None) -> None:
        """Let a durable subscriber read until it has enough, and what else comes soon.

        Args:
            name: of the subscriber.
            acknowledges: whether it acknowledges what it gets.
            enough: whether it has; by default, whether it has all that it is owed.
        """
        durable = self._all[name]
        for _ in range(MOST_READ):
            delivery = self._received(durable, enough or (lambda: not self._missing(durable)))
            if delivery is None:
                return
            event = self._bus.rig.label(delivery.event)
            self._note(f"{name} gets event {event} under the id {delivery.id}")
            durable.deliveries.append((delivery.id, event))
            durable.given.add(event)
            if acknowledges:
                self._ended(partial(durable.subscription.acknowledge, delivery))
                durable.acknowledged.add(event)

    def _missing(self, durable: Durable) -> set[str]:
        return {*self._bus.accepted(durable.topics)} - durable.before - durable.given - durable.acknowledged

    def _received(self, durable: Durable, enough: Callable[[], bool]) -> Delivery | None:
        driver = self._bus.driver
        pending = driver.start(lambda: resolved(durable.subscription.receive()))
        driver.advance(LOOK)
        for _ in range(LONGEST):
            if pending.outcome is not None or enough():
                break
            driver.advance(SLICE)
        if pending.outcome is None:
            driver.cancel(pending)
            driver.settle()
        delivery: Delivery | None = deliver(pending.outcome) if pending.outcome is not None else None
        return delivery

    def deliveries(self, name: str) -> list[tuple[str, str]]:
        """Ids and events that a durable subscriber got so far."""
        return self._all[name].deliveries

    def _note(self, words: str) -> None:
        self._bus.perform(Beyond(words))

    def _ended(self, call: Callable[[], Any]) -> Any:
        """What a call comes to that has to end, however long it takes."""
        driver = self._bus.driver
        pending = driver.start(lambda: resolved(call()))
        for _ in range(LONGEST):
            if pending.outcome is not None:
                break
            driver.advance(SLICE)
        self._bus.expect(pending.outcome is not None, "an answer", "none, however long it was waited for")
        assert pending.outcome is not None
        return deliver(pending.outcome)
