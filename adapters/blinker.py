"""blinker, used from threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinker import Namespace

from patternproof.ports.event_bus import Event, EventBusSettings, Topic

from ._handling import HandledByThreads, offer_no_bounds

RUNTIME = "threads"
ADAPTS = {"blinker"}


class Bus:
    """The port over a `blinker.Namespace`: a signal for each topic; the bus itself is the sender."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def publish(self, event: Event) -> None:
        self._namespace.signal(event.topic).send(self, event=event)

    def handle(self, topics: tuple[Topic, ...], handler: Callable[[Event], Any]) -> HandledByThreads:
        def receiver(sender: object, event: Event) -> None:
            handler(event)

        for topic in topics:
            self._namespace.signal(topic).connect(receiver, weak=False)

        def undo() -> None:
            for topic in topics:
                self._namespace.signal(topic).disconnect(receiver)

        return HandledByThreads(undo)


def event_bus(settings: EventBusSettings) -> Bus:
    offer_no_bounds(settings)
    return Bus(Namespace())
