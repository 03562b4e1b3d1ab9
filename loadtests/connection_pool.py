"""Ten borrowers a connection."""

from __future__ import annotations

from itertools import count
from uuid import uuid4

from locust import task

from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Borrower", "Shape"]

begins("connection_pool")
FAILING = 7
"""One of so many loans ends with an error."""


class Borrower(Working):
    """Borrows, uses and returns, again and again."""

    arrives = True

    def on_start(self) -> None:
        """Take a name of its own, among those of all processes."""
        self.name = uuid4().hex[:8]
        self._loans = count(1)
        super().on_start()

    @task
    def borrow(self) -> None:
        """Borrow a connection for a request of some milliseconds."""
        self.work("borrow", borrower=self.name, takes=0.002, fails=next(self._loans) % FAILING == 0)
