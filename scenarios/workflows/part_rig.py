"""What the rigs of all parts have in common."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Cancelled, Driver, Outcome, Pending
from patternproof.outcome import NotOffered
from patternproof.ports.event_bus import Event, EventBusSettings, OverflowPolicy, Topic
from patternproof.rig import Rig

from .events import WorkflowSettings
from .seen import Call

OVERFLOWS: tuple[OverflowPolicy, ...] = ("block", "drop_oldest", "drop_newest", "disconnect")
"""What a bus is asked for; any will do, since there is room for all that the kit publishes."""
_rigs = count(1)


class PartRig(Rig):
    """Drives one part, and what it is made over.

    Args:
        driver: an entered driver.
        settings: of the part.
        threads: whether all of it is plain.
    """

    def __init__(self, driver: Driver, settings: WorkflowSettings, threads: bool) -> None:
        super().__init__(driver, settings)
        self.threads = threads
        self.calls: dict[int, Pending] = {}
        self._told: set[int] = set()

    def start(self, number: int, call: Callable[[], Any]) -> None:
        """Begin a numbered call."""
        self.calls[number] = self.driver.begin(call)

    def cancel(self, number: int) -> None:
        """Cancel a call; where there is none, a schedule has put that first, and nothing happens."""
        if number in self.calls:
            self.driver.cancel(self.calls[number])

    def seen_calls(self) -> tuple[Call, ...]:
        """The calls under way, and those that have ended since the last look."""
        return tuple(self._seen_calls())

    def _seen_calls(self) -> Iterator[Call]:
        for number, pending in sorted(self.calls.items()):
            if number in self._told:
                continue
            if pending.outcome is None:
                yield Call(number, "waiting")
                continue
            self._told.add(number)
            cancelled = isinstance(pending.outcome, Cancelled)
            yield Call(number, "cancelled" if cancelled else self.phase(number, pending.outcome))

    @abstractmethod
    def phase(self, number: int, outcome: Outcome) -> str:
        """What a call has ended in."""


class Listener:
    """Hears what is published about one topic, as any subscriber of the bus does.

    Args:
        rig: whose driver it listens with.
        bus: the bus.
        topic: what it listens to.
    """

    def __init__(self, rig: PartRig, bus: Any, topic: Topic) -> None:
        self.events: list[Event] = []
        if hasattr(bus, "handle"):
            hear = self.events.append if rig.threads else self._hear
            self._subscription = rig.driver.complete(lambda: bus.handle((topic,), hear))
        else:
            self._subscription = rig.driver.complete(lambda: bus.subscribe(topic))
            rig.driver.begin(self._read_plainly if rig.threads else self._read)

    async def _hear(self, event: Event) -> None:
        self.events.append(event)

    async def _read(self) -> None:
        while True:
            self.events.append(await self._subscription.receive())

    def _read_plainly(self) -> None:
        while True:
            self.events.append(self._subscription.receive())

    def taken(self) -> list[Event]:
        """What was heard since the last time."""
        events, self.events[:] = [*self.events], []
        return events


@contextmanager
def any_bus(adapter: Adapter, driver: Driver) -> Iterator[Any]:
    """A bus of the first policy that the adapter's have.

    Raises:
        NotOffered: they have none.
    """
    namespace = f"patternproof-workflows-{os.getpid()}-{next(_rigs)}"
    refused: NotOffered | None = None
    with ExitStack() as stack:
        for overflow in OVERFLOWS:
            try:
                settings = EventBusSettings(overflow=overflow, namespace=namespace)
                bus = stack.enter_context(adapter.make("event_bus", driver, settings))
            except NotOffered as error:
                refused = error
            else:
                yield bus
                return
    raise refused or NotOffered("overflow")
