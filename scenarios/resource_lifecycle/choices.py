"""The events that are worth trying next with resource managers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .events import (
    INSIDE,
    WAITING,
    Advance,
    Ail,
    Cancel,
    CheckHealth,
    CleanUp,
    CleanupEnds,
    Enter,
    Get,
    InitializeEnds,
    Leave,
    Register,
)
from .state import CLEANING, INITIALISING, IS_UP, State

if TYPE_CHECKING:
    from .model import ResourceLifecycleModel

IDS = "abcd"
MOST_RESOURCES = 2
"""Resources at a time, for the search."""
MORE_RESOURCES = 3
"""The same for the machine."""
MOST_WAITING = 4
LAPSES = (4.0, 100.0)
"""Seconds, of which one is clearly less than each timeout, and the other more than several of them."""
BEGINS = (Register, Get, CheckHealth, CleanUp, Enter)
UNDER_WAY = (InitializeEnds, CleanupEnds, Leave, Cancel)


class Choices:
    """What may happen next.

    Args:
        model: knows what can be asked for.
        state: the state so far.
        events: those that happen in the same batch before.
    """

    def __init__(self, model: ResourceLifecycleModel, state: State, events: Sequence[Any] = ()) -> None:
        self._can, self._settings = model.capabilities, state.settings
        self._state, self._events = state, events
        self._wide = False

    def alone(self, most: int = MOST_RESOURCES) -> Iterator[Any]:
        """The events that may happen by themselves; few enough to be searched."""
        state, number = self._state, self._state.begun
        if sum(call.phase == WAITING for call in state.calls) < MOST_WAITING:
            yield from self._registrations(most)
            if self._can.gets:
                yield from (Get(number, id) for id in dict.fromkeys([*self._ids(), self._fresh()]))
            yield CleanUp(number)
            if self._can.checks:
                yield CheckHealth(number)
            if self._can.scopes and self._is_plain and not state.scoped and not state.closed:
                yield Enter(number)
        yield from self._ends()
        if self._is_timed:
            yield from (Advance(seconds) for seconds in LAPSES if seconds > LAPSES[0] or not self._settings.restarts)

    def together(self) -> Iterator[Any]:
        """The events that may happen in one batch with the others."""
        begun = sum(isinstance(event, BEGINS) for event in self._events)
        self._wide = not (self._settings.restarts or self._settings.replace)
        if self._can.cancels and not self._settings.restarts:
            yield from (
                Cancel(each.call) for each in self._events if isinstance(each, BEGINS) and Cancel(each.call) not in self._events
            )
        for event in self._weighted(self.alone(MORE_RESOURCES)):
            if isinstance(event, BEGINS):
                if not self._is_early(event) and not self._collides(event):
                    yield replace(event, call=event.call + begun)
            elif event not in self._events and not (isinstance(event, Advance) and self._events):
                yield event

    def _collides(self, event: Any) -> bool:
        """Whether it registers an id that another in the batch does, in a way that is not to be tried."""
        others = [each.manner for each in self._events if isinstance(each, Register) and each.id == getattr(event, "id", "")]
        if not isinstance(event, Register) or not others:
            return False
        return event.manner not in ("ok", "slow") or not self._can.gets or (self._can.replaces and "lingers" in others)

    def _weighted(self, events: Iterable[Any]) -> list[Any]:
        """The events, first and several times what ends or shows something, and what is about to take its time or fail."""
        events = list(events)
        ends = [event for event in events if isinstance(event, UNDER_WAY)]
        slow = [event for event in events if isinstance(event, Register) and event.manner in ("slow", "lingers")]
        others = [event for event in events if self._shows(event)]
        return [*ends, *others, *slow, *events, *ends, *slow]

    def _shows(self, event: Any) -> bool:
        """Whether it shows what has come about, or is something to be shown."""
        resources = self._state.resources
        if isinstance(event, Register):
            return event.manner in ("unclean", "breaks")
        if isinstance(event, Ail):
            return True
        if isinstance(event, CheckHealth):
            return any(each.ails for each in resources)
        return isinstance(event, CleanUp) and not self._state.closed and sum(each.phase == IS_UP for each in resources) > 1

    def _is_early(self, event: Any) -> bool:
        """Whether it cleans up when there is nothing yet: a manager that does so is spent, and shows nothing more."""
        return isinstance(event, CleanUp) and not self._state.closed and not self._state.resources

    @property
    def _is_plain(self) -> bool:
        return self._wide or not (self._is_timed or self._settings.replace)

    @property
    def _is_timed(self) -> bool:
        settings = self._settings
        return bool(settings.initialize_timeout or settings.cleanup_timeout or settings.health_timeout or settings.restarts)

    def _ids(self) -> list[str]:
        return [each.id for each in self._state.resources]

    def _fresh(self) -> str:
        """The first id that no resource has; where ids mean nothing, nor one in the same batch."""
        begun = [] if self._can.gets else [event.id for event in self._events if isinstance(event, Register)]
        return next((id for id in IDS if id not in (*self._ids(), *begun)), IDS[-1])

    def _registrations(self, most: int) -> Iterator[Register]:
        state, number = self._state, self._state.begun
        if len(state.resources) < (most if not self._settings.restarts else 1):
            yield from (Register(number, self._fresh(), manner) for manner in self._manners())
            yield from self._dependants(number)
        if self._can.gets:
            yield from (Register(number, id) for id in self._takeable() if not self._settings.restarts)
            if self._settings.replace and "a" in self._ids():
                yield Register(number, "a", "fails")

    def _takeable(self) -> list[str]:
        """The ids that may be registered once more; what replaces does not meet a cleanup that takes its time."""
        lingering = {each.id for each in self._state.resources if each.manner == "lingers"} if self._can.replaces else set()
        return [id for id in dict.fromkeys(self._ids()) if id not in lingering]

    def _dependants(self, number: int) -> Iterator[Register]:
        if self._can.needs and self._can.gets and self._is_plain and not self._state.closed:
            fresh = self._fresh()
            yield Register(number, fresh, "ok", fresh)
            yield from (Register(number, fresh, "ok", id) for id in "ab" if id != fresh)

    def _manners(self) -> list[str]:
        if self._state.closed:
            return ["ok"]
        held = ["slow", "lingers"] if self._can.holds else []
        if not self._is_plain:
            limits = {"slow": self._settings.initialize_timeout, "lingers": self._settings.cleanup_timeout}
            return ["ok", *(manner for manner in held if limits[manner])]
        return ["ok", "fails", "declines", "unclean", "breaks", *held]

    def _ends(self) -> Iterator[Any]:
        state = self._state
        for each in state.resources:
            if each.phase == INITIALISING:
                yield from (InitializeEnds(each.number, how) for how in ("ok", "fail"))
            elif each.phase == CLEANING:
                yield from (CleanupEnds(each.number, how) for how in ("ok", "fail"))
            elif each.phase == IS_UP and self._can.checks and not each.ails:
                yield from (Ail(each.number, how) for how in self._ailments())
        for call in state.calls:
            if call.phase == INSIDE:
                yield from (Leave(call.number, how) for how in ("ok", "fail"))
            if call.phase in (WAITING, INSIDE) and self._can.cancels:
                yield Cancel(call.number)

    def _ailments(self) -> list[str]:
        settings = self._settings
        if settings.restarts:
            return ["ill", "lost"]
        hangs = ["hangs"] if settings.health_timeout else []
        return [*hangs, "ill", "raises"] if self._is_plain else hangs
