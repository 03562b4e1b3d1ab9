"""The event bus's model."""

from __future__ import annotations

from typing import Any

import pytest
from patternproof.reference.event_bus import EventBus
from patternproof.scenarios.event_bus.events import CancelReceive, Close, Publish, Receive, Subscribe, Unsubscribe
from patternproof.scenarios.event_bus.model import complete
from patternproof.scenarios.event_bus.rig import rig

from patternproof.history import Batch, alone
from patternproof.judge import smoke
from patternproof.modelling import RIGHT, explained
from patternproof.ports.event_bus import EventBusSettings
from tests.odd.event_bus import HandlersOnly
from tests.proof import loaded

pytestmark = pytest.mark.proof

TWO, WAITS, DISCONNECTS = EventBusSettings(2), EventBusSettings(1), EventBusSettings(1, "disconnect")
RIGHT_OR_NOT_KNOWN = {
    "a receive is cancelled as its event comes": (TWO, (Subscribe(0), Receive(0), Batch((Publish(0), CancelReceive(0)), (0,)))),
    "who is full is disconnected, told and leaves": (
        DISCONNECTS,
        (Subscribe(0), Publish(0), Publish(1), Receive(0), Receive(0), Unsubscribe(0), Receive(0)),
    ),
    "one comes while a publisher waits": (
        WAITS,
        (Subscribe(0), Publish(0), Publish(1), Subscribe(1), Unsubscribe(0), Receive(1)),
    ),
    "the bus is closed while a publisher waits": (WAITS, (Subscribe(0), Publish(0), Publish(1), Close(), Receive(0), Receive(0))),
}


@pytest.mark.parametrize(("settings", "steps"), RIGHT_OR_NOT_KNOWN.values(), ids=RIGHT_OR_NOT_KNOWN)
def test_nothing_is_said_against_the_reference_when(settings: EventBusSettings, steps: tuple[Any, ...]) -> None:
    with (
        loaded("event_bus", "reference", EventBus) as adapter,
        adapter.driver() as driver,
        rig(adapter, driver, settings) as made,
    ):
        for step in steps:
            made.run(step if isinstance(step, Batch) else alone(step))
        history = made.history
    assert explained(complete(), history, RIGHT) == len(history), "\n".join(history.lines())


def test_the_plainest_use_of_a_bus_with_handlers_alone_is_that_of_a_handler() -> None:
    with loaded("event_bus", "handlers", HandlersOnly) as adapter:
        smoke(adapter, "event_bus")
