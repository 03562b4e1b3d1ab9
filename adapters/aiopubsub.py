"""aiopubsub, used from asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiopubsub import Hub, Key, Subscriber  # type: ignore[import-untyped]  # it has no stubs of its own

from patternproof.ports.event_bus import Event, EventBusSettings, Handler, Topic

from ._handling import HandledByTasks, offer_no_bounds

RUNTIME = "asyncio"
ADAPTS = {"aiopubsub"}


class Subscription:
    """The port over an `aiopubsub.Subscriber` that consumes."""

    dropped = 0

    def __init__(self, subscriber: Subscriber, topics: tuple[Topic, ...]) -> None:
        self._subscriber = subscriber
        self._topics = topics

    async def receive(self) -> Event:
        _, event = await self._subscriber.consume()
        return event  # type: ignore[no-any-return]  # whatever was published

    async def unsubscribe(self) -> None:
        topics, self._topics = self._topics, ()
        for topic in topics:
            self._subscriber.unsubscribe(Key(topic))


class Bus:
    """The port over an `aiopubsub.Hub`, with a subscriber for each subscription."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.handling: list[Subscriber] = []

    async def publish(self, event: Event) -> None:
        self._hub.publish(Key(event.topic), event)

    async def subscribe(self, *topics: Topic) -> Subscription:
        subscriber = Subscriber(self._hub, "subscription")
        for topic in topics:
            subscriber.subscribe(Key(topic))
        return Subscription(subscriber, topics)

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> HandledByTasks:
        async def listener(key: Key, event: Any) -> None:
            await handler(event)

        subscriber = Subscriber(self._hub, "handler")
        subscriber.add_async_listener({Key(topic) for topic in topics}, listener)
        self.handling.append(subscriber)

        async def undo() -> None:
            await subscriber.remove_all_listeners()
            self.handling.remove(subscriber)

        return HandledByTasks(undo)


async def event_bus(settings: EventBusSettings) -> AsyncIterator[Bus]:
    offer_no_bounds(settings)
    bus = Bus(Hub())
    yield bus
    for subscriber in bus.handling:
        await subscriber.remove_all_listeners()
