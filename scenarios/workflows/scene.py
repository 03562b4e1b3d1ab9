"""What the steps of one example act on."""

from __future__ import annotations

from collections import Counter
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang
from patternproof.scene import JudgedScene

from .events import Cancel, WorkflowSettings
from .part_rig import PartRig
from .rig import rig
from .seen import CoreSeen, GuardSeen, SystemSeen, UiSeen


class Scene(JudgedScene):
    """One example: a part, and what was seen of it.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "workflows"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make` and `perform` only.
        self._rig: PartRig | None = None
        self._calls: dict[int, str] = {}
        self.seen: Any = None
        """The latest."""
        self.counted: Counter[str] = Counter()
        """How often commands have arrived, actions were published, and errors have been told."""
        self.left: set[str] = set()
        """What has remained at any time after cleaning up was over."""

    def __repr__(self) -> str:
        return f"<Scene {len(self._calls)} calls>"

    @property
    def rig(self) -> PartRig:
        """The rig of the example's part.

        Raises:
            LookupError: no step has made any.
        """
        if self._rig is None:
            raise LookupError("there is nothing yet; begin the example with 'Given a core component', or another part")
        return self._rig

    def make(self, settings: WorkflowSettings) -> None:
        """Make the part.

        Raises:
            NotOffered: the adapter has neither it nor what it is made over.
            LookupError: there is one already.
        """
        if self._rig is not None:
            raise LookupError("there is something already; each example has one")
        self._rig = self.stack.enter_context(rig(self.adapter, self.driver, settings))

    def perform(self, *events: Any) -> None:
        """Make events happen at one moment, and take in what is seen."""
        try:
            self.seen = self.rig.perform(*events)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        if not hasattr(self.seen, "values"):
            self._calls.update({call.number: call.phase for call in self.seen.calls})
        match self.seen:
            case CoreSeen(arrived=numbers) | UiSeen(published=numbers):
                self.counted.update(map(str, numbers))
            case GuardSeen(errors=errors):
                self.counted["errors"] += errors or 0
            case SystemSeen(left=left):
                self.left.update(left)

    def look(self) -> None:
        """See how it is where nothing has happened since it was made: what is cancelled is not there."""
        self.perform(Cancel(-1))

    def phase(self, number: int) -> str:
        """How a call was last seen.

        Raises:
            LookupError: there is none of this number.
        """
        if number not in self._calls:
            raise LookupError(f"there is no call {number}; there are: {', '.join(map(str, self._calls)) or 'none'}")
        return self._calls[number]

    def expect_phase(self, number: int, phase: str, expected: str) -> None:
        """Hold a call to how it has to be seen."""
        self.expect(self.phase(number) == phase, expected, self.seen)
