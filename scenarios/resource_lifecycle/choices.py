"""The events that are worth trying next with resource managers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
        ids = [event.id for event in self._events if isinstance(event, Register)]
        self._wide = not (self._settings.restarts or self._settings.replace)
        if self._can.cancels and not self._settings.restarts:
            yield from (
                Cancel(each.call) for each in self._events if isinstance(each, BEGINS) and Cancel(each.call) not in self._events
            )
        for event in self.alone(MORE_RESOURCES):
            if isinstance(event, Register) and event.id in ids and (event.manner not in ("ok", "slow") or not self._can.gets):
                continue
            if isinstance(event, Advance) and self._events:
                continue
            if isinstance(event, BEGINS):
                yield replace(event, call=event.call + begun)
            elif event not in self._events:
                yield event

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
        """The first id that no resource has."""
        return next((id for id in IDS if id not in self._ids()), IDS[-1])

    def _registrations(self, most: int) -> Iterator[Register]:
        state, number = self._state, self._state.begun
        if len(state.resources) < (most if not self._settings.restarts else 1):
            yield from (Register(number, self._fresh(), manner) for manner in self._manners())
            yield from self._dependants(number)
        if self._can.gets:
            yield from (Register(number, id) for id in dict.fromkeys(self._ids()) if not self._settings.restarts)
            if self._settings.replace and "a" in self._ids():
                yield Register(number, "a", "fails")

    def _dependants(self, number: int) -> Iterator[Register]:
        if self._can.needs and self._is_plain and not self._state.closed:
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
