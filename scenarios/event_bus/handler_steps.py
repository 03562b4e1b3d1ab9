"""The steps about what handlers and publishers do in between."""

from __future__ import annotations

from pytest_bdd import when
from pytest_bdd.parsers import parse

from .events import PUSH
from .scene import Scene


@when(parse("handler {name:w} publishes state event {event:w}"))
def handler_publishes(bus: Scene, name: str, event: str) -> None:
    bus.end_handler(name, "publishes", bus.new_event(event))


@when(parse("handler {name:w} subscribes handler {other:w} to state events"))
def handler_subscribes(bus: Scene, name: str, other: str) -> None:
    bus.end_handler(name, "subscribes", bus.new_subscriber(other, PUSH))


@when(parse("handler {name:w} unsubscribes handler {other:w}"))
def handler_unsubscribes_other(bus: Scene, name: str, other: str) -> None:
    bus.end_handler(name, "removes", bus.number(other))


@when(parse("what handler {name:w} waits for is cancelled"))
def handler_is_cancelled(bus: Scene, name: str) -> None:
    bus.require_cancelling()
    bus.end_handler(name, "cancelled")


@when(parse("publisher {name:w} gives up"))
def publisher_gives_up(bus: Scene, name: str) -> None:
    bus.give_up(name)
