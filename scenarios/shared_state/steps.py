"""The steps of features about shared states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import premise
from patternproof.time_steps import Clock

from .events import BACK, EVENTS, MIXED, RESTAMPED, Change, Get, ListenerEnds, RemoveListener, Update, UpdateIf, Version
from .process_steps import *  # noqa: F403  # the steps of a pattern are looked for in one module
from .scene import Scene
from .words import kind_of, names_of, numbers_of

text = parsers.parse
MOST_VERSIONS = 1_000
"""More than an example makes."""
ROUND = 3
"""Calls at one moment, of those that are repeated."""


@pytest.fixture
def shared(patternproof_adapter: Adapter, driver: Driver, requirement: str, clock: Clock) -> Iterator[Scene]:
    """The shared state of an example, its callers and listeners, and what was seen of them."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        clock.follow(scene, EVENTS)
        yield scene


# Given: the situation. An example whose situation is not reached is reported as not exercised, never as failed.


@given("a shared state")
def make_state(shared: Scene) -> None:
    shared.make()


@given("a shared state that reports the errors of listeners")
def make_reporting_state(shared: Scene) -> None:
    shared.make()
    shared.require_member("add_error_listener")


@given(text("{name:w} has updated the state"))
def has_updated(shared: Scene, name: str) -> None:
    shared.has_updated(name)


@given(text("{name:w} has read the state"))
def has_read(shared: Scene, name: str) -> None:
    reads(shared, name)
    shared.reach(shared.call(name).version is not None, f"{name} to get a snapshot", shared.call(name))


@given(text("listener {name:w}"))
@when(text("listener {name:w} is added"))
def listen(shared: Scene, name: str) -> None:
    shared.listen(name)


@given(text("listeners {names}"))
def several_listen(shared: Scene, names: str) -> None:
    for name in names_of(names):
        shared.listen(name)


@given(text("listener {name:w}, which {manner}"))
def listen_in_a_manner(shared: Scene, name: str, manner: str) -> None:
    shared.listen(name, kind_of(manner))


# When: what happens.


@when(text("{name:w} updates the state"))
def updates(shared: Scene, name: str) -> None:
    shared.update(name)


@when(text("{name:w} updates the state with a function that fails"))
def updates_in_vain(shared: Scene, name: str) -> None:
    shared.update(name, how="fail")


@when(text("{name:w} updates the state with a function that changes nothing"))
def updates_nothing(shared: Scene, name: str) -> None:
    shared.update(name, how="idle")


@when(text("{name:w} updates the state with a function that is interrupted"))
def updates_interrupted(shared: Scene, name: str) -> None:
    shared.update(name, how="abort")


@when(text("{names} update the state at the same moment"))
def several_update(shared: Scene, names: str) -> None:
    shared.update(*names_of(names))


@when(text("{count:d} times two update the state and one reads it at the same moment"))
def two_update_and_one_reads(shared: Scene, count: int) -> None:
    for _ in range(count):
        first, second, reader = (shared.new() for _ in range(ROUND))
        shared.perform(Update(first), Update(second), Get(reader))


@when(text("{name:w} reads the state"))
def reads(shared: Scene, name: str) -> None:
    shared.perform(Get(shared.new(name)))


@when(text("{name:w} reads the state and changes the snapshot"))
def reads_and_changes(shared: Scene, name: str) -> None:
    shared.perform(Change(shared.new(name)))


@when(text("{name:w} updates the state and {other:w} reads it at the same moment"))
def one_updates_and_one_reads(shared: Scene, name: str, other: str) -> None:
    shared.perform(Update(shared.new(name)), Get(shared.new(other)))


@when(text("{name:w} updates the state if it is at version {version:d}"))
def updates_if(shared: Scene, name: str, version: int) -> None:
    several_update_if(shared, name, version)


@when(text("{names} update the state at the same moment if it is at version {version:d}"))
def several_update_if(shared: Scene, names: str, version: int) -> None:
    shared.require_member("update_if", "compare_and_set")
    shared.perform(*(UpdateIf(shared.new(name), version) for name in names_of(names)))


@when(text("{name:w} updates the state and is cancelled at the same moment"))
def updates_and_is_cancelled(shared: Scene, name: str) -> None:
    shared.update_and_cancel(name, 0)


@when(text("{count:d} updates are cancelled, each a little later than the one before"))
def updates_are_cancelled(shared: Scene, count: int) -> None:
    for distance in range(count):
        shared.update_and_cancel("", distance)


@when(text("listener {name:w} is removed"))
def stop_listening(shared: Scene, name: str) -> None:
    shared.perform(RemoveListener(shared.listener(name)))
    shared.heard_before[name] = len(shared.told(name))


@when(text("listener {name:w} is done"))
def listener_is_done(shared: Scene, name: str) -> None:
    for _ in shared.told(name):
        shared.perform(ListenerEnds(shared.listener(name)))


# Then: what must be seen.


@then(text("{name:w} gets the result of its function"))
def gets_result(shared: Scene, name: str) -> None:
    call = shared.call(name)
    shared.expect(call.phase == "returned", f"{name} to get the result of its function", call)


@then(text("the update of {name:w} fails"))
def update_fails(shared: Scene, name: str) -> None:
    call = shared.call(name)
    shared.expect(call.phase == "raised", f"the update of {name} to fail", call)


@then(text("{name:w} can update the state"))
def can_update(shared: Scene, name: str) -> None:
    shared.update(name)
    gets_result(shared, name)


@then(text("the state is at version {number:d}"))
def is_at_version(shared: Scene, number: int) -> None:
    version = shared.read()
    shared.expect(version.number == number and not version.fault, f"the state to be at version {number}", version)


@then(text("the state holds the update of {names}"))
@then(text("the state holds the updates of {names}"))
def holds(shared: Scene, names: str) -> None:
    version = shared.read()
    held = hold(shared, version, names) and version.fault != MIXED
    shared.expect(held, f"the state to hold the updates of {names}", told(shared, version))


def hold(shared: Scene, version: Version, names: str) -> bool:
    """Whether the updates in a version are those of the callers, whoever came first."""
    return sorted(version.updates) == sorted(map(shared.number, names_of(names)))


def told(shared: Scene, version: Version) -> str:
    """A version with the names of those whose updates it holds."""
    names = ", ".join(map(shared.name, version.updates)) or "nobody"
    return f"version {version.number} with the updates of {names}" + (f" ({version.fault})" if version.fault else "")


@then(text("the snapshot of {name:w} is of version {number:d} and holds the update of {names}"))
@then(text("the snapshot of {name:w} is of version {number:d} and holds the updates of {names}"))
def snapshot_is(shared: Scene, name: str, number: int, names: str) -> None:
    version = shared.call(name).version
    premise(version is not None, f"{name} has no snapshot")
    assert version is not None, "that was the premise"
    right = version.number == number and hold(shared, version, names) and not version.fault
    shared.expect(right, f"version {number} with the updates of {names}", told(shared, version))


@then(text("the snapshot of {name:w} is of one version"))
def snapshot_is_of_one_version(shared: Scene, name: str) -> None:
    version = shared.call(name).version
    premise(version is not None, f"{name} has no snapshot")
    assert version is not None, "that was the premise"
    one = version.number == len(version.updates) and not version.fault
    shared.expect(one, "as many updates as the number of the version says", version)


@then("no snapshot reads otherwise than before")
def no_snapshot_is_altered(shared: Scene) -> None:
    shared.expect(not shared.altered, "each snapshot to read as it did when it was taken", "one reads otherwise")


@then("what the callers have seen fits one order")
def fits_one_order(shared: Scene) -> None:
    shared.expect(not shared.order, "an order of the calls that explains what each has seen", shared.order)


@then("last_updated is as it was")
@then("last_updated has not gone back")
def time_is_right(shared: Scene) -> None:
    shared.require_time()
    version = shared.read()
    shared.expect(version.fault not in (BACK, RESTAMPED), "last_updated to be right", version)


@then(text("listener {name:w} has heard nothing"))
def has_heard_nothing(shared: Scene, name: str) -> None:
    versions = shared.told(name)
    shared.expect(not versions, f"listener {name} to have heard nothing", "; ".join(map(str, versions)))


@then(text("listener {name:w} has heard nothing since it was removed"))
def has_heard_nothing_more(shared: Scene, name: str) -> None:
    premise(name in shared.heard_before, f"listener {name} was not removed")
    later = shared.told(name)[shared.heard_before[name] :]
    shared.expect(not later, f"listener {name} to have heard nothing more", "; ".join(map(str, later)))


@then(text("listener {name:w} has heard version {numbers}"))
@then(text("listener {name:w} has heard versions {numbers}"))
def has_heard(shared: Scene, name: str, numbers: str) -> None:
    has_heard_exactly(shared, name, numbers_of(numbers))


@then(text("listener {name:w} has heard every version that there is"))
def has_heard_all(shared: Scene, name: str) -> None:
    latest = shared.read()
    premise(latest.number >= 0, "no version was made")
    shared.expect(latest.number <= MOST_VERSIONS, "a version that counts the updates", latest)
    has_heard_exactly(shared, name, list(range(1, latest.number + 1)))


def has_heard_exactly(shared: Scene, name: str, numbers: list[int]) -> None:
    versions = shared.told(name)
    right = [version.number for version in versions] == numbers and all(
        len(version.updates) == version.number and not version.fault for version in versions
    )
    wanted = ", ".join(map(str, numbers)) or "none"
    shared.expect(right, f"listener {name} to have heard versions {wanted}, as they are", "; ".join(map(str, versions)) or "none")


@then("each version holds one update more than the one before")
def versions_grow_by_one(shared: Scene) -> None:
    for versions in shared.heard.values():
        right = all(after.updates[:-1] == before.updates for before, after in pairwise(versions))
        shared.expect(right, "each version to hold one update more than the one before", "; ".join(map(str, versions)))
    latest = shared.read()
    shared.expect(latest.number == len(latest.updates), "as many updates as the number of the version says", latest)


@then(text("every call of listener {name:w} has ended"))
def calls_have_ended(shared: Scene, name: str) -> None:
    number = shared.listener(name)
    premise(shared.told(name), f"listener {name} has heard nothing, and so called nothing")
    fates = [fate for listener, fate in shared.seen.nested if listener == number]
    shared.expect(set(fates) == {"returned"}, "its calls to return", "; ".join(fates) or "no call that ended")


@then(text("the error of listener {name:w} is reported"))
def error_is_reported(shared: Scene, name: str) -> None:
    number = shared.listener(name)
    premise(shared.told(name), f"listener {name} has heard nothing, and so cannot have failed")
    right = any(listener == number for listener, _ in shared.reported)
    shared.expect(right, f"the error of listener {name} to be reported", "nothing that has it as its cause")


@then(text("{name:w} is told of a version conflict"))
def is_told_of_conflict(shared: Scene, name: str) -> None:
    call = shared.call(name)
    shared.expect(call.phase == "conflict", f"{name} to be told of a version conflict", call)


@then(text("exactly one of {names} gets the result of its function"))
def exactly_one_succeeds(shared: Scene, names: str) -> None:
    calls = [shared.call(name) for name in names_of(names)]
    shared.expect(sum(call.phase == "returned" for call in calls) == 1, "exactly one to succeed", "; ".join(map(str, calls)))


@then("the others are told of a version conflict")
def others_are_told_of_conflict(shared: Scene) -> None:
    others = [call for call in shared.seen.calls if call.phase != "returned"]
    premise(others, "everybody has succeeded")
    shared.expect(all(call.phase == "conflict" for call in others), "version conflicts", "; ".join(map(str, others)))
