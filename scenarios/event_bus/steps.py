"""The steps of features about event buses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import NotApplicable, NotOffered, premise
from patternproof.ports.event_bus import EventBusSettings
from patternproof.time_steps import Clock

from .broker_steps import *  # noqa: F403  # the steps of a pattern are looked for in one module
from .data import arrives, comes_back
from .events import EVENTS, OVERFLOWED, PULL, PUSH, LeaveScope, Spoil, Subscribe, Unsubscribe, UnsubscribeThenPublish
from .handler_steps import *  # noqa: F403  # the steps of a pattern are looked for in one module
from .scene import Scene
from .words import names_of, policy_of, told, topics_of

text = parsers.parse


@pytest.fixture
def bus(patternproof_adapter: Adapter, driver: Driver, requirement: str, clock: Clock) -> Iterator[Scene]:
    """The event bus of an example, its subscribers, and what was seen of them."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        clock.follow(scene, EVENTS)
        yield scene


# Given: the situation. An example whose situation is not reached is reported as not exercised, never as failed.


@given("an event bus")
def make_bus(bus: Scene) -> None:
    bus.make()


@given(text("an event bus that keeps {count:d} event for each subscriber and {policy}"))
@given(text("an event bus that keeps {count:d} events for each subscriber and {policy}"))
def make_bounded_bus(bus: Scene, count: int, policy: str) -> None:
    bus.make(EventBusSettings(count, policy_of(policy)))


@given("an event bus without replay")
def make_bus_without_replay(bus: Scene) -> None:
    if "replay" in bus.adapter.claims:
        raise NotApplicable("the adapter claims 'replay'")
    bus.make()


@given("an event bus that reports the errors of handlers")
def make_reporting_bus(bus: Scene) -> None:
    bus.make()
    if not hasattr(bus.rig.bus, "add_error_listener"):
        raise NotOffered("the event bus has no add_error_listener()")


@given("an event bus with a wire format")
def make_bus_with_wire_format(bus: Scene) -> None:
    bus.make()
    if not hasattr(bus.rig.bus, "encode") or not hasattr(bus.rig.bus, "decode"):
        raise NotOffered("the event bus has no encode() and decode()")


@given(text("subscriber {name:w} of {topics} events"))
@when(text("subscriber {name:w} subscribes to {topics} events"))
def subscribe(bus: Scene, name: str, topics: str) -> None:
    bus.subscribe([name], topics_of(topics))


@given(text("subscribers {names} of {topics} events"))
def subscribe_several(bus: Scene, names: str, topics: str) -> None:
    bus.subscribe(names_of(names), topics_of(topics))


@given(text("handler {name:w} of {topics} events"))
def give_handler(bus: Scene, name: str, topics: str) -> None:
    bus.subscribe([name], topics_of(topics), PUSH)


@given(text("handlers {names} of {topics} events"))
def give_handlers(bus: Scene, names: str, topics: str) -> None:
    bus.subscribe(names_of(names), topics_of(topics), PUSH)


@given(text("subscriber {name:w} is waiting"))
def subscriber_waits(bus: Scene, name: str) -> None:
    bus.wait(name)


# When: what happens.


@when(text("publisher {name:w} publishes {topic:w} event {event:w}"))
def publish_one(bus: Scene, name: str, topic: str, event: str) -> None:
    bus.publish(name, topics_of(topic), [event])


@when(text("publisher {name:w} publishes {topic:w} events {events}"))
def publish_several(bus: Scene, name: str, topic: str, events: str) -> None:
    bus.publish(name, topics_of(topic), names_of(events))


@when(text("subscriber {name:w} subscribes to state events, and event {event:w} is published as soon as that has returned"))
def subscribe_then_publish(bus: Scene, name: str, event: str) -> None:
    bus.subscribe_then_publish(name, PULL, event)


@when(text("handler {name:w} subscribes to state events, and event {event:w} is published as soon as that has returned"))
def give_handler_then_publish(bus: Scene, name: str, event: str) -> None:
    bus.subscribe_then_publish(name, PUSH, event)


@when(text("event {event:w} is published, and subscriber {name:w} subscribes to state events as soon as that has returned"))
def publish_then_subscribe(bus: Scene, event: str, name: str) -> None:
    bus.publish_then_subscribe(event, name)


@when(text("subscriber {name:w} unsubscribes, and event {event:w} is published as soon as that has returned"))
def unsubscribe_then_publish(bus: Scene, name: str, event: str) -> None:
    bus.perform(UnsubscribeThenPublish(bus.number(name), bus.new_event(event)))


@when(text("publisher {publisher:w} publishes state event {event:w} at the moment at which subscriber {name:w} unsubscribes"))
def publish_meets_unsubscribe(bus: Scene, publisher: str, event: str, name: str) -> None:
    bus.perform(bus.publishing(publisher, "X", event), Unsubscribe(bus.number(name)))


@when(
    text(
        "publisher {publisher:w} publishes state event {event:w} at the moment at which subscriber {name:w} "
        "subscribes to state events"
    )
)
def publish_meets_subscribe(bus: Scene, publisher: str, event: str, name: str) -> None:
    number = bus.new_subscriber(name)
    bus.perform(bus.publishing(publisher, "X", event), Subscribe(number, "X", bus.style(name)))


@when(
    text(
        "publisher {publisher:w} publishes state event {event:w} at the moment at which the receive of subscriber {name:w} "
        "is cancelled"
    )
)
def publish_meets_cancellation(bus: Scene, publisher: str, event: str, name: str) -> None:
    cancellation = bus.cancellation(name)
    bus.perform(bus.publishing(publisher, "X", event), cancellation)


@when(text("the receive of subscriber {name:w} is cancelled"))
def cancel_receive(bus: Scene, name: str) -> None:
    bus.perform(bus.cancellation(name))


@when(text("subscriber {name:w} reads"))
def read_one(bus: Scene, name: str) -> None:
    bus.receive_once(name)


@when(text("subscribers {names} read"))
def read_all(bus: Scene, names: str) -> None:
    for _ in names_of(names):  # what one has read may let the next get more
        for name in names_of(names):
            bus.read(name)


@when(text("handler {name:w} fails"))
def handler_fails(bus: Scene, name: str) -> None:
    bus.end_handler(name, "error")


@when(text("handler {name:w} unsubscribes itself"))
def handler_unsubscribes(bus: Scene, name: str) -> None:
    bus.end_handler(name, "leaves")


@when(text("subscriber {name:w} unsubscribes"))
def unsubscribe(bus: Scene, name: str) -> None:
    bus.perform(Unsubscribe(bus.number(name)))


@when(text("subscriber {name:w} leaves its scope"))
def leave_scope(bus: Scene, name: str) -> None:
    subscription = bus.rig.subscribers[bus.number(name)].subscription
    if not hasattr(subscription, "__aexit__") and not hasattr(subscription, "__exit__"):
        raise NotOffered("subscriptions have no scope (async with)")
    bus.perform(LeaveScope(bus.number(name)))


@when(text("subscriber {name:w} tries to change what it got"))
def spoil(bus: Scene, name: str) -> None:
    bus.require_nearby()
    premise(bus.received(name), f"subscriber {name} got nothing")
    bus.perform(Spoil(bus.number(name)))


@when("the bus is closed")
def close_the_bus(bus: Scene) -> None:
    bus.close_bus()


# Then: what must be seen.


@then(text("subscriber {name:w} has received nothing"))
def has_received_nothing(bus: Scene, name: str) -> None:
    has_received(bus, name, [])


@then(text("subscriber {name:w} has received event {event:w}"))
def has_received_one(bus: Scene, name: str, event: str) -> None:
    has_received(bus, name, [event])


@then(text("subscriber {name:w} has received events {events}"))
def has_received_several(bus: Scene, name: str, events: str) -> None:
    has_received(bus, name, names_of(events))


def has_received(bus: Scene, name: str, wanted: list[str]) -> None:
    bus.read(name)
    got = bus.received(name)
    words = " and ".join(f"event {each}" for each in wanted) or "nothing"
    bus.expect(got == wanted, f"that subscriber {name} has received {words}, and nothing else", told(got))


@then(text("subscriber {name:w} has received event {event:w} last"))
def has_received_last(bus: Scene, name: str, event: str) -> None:
    bus.read(name)
    got = bus.received(name)
    bus.expect(got[-1:] == [event], f"that subscriber {name} has received event {event} last", told(got))


@then(text("subscriber {name:w} has received event {first:w} before event {second:w}"))
def has_received_in_order(bus: Scene, name: str, first: str, second: str) -> None:
    bus.read(name)
    got = [each for each in bus.received(name) if each in (first, second)]
    bus.expect(got == [first, second], f"event {first}, and event {second} after it", told(bus.received(name)))


@then(text("subscriber {name:w} has not received event {event:w}"))
def has_not_received(bus: Scene, name: str, event: str) -> None:
    bus.read(name)
    premise(bus.received(name), f"subscriber {name} has received nothing at all")
    bus.expect(event not in bus.received(name), f"that event {event} was dropped", told(bus.received(name)))


@then(text("subscriber {name:w} counts the events that it misses"))
def counts_what_it_misses(bus: Scene, name: str) -> None:
    bus.read(name)
    missing = bus.published() - len(bus.received(name))
    bus.expect(missing > 0, "some events to be dropped", "nothing is dropped, however much waits to be received")
    bus.expect(bus.dropped(name) == missing, f"{missing} events to be counted as dropped", bus.dropped(name))


@then(text("subscriber {name:w} is told that events were dropped"))
def is_told_of_overflow(bus: Scene, name: str) -> None:
    bus.require_pull(name)
    bus.read(name)
    bus.expect(OVERFLOWED in bus.told(name), "Overflowed", f"{told(bus.received(name))}; {bus.told(name) or 'told nothing'}")


@then(text("subscriber {name:w} is told that its subscription has ended"))
def is_told_of_end(bus: Scene, name: str) -> None:
    bus.require_pull(name)
    bus.read(name)
    bus.expect("ended" in bus.told(name), "SubscriptionClosedError", bus.told(name) or bus.seen)


@then(text("handler {name:w} is busy with event {event:w}"))
def handler_is_busy(bus: Scene, name: str, event: str) -> None:
    got = bus.received(name)
    bus.expect(got == [event], f"that handler {name} was called with event {event} alone", told(got))


@then(text("event {event:w} is published"))
def is_published(bus: Scene, event: str) -> None:
    bus.expect(bus.phase(event) == "done", f"that publishing event {event} has ended", bus.phase(event))


@then(text("event {event:w} is not published yet"))
def is_not_published(bus: Scene, event: str) -> None:
    bus.expect(bus.phase(event) == "waits", f"that the publisher of event {event} waits", bus.phase(event))


@then(text("event {event:w} is refused, as the bus is closed"))
def is_refused(bus: Scene, event: str) -> None:
    bus.expect(bus.phase(event) == "refused", "BusClosedError", bus.phase(event))


@then(text("the error of handler {name:w} is reported"))
def error_is_reported(bus: Scene, name: str) -> None:
    bus.expect(bus.number(name) in bus.reported, f"the error of handler {name} to be reported", bus.seen)


@then(text("the bus holds nothing of subscriber {name:w}"))
def holds_nothing(bus: Scene, name: str) -> None:
    bus.require_nearby()
    left = bus.leftovers(name)
    bus.expect(left == "nothing", "nothing to be left of it", f"the bus holds {left}")


@then("closing the bus is over")
def closing_is_over(bus: Scene) -> None:
    bus.expect(bus.seen.closing == "over", "close() to have ended", bus.seen)


@then("whatever data an event has, its subscribers get an equal one")
def data_arrives(bus: Scene) -> None:
    arrives(bus)


@then("whatever data an event has, encoding and decoding it gives an equal one")
def data_comes_back(bus: Scene) -> None:
    comes_back(bus)
