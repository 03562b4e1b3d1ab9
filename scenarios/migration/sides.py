"""What bridges and switches are made over, in real time."""

from __future__ import annotations

import asyncio
import queue
import random
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from patternproof.flavour import plainly, resolved
from patternproof.load.real import Workshop
from patternproof.ports.event_bus import Topic, UserAction
from patternproof.ports.migration import Action
from patternproof.ports.shared_state import Snapshot

LONGEST = 0.002
"""Seconds that anything takes at most."""
AGAIN = 5
"""One event of so many is delivered twice."""


class DirectFailure(Exception):
    """What the direct way raises."""


class Direct:
    """The direct way.

    Args:
        shop: where time passes.
    """

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._failed: set[str] = set()
        self.effects: dict[str, list[int]] = defaultdict(list)
        """By action, the ticks at which it took effect."""
        self.perform = shop.flavoured(self._perform)

    async def _perform(self, action: Action) -> str:
        await self._shop.pause(random.uniform(0.0, LONGEST))
        body: Any = action.body
        if body["fails"] and action.id not in self._failed:
            self._failed.add(action.id)
            raise DirectFailure(f"{action.id} has failed")
        self.effects[action.id].append(self._shop.tick())
        return action.id


class Mailbox:
    """A subscription.

    Args:
        bus: where.
        shop: in which flavour.
    """

    dropped = 0

    def __init__(self, bus: Bus, shop: Workshop) -> None:
        self._bus = bus
        self._events: Any = queue.SimpleQueue() if shop.threads else asyncio.Queue()
        self.put: Callable[[UserAction], Any] = self._events.put if shop.threads else self._events.put_nowait
        self.receive = self._events.get
        self.unsubscribe = shop.flavoured(self._unsubscribe)

    async def _unsubscribe(self) -> None:
        self._bus.mailboxes.remove(self)

    def __iter__(self) -> Mailbox:
        return self

    def __next__(self) -> Any:
        return self.receive()

    def __aiter__(self) -> Mailbox:
        return self

    async def __anext__(self) -> Any:
        return await self.receive()


class Bus:
    """The bus, which delivers some events twice.

    Args:
        shop: in which flavour.
    """

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._delivered = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.mailboxes: list[Mailbox] = []
        self.publish, self.subscribe = shop.flavoured(self._publish), shop.flavoured(self._subscribe)
        self.handle = shop.flavoured(self._handle)

    def deliver(self, event: UserAction) -> None:
        """Have an event come."""
        self._delivered += 1
        for mailbox in [*self.mailboxes] * (1 + (self._delivered % AGAIN == 0)):
            mailbox.put(event)

    async def _publish(self, event: Any) -> None:
        self.deliver(event)

    async def _subscribe(self, *topics: Topic) -> Mailbox:
        mailbox = Mailbox(self, self._shop)
        if Topic.USER in topics:
            self.mailboxes.append(mailbox)
        return mailbox

    async def _handle(self, topics: tuple[Topic, ...], handler: Callable[[Any], Any]) -> Mailbox:
        mailbox = await self._subscribe(*topics)
        if self._shop.threads:
            threading.Thread(target=lambda: plainly(self._hear(mailbox, handler)), daemon=True).start()
        else:
            self._tasks.add(asyncio.ensure_future(self._hear(mailbox, handler)))
        return mailbox

    async def _hear(self, mailbox: Mailbox, handler: Callable[[Any], Any]) -> None:
        while True:
            event = await resolved(mailbox.receive())
            with suppress(Exception):  # nobody hears of it
                await resolved(handler(event))


class Store:
    """The old, or the new, way of handling state.

    Args:
        shop: where time passes.
    """

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._version, self._data = 0, dict[str, Any]()
        self.update, self.get = shop.flavoured(self._update), shop.flavoured(self._get)

    async def _update(self, function: Callable[[dict[str, Any]], Any]) -> Any:
        await self._shop.pause(random.uniform(0.0, LONGEST))
        with self._lock:
            data = {**self._data}
            result = function(data)
            self._version, self._data = self._version + 1, data
            return result

    async def _get(self) -> Snapshot:
        await self._shop.pause(random.uniform(0.0, LONGEST))
        with self._lock:
            return Snapshot({**self._data}, self._version)
