"""An implementation held by a driver and driven by events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from patternproof.drivers import Driver, Hang
from patternproof.history import Batch, History, Hung, alone


class Rig(ABC):
    """Binds the events of one pattern to one implementation.

    What it sees comes from what the kit handed in (operations, connections, clocks) and from the calls it made, never from
    the implementation's own word, but where a requirement is about that word.
    """

    def __init__(self, driver: Driver, settings: Any) -> None:
        self.driver = driver
        self.history = History(settings, stacks=driver.waiting)

    @abstractmethod
    def do(self, event: Any) -> None:
        """Make one event happen, without settling."""

    @abstractmethod
    def look(self) -> Any:
        """Everything observable now, and since the last look."""

    def unanswered(self) -> bool:
        """Whether something that the last events asked for is still to come, be it from a server."""
        return False

    def perform(self, *events: Any, turns: tuple[int, ...] | None = None) -> Any:
        """Make events happen in one batch, settle, and return what is seen; the history keeps it.

        Args:
            *events: one or more, in order.
            turns: turns of the loop before each event after the first; none by default.
        """
        return self.run(alone(events[0]) if len(events) == 1 else Batch(events, turns or (0,) * (len(events) - 1)))

    def _do_all(self, batch: Batch) -> None:
        for index, event in enumerate(batch.events):
            if index and batch.turns and batch.turns[index - 1]:
                self.driver.turn(batch.turns[index - 1])
            self.do(event)

    def run(self, batch: Batch) -> Any:
        """As `perform`, for a batch.

        Raises:
            Hang: the implementation gave control back no more; the history says so.
        """
        try:
            with self.driver.watch():
                self._do_all(batch)
                self.driver.settle()
                for _ in range(self.driver.patience):
                    if not self.unanswered():
                        break
                    self.driver.settle()
        except Hang as hang:
            self.history.add(batch, Hung(str(hang)))
            raise
        seen = self.look()
        self.history.add(batch, seen)
        return seen

    def note(self, event: Any) -> Any:
        """Take down an event that another rig of the same driver made happen, and return what is seen."""
        seen = self.look()
        self.history.add(alone(event), seen)
        return seen
