"""The event bus over a log that a broker keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress

from patternproof.ports.event_bus import BusClosedError, Event, EventBusSettings, Topic, WireError, decode, encode

from .asking import PATIENCE
from .broker_errors import BrokerError
from .lasting import LoggedDurableSubscription
from .log import Log, Position
from .shell import known_topics
from .tasks import EventBus, Subscription


class LoggedSubscription(Subscription):
    """A subscription to what a log gets after a position."""

    __slots__ = ("since",)

    def __init__(self, bus: LoggedEventBus, settings: EventBusSettings, since: Position) -> None:
        super().__init__(bus, settings)
        self.since = since

    def miss(self, count: int) -> None:
        """Take note of entries that the log has no more."""
        if count <= 0:
            return
        self.dropped += count
        self._gap += count
        self.disconnected = self._overflow == "disconnect"
        self._wake()


class LoggedEventBus(EventBus):
    """An event bus of many processes: one log at a broker, which each process reads and hands out to its own subscriptions.

    The log gives all of them one order, and survives what the broker survives; whoever has read up to a position goes on from
    there. Publishing has ended when the broker has stored the event. A subscription gets what comes after the end of the log at
    the time of subscribe(), wherever this process has read to. Nobody here can hold up publishers elsewhere, so that the policy
    "block" is not to be had.

    Args:
        log: at the broker.
        settings: of the subscriptions in this process.
        patience: seconds that close() waits for what was published before, while the broker is away.

    Raises:
        ValueError: a setting is out of its range, or the policy is "block"; the message names it.
    """

    def __init__(self, log: Log, settings: EventBusSettings, patience: float = PATIENCE) -> None:
        super().__init__(settings)
        if self._blocks:
            raise ValueError("overflow must not be 'block': publishers in other processes cannot be held up")
        self._log = log
        self._patience = patience
        self._starting = asyncio.Lock()
        # Changed by `_start`, `_take`, `resume` and `close` only.
        self._reading: asyncio.Task[None] | None = None
        self._reached: Position = 0
        self._moved = asyncio.Event()
        self._lasting: set[LoggedDurableSubscription] = set()

    async def publish(self, event: Event) -> None:
        """As in the port; waits while the broker is away.

        Raises:
            BrokerUnreachableError: it is away for too long; the event may or may not be published.
        """
        self._checked(event)
        await self._log.append(event.topic, encode(event))

    async def subscribe(self, *topics: Topic) -> Subscription:
        known = self._open(topics)
        await self._start()
        subscription = LoggedSubscription(self, self._settings, await self._log.end())
        self._add(subscription, known)
        return subscription

    def _open(self, topics: Iterable[Topic]) -> frozenset[Topic]:
        if self._closed:
            raise BusClosedError("the bus is closed")
        return known_topics(topics)

    async def _start(self) -> None:
        """Begin to read, at the end of the log, when the first subscription asks for it."""
        async with self._starting:
            if self._reading is None:
                self._reached = await self._log.end()
                self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for position, data in self._log.read(self._reached):
                self._take(position, data)
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody else would tell
            self._report(error)

    def _take(self, position: Position, data: bytes) -> None:
        """Deliver an entry to whom it is for; one that was taken already comes again where a reader begins anew."""
        if position <= self._reached:
            return
        before, self._reached = self._reached, position
        self._moved.set()
        for each in self._logged(self._subscriptions()):
            each.miss(position - 1 - max(before, each.since))
            if each.disconnected:
                self._remove(each)
        try:
            event = decode(data)
        except WireError as error:  # of a publisher that knows more than this one
            self._report(error)
        else:
            recipients = [each for each in self._logged(self._routes[event.topic]) if each.since < position]
            self._deliver(event, tuple(recipients))

    def _logged(self, subscriptions: Iterable[Subscription]) -> Iterator[LoggedSubscription]:
        return (each for each in subscriptions if isinstance(each, LoggedSubscription))

    async def resume(self, name: str, *topics: Topic) -> LoggedDurableSubscription:
        """As in the port; the broker keeps its place, and no buffer is here."""
        known = self._open(topics)
        place = await self._log.place(name)
        made = LoggedDurableSubscription(place, known, await place.last(), self._report)
        self._lasting.add(made)
        return made

    async def close(self) -> None:
        """As in the port; first all is read that was published before, unless the broker is away."""
        if self._closed:
            return
        self._closed = True
        try:
            for each in self._lasting:
                await each.leave()
            with suppress(BrokerError, TimeoutError):
                async with asyncio.timeout(self._patience):
                    await self._catch_up()
        finally:
            if self._reading is not None:
                self._reading.cancel()
            await self._log.close()
        await super().close()

    async def _catch_up(self) -> None:
        if self._reading is None or not self._subscriptions():
            return
        end = await self._log.end()
        while self._reached < end:
            self._moved.clear()
            await self._moved.wait()
