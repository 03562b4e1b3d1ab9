"""The reference event bus."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest
from patternproof.reference.event_bus import EventBus, ThreadedEventBus

from patternproof.drivers import Raised
from patternproof.drivers.simulated import Simulated
from patternproof.ports.event_bus import (
    BusClosedError,
    EventBusSettings,
    EventTooLargeError,
    PayloadError,
    StateChanged,
    UnknownEventError,
    UnknownTopicError,
    UserAction,
    WireError,
    decode,
    encode,
)

EVENT = StateChanged("pump", {"on": True})


@pytest.mark.parametrize("bus", [EventBus, ThreadedEventBus])
@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ({"capacity": 0}, "capacity .* got 0"),
        ({"capacity": -1}, "capacity .* got -1"),
        ({"capacity": 1.5}, "capacity .* got 1.5"),
        ({"capacity": "many"}, "capacity .* got 'many'"),
        ({"overflow": "forget"}, "overflow must be one of block, .*; got 'forget'"),
        ({"overflow": None}, "overflow must be one of block, .*; got None"),
        ({"max_bytes": 0}, "max_bytes .* got 0"),
    ],
)
def test_a_setting_out_of_range_is_named(bus: Any, wrong: dict[str, Any], shown: str) -> None:
    with pytest.raises(ValueError, match=shown):
        bus(EventBusSettings(**wrong))


@pytest.mark.parametrize(
    ("event", "settings", "error", "shown"),
    [
        (object(), EventBusSettings(), UnknownEventError, "takes one of StateChanged, .* got object"),
        ({"component": "pump"}, EventBusSettings(), UnknownEventError, "got dict"),
        (StateChanged, EventBusSettings(), UnknownEventError, "got type"),
        (EVENT, EventBusSettings(max_bytes=10), EventTooLargeError, "StateChanged takes [0-9]+ bytes; .* at most 10"),
    ],
)
@pytest.mark.parametrize("kind", [EventBus, ThreadedEventBus])
def test_what_cannot_be_published_is_named_and_nothing_is_changed(
    kind: Any, event: Any, settings: EventBusSettings, error: type[Exception], shown: str
) -> None:
    bus, call = used(kind, settings)
    subscription = call(lambda: bus.subscribe("state"))
    before = repr(bus)
    with pytest.raises(error, match=shown):
        call(lambda: bus.publish(event))
    assert not subscription.waiting
    assert (repr(bus), subscription.dropped) == (before, 0)


@pytest.mark.parametrize("kind", [EventBus, ThreadedEventBus])
@pytest.mark.parametrize(
    ("topics", "shown"), [(("weather",), "no topic 'weather'"), (("state", 3), "no topic 3"), ((), "got none")]
)
def test_a_topic_that_there_is_not_is_named_and_no_subscription_is_left(kind: Any, topics: tuple[Any, ...], shown: str) -> None:
    bus, call = used(kind, EventBusSettings())
    before = repr(bus)
    for subscribe in (lambda: bus.subscribe(*topics), lambda: bus.handle(topics, print)):
        with pytest.raises(UnknownTopicError, match=shown):
            call(subscribe)
        assert repr(bus) == before


def used(kind: Any, settings: EventBusSettings) -> tuple[Any, Callable[[Callable[[], Any]], Any]]:
    """A bus, and how its methods are called."""
    if kind is ThreadedEventBus:
        return kind(settings), lambda call: call()
    return kind(settings), lambda call: asyncio.run(call())


def test_a_closed_bus_refuses_both_ways() -> None:
    with Simulated() as driver:
        bus = EventBus(EventBusSettings())
        driver.complete(bus.close)
        for call in (lambda: bus.publish(EVENT), bus.subscribe):
            outcome = driver.start(call).outcome
            assert isinstance(outcome, Raised)
            assert isinstance(outcome.error, BusClosedError)


@pytest.mark.parametrize(
    "data", [{"x": math.nan}, {"x": [math.inf]}, {1: 2}, {"x": object()}, {"x": "\ud800"}, {"x": 1 << 20_000}]
)
def test_data_that_json_cannot_say_is_refused_with_its_place(data: dict[Any, Any]) -> None:
    with pytest.raises(PayloadError, match="data"):
        UserAction("click", data)


def test_an_event_cannot_be_changed_and_survives_the_wire() -> None:
    event = UserAction("click", {"at": [1, {"x": 2**70}], "": None})
    with pytest.raises(TypeError):
        event.data["at"] = 3  # type: ignore[index]  # that it cannot be is the point
    assert decode(encode(event)) == event


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"topic":"state"}', b'{"topic":"state","component":1}'])
def test_bytes_that_are_no_event_are_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="expected"):
        decode(data)
