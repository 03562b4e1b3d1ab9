"""What a bus makes of the numbers in its log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from patternproof.ports.event_bus import EventBusSettings, Overflowed, StateChanged, Topic, encode
from tests.memory_broker import MemoryEventBus


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def event(number: int) -> StateChanged:
    return StateChanged(f"event {number}", {"number": number})


def bus(name: str, overflow: Any = "drop_oldest") -> MemoryEventBus:
    return MemoryEventBus(EventBusSettings(overflow=overflow, namespace=name))


def test_an_entry_that_comes_again_is_passed_over() -> None:
    async def main() -> None:
        made = bus("again")
        subscription = await made.subscribe(Topic.STATE)
        for position in (1, 2, 1, 2, 3):
            made._take(position, encode(event(position)))
        assert [await subscription.receive() for _ in range(3)] == [event(1), event(2), event(3)]
        await made.close()

    run(main)


@pytest.mark.parametrize("overflow", ["drop_oldest", "disconnect"])
def test_what_the_log_has_no_more_is_counted_and_told(overflow: str) -> None:
    async def main() -> None:
        made = bus(f"gap {overflow}", overflow)
        early = await made.subscribe(Topic.STATE)
        made._take(1, encode(event(1)))
        made.broker.entries += [b""] * 3
        late = await made.subscribe(Topic.STATE)
        assert late.dropped == 0
        made._take(6, encode(event(6)))
        assert (early.dropped, late.dropped) == (4, 2)
        if overflow == "disconnect":
            assert await early.receive() == event(1)
        with pytest.raises(Overflowed) as gap:
            await early.receive()
        assert gap.value.dropped == 4
        await made.close()

    run(main)


def test_a_durable_subscription_is_told_once_of_what_the_log_has_no_more() -> None:
    async def main() -> None:
        made = bus("durable gap")
        durable = await made.resume("name", Topic.STATE)
        await durable.leave()
        made.broker.entries += [encode(event(number)) for number in (1, 2, 3)]
        made.broker.places["name"].last = 2
        durable = await made.resume("name", Topic.STATE)
        durable._last = 0
        with pytest.raises(Overflowed) as gap:
            await durable.receive()
        assert gap.value.dropped == 2
        assert (await durable.receive()).event == event(3)
        await made.close()

    run(main)
