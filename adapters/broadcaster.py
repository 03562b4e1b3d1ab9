"""broadcaster with its backend in memory, used from asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from broadcaster import Broadcast
from broadcaster._base import Subscriber, Unsubscribed

from patternproof.ports import Unsupported
from patternproof.ports.event_bus import Event, EventBusSettings, SubscriptionClosedError, Topic

from ._handling import offer_no_bounds

RUNTIME = "asyncio"
ADAPTS = {"broadcaster"}


class Subscription:
    """The port over what `Broadcast.subscribe` gives, and its scope."""

    dropped = 0

    def __init__(self, subscriber: Subscriber, scope: AsyncExitStack) -> None:
        self._subscriber = subscriber
        self._scope = scope

    async def receive(self) -> Event:
        try:
            event: Event = (await self._subscriber.get()).message  # type: ignore[assignment]  # whatever was published
        except Unsubscribed as error:
            raise SubscriptionClosedError("unsubscribed") from error
        return event

    async def unsubscribe(self) -> None:
        await self._scope.aclose()


class Bus:
    """The port over a `Broadcast`: a channel for each topic, one channel a subscription."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self.is_closed = False

    async def publish(self, event: Event) -> None:
        await self._broadcast.publish(event.topic, event)

    async def subscribe(self, *topics: Topic) -> Subscription:
        if len(topics) > 1:
            raise Unsupported("several topics")
        scope = AsyncExitStack()
        subscriber = await scope.enter_async_context(self._broadcast.subscribe(topics[0]))
        return Subscription(subscriber, scope)

    async def close(self) -> None:
        self.is_closed = True
        await self._broadcast.disconnect()


async def event_bus(settings: EventBusSettings) -> AsyncIterator[Bus]:
    offer_no_bounds(settings)
    broadcast = Broadcast("memory://")
    await broadcast.connect()
    bus = Bus(broadcast)
    yield bus
    if not bus.is_closed:
        await broadcast.disconnect()
