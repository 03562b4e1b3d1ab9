"""The event bus over a log that a broker keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Protocol
from weakref import WeakKeyDictionary

from patternproof.ports.event_bus import DurableSubscription, Event, EventBusSettings, Topic, decode, encode

from .tasks import EventBus, Subscription

Position = tuple[int, ...]
"""A place in a log; what is appended later has a greater one."""


class Log(Protocol):
    """An ordered log at a broker. What fails as the broker is away is tried again until that answers."""

    async def append(self, topic: Topic, data: bytes) -> None:
        """Store an entry; it is there when this has returned, once."""

    async def end(self) -> Position:
        """The position of the last entry."""

    def read(self, after: Position) -> AsyncIterator[tuple[Position, bytes]]:
        """The entries after a position, each once, and those that will come."""

    async def resume(self, name: str, topics: frozenset[Topic]) -> DurableSubscription:
        """The place of a reader that the broker keeps; at the end where it is new."""

    async def close(self) -> None:
        """Let go of the connection."""


class LoggedEventBus(EventBus):
    """An event bus of many processes: one log at a broker, which each process reads and hands out to its own subscriptions.

    The log gives all of them one order, and survives what the broker survives; a reader goes on from where it was.
    A subscription gets what comes after the end of the log at the time of subscribe(), wherever this process has read to. Nobody
    here can hold up publishers elsewhere, so that the policy "block" is not to be had.

    Args:
        log: at the broker.
        settings: of the subscriptions in this process.
    """

    def __init__(self, log: Log, settings: EventBusSettings) -> None:
        super().__init__(settings)
        if self._blocks:
            raise ValueError("overflow must not be 'block': publishers in other processes cannot be held up")
        self._log = log
        self._since: WeakKeyDictionary[Subscription, Position] = WeakKeyDictionary()
        self._reached: Position = ()
        self._moved = asyncio.Event()
        self._starting = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    async def _start(self) -> None:
        """Begin to read, at the end of the log; the first subscription asks for it."""
        async with self._starting:
            if self._reading is None:
                self._reached = await self._log.end()
                self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for position, data in self._log.read(self._reached):
            event = decode(data)
            subscriptions = self._routes[event.topic]
            self._deliver(event, tuple([each for each in subscriptions if self._since[each] < position]))
            self._reached = position
            self._moved.set()

    async def publish(self, event: Event) -> None:
        self._checked(event)
        await self._log.append(event.topic, encode(event))

    async def subscribe(self, *topics: Topic) -> Subscription:
        await self._start()
        end = await self._log.end()
        subscription = Subscription(self, self._settings)
        self._since[subscription] = end
        self._add(subscription, topics)
        return subscription

    async def resume(self, name: str, *topics: Topic) -> DurableSubscription:
        """As in the port; the broker keeps its place, and no buffer here."""
        return await self._log.resume(name, frozenset(topics))

    async def close(self) -> None:
        """As in the port; first all is read that was published before."""
        if not self._closed:
            self._closed = True
            if self._reading is not None:
                await self._catch_up(self._reading)
            await super().close()
            await self._log.close()

    async def _catch_up(self, reading: asyncio.Task[None]) -> None:
        end = await self._log.end()
        while self._reached < end:
            self._moved.clear()
            await self._moved.wait()
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
