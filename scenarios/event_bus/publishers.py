"""A publisher: a call that stays until it is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from patternproof.drivers import Driver, Operation, Returned
from patternproof.flavour import resolved

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
        self._lives = False

    def order(self, deed: Deed) -> None:
        """Have it do something, once it is done with what is before."""
        if not self._holds:
            self._call(deed)
            return
        self._queue.append(deed)
        if self._orders.held:
            self._orders.release(Returned())
        elif not self._lives:
            self._lives = True
            self._call(self._live)

    async def _live(self) -> None:
        while True:
            while self._queue:
                await self._queue.popleft()()
            await resolved(self._orders.function())
