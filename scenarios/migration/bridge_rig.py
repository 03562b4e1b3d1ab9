"""An event bridge held by a driver."""

from __future__ import annotations

from typing import Any

from patternproof.drivers import Cancelled, Driver, Pending, Raised
from patternproof.history import shown
from patternproof.ports.error_propagation import beneath
from patternproof.ports.migration import event_of
from patternproof.rig import Rig

from .events import Act, Bridged, Call, CancelCall, Come, End, Given
from .parts import Actions, Bus, Deed, Direct, PlainBus, PlainDirect


class BridgeRig(Rig):
    """Drives one bridge.

    Args:
        driver: an entered driver.
        settings: what the history is about.
        threads: whether the bridge is called from threads.
    """

    def __init__(self, driver: Driver, settings: Given, threads: bool) -> None:
        super().__init__(driver, settings)
        self.actions = Actions(driver)
        self.direct = (PlainDirect if threads else Direct)(self.actions)
        self.bus = (PlainBus if threads else Bus)(driver, self.actions)
        self.bridge: Any = None
        """Set once it is made."""
        self._calls: dict[int, tuple[Pending, Deed, bool]] = {}
        """Those that were not told to be over, with their actions, and whether these had come before."""

    def do(self, event: Any) -> None:
        match event:
            case Act(number, action, how):
                self._act(number, self.actions.of(action), how)
            case Come(action):
                deed = self.actions.of(action)
                deed.come += 1
                self.bus.deliver(event_of(deed.action))
            case End(action, how):
                self.actions.of(action).end(how)
            case CancelCall(number) if number in self._calls:
                self.driver.cancel(self._calls[number][0])

    def _act(self, number: int, deed: Deed, how: str) -> None:
        deed.refused = deed.refused or bool(how)
        deed.come += 1
        pending = self.driver.begin(lambda: self.bridge.perform(deed.action))
        self._calls[number] = (pending, deed, deed.come > 1)

    def look(self) -> Bridged:
        calls = tuple([Call(number, _phase(*each)) for number, each in sorted(self._calls.items())])
        self._calls = {number: each for number, each in self._calls.items() if each[0].outcome is None}
        deeds = sorted(self.actions.deeds.items())
        seen = Bridged(
            calls,
            tuple([(number, deed.effects) for number, deed in deeds if deed.effects]),
            tuple([(number, deed.published) for number, deed in deeds if deed.published]),
            self.actions.strange,
        )
        self.actions.strange = ""
        return seen


def _phase(pending: Pending, deed: Deed, again: bool) -> str:
    outcome = pending.outcome
    if outcome is None:
        return "waits"
    if isinstance(outcome, Cancelled):
        return "cancelled"
    if isinstance(outcome, Raised):
        own = any(each is error for each in beneath(outcome.error) for error in deed.errors)
        return "raised" if own else f"raises something else: {shown(outcome.error)}"
    return "returned" if again or outcome.value == deed.result else f"returns something else: {shown(outcome.value)}"
