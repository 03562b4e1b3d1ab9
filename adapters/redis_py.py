"""redis-py's channels, in real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self
from weakref import WeakSet

from redis.asyncio import Redis

from patternproof.ports.event_bus import Event, EventBusSettings, SubscriptionClosedError, Topic, decode, encode
from patternproof.servers import redis_url

from ._one_topic import offer

RUNTIME = "live"
CLAIMS: set[str] = set()
ADAPTS = {"redis"}


class Subscription:
    """A PubSub object with a connection of its own."""

    dropped = 0

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._running: asyncio.Task[None] | None = None

    async def begin(self, channels: dict[str, Any]) -> None:
        """Subscribe, and wait for the server's answer, which the library documents as a message of its own."""
        await self._inner.subscribe(**channels)
        for _ in channels:
            await self._inner.get_message(timeout=None)

    def run(self, hear: Callable[[BaseException, object], None]) -> None:
        """Have the handlers called, in a task, as the library documents it."""
        self._running = asyncio.create_task(self._inner.run(exception_handler=hear))

    async def receive(self) -> Event:
        message = None
        while message is None:
            try:
                message = await self._inner.get_message(ignore_subscribe_messages=True, timeout=None)
            except RuntimeError as error:  # it has no connection any more
                raise SubscriptionClosedError from error
        return decode(message["data"])

    async def unsubscribe(self) -> None:
        if self._running is not None:
            self._running.cancel()
        await self._inner.unsubscribe()
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.unsubscribe()


class Bus:
    """A client, whose bus is the channels below a name."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._namespace = namespace
        self._made: WeakSet[Subscription] = WeakSet()  # the library's own references are what is looked at
        self._listeners: list[Callable[[BaseException], None]] = []

    async def publish(self, event: Event) -> None:
        await self._client.publish(f"{self._namespace}.{event.topic}", encode(event))

    async def subscribe(self, *topics: Topic) -> Subscription:
        return await self._subscribe({f"{self._namespace}.{topic}": None for topic in topics})

    async def handle(self, topics: tuple[Topic, ...], handler: Callable[[Event], Awaitable[None]]) -> Subscription:
        async def handle(message: Any) -> None:
            await handler(decode(message["data"]))

        made = await self._subscribe({f"{self._namespace}.{topic}": handle for topic in topics})
        made.run(self._hear)
        return made

    async def _subscribe(self, channels: dict[str, Any]) -> Subscription:
        made = Subscription(self._client.pubsub())
        self._made.add(made)
        await made.begin(channels)
        return made

    def add_error_listener(self, listener: Callable[[BaseException], None]) -> None:
        self._listeners.append(listener)

    def _hear(self, error: BaseException, pubsub: object) -> None:
        for listener in self._listeners:
            listener(error)

    async def close(self) -> None:
        for each in list(self._made):
            await each.unsubscribe()
        await self._client.aclose()


async def event_bus(settings: EventBusSettings) -> AsyncIterator[Bus]:
    offer(settings, "disconnect")
    client = Redis.from_url(redis_url())
    bus = Bus(client, settings.namespace)
    yield bus
    await bus.close()
