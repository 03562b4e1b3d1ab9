"""What the scenarios say of workflows of several sources."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from types import ModuleType
from typing import Any

import pytest
from patternproof.scenarios.workflows.dependency import Dependency, Payload
from patternproof.scenarios.workflows.deviations import DEVIATIONS, part_of, requirement
from patternproof.scenarios.workflows.events import EVENTS, PARTS, UI
from patternproof.scenarios.workflows.model import complete
from patternproof.scenarios.workflows.rig import model, rig
from patternproof.scenarios.workflows.rig import rig as part_rig
from patternproof.scenarios.workflows.watching import Book, Watched
from patternproof.scenarios.workflows.wire import UNKNOWN, Wire, command

from patternproof import judge
from patternproof.adapter import Adapter, load
from patternproof.drivers.simulated import Simulated
from patternproof.flavour import plainly
from patternproof.history import alone
from patternproof.modelling import RIGHT, diagnose, enacted, separations
from patternproof.outcome import NotOffered
from patternproof.patterns import PATTERNS, reference
from patternproof.ports.service_interface import Message, Request


@pytest.fixture
def lacking(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    """The reference without the factories that the test names."""
    module = ModuleType("lacking_adapter")
    present = {name: value for name, value in vars(reference("asyncio")).items() if name[0] != "_" and name not in request.param}
    vars(module).update(present)
    sys.modules[module.__name__] = module
    yield load(module.__name__)
    del sys.modules[module.__name__]


@pytest.mark.parametrize("lacking", [PARTS], indirect=True)
def test_the_references_components_are_made_over_an_adapters_parts(lacking: Adapter) -> None:
    assert model(lacking).parts == PARTS
    judge.smoke(lacking, "workflows")


@pytest.mark.parametrize("lacking", [("event_bus", *PARTS)], indirect=True)
def test_without_a_bus_of_its_own_what_needs_one_is_not_offered_by_its_name(lacking: Adapter) -> None:
    assert model(lacking).parts == ("core_component",)
    with pytest.raises(NotOffered, match="no function 'ui_component', nor 'event_bus' to make the reference's over"):
        lacking.around("ui_component")


@pytest.mark.parametrize("lacking", [(*PATTERNS, *PATTERNS["migration"].parts, "error_propagation_service")], indirect=True)
def test_components_of_an_adapters_own_are_made_over_parts_that_are_lent(lacking: Adapter) -> None:
    assert (lacking.offered, model(lacking).parts) == (("workflows",), PARTS)


@pytest.mark.parametrize(
    ("name", "part"), [("pyee", UI), ("blinker", UI), ("bubus", UI), ("aiopubsub", UI), ("broadcaster", UI), ("pypubsub", UI)]
)
def test_a_bus_of_a_library_is_tried_under_the_references_component(name: str, part: str) -> None:
    adapter = load(f"patternproof.adapters.{name}")
    assert (model(adapter).parts, "workflows" in adapter.offered) == ((part,), True)
    judge.smoke(adapter, "workflows")


def test_an_adapter_of_a_breaker_alone_offers_no_workflow() -> None:
    assert load("patternproof.adapters.purgatory").offered == ("circuit_breaker",)


def test_every_part_is_of_one_requirement_and_every_deviation_of_one_part() -> None:
    assert [requirement(part) for part in PARTS] == ["WF-01", "WF-02", "WF-03", "WF-04", "WF-05"]
    assert {part_of(name) for name in DEVIATIONS} == set(PARTS)


@pytest.mark.parametrize("name", [name for name, each in DEVIATIONS.items() if not each.elusive])
def test_what_a_deviation_enacts_is_put_down_to_it(name: str) -> None:
    names = frozenset({name})
    history = enacted(complete(), separations(complete())[name], names)
    assert diagnose(complete(), [history]) == names


@pytest.mark.parametrize("settings", complete().variants(), ids=str)
def test_an_event_that_comes_without_what_it_needs_changes_nothing(settings: Any) -> None:
    """Shrinking drops any event: the rig and the model have to agree on what is left."""
    adapter = load("patternproof.reference.adapters.in_memory")
    made = complete()
    seconds = ("Answer", "Cancel", "ActionEnds", "Reply", "WorkEnds")
    with adapter.driver() as driver, rig(adapter, driver, settings) as held:
        states = tuple(made.initial(settings))
        for name in seconds:
            event = EVENTS[name](*[7 for field in fields(EVENTS[name]) if field.name == "call"])
            seen = held.perform(event)
            states = tuple(
                after
                for state in states
                for after in made.apply(made.begin(state), event, RIGHT)
                if made.matches(after, seen, RIGHT)
            )
        assert states


def test_an_event_can_be_published_in_the_very_turn_in_which_a_component_is_made() -> None:
    adapter = load("patternproof.reference.adapters.in_memory")
    settings = complete().variants()[-1]
    with adapter.driver() as driver, part_rig(adapter, driver, settings) as held:
        assert held.look().context == "context 0"


@pytest.mark.parametrize("body", [None, {"command": "count"}, {"command": "other", "arguments": {"number": 1}}])
def test_what_is_no_command_of_the_kits_is_told_as_unknown(body: Any) -> None:
    with Simulated() as driver:
        wire = Wire(driver)
        plainly(wire.send(Request(1, Message("m", body))))
        plainly(wire.send(Request(2, Message("n", command(4).body))))
        assert wire.arrived() == (UNKNOWN, 4)


def test_a_subscription_that_ends_twice_counts_once_and_a_pool_that_goes_first_is_told() -> None:
    class Part:
        def subscribe(self) -> Part:
            return self

        def unsubscribe(self) -> None: ...

        def close(self) -> None: ...

    book = Book()
    bus: Watched = book.bus(Part())
    subscription = bus.subscribe()
    assert book.subscriptions == 1
    book.pool(Part()).close()
    assert book.order
    with subscription:
        subscription.unsubscribe()
    assert book.subscriptions == 0


def test_a_connection_that_breaks_is_neither_alive_nor_open() -> None:
    with Simulated() as driver:
        dependency = Dependency(driver, threads=False)
        connection = driver.complete(dependency.connect)
        payload = Payload(0)
        pending = driver.start(lambda: connection.request(payload))
        dependency.end(payload, "break")
        driver.settle()
        assert isinstance(getattr(pending.outcome, "error", None), ConnectionError)
        assert (connection.is_alive(), dependency.open) == (False, 0)


def test_each_part_has_a_plain_model_state_to_go_on_from() -> None:
    made = complete()
    for settings in made.variants():
        (state, *_) = made.initial(settings)
        for _ in range(3):
            event = next(iter(made.enabled(state)))
            state = made.begin(next(iter(made.apply(state, event, RIGHT))))
        assert list(made.alongside(state, alone(event).events))
