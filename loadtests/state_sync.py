"""Users of replicas whose network is cut and mended."""

from __future__ import annotations

from itertools import count, cycle
from uuid import uuid4

import gevent
from locust import constant, task

from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Shape", "Syncer", "Weather", "Writer"]

begins("state_sync")
REPLICAS = ("A", "B", "C", "D")
CUT, FINE = 0.8, 0.3
"""Seconds that a line is cut, and then that it is up."""
OWN, SHARED = 97, 4
"""Keys that one replica alone writes, each, and that all of them write."""
AT_A_SHARED_KEY = 5
"""One of so many writes is."""


class Writer(Working):
    """Writes and reads at one replica, again and again."""

    arrives = True
    weight = 3
    _writers = count()

    def on_start(self) -> None:
        """Take a name of its own, among those of all processes, and a replica."""
        self.name = uuid4().hex[:8]
        self.replica = REPLICAS[next(self._writers) % len(REPLICAS)]
        self._numbers = count()
        super().on_start()

    @task
    def use(self) -> None:
        """Write and read."""
        number = next(self._numbers)
        own = number % AT_A_SHARED_KEY
        key = f"{self.replica}-{number % OWN}" if own else f"shared-{number // AT_A_SHARED_KEY % SHARED}"
        self.work("use", replica=self.replica, key=key, value=f"{self.name}-{number}")


class Syncer(Working):
    """Lets one replica after the other sync."""

    fixed_count = 4
    wait_time = constant(0.02)
    _syncers = count()

    def on_start(self) -> None:
        """Take a replica."""
        self.replica = REPLICAS[next(self._syncers) % len(REPLICAS)]

    @task
    def sync(self) -> None:
        """Sync."""
        self.work("sync", replica=self.replica)


class Weather(Working):
    """Cuts one line after the other, and mends it."""

    fixed_count = 1
    wait_time = constant(FINE)

    def on_start(self) -> None:
        """Begin with the first."""
        self._cuts = cycle((name, mode) for mode in ("stuck", "down", "deaf") for name in REPLICAS)

    @task
    def turn(self) -> None:
        """Cut two lines for a while."""
        cut = (next(self._cuts), next(self._cuts))
        for name, mode in cut:
            self.work("turn", replica=name, mode=mode)
        gevent.sleep(CUT)
        for name, _ in cut:
            self.work("turn", replica=name, mode="up")
