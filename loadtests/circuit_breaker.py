"""Callers of a dependency that fails and recovers behind a breaker."""

from __future__ import annotations

import gevent
from locust import constant, task

from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Caller", "Hasty", "Patient", "Shape", "Weather"]

begins("circuit_breaker")
FINE, FOUL = 1.5, 2.5
"""Seconds that the dependency works, and that it fails: longer than the reset timeout."""


class Caller(Working):
    """Calls again and again."""

    arrives = True

    @task
    def call(self) -> None:
        """Call a dependency of some milliseconds."""
        self.work("calls", takes=0.005)


class Patient(Working):
    """Makes calls that take long."""

    fixed_count = 1

    @task
    def call(self) -> None:
        """Call a dependency that takes its time."""
        self.work("calls", takes=0.2)


class Hasty(Working):
    """Makes many calls in a row, and times them where all go the same way."""

    fixed_count = 1
    wait_time = constant(0.1)

    @task
    def call(self) -> None:
        """Call a dependency of one millisecond."""
        self.work("calls", calls=40, takes=0.001)


class Weather(Working):
    """The dependency fails and recovers."""

    fixed_count = 1
    wait_time = constant(FINE)

    @task
    def turn(self) -> None:
        """Let it fail for a while."""
        self.work("turn", works=False, calls=6)
        gevent.sleep(FOUL)
        self.work("turn", works=True)
