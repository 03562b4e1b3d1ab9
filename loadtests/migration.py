"""Callers and events side by side, and a flag that is turned meanwhile."""

from __future__ import annotations

import random
from itertools import count
from uuid import uuid4

from locust import constant, task

from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Actor", "Counter", "Hasty", "Shape", "Weather"]

begins("migration")
WAYS = (
    ["call", "event"],
    ["event", "call"],
    ["call", "call"],
    ["event"],
    ["call"],
    ["hasty", "event"],
    ["hasty"],
    ["event", "event"],
)
"""How actions come, in turn."""
FAILING = 6
"""One of so many that are called fails at first."""
LONGEST = 0.002
"""Seconds between one way and the next at most."""


class Actor(Working):
    """Has actions come, one after the other, each in several ways."""

    arrives = True

    def on_start(self) -> None:
        """Take a name of its own, among those of all processes."""
        self.name = uuid4().hex[:8]
        self._numbers = count()
        super().on_start()

    @task
    def act(self) -> None:
        """Have the next one come."""
        number = next(self._numbers)
        ways = WAYS[number % len(WAYS)]
        fails = number % FAILING == 0 and "call" in ways
        self.work(
            "act", name=f"{self.name}-{number}", ways=ways, apart=random.choice((0.0, random.uniform(0.0, LONGEST))), fails=fails
        )


class Counter(Working):
    """Counts by a name of its own, and reads it."""

    arrives = True

    def on_start(self) -> None:
        """Begin with a name."""
        self._begin()
        super().on_start()

    def _begin(self) -> None:
        self.name, self.known = uuid4().hex[:8], 0

    @task(3)
    def add(self) -> None:
        """Count one more; what has not returned may count or not, and ends the name."""
        counted = self.work("add", name=self.name, known=self.known).get("counted", [])
        if counted and counted[0][3] == "returned":
            self.known += 1
        else:
            self._begin()

    @task
    def read(self) -> None:
        """Read it."""
        self.work("read", name=self.name, known=self.known)


class Hasty(Working):
    """Counts, and gives up at once."""

    fixed_count = 1
    wait_time = constant(0.02)

    @task
    def add(self) -> None:
        """Count by a name that is no one's."""
        self.work("add", name=uuid4().hex[:8], known=0, patience=random.uniform(0.0, LONGEST))


class Weather(Working):
    """Turns the flag, there and back."""

    fixed_count = 1
    wait_time = constant(0.1)

    @task
    def turn(self) -> None:
        """Turn it."""
        self.work("turn")
