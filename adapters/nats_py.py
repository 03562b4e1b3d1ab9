"""nats-py's plain subscriptions, in real time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self
from weakref import WeakSet

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import BadSubscriptionError, ConnectionClosedError, ConnectionDrainingError, SlowConsumerError

from patternproof.ports.event_bus import BusClosedError, Event, EventBusSettings, SubscriptionClosedError, Topic, decode, encode
from patternproof.servers import nats_url

from ._one_topic import offer, only

RUNTIME = "live"
CLAIMS: set[str] = set()
ADAPTS = {"nats-py"}


class Subscription:
    """A subscription to a subject."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.dropped = 0
        """How often the client has called this subscription too slow."""

    def hear(self, error: SlowConsumerError) -> None:
        """Take note of what the client says of one of its subscriptions."""
        self.dropped += error.sub is self._inner

    async def receive(self) -> Event:
        try:
            message = await self._inner.next_msg(timeout=None)
        except (ConnectionClosedError, BadSubscriptionError) as error:
            raise SubscriptionClosedError from error
        return decode(message.data)

    async def unsubscribe(self) -> None:
        await self._inner.unsubscribe()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.unsubscribe()


class Bus:
    """A client, whose bus is the subjects below a name."""

    def __init__(self, client: Client, settings: EventBusSettings) -> None:
        self._client = client
        self._settings = settings
        self._listeners: list[Callable[[BaseException], None]] = []
        self._made: WeakSet[Subscription] = WeakSet()  # the library's own references are what is looked at

    async def publish(self, event: Event) -> None:
        try:
            await self._client.publish(self._subject(event.topic), encode(event))
        except (ConnectionClosedError, ConnectionDrainingError) as error:
            raise BusClosedError from error

    def _subject(self, topic: Topic) -> str:
        return f"{self._settings.namespace}.{topic}"

    async def subscribe(self, *topics: Topic) -> Subscription:
        return await self._subscribe(only(topics))

    async def handle(self, topics: tuple[Topic, ...], handler: Callable[[Event], Awaitable[None]]) -> Subscription:
        async def handle(message: Msg) -> None:
            await handler(decode(message.data))

        return await self._subscribe(only(topics), cb=handle)

    async def _subscribe(self, topic: Topic, **options: Any) -> Subscription:
        try:
            made = await self._client.subscribe(self._subject(topic), pending_msgs_limit=self._settings.capacity, **options)
        except (ConnectionClosedError, ConnectionDrainingError) as error:
            raise BusClosedError from error
        subscription = Subscription(made)
        self._made.add(subscription)
        return subscription

    def add_error_listener(self, listener: Callable[[BaseException], None]) -> None:
        self._listeners.append(listener)

    async def hear(self, error: Exception) -> None:
        """The client's error_cb."""
        if isinstance(error, SlowConsumerError):
            for each in self._made:
                each.hear(error)
        for listener in self._listeners:
            listener(error)

    async def close(self) -> None:
        await self._client.drain()


async def event_bus(settings: EventBusSettings) -> AsyncIterator[Bus]:
    offer(settings, "drop_newest", "capacity")
    client = Client()
    bus = Bus(client, settings)
    await client.connect(nats_url(), error_cb=bus.hear)
    yield bus
    await client.close()
