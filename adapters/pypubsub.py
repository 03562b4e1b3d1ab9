"""Pypubsub, used from threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pubsub.core.publisher import Publisher

from patternproof.ports.event_bus import Event, EventBusSettings, Topic

from ._handling import HandledByThreads, offer_no_bounds

RUNTIME = "threads"
ADAPTS = {"Pypubsub"}


class Bus:
    """The port over a `pubsub.core.Publisher`, which knows listeners weakly: the subscription keeps its own."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def publish(self, event: Event) -> None:
        self._publisher.sendMessage(event.topic, event=event)

    def handle(self, topics: tuple[Topic, ...], handler: Callable[[Event], Any]) -> HandledByThreads:
        def listener(event: Event) -> None:
            handler(event)

        for topic in topics:
            self._publisher.subscribe(listener, topic)

        def undo() -> None:
            for topic in topics:
                self._publisher.unsubscribe(listener, topic)

        return HandledByThreads(undo)


def event_bus(settings: EventBusSettings) -> Bus:
    offer_no_bounds(settings)
    return Bus(Publisher())
