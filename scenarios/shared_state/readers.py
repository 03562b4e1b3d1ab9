"""Readers that come together, or one after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patternproof.drivers import Driver, Pending

TOGETHER = 5
STREAM = 60
"""Turns of the loop at each of which a new reader comes."""
MOST_TURNS = 500


class Readers:
    """Readers whose waiting is counted in turns of the loop.

    Args:
        driver: one that has turns.
        get: begins to read.
    """

    def __init__(self, driver: Driver, get: Callable[[], Any]) -> None:
        self._driver, self._get = driver, get
        self._suffered = ""

    def look(self) -> str:
        """What anybody suffered since this was last asked."""
        suffered, self._suffered = self._suffered, ""
        return suffered

    def together(self) -> None:
        """One reads by itself, then several at once: they should take as many turns as one does, and not each its own."""
        self._turns(1)  # the first may have something to open
        alone, together = self._turns(1), self._turns(TOGETHER)
        if together - alone >= TOGETHER - 1:
            self._suffered = f"one reader takes {alone} turns of the loop, {TOGETHER} at once take {together}"

    def _turns(self, count: int) -> int:
        return self._until_over([self._driver.begin(self._get) for _ in range(count)], MOST_TURNS)

    def _until_over(self, calls: list[Pending], most: int) -> int:
        for turns in range(most):
            if all(call.outcome is not None for call in calls):
                return turns
            self._driver.turn()
        return most

    def around(self, begin: Callable[[], Pending]) -> None:
        """A call is made while a new reader comes at each turn, so that there is always one that reads."""
        for _ in range(2):
            self._driver.begin(self._get)
            self._driver.turn()
        writer = begin()
        for _ in range(STREAM):
            if writer.outcome is not None:
                return
            self._driver.begin(self._get)
            self._driver.turn()
        # Where it takes as long without readers, it is slow and does not starve.
        alone = self._until_over([writer], STREAM)
        if alone * 2 < STREAM:
            self._suffered = f"an update waits for {STREAM} turns of the loop while readers keep coming, and then takes {alone}"
