"""A publisher: a call that stays until it is told."""

from __future__ import annotations

from asyncio import current_task
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from patternproof.drivers import Driver, Operation, Returned
from patternproof.flavour import resolved
from patternproof.history import Batch

from .events import Publish

Deed = Callable[[], Coroutine[Any, Any, None]]


class Publisher:
    """One task, or one thread, that publishes: what comes from it has an order for any bus.

    Args:
        driver: an entered driver.
        call: begins a call in the flavour of the bus.
    """

    def __init__(self, driver: Driver, call: Callable[[Deed], object]) -> None:
        self._holds = driver.holds
        self._call = call
        self._orders = Operation(driver)
        self._queue: deque[Deed] = deque()
        self._life: Any = None

    def order(self, deed: Deed) -> None:
        """Have it do something, once it is done with what is before."""
        if not self._holds:
            self._call(deed)
            return
        self._queue.append(deed)
        if self._orders.held:
            self._orders.release(Returned())
        elif self._life is None:
            self._life = self._call(self._live)

    def give_up(self, driver: Driver) -> None:
        """Cancel what it does; it goes on with what comes after."""
        if self._life is not None and not self._orders.held:
            driver.cancel(self._life)

    async def _live(self) -> None:
        try:
            while True:
                while self._queue:
                    await self._queue.popleft()()
                await resolved(self._orders.function())
        finally:  # a publisher that was cancelled is another from now on
            self._life = self._call(self._live) if self._queue else None


def is_cancelled() -> bool:
    """Whether the kit has cancelled the call that is under way, and not the bus by itself."""
    task = current_task()
    return task is not None and task.cancelling() > 0


def in_order(batch: Batch) -> Batch:
    """The same with the events of each publisher in the order of their numbers."""
    publishes = sorted([event for event in batch.events if isinstance(event, Publish)], key=lambda event: event.number)
    ordered = []
    for event in batch.events:
        if isinstance(event, Publish):
            event = next(each for each in publishes if each.publisher == event.publisher)
            publishes.remove(event)
        ordered.append(event)
    return Batch(tuple(ordered), batch.turns)
