"""The reference event bus."""

from __future__ import annotations

import math
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
@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"capacity": -1}, {"overflow": "forget"}, {"max_bytes": 0}])
def test_a_setting_out_of_range_is_named(bus: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        bus(EventBusSettings(**wrong))


@pytest.mark.parametrize(
    ("event", "settings", "error"),
    [
        (object(), EventBusSettings(), UnknownEventError),
        (EVENT, EventBusSettings(max_bytes=10), EventTooLargeError),
    ],
)
def test_what_cannot_be_published_is_refused_and_nothing_is_left(event: Any, settings: EventBusSettings, error: type) -> None:
    with Simulated() as driver:
        bus = EventBus(settings)
        subscription = driver.complete(lambda: bus.subscribe("state"))  # type: ignore[arg-type]  # a topic by its name
        outcome = driver.start(lambda: bus.publish(event)).outcome
        assert isinstance(outcome, Raised)
        assert isinstance(outcome.error, error)
        assert not subscription.waiting


def test_an_unknown_topic_is_named_and_no_subscription_is_left() -> None:
    with Simulated() as driver:
        bus = EventBus(EventBusSettings())
        outcome = driver.start(lambda: bus.subscribe("weather")).outcome  # type: ignore[arg-type]  # that it is none is the point
        assert isinstance(outcome, Raised)
        assert isinstance(outcome.error, UnknownTopicError)
        assert "weather" in str(outcome.error)
        assert not bus._subscriptions()


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
