"""Rival updates of one key, among readers."""

from __future__ import annotations

from locust import task

from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Reader", "Rival", "Shape", "Writer"]

begins("shared_state")


class Writer(Working):
    """Adds one, again and again."""

    arrives = True

    @task
    def add(self) -> None:
        """Add one."""
        self.work("add")


class Rival(Working):
    """Adds one to the version that it has read, unless somebody was quicker."""

    @task
    def compete(self) -> None:
        """Add one to this version."""
        self.work("compete")


class Reader(Working):
    """Reads, again and again."""

    weight = 2

    @task
    def read(self) -> None:
        """Read."""
        self.work("read")
