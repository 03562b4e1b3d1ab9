"""Many requests through one message service."""

from __future__ import annotations

import random
from itertools import count
from uuid import uuid4

from locust import constant, task

from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Caller", "Newcomer", "Peer", "Shape"]

begins("service_interface")
LONGEST = 0.02
"""Seconds that the peer takes to answer at most."""
IMPATIENT = 5
"""One of so many calls is given up, at any moment until it is answered."""


class Caller(Working):
    """Sends messages, one after the other."""

    arrives = True

    def on_start(self) -> None:
        """Take a name of its own, among those of all processes."""
        self.name = uuid4().hex[:8]
        self._numbers = count(1)
        super().on_start()

    @task
    def ask(self) -> None:
        """Send a message and wait for its response, or not."""
        number, takes = next(self._numbers), random.uniform(0.0, LONGEST)
        patience = max(0.0001, random.uniform(0.0, takes)) if number % IMPATIENT == 0 else None
        self.work("ask", name=f"{self.name}-{number}", takes=takes, patience=patience)


class Peer(Working):
    """Has the peer send messages."""

    fixed_count = 2
    wait_time = constant(0.05)

    @task
    def push(self) -> None:
        """Send some at once."""
        self.work("push")


class Newcomer(Working):
    """Comes to listen."""

    fixed_count = 1
    wait_time = constant(0.5)

    @task
    def join(self) -> None:
        """Register and subscribe."""
        self.work("join")
