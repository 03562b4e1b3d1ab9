"""Steps about time, which all patterns of an example share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pytest
from pytest_bdd import given, parsers, when

from patternproof.drivers import Driver
from patternproof.outcome import NotApplicable
from patternproof.rig import Rig

text = parsers.parse


class Scene(Protocol):
    """What the steps of one pattern act on."""

    @property
    def rig(self) -> Rig:
        """The pattern's rig."""

    def perform(self, *events: Any) -> None:
        """Make events happen, and take in what is seen."""

    def take(self, seen: Any) -> None:
        """Take in what is seen."""


class Clock:
    """The time of one example; it passes once for all patterns in it."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._scenes: list[tuple[Scene, Mapping[str, Any]]] = []

    def follow(self, scene: Scene, events: Mapping[str, Any]) -> None:
        """Let time pass for a scene too; `events` has the pattern's ``Advance`` and ``SetWallClock``."""
        self._scenes.append((scene, events))

    def happen(self, kind: str, seconds: float) -> None:
        """Let time pass, or set the wall clock, in every scene.

        Raises:
            LookupError: there is nothing yet that time could pass for.
        """
        if not self._scenes:
            raise LookupError("time passes for nothing; begin the example with a Given that makes something")
        (first, events), *others = self._scenes
        first.perform(events[kind](seconds))
        for scene, own in others:
            scene.take(scene.rig.note(own[kind](seconds)))

    def set_wall_clock(self, seconds: float) -> None:
        """Set the wall clock forward or back.

        Raises:
            NotApplicable: the driver cannot.
        """
        if not self._driver.moves_clocks:
            raise NotApplicable(f"the wall clock cannot be set apart from the monotonic one under the {self._driver.name} driver")
        self.happen("SetWallClock", seconds)


@pytest.fixture
def clock(driver: Driver) -> Clock:
    """The time of an example."""
    return Clock(driver)


@given(text("{seconds:g} s have passed"))
@when(text("{seconds:g} s pass"))
@when(text("{seconds:g} s passes"))
def let_time_pass(clock: Clock, seconds: float) -> None:
    clock.happen("Advance", seconds)


@when(text("the wall clock is set forward by {seconds:g} s"))
def set_wall_clock_forward(clock: Clock, seconds: float) -> None:
    clock.set_wall_clock(seconds)


@when(text("the wall clock is set back by {seconds:g} s"))
def set_wall_clock_back(clock: Clock, seconds: float) -> None:
    clock.set_wall_clock(-seconds)
