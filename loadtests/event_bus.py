"""A burst of publishers, with a slow subscriber among fast ones."""

from __future__ import annotations

from itertools import count
from uuid import uuid4

from locust import constant, task

from patternproof.load.session import begins
from patternproof.load.shapes import Shape
from patternproof.load.user import Working

__all__ = ["Publisher", "Shape", "Visitor"]

begins("event_bus")


class Publisher(Working):
    """Publishes, again and again."""

    arrives = True

    def on_start(self) -> None:
        """Take a name of its own, among those of all processes."""
        self.name = uuid4().hex[:8]
        self._numbers = count()
        super().on_start()

    @task
    def publish(self) -> None:
        """Publish the next one."""
        self.work("publish", publisher=self.name, number=next(self._numbers))


class Visitor(Working):
    """Comes and goes."""

    fixed_count = 1
    wait_time = constant(0.1)

    @task
    def visit(self) -> None:
        """Subscribe, and unsubscribe."""
        self.work("visit")
