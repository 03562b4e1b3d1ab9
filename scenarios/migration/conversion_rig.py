"""The conversion of errors, held by a driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patternproof.drivers import Driver
from patternproof.history import shown
from patternproof.ports.error_propagation import ComponentError
from patternproof.rig import Rig

from . import samples
from .comparing import Before, Fault, converted, restored, restored_new
from .deviations import NOT_NEW, NOT_RESTORED, RAISES
from .events import Convert, Converted, Given, Restore, RestoreNew

Function = Callable[[Any], Any]


class ConversionRig(Rig):
    """Drives one pair of functions.

    Args:
        driver: an entered driver.
        settings: what the history is about.
        convert: makes a new error of an old one.
        restore: and the other way round.
    """

    def __init__(self, driver: Driver, settings: Given, convert: Function, restore: Function) -> None:
        super().__init__(driver, settings)
        self._convert, self._restore = convert, restore
        self._old: dict[int, BaseException] = {}
        self._new: dict[int, BaseException] = {}
        """Those that could be converted."""
        self._found: list[Fault] = []

    def do(self, event: Any) -> None:
        match event:
            case Convert(number, sample):
                self._found.append(self._converted(number, samples.old(sample, number)))
            case Restore(number) if number in self._new and not isinstance(self._old[number], ComponentError):
                self._found.append(self._restored(number))
            case RestoreNew(sample):
                new = samples.new(sample)
                back, raised = self._called(self._restore, new)
                self._found.append((NOT_RESTORED, f"it raises {shown(back)}") if raised else restored_new(new, back))

    def _converted(self, number: int, error: BaseException) -> Fault:
        before = Before(error)
        new, raised = self._called(self._convert, error)
        if raised:
            return RAISES, shown(new)
        fault = converted(before, error, new)
        if fault[0] != NOT_NEW:
            self._old[number], self._new[number] = error, new
        return fault

    def _restored(self, number: int) -> Fault:
        back, raised = self._called(self._restore, self._new[number])
        if raised:
            return NOT_RESTORED, f"it raises {shown(back)}"
        return restored(self._old[number], back, [error for other, error in self._old.items() if other != number])

    def _called(self, function: Function, error: BaseException) -> tuple[Any, bool]:
        """What a function gave, or has raised, and whether it has."""

        def call() -> tuple[Any, bool]:
            try:
                return function(error), False
            except KeyboardInterrupt as raised:
                if raised is not error:
                    raise  # of whoever sits at the keyboard
                return raised, True
            except BaseException as raised:  # noqa: BLE001  # whatever it raises is what was seen
                return raised, True

        made: tuple[Any, bool] = self.driver.now(call)
        return made

    def look(self) -> Converted:
        seen = Converted(tuple([fault for fault, _ in self._found]), "; ".join(filter(None, [told for _, told in self._found])))
        self._found.clear()
        return seen
