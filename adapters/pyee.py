"""pyee, used from asyncio."""

from __future__ import annotations

from collections.abc import Iterator

from pyee.asyncio import AsyncIOEventEmitter

from patternproof.ports.event_bus import ErrorListener, Event, EventBusSettings, Handler, Topic

from ._handling import HandledByTasks, offer_no_bounds

RUNTIME = "asyncio"
ADAPTS = {"pyee"}


def name_of(topic: Topic) -> str:
    """The library has a meaning of its own for the name "error"."""
    return f"topic {topic}"


class Bus:
    """The port over an `AsyncIOEventEmitter`."""

    def __init__(self, emitter: AsyncIOEventEmitter) -> None:
        self._emitter = emitter

    async def publish(self, event: Event) -> None:
        self._emitter.emit(name_of(event.topic), event)

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> HandledByTasks:
        for topic in topics:
            self._emitter.on(name_of(topic), handler)

        def undo() -> None:
            for topic in topics:
                self._emitter.remove_listener(name_of(topic), handler)

        return HandledByTasks(undo)

    def add_error_listener(self, listener: ErrorListener) -> None:
        self._emitter.on("error", listener)


def event_bus(settings: EventBusSettings) -> Iterator[Bus]:
    offer_no_bounds(settings)
    emitter = AsyncIOEventEmitter()
    yield Bus(emitter)
    emitter.cancel()
