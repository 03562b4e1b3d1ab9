"""Commands, messages and queries while what they depend on flaps, and systems that are shut down."""

from __future__ import annotations

from itertools import count, cycle

import gevent
from locust import constant, task

from patternproof.load.payloads import texts
from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Caller", "Commander", "Operator", "Peer", "Shape", "Weather"]

begins("workflows")
FIRST, FINE, FOUL = 1.0, 2.5, 1.4
"""Seconds that all works at first and later on, and that it fails: longer than the reset timeout, and less than twice."""
MOST_TURNS = 8
"""Turns of the server's loop between a message and a rival of its handler."""
KEYS = ("alpha", "beta", "gamma")
"""What messages and rivals add to."""


class Commander(Working):
    """Sends one command after the other."""

    arrives = True

    def on_start(self) -> None:
        """Have something to send."""
        self._notes = cycle(texts(self.session.wanted.seed))
        super().on_start()

    @task
    def order(self) -> None:
        """Send a command."""
        self.work("order", note=next(self._notes))


class Caller(Working):
    """Makes one query after the other."""

    arrives = True

    @task
    def ask(self) -> None:
        """Make a query that takes some milliseconds."""
        self.work("ask", takes=0.005)


class Peer(Working):
    """Sends messages, while somebody else changes the same state."""

    fixed_count = 1
    wait_time = constant(0.005)

    def on_start(self) -> None:
        """Begin with the first key."""
        self._turns = count()
        super().on_start()

    @task
    def tell(self) -> None:
        """Let both change the next key."""
        turn = next(self._turns)
        key = KEYS[turn % len(KEYS)]
        self.work("tell", key=f"{key} told", rival=f"{key} by a rival", turns=turn % MOST_TURNS)


class Operator(Working):
    """Starts systems, and shuts them down in the middle of work."""

    fixed_count = 2
    wait_time = constant(0.1)

    @task
    def shut_down(self) -> None:
        """Shut one down with three jobs under way."""
        self.work("stop", jobs=3, takes=0.1)


class Weather(Working):
    """What all depends on fails and recovers."""

    fixed_count = 1
    wait_time = constant(FINE)

    def on_start(self) -> None:
        """Let it work for a while first."""
        gevent.sleep(FIRST)
        super().on_start()

    @task
    def turn(self) -> None:
        """Let it fail for a while."""
        self.work("turn", works=False, queries=8)
        gevent.sleep(FOUL)
        self.work("turn", works=True)
