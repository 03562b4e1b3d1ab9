"""A durable subscription: its place is kept by a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from patternproof.ports.event_bus import Delivery, Event, Overflowed, SubscriptionClosedError, Topic, WireError, decode

from .broker_errors import BrokerError, BrokerUnreachableError
from .log import Entry, Place, Position

Report = Callable[[BaseException], None]


class LoggedDurableSubscription:
    """What the port calls durable, over a place in a log.

    The id of a delivery is the position of its entry. What is on its way from the broker is asked for in a task of its own: a
    receive that is cancelled leaves it to the next one.

    Args:
        place: at the broker.
        topics: that it asks for.
        last: the position of the last entry that was given at this place.
        report: is told what cannot be read.
    """

    def __init__(self, place: Place, topics: frozenset[Topic], last: Position, report: Report) -> None:
        self._place = place
        self._topics = topics
        self._report = report
        self._turn = asyncio.Lock()
        # Changed by `_take`, `_arrived`, `_entry` and `leave` only.
        self._last = last
        self._coming: asyncio.Task[Entry | None] | None = None
        self._gone = False

    async def receive(self) -> Delivery:
        """As in the port.

        Raises:
            SubscriptionClosedError: it went away, or its bus was closed.
            Overflowed: the log has no more what came next.
        """
        async with self._turn:
            while True:
                position, data = await self._entry()
                delivery = self._take(position, data)
                if delivery is not None:
                    return delivery
                await self._place.acknowledge(position)

    async def _entry(self) -> Entry:
        while not self._gone:
            if self._coming is None:
                self._coming = asyncio.create_task(self._place.next())
            await asyncio.wait([self._coming])
            entry = self._arrived(self._coming)
            if entry is not None:
                return entry
        raise SubscriptionClosedError("the subscription went away; come back with resume()")

    def _arrived(self, coming: asyncio.Task[Entry | None]) -> Entry | None:
        """What the broker gave; None: nothing yet. Where something is missing before it, that is told first, once."""
        self._coming = None
        try:
            entry = coming.result()
        except BrokerUnreachableError:
            return None  # it is waited for, however long
        missed = entry[0] - self._last - 1 if entry is not None else 0
        if missed > 0:
            self._last += missed
            self._coming = coming
            raise Overflowed(missed)
        return entry

    def _take(self, position: Position, data: bytes) -> Delivery | None:
        """The delivery of an entry; None where it is of no topic that was asked for."""
        self._last = max(self._last, position)
        try:
            event: Event = decode(data)
        except WireError as error:
            self._report(error)
            return None
        return Delivery(str(position), event) if event.topic in self._topics else None

    async def acknowledge(self, delivery: Delivery) -> None:
        """As in the port.

        Raises:
            LookupError: the event was not delivered since the subscription came back.
        """
        await self._place.acknowledge(int(delivery.id))

    async def leave(self) -> None:
        """As in the port; what is not acknowledged is delivered again to whoever comes back."""
        if self._gone:
            return
        self._gone = True
        if self._coming is not None:
            await asyncio.wait([self._coming])
        with suppress(BrokerError):  # then it is given again after a while
            await self._place.leave()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'gone, ' * self._gone}at {self._last}>"
