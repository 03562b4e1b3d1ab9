"""The steps of features about migration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from patternproof.scenarios.error_propagation.words import meaning
from patternproof.scenarios.service_interface.words import numbers_of
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver

from .events import (
    BRIDGE,
    ERRORS,
    NEW_SAMPLES,
    SAMPLES,
    SWITCH,
    Act,
    Come,
    Convert,
    End,
    Inspect,
    Restore,
    RestoreNew,
    Resume,
    Stall,
    Turn,
    Update,
)
from .scene import MOST_TRIES, BridgeScene, ConversionScene, LegacyScene, SwitchScene
from .words import CALLS, TIMES

text = parsers.parse


@pytest.fixture
def legacy(patternproof_adapter: Adapter, driver: Driver, requirement: str) -> Iterator[LegacyScene]:
    """The message service of an example, over a legacy component."""
    with closing(LegacyScene(patternproof_adapter, driver, requirement)) as scene:
        yield scene


@pytest.fixture
def bridge(patternproof_adapter: Adapter, driver: Driver, requirement: str) -> Iterator[BridgeScene]:
    """The event bridge of an example."""
    with closing(BridgeScene(patternproof_adapter, driver, requirement, BRIDGE)) as scene:
        yield scene


@pytest.fixture
def switch(patternproof_adapter: Adapter, driver: Driver, requirement: str) -> Iterator[SwitchScene]:
    """The state switch of an example."""
    with closing(SwitchScene(patternproof_adapter, driver, requirement, SWITCH)) as scene:
        yield scene


@pytest.fixture
def conversion(patternproof_adapter: Adapter, driver: Driver, requirement: str) -> Iterator[ConversionScene]:
    """The conversion of errors of an example."""
    with closing(ConversionScene(patternproof_adapter, driver, requirement, ERRORS)) as scene:
        yield scene


# Given: the situation. An example whose situation is not reached is reported as not exercised, never as failed.


@given("a legacy component behind an adapter", target_fixture="service")
def make_service(legacy: LegacyScene) -> LegacyScene:
    """The steps about message services go on with it."""
    legacy.make()
    return legacy


@given("an event bridge")
def make_bridge(bridge: BridgeScene) -> None:
    bridge.make()


@given("a state switch")
def make_switch(switch: SwitchScene) -> None:
    switch.make()


@given("the conversion of errors")
def make_conversion(conversion: ConversionScene) -> None:
    conversion.make()


@given(text("direct call {call:d} waits for action {action:d}"))
def call_waits(bridge: BridgeScene, call: int, action: int) -> None:
    bridge.perform(Act(call, action))
    bridge.reach(bridge.phase(call) == "waits", f"direct call {call} to wait for the direct way", bridge.seen)


@given(text("action {action:d} has come by its event, and {what}"))
def has_come_by_event(bridge: BridgeScene, action: int, what: str) -> None:
    bridge.perform(Come(action))
    _has_ended(bridge, action, what)


@given(text("action {action:d} has come by direct call {call:d}, and {what}"))
def has_come_by_call(bridge: BridgeScene, action: int, call: int, what: str) -> None:
    bridge.perform(Act(call, action))
    _has_ended(bridge, action, what)


def _has_ended(bridge: BridgeScene, action: int, what: str) -> None:
    how = meaning(what, {"taken effect": "ok", "failed": "fails"}, "way for an action to end")
    bridge.perform(End(action, how))
    effects = dict(bridge.seen.effects).get(action, 0)
    bridge.reach(effects == (how == "ok"), f"action {action} to have {what}", bridge.seen)


@given(text("update {number:d} is acknowledged"))
def is_acknowledged(switch: SwitchScene, number: int) -> None:
    switch.acknowledge(number, Update(number))


@given(text("the flag of the switch was turned, and update {number:d} acknowledged"))
def was_turned(switch: SwitchScene, number: int) -> None:
    switch.turn()
    switch.acknowledge(number, Update(number))


@given(text("the {store:w} store is slow with update {number:d}"))
def is_slow_with(switch: SwitchScene, store: str, number: int) -> None:
    switch.perform(Stall(store))
    switch.perform(Update(number))
    switch.reach(switch.seen.held, f"update {number} to wait for the {store} store", switch.seen)


# When: what happens.


@when(text("direct call {call:d} asks for action {action:d}"))
def asks(bridge: BridgeScene, call: int, action: int) -> None:
    bridge.perform(Act(call, action))


@when(text("direct call {call:d} asks for action {action:d}, whose event the bus refuses"))
def asks_unheard(bridge: BridgeScene, call: int, action: int) -> None:
    bridge.perform(Act(call, action, "unheard"))


@when(text("the event of action {action:d} comes"))
def comes(bridge: BridgeScene, action: int) -> None:
    bridge.perform(Come(action))


@when(text("the direct way makes action {action:d} take effect"))
def takes_effect(bridge: BridgeScene, action: int) -> None:
    bridge.perform(End(action))


@when(text("the direct way makes action {action:d} take effect twice, if asked to"))
def takes_effect_twice(bridge: BridgeScene, action: int) -> None:
    bridge.perform(End(action))
    bridge.perform(End(action))


@when(text("the direct way makes action {action:d} take effect at the moment at which direct call {call:d} is cancelled"))
def effect_meets_cancellation(bridge: BridgeScene, action: int, call: int) -> None:
    bridge.perform(End(action), bridge.cancel(call), turns=(1,))


@when(text("the direct way fails with action {action:d} for good"))
def fails_for_good(bridge: BridgeScene, action: int) -> None:
    for _ in range(MOST_TRIES):
        bridge.perform(End(action, "fails"))


@when(text("direct call {call:d} is cancelled"))
def cancel_call(bridge: BridgeScene, call: int) -> None:
    bridge.perform(bridge.cancel(call))


@when("the flag of the switch is turned")
def turn(switch: SwitchScene) -> None:
    switch.turn()


@when(text("update {number:d} is made"))
def make_update(switch: SwitchScene, number: int) -> None:
    switch.perform(Update(number))


@when(text("updates {numbers} are made at the moment at which the flag is turned"))
def updates_meet_turn(switch: SwitchScene, numbers: str) -> None:
    first, *others = map(Update, numbers_of(numbers))
    switch.perform(first, Turn(), *others, turns=(1, *(1 for _ in others)))


@when(text("the {store:w} store is slow, and updates {numbers} are made"))
def slow_updates(switch: SwitchScene, store: str, numbers: str) -> None:
    switch.perform(Stall(store))
    for number in numbers_of(numbers):
        switch.perform(Update(number))


@when(text("the {store:w} store goes on"))
def goes_on(switch: SwitchScene, store: str) -> None:
    switch.perform(Resume(store))


@when(text("the {store:w} store fails"))
def store_fails(switch: SwitchScene, store: str) -> None:
    switch.perform(Resume(store, "fails"))


@when(text("update {number:d} is cancelled"))
def cancel_update(switch: SwitchScene, number: int) -> None:
    switch.perform(switch.cancel(number))


@when(text("a new error {what} is restored that never was an old one"))
def restore_new(conversion: ConversionScene, what: str) -> None:
    samples = {words: sample for sample, words in NEW_SAMPLES.items()}
    conversion.perform(RestoreNew(meaning(what, samples, "new error")))


@when(text("{what} is converted"))
def convert(conversion: ConversionScene, what: str) -> None:
    samples = {words: sample for sample, words in SAMPLES.items()}
    conversion.perform(Convert(conversion.converted, meaning(what.removeprefix("an old error "), samples, "old error")))
    conversion.converted += 1


# Then: what must be seen.


@then(text("action {action:d} has taken effect {times}"))
def has_taken_effect(bridge: BridgeScene, action: int, times: str) -> None:
    wanted, seen = meaning(times, TIMES, "count"), dict(bridge.seen.effects).get(action, 0)
    bridge.expect(seen == wanted, f"action {action} to have taken effect {times}", bridge.seen)


@then(text("action {action:d} has not taken effect"))
def has_not_taken_effect(bridge: BridgeScene, action: int) -> None:
    bridge.expect(action not in dict(bridge.seen.effects), f"action {action} not to have taken effect", bridge.seen)


@then(text("direct call {call:d} {what}"))
def call_is(bridge: BridgeScene, call: int, what: str) -> None:
    wanted = meaning(what, CALLS, "way for a direct call to end")
    bridge.expect(bridge.phase(call) == wanted, f"that direct call {call} {what}", bridge.phase(call))


@then(text("the bridge has published the event of action {action:d} once"))
def has_published(bridge: BridgeScene, action: int) -> None:
    seen = dict(bridge.seen.published).get(action, 0)
    bridge.expect(seen == 1, f"the event of action {action} to be published once by the bridge", bridge.seen)


@then(text("the bridge has not published the event of action {action:d}"))
def has_not_published(bridge: BridgeScene, action: int) -> None:
    bridge.expect(
        action not in dict(bridge.seen.published), f"the event of action {action} not to be published again", bridge.seen
    )


@then(text("the switch has update {numbers} once"))
@then(text("the switch has updates {numbers}, each once"))
def switch_has(switch: SwitchScene, numbers: str) -> None:
    _has(switch, numbers_of(numbers), [])


@then(text("the switch has update {numbers} once, and may have updates {more}"))
@then(text("the switch has updates {numbers}, each once, and may have update {more}"))
def switch_may_have(switch: SwitchScene, numbers: str, more: str) -> None:
    _has(switch, numbers_of(numbers), numbers_of(more))


def _has(switch: SwitchScene, wanted: list[int], perhaps: list[int]) -> None:
    perhaps = [number for number in perhaps if number not in switch.acknowledged()]
    seen = switch.read()
    right = all(seen[number] <= 1 if number in perhaps else seen[number] == 1 for number in {*wanted, *perhaps, *seen})
    switch.expect(right, f"updates {wanted}, each once", switch.seen)


@then(text("the {store:w} store has updates {numbers}, each once"))
def store_has(switch: SwitchScene, store: str, numbers: str) -> None:
    switch.perform(Inspect(store))
    found = sorted(switch.seen.found[-1])
    switch.expect(found == numbers_of(numbers), f"updates {numbers}, each once, in the {store} store", switch.seen)


@then("a new error comes of it, with its cause")
@then("an old error comes of it, with its cause")
def comes_of_it(conversion: ConversionScene) -> None:
    conversion.expect(conversion.seen.found[-1:] == ("",), "an error, with its cause", conversion.seen)


@then("it comes back as it was")
@then("both come back as they were")
def comes_back(conversion: ConversionScene) -> None:
    for number in range(conversion.converted):
        conversion.perform(Restore(number))
        conversion.expect(conversion.seen.found[-1:] == ("",), "the same type, code, text, arguments and cause", conversion.seen)
