"""The steps of features about replicas and their store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import premise
from patternproof.ports.state_sync import StateSyncSettings
from patternproof.time_steps import Clock

from .events import EVENTS, REPLICAS, Advance, DeliverAgain, LetThrough, Line, SetChance
from .scene import Scene
from .seeing import faults_of
from .state import State
from .stored_steps import *  # noqa: F403  # the steps of a pattern are looked for in one module
from .words import LINES, PARTS, PHASES, enumerated, meaning, names_of, nodes_of, replica_of, settings_of

text = parsers.parse


@pytest.fixture
def replicas(patternproof_adapter: Adapter, driver: Driver, requirement: str, clock: Clock) -> Iterator[Scene]:
    """The replicas of an example, and what was seen of them."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        clock.follow(scene, EVENTS)
        yield scene


# Given: the situation. Where another requirement keeps it from being reached, the example is reported as not exercised.


@given("replicas A and B")
@given("replicas A, B and C")
def make_plain_replicas(replicas: Scene) -> None:
    replicas.make(StateSyncSettings())


@given(text("replicas A and B that {ability}"))
@given(text("replicas A, B and C that {ability}"))
def make_replicas(replicas: Scene, ability: str) -> None:
    replicas.make(settings_of(ability))


@given(text("{name} has written {value} to {key}"))
def replica_has_written(replicas: Scene, name: str, value: str, key: str) -> None:
    replicas.write(replica_of(name), value, key)


@given(text("{name} has synced"))
def replica_has_synced(replicas: Scene, name: str) -> None:
    replicas.sync_in_phase(replica_of(name), "returned", "succeed")


@given(text("{names} have synced in turn"))
def replicas_have_synced(replicas: Scene, names: str) -> None:
    for name in names_of(names):
        replica_has_synced(replicas, name)


@given(text("{name} has failed to sync"))
def replica_has_failed_to_sync(replicas: Scene, name: str) -> None:
    replicas.sync_in_phase(replica_of(name), "failed", "fail")


@given(text("a sync of {name} is under way"))
def sync_is_under_way(replicas: Scene, name: str) -> None:
    replicas.sync_in_phase(replica_of(name), "in flight", "wait for the store")


@given(text("{name} has tried to sync for {seconds:g} s"))
def replica_has_tried_to_sync(replicas: Scene, name: str, seconds: float) -> None:
    replicas.sync(replica_of(name))
    replicas.perform(Advance(seconds))
    latest = replicas.latest_sync()
    premise(latest.phase == "failed" and latest.waits, f"it did not fail after some retries: {latest}")


# When: what happens.


@when(text("{name} writes {value} to {key}"))
def replica_writes(replicas: Scene, name: str, value: str, key: str) -> None:
    replicas.write(replica_of(name), value, key)


@when(text("{name} deletes {key}"))
def replica_deletes(replicas: Scene, name: str, key: str) -> None:
    replicas.delete(replica_of(name), key)


@when(text("{name} syncs"))
@when(text("{name} begins to sync"))
def replica_syncs(replicas: Scene, name: str) -> None:
    replicas.sync(replica_of(name))


@when(text("{names} sync in turn"))
def replicas_sync(replicas: Scene, names: str) -> None:
    replicas.sync(*map(replica_of, names_of(names)))


@when(text("the sync of {name} is cancelled"))
def cancel_sync(replicas: Scene, name: str) -> None:
    replicas.cancel(replica_of(name))


@given(text("the line of {name} {what}"))
@when(text("the line of {name} {what}"))
def change_line(replicas: Scene, name: str, what: str) -> None:
    replicas.perform(Line(replica_of(name), meaning(what, LINES, "thing that a line does")))


@when(text("what waits on the line of {name} goes on"))
def let_through(replicas: Scene, name: str) -> None:
    replicas.perform(LetThrough(replica_of(name)))


@when(text("all that {name} ever sent is delivered again"))
def deliver_again(replicas: Scene, name: str) -> None:
    replicas.perform(DeliverAgain(replica_of(name)))


@given(text("chance gives {value:g}"))
@when(text("chance gives {value:g}"))
def set_chance(replicas: Scene, value: float) -> None:
    replicas.perform(SetChance(value))


# Then: what must be seen.


@then(text("{names} has {values} in {key}"))
@then(text("{names} have {values} in {key}"))
def nodes_have(replicas: Scene, names: str, values: str, key: str) -> None:
    nodes, wanted = nodes_of(names), [] if values == "nothing" else sorted(names_of(values))
    fits = all(replicas.values(node, key) == wanted for node in nodes)
    replicas.expect(fits, f"{names} to have {values} in {key}", replicas.shown(nodes, key))


@then(text("the store lacks {value} in {key}"))
def store_lacks(replicas: Scene, value: str, key: str) -> None:
    nodes = nodes_of("the store")
    lacks, settings = value not in replicas.values(nodes[0], key), replicas.rig.history.settings
    early = settings.sync_interval is None or replicas.rig.age < settings.sync_interval
    premise(lacks or early, f"by then {replicas.rig.age:.3g} s had passed, and a push was due: real time goes on at every step")
    replicas.expect(lacks, f"no {value} in {key} yet", replicas.shown(nodes, key))


@then(text("{names} agree on {values} in {key}"))
def nodes_agree(replicas: Scene, names: str, values: str, key: str) -> None:
    nodes = nodes_of(names)
    seen = [replicas.values(node, key) for node in nodes]
    fits = all(each == seen[0] for each in seen) and seen[0] and set(seen[0]) <= set(names_of(values))
    replicas.expect(fits, f"{names} to have the same in {key}: {values}", replicas.shown(nodes, key))


@then(text("the sync of {name} succeeds"))
def sync_succeeds(replicas: Scene, name: str) -> None:
    sync_ends(replicas, name, "succeeds")


@then(text("the sync of {name} fails"))
def sync_fails(replicas: Scene, name: str) -> None:
    sync_ends(replicas, name, "fails")


def sync_ends(replicas: Scene, name: str, how: str) -> None:
    latest = replicas.latest_sync(replica_of(name))
    replicas.expect(latest.phase == PHASES[how], f"that the latest sync of {name} {how}", latest)


@then(text("last_sync of {name} has not changed"))
def last_sync_has_not_changed(replicas: Scene, name: str) -> None:
    replicas.expect(replica_of(name) not in replicas.seen.advanced, f"last_sync of {name} as it was", replicas.seen)


@then(text("the sync of {name} reports {key} as {part}"))
def sync_reports(replicas: Scene, name: str, key: str, part: str) -> None:
    latest = replicas.latest_sync(replica_of(name))
    premise(replicas.had_news(replica_of(name), key), f"{name} and the store agreed on {key} before that sync began")
    keys = replicas.keys_in(meaning(part, PARTS, "part of a SyncResult"), latest)
    replicas.expect(key in keys, f"{key} among what was {part}", latest)


@then(text("the sync of {name} reports nothing"))
def sync_reports_nothing(replicas: Scene, name: str) -> None:
    latest = replicas.latest_sync(replica_of(name))
    replicas.expect(latest.phase == "returned" and not replicas.keys_in(range(4), latest), "a result with no key", latest)


@then(text("the sync of {name} reports nothing else"))
def sync_reports_nothing_else(replicas: Scene, name: str) -> None:
    """Every key is in one part of the result: changed here or elsewhere, and not on both sides."""
    latest = replicas.latest_sync(replica_of(name))
    told = [key for part in range(4) for key in replicas.keys_in((part,), latest)]
    conflicts = replicas.keys_in((2, 3), latest)
    replicas.expect(len(told) == len(set(told)) and not conflicts, "each key reported once, and none in conflict", latest)


@then("who syncs first does not decide a conflict")
def order_does_not_decide(replicas: Scene) -> None:
    found = replicas.try_out("contest")
    replicas.expect(not found, "the same outcome in either order", found)


@then("what one change transfers does not grow with the state")
def transfer_does_not_grow(replicas: Scene) -> None:
    found = replicas.try_out("volume")
    replicas.expect(not found, "about the same number of bytes", found)


@then(text("it has waited up to {count:d} times, longer each time, and never longer than {seconds:g} s"))
def it_has_backed_off(replicas: Scene, count: int, seconds: float) -> None:
    latest = replicas.latest_sync()
    premise(len(latest.waits) > 1, f"it made fewer than two retries: {latest}")
    faults = faults_of(State(replicas.rig.history.settings), latest)
    replicas.expect(not faults - {"repeats"}, f"at most {count} waits that grow, none above {seconds:g} s", latest)


@then("it has not waited as before")
def it_has_not_waited_as_before(replicas: Scene) -> None:
    latest = replicas.latest_sync()
    premise(latest.waits, f"it made no retry: {latest}")
    replicas.expect(not latest.repeats, "other waits than with another number from chance", latest)


@then(text("the merge function was called with {base} as the base, and with {values}"))
def merge_was_called(replicas: Scene, base: str, values: str) -> None:
    wanted = ([base], sorted(names_of(values)))
    seen = "; ".join(f"base {enumerated(each)}, sides {enumerated(both)}" for each, both in replicas.merges())
    replicas.expect(wanted in replicas.merges(), f"base {base}, sides {values}", seen or "it was not called")


__all__ = ["REPLICAS"]
