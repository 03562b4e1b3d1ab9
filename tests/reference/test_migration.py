"""What stands between old and new, by itself."""

from __future__ import annotations

import asyncio
from typing import Any

from patternproof.reference.migration import EventBridge, StateSwitch, convert_error, restore_error
from patternproof.reference.migration import bridge as bridges

from patternproof.ports.error_propagation import ComponentError, Kind
from patternproof.ports.migration import Action, LegacyCode, LegacyError, event_of
from patternproof.ports.shared_state import Snapshot, Updater


class Everywhere:
    """A direct way and a bus that delivers to whoever handles."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.published: list[Any] = []
        self.handlers: list[Any] = []

    async def perform(self, action: Action) -> str:
        self.done.append(action.id)
        return action.id

    async def handle(self, topics: object, handler: Any) -> None:
        self.handlers.append(handler)

    async def publish(self, event: Any) -> None:
        self.published.append(event)
        for handler in self.handlers:
            await handler(event)


class Store:
    """A store of one number."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    async def update(self, function: Updater[Any]) -> Any:
        return function(self.data)

    async def get(self) -> Snapshot:
        return Snapshot(dict(self.data), 0)


async def opened(ways: Everywhere) -> EventBridge:
    bridge = EventBridge(ways, ways)  # type: ignore[arg-type]  # as much of a bus as it takes
    await bridge.open()
    return bridge


def test_a_bridge_shows_what_is_done_and_what_is_under_way() -> None:
    async def run() -> str:
        bridge = await opened(Everywhere())
        await bridge.perform(Action("a"))
        return repr(bridge)

    assert asyncio.run(run()) == "<EventBridge 1 done, 0 under way>"


def test_a_bridge_forgets_the_oldest_actions_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(bridges, "MOST_DONE", 2)

    async def run() -> list[str]:
        ways = Everywhere()
        bridge = await opened(ways)
        for name in ("a", "b", "c", "c", "a"):
            await bridge.perform(Action(name))
        return ways.done

    assert asyncio.run(run()) == ["a", "b", "c", "a"]


def test_an_event_of_another_kind_is_no_action() -> None:
    async def run() -> list[str]:
        ways = Everywhere()
        await opened(ways)
        await ways.publish(object())
        await ways.publish(event_of(Action("a", {"n": 1})))
        return ways.done

    assert asyncio.run(run()) == ["a"]


def test_a_switch_begins_where_the_flag_stands_and_shows_it() -> None:
    switch = StateSwitch(Store(), Store(), lambda: True)
    assert repr(switch) == "<StateSwitch in the new store, 0 under way>"


def test_a_switch_leaves_in_a_store_nothing_that_was_there_before() -> None:
    async def run() -> dict[str, Any]:
        old, new, flags = Store(), Store(), [False]
        new.data = {"left": "from the last time"}
        switch = StateSwitch(old, new, lambda: flags[0])
        await switch.update(lambda data: data.update(number=1))
        flags[0] = True
        return dict((await switch.get()).data)

    assert asyncio.run(run()) == {"number": 1}


def test_known_codes_have_kinds_and_known_kinds_codes() -> None:
    assert convert_error(LegacyError(LegacyCode.DENIED, "not yours")).kind is Kind.PERMISSION_DENIED
    restored = restore_error(ComponentError(Kind.RESOURCE_NOT_FOUND, "There is none.", "orders", "read"))
    assert isinstance(restored, LegacyError)
    assert (restored.code, restored.text) == (LegacyCode.NOT_FOUND, "There is none.")


def test_what_nobody_knows_is_unexpected_and_internal() -> None:
    assert convert_error(LegacyError(7, "what is that")).kind is Kind.UNEXPECTED
    restored = restore_error(ComponentError("quota_exceeded", "Too many.", "orders", "read"))
    assert isinstance(restored, LegacyError)
    assert restored.code is LegacyCode.INTERNAL
