"""Clients of a service behind which everything fails."""

from __future__ import annotations

from itertools import count

from locust import task

from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Client", "Pair", "Shape"]

begins("error_propagation")
HOWS = ("failure", "outage", "not_found", "denied", "failed", "invalid", "puzzling", "foreign", "group", "ok")
"""How the dependency's calls end."""


class Client(Working):
    """Asks for one thing after the other, and sees every kind of failure."""

    arrives = True
    weight = 2

    def on_start(self) -> None:
        """Begin with the first kind."""
        self._turns = count()
        super().on_start()

    @task
    def ask(self) -> None:
        """Have a request fail in the next way."""
        self.work("perform", ends=[HOWS[next(self._turns) % len(HOWS)]], takes=0.001)


class Pair(Working):
    """Asks for two things at once."""

    def on_start(self) -> None:
        """Begin with the first pair."""
        self._turns = count()
        super().on_start()

    @task
    def ask(self) -> None:
        """Have both fail, each in its way."""
        turn = next(self._turns)
        self.work("perform", ends=[HOWS[turn % len(HOWS)], HOWS[turn // len(HOWS) % len(HOWS)]], takes=0.001)
