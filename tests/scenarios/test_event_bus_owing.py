"""How long the kit looks for what a bus owes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from patternproof.reference.event_bus import EventBus
from patternproof.scenarios.event_bus.events import PUSH, Close, HandlerEnds, Publish, Receive, Subscribe
from patternproof.scenarios.event_bus.rig import EventBusRig

from patternproof.drivers.live import Live
from patternproof.ports.event_bus import EventBusSettings

LATE = 12
"""Settlings after which an event arrives."""
SETTLE = 0.001


class Counting(Live):
    """A live driver that counts its settlings, and lets the bus do something at one of them."""

    count = 0

    def __init__(self) -> None:
        super().__init__(scale=0.001, settle=SETTLE)
        self.deeds: dict[int, Any] = {}

    def settle(self) -> None:
        self.count += 1
        if self.count in self.deeds:
            self.now(self.deeds.pop(self.count))
        super().settle()


class Late(EventBus):
    """Delivers what it has accepted some settlings later."""

    driver: Counting

    async def publish(self, event: Any) -> None:
        self.driver.deeds[self.driver.count + LATE] = lambda: self._deliver(event, self._routes[event.topic])


@contextmanager
def rigged(bus: EventBus, settings: EventBusSettings) -> Iterator[tuple[EventBusRig, Counting]]:
    with Counting() as driver:
        made = EventBusRig(driver, settings, threads=False, namespace="")
        bus.__dict__["driver"] = driver
        made.begin(bus)
        yield made, driver


@pytest.mark.parametrize("style", ["pull", PUSH])
def test_what_is_owed_is_waited_for(style: str) -> None:
    settings = EventBusSettings(overflow="drop_oldest")
    with rigged(Late(settings), settings) as (rig, _):
        rig.perform(Subscribe(0, "X", style))
        if style == "pull":
            rig.perform(Receive(0))
        assert [receipt.what for receipt in rig.perform(Publish(7)).received] == ["7"]


def test_a_receive_that_is_owed_nothing_is_not_waited_for() -> None:
    settings = EventBusSettings()
    with rigged(EventBus(settings), settings) as (rig, driver):
        rig.perform(Subscribe(0))
        rig.perform(Publish(1))
        rig.perform(Receive(0))
        before = driver.count
        assert [receipt.what for receipt in rig.perform(Receive(0)).received] == ["waits"]
        assert driver.count - before < driver.patience


def test_a_publisher_and_a_close_that_wait_with_reason_are_not_waited_for() -> None:
    settings = EventBusSettings(capacity=1)
    with rigged(EventBus(settings), settings) as (rig, driver):
        rig.perform(Subscribe(0, "X", PUSH))
        for number in (1, 2):
            rig.perform(Publish(number))
        before = driver.count
        rig.perform(Publish(3))
        rig.perform(Close())
        assert driver.count - before < driver.patience
        assert rig.perform(HandlerEnds(0)).closing == "waits"


def test_whoever_receives_is_waited_for_to_be_told_of_the_end() -> None:
    class EndsLate(EventBus):
        driver: Counting

        async def close(self) -> None:
            loop = asyncio.get_running_loop()
            self.driver.deeds[self.driver.count + LATE] = lambda: loop.create_task(super(EndsLate, self).close())

    settings = EventBusSettings()
    with rigged(EndsLate(settings), settings) as (rig, _):
        rig.perform(Subscribe(0))
        rig.perform(Receive(0))
        assert [receipt.what for receipt in rig.perform(Close()).received] == ["ended"]
