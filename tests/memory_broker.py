"""A broker in this process, to be stopped and started."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from patternproof.reference.event_bus.asking import RETRY, Asking
from patternproof.reference.event_bus.broker_errors import BrokerUnreachableError
from patternproof.reference.event_bus.log import Entry, Log, Place, Position
from patternproof.reference.event_bus.logged import LoggedEventBus

from patternproof.ports import Unsupported
from patternproof.ports.event_bus import EventBusSettings, Topic


class Broker:
    """What is stored under one namespace; all that is kept in it outlives a restart."""

    named: defaultdict[str, Broker]

    def __init__(self) -> None:
        self.running = True
        self.starts = 0
        self.entries: list[bytes] = []
        self.places: dict[str, Kept] = {}
        self._waiting: list[asyncio.Future[None]] = []

    def require(self) -> None:
        """Go on only while it runs.

        Raises:
            BrokerUnreachableError: it does not.
        """
        if not self.running:
            raise BrokerUnreachableError("the broker is stopped")

    def append(self, data: bytes) -> None:
        """Store an entry."""
        self.require()
        self.entries.append(data)
        self.wake()

    def wake(self) -> None:
        """Let all look again that wait for something."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)

    async def change(self, seconds: float | None = None) -> None:
        """Wait for something to happen, or for some time."""
        self._waiting.append(asyncio.get_running_loop().create_future())
        await asyncio.wait([self._waiting[-1]], timeout=seconds)

    def stop(self) -> None:
        """End all connections."""
        self.running = False
        self.wake()

    def start(self) -> None:
        """Run again."""
        self.running = True
        self.starts += 1
        self.wake()


Broker.named = defaultdict(Broker)


class Kept:
    """What the broker keeps of a durable subscription."""

    def __init__(self, last: Position) -> None:
        self.last = last
        self.open: list[Position] = []


class MemoryLog:
    """A log in a broker of this process."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.asking = Asking()
        self.asking.met = True

    async def append(self, topic: Topic, data: bytes) -> None:
        async def appended() -> None:
            self.broker.append(data)

        await self.asking.answered(appended)

    async def end(self) -> Position:
        async def told() -> Position:
            self.broker.require()
            return len(self.broker.entries)

        return await self.asking.answered(told)

    async def read(self, after: Position) -> AsyncIterator[Entry]:
        while True:
            while self.broker.running and after < len(self.broker.entries):
                after += 1
                yield after, self.broker.entries[after - 1]
            await self.broker.change()
            if not self.broker.running:
                after = await self.connected(after)

    async def connected(self, after: Position) -> Position:
        """Wait until the broker runs again; from where to go on."""
        await self.end()
        return after

    async def place(self, name: str) -> Place:
        self.broker.places.setdefault(name, Kept(await self.end()))
        return MemoryPlace(self.broker, self.broker.places[name], self.asking)

    async def close(self) -> None:
        pass


class MemoryPlace:
    """A place in it."""

    def __init__(self, broker: Broker, kept: Kept, asking: Asking) -> None:
        self.broker, self.kept, self.asking = broker, kept, asking
        self.again = list(kept.open)

    async def last(self) -> Position:
        return self.kept.last

    async def next(self) -> Entry | None:
        if not self.broker.running:
            await asyncio.sleep(RETRY)
            return None
        if self.again:
            position = self.again.pop(0)
        elif self.kept.last < len(self.broker.entries):
            position = self.kept.last = self.kept.last + 1
            self.kept.open.append(position)
        else:
            await self.broker.change(0.5)
            return None
        return position, self.broker.entries[position - 1]

    async def acknowledge(self, position: Position) -> None:
        async def acknowledged() -> None:
            self.broker.require()
            if position in self.kept.open:
                self.kept.open.remove(position)

        await self.asking.answered(acknowledged)

    async def leave(self) -> None:
        pass


class MemoryEventBus(LoggedEventBus):
    """The reference over a broker in this process, which the kit can stop."""

    makes_log: Any = MemoryLog

    def __init__(self, settings: EventBusSettings) -> None:
        if settings.overflow == "block":
            raise Unsupported("overflow")
        self.broker = Broker.named[settings.namespace]
        log: Log = self.makes_log(self.broker)
        super().__init__(log, settings)

    async def stop_broker(self) -> None:
        self.broker.stop()

    async def start_broker(self) -> None:
        self.broker.start()
