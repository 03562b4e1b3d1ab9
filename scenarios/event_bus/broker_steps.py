"""The steps about buses over a broker."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then, when
from pytest_bdd.parsers import parse

from patternproof.outcome import NotApplicable, premise
from patternproof.ports.event_bus import EventBusSettings

from .broker import Broker
from .durables import Durables
from .scene import Scene
from .words import names_of, policy_of, told, topics_of


@pytest.fixture
def broker(bus: Scene) -> Broker:
    """What is beyond the process of an example."""
    return Broker(bus)


@pytest.fixture
def durables(broker: Broker) -> Durables:
    """The durable subscribers of an example."""
    return Durables(broker)


@given("an event bus over a broker")
def make_bus_over_broker(broker: Broker) -> None:
    broker.make()


@given("an event bus over a broker, without replay")
def make_bus_over_broker_without_replay(broker: Broker) -> None:
    if "replay" in broker.bus.adapter.claims:
        raise NotApplicable("the adapter claims 'replay'")
    broker.make()


@given(parse("an event bus over a broker that keeps {count:d} events for each subscriber and {policy}"))
def make_bounded_bus_over_broker(broker: Broker, count: int, policy: str) -> None:
    broker.make(EventBusSettings(count, policy_of(policy)))


@given(parse("subscriber {name:w} of {topics} events in another process"))
def subscribe_elsewhere(broker: Broker, name: str, topics: str) -> None:
    broker.subscribe_elsewhere(name, topics_of(topics))


@given(parse("durable subscriber {name:w} of {topics} events"))
def subscribe_durably(durables: Durables, name: str, topics: str) -> None:
    durables.subscribe(name, topics_of(topics))


@given(parse("durable subscriber {name:w} of {topics} events in another process"))
def subscribe_durably_elsewhere(durables: Durables, name: str, topics: str) -> None:
    durables.subscribe(name, topics_of(topics), elsewhere=True)


@when(parse("another process publishes {topic:w} event {event:w}"))
@when(parse("another process publishes {topic:w} events {event}"))
def another_process_publishes(broker: Broker, topic: str, event: str) -> None:
    broker.publish_elsewhere(topics_of(topic), names_of(event))


@when(
    parse(
        "subscriber {name:w} subscribes to state events in another process, and event {event:w} is published here "
        "as soon as that has returned"
    )
)
def subscribe_elsewhere_then_publish(broker: Broker, name: str, event: str) -> None:
    broker.subscribe_elsewhere_then_publish(name, event)


@when(
    parse(
        "event {event:w} is published in another process, and subscriber {name:w} subscribes to state events here "
        "as soon as that has returned"
    )
)
def publish_elsewhere_then_subscribe(broker: Broker, event: str, name: str) -> None:
    broker.publish_elsewhere_then_subscribe(event, name)


@when("the broker is restarted")
def restart_broker(broker: Broker) -> None:
    broker.stop()
    broker.start()


@when("the broker is stopped")
def stop_broker(broker: Broker) -> None:
    broker.stop()


@when("the broker is started again")
def start_broker(broker: Broker) -> None:
    broker.start()


@then(parse("subscriber {name:w} has received every event that was published"))
def has_received_all(bus: Scene, name: str) -> None:
    waiting = bus.waiting()
    bus.expect(not waiting, "publishing to have ended, now that the broker is there again", f"{told(waiting)} not published yet")
    bus.read(name)
    published, got = bus.accepted("X"), bus.received(name)
    premise(published, "nothing was published")
    expected = f"{told(published)}, once each and in this order"
    right = [each for each in got if each in published] == published and len(set(got)) == len(got)
    bus.expect(right, expected, told(got))


@when(parse("subscriber {name:w} goes away"))
def subscriber_goes_away(durables: Durables, name: str) -> None:
    durables.leave(name)


@when("the other process is killed")
def kill_other_process(broker: Broker) -> None:
    broker.kill()


@when(parse("subscriber {name:w} comes back"))
def subscriber_comes_back(durables: Durables, name: str) -> None:
    durables.come_back(name)


@when(parse("subscriber {name:w} comes back in another process"))
def subscriber_comes_back_elsewhere(durables: Durables, name: str) -> None:
    durables.come_back(name, elsewhere=True)


@when(parse("subscriber {name:w} reads without acknowledging"))
def read_without_acknowledging(durables: Durables, name: str) -> None:
    durables.read(name, acknowledges=False)


@when(parse("subscriber {name:w} reads and acknowledges"))
def read_and_acknowledge(durables: Durables, name: str) -> None:
    durables.read(name)


@when(parse("publisher {publisher:w} publishes state event {event:w} once more"))
def publish_again(bus: Scene, publisher: str, event: str) -> None:
    bus.publish_again(publisher, event)


@then(parse("subscriber {name:w} has at least once received event {event:w}"))
def has_received_one_at_least_once(durables: Durables, bus: Scene, name: str, event: str) -> None:
    has_received_at_least_once(durables, bus, name, event)


@then(parse("subscriber {name:w} has at least once received events {events}"))
def has_received_at_least_once(durables: Durables, bus: Scene, name: str, events: str) -> None:
    wanted = names_of(events)
    bus.reach(set(wanted) <= set(bus.accepted("XY")), f"{told(wanted)} to be published", bus.seen)
    durables.read(name)
    got = list(dict.fromkeys(event for _, event in durables.deliveries(name)))
    bus.expect(sorted(got) == sorted(wanted), f"{told(wanted)}, perhaps more than once", told(got))


@then(parse("subscriber {name:w} has twice received event {event:w}, with one id"))
def has_received_twice(durables: Durables, bus: Scene, name: str, event: str) -> None:
    got = durables.deliveries(name)
    durables.read(name, acknowledges=False, enough=lambda: len(got) >= 2)
    again = len(got) >= 2 and len(set(got)) == 1 and got[0][1] == event
    bus.expect(again, f"event {event} again under the same id", shown(got))


@then(parse("subscriber {name:w} has received event {event:w} under two ids"))
def has_received_under_two_ids(durables: Durables, bus: Scene, name: str, event: str) -> None:
    def ids() -> set[str]:
        return {identifier for identifier, got in durables.deliveries(name) if got == event}

    durables.read(name, enough=lambda: len(ids()) >= 2)
    bus.expect(len(ids()) == 2, f"event {event}, which was published twice, under two ids", shown(durables.deliveries(name)))


@then(parse("each event that subscriber {name:w} received has an id of its own"))
def ids_are_unique(durables: Durables, bus: Scene, name: str) -> None:
    got = set(durables.deliveries(name))
    unique = len(got) == len({identifier for identifier, _ in got}) == len({event for _, event in got})
    bus.expect(unique, "one id for each event", shown(sorted(got)))


def shown(deliveries: list[tuple[str, str]]) -> str:
    return ", ".join(f"event {event} as {identifier!r}" for identifier, event in deliveries) or "nothing"
