"""bubus, used from asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bubus import BaseEvent, EventBus  # type: ignore[import-untyped]  # it has no stubs of its own
from bubus.service import QueueShutDown  # type: ignore[import-untyped]  # as above

from patternproof.ports.event_bus import BusClosedError, Event, EventBusSettings, Handler, Topic

from ._handling import HandledByTasks, offer_no_bounds
from ._settings import FOREVER

RUNTIME = "asyncio"
ADAPTS = {"bubus"}


class Carrier(BaseEvent):  # type: ignore[misc]  # as above
    """An event of the library that has one of the kit's in it; its `event_type` is the topic."""

    event: Any


class Bus:
    """The port over a `bubus.EventBus`, which has handlers only, and no method that takes one off again."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def publish(self, event: Event) -> None:
        try:
            self._bus.dispatch(Carrier(event_type=str(event.topic), event=event))
        except QueueShutDown as error:
            raise BusClosedError("the bus is closed") from error

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> HandledByTasks:
        async def receiver(carrier: Carrier) -> None:
            await handler(carrier.event)

        for topic in topics:
            self._bus.on(str(topic), receiver)

        def undo() -> None:
            for topic in topics:  # as the library's own expect() does it
                self._bus.handlers[str(topic)].remove(receiver)

        return HandledByTasks(undo)

    async def close(self) -> None:
        await self._bus.stop(timeout=FOREVER)


async def event_bus(settings: EventBusSettings) -> AsyncIterator[Bus]:
    offer_no_bounds(settings)
    bus = EventBus()
    yield Bus(bus)
    await bus.stop(timeout=0, clear=True)
