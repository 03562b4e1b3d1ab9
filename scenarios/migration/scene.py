"""What the steps of one example act on."""

from __future__ import annotations

from collections import Counter
from typing import Any

from patternproof.scenarios.service_interface.scene import Scene as ServiceScene

from patternproof.adapter import Adapter
from patternproof.culprits import culprits
from patternproof.drivers import Driver, Hang
from patternproof.history import History
from patternproof.outcome import NotApplicable
from patternproof.scene import JudgedScene

from .events import SERVICE, Bridged, CancelCall, CancelUse, Converted, Given, Read, Switched, Turn
from .legacy import behind
from .rig import rig

MOST_TRIES = 5
"""Times that one step lets the direct way fail, for a bridge that tries again by itself."""


class LegacyScene(ServiceScene):
    """One example of a message service over a legacy component.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "migration"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(behind(adapter), driver, requirement)
        self._own = adapter

    def _history(self) -> History | None:
        history = super()._history()
        if history is not None:
            history.settings = Given(SERVICE)
        return history

    def _broken(self) -> list[str]:
        history = self._history()
        return culprits(self._own, self.stem, history, self._requirement) if self._requirement and history is not None else []


class PartScene(JudgedScene):
    """One example of another part; subclassed for each.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: as above.
        about: the part.
    """

    stem = "migration"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str, about: str) -> None:
        super().__init__(adapter, driver, requirement)
        self._about = about
        self._rig: Any = None
        """Set by `make`."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of the {self._about}>"

    @property
    def rig(self) -> Any:
        """The rig of the example's part.

        Raises:
            LookupError: no step has made it.
        """
        if self._rig is None:
            raise LookupError(f"there is no {self._about} yet; begin the example with a Given that makes it")
        return self._rig

    def make(self) -> None:
        """Make the part.

        Raises:
            NotOffered: the adapter does not have it.
            LookupError: there is one already.
        """
        if self._rig is not None:
            raise LookupError(f"there is one {self._about} already; each example has one")
        self._rig = self.stack.enter_context(rig(self.adapter, self.driver, Given(self._about)))

    def perform(self, *events: Any, turns: tuple[int, ...] | None = None) -> Any:
        """Make events happen at one moment, and take in what is seen."""
        try:
            seen = self.rig.perform(*events, turns=turns)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        self.take(seen)
        return seen

    def take(self, seen: Any) -> None:
        """Take in what is seen."""

    def cancelled(self, event: Any) -> Any:
        """A cancellation.

        Raises:
            NotApplicable: the driver cannot cancel.
        """
        if not self.driver.can_cancel:
            raise NotApplicable(f"a call cannot be cancelled from outside under the {self.driver.name} driver")
        return event


class BridgeScene(PartScene):
    """One example of an event bridge."""

    seen = Bridged()
    """What was seen last."""

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str, about: str) -> None:
        super().__init__(adapter, driver, requirement, about)
        self.phases: dict[int, str] = {}
        """By number, what has become of each direct call."""

    def take(self, seen: Bridged) -> None:
        """Take in what is seen."""
        self.seen = seen
        self.phases.update({call.number: call.phase for call in seen.calls})

    def phase(self, call: int) -> str:
        """What has become of a direct call.

        Raises:
            LookupError: there is none of that number.
        """
        if call not in self.phases:
            raise LookupError(f"no direct call {call} was made; known: {', '.join(map(str, self.phases)) or 'none so far'}")
        return self.phases[call]

    def cancel(self, call: int) -> CancelCall:
        """The cancellation of a direct call."""
        event: CancelCall = self.cancelled(CancelCall(call))
        return event


class SwitchScene(PartScene):
    """One example of a state switch."""

    seen = Switched()
    """What was seen last."""

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str, about: str) -> None:
        super().__init__(adapter, driver, requirement, about)
        self._phases: dict[int, str] = {}
        self._read: dict[int, tuple[int, ...]] = {}

    def take(self, seen: Switched) -> None:
        """Take in what is seen."""
        self.seen = seen
        self._phases.update({use.number: use.phase for use in seen.uses})
        self._read.update({use.number: use.read for use in seen.uses})

    def acknowledge(self, number: int, event: Any) -> None:
        """Go on only where an update is acknowledged.

        Raises:
            PremiseMissing: it is not.
        """
        self.perform(event)
        self.reach(self._phases.get(number) == "returned", f"update {number} to be acknowledged", self.seen)

    def acknowledged(self) -> set[int]:
        """The updates that were."""
        return {number for number, phase in self._phases.items() if phase == "returned"}

    def cancel(self, number: int) -> CancelUse:
        """The cancellation of an update."""
        event: CancelUse = self.cancelled(CancelUse(number))
        return event

    def turn(self) -> None:
        """Turn the flag."""
        self.perform(Turn())

    def read(self) -> Counter[int]:
        """What a new read gets: how often each update was applied."""
        number = max(self._phases, default=0) + 1
        self.perform(Read(number))
        self.expect(self._phases[number] == "read", "a read to return what there is", self.seen)
        return Counter(self._read[number])


class ConversionScene(PartScene):
    """One example of the conversion of errors."""

    seen = Converted()
    """What was seen last."""

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str, about: str) -> None:
        super().__init__(adapter, driver, requirement, about)
        self.converted = 0
        """How many errors were."""

    def take(self, seen: Converted) -> None:
        """Take in what is seen."""
        self.seen = seen
