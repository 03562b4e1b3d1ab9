"""The steps about replicas of several processes."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then, when
from pytest_bdd.parsers import parse

from .scene import Scene
from .stored import Stored
from .words import enumerated, names_of, replica_of


@pytest.fixture
def stored(replicas: Scene) -> Stored:
    """The replicas of two processes, and their store."""
    return Stored(replicas)


@given("replica A, and replica B in a process of its own, over a real store")
def make_stored_replicas(stored: Stored) -> None:
    stored.make()


@when("the store is stopped")
def stop_store(stored: Stored) -> None:
    stored.stop()


@when("the store is started again")
def start_store(stored: Stored) -> None:
    stored.start()


@when("the store is restarted")
def restart_store(stored: Stored) -> None:
    stored.restart()


@when(parse("{names} sync in turn, again where it fails"))
def sync_again_and_again(stored: Stored, names: str) -> None:
    stored.sync([replica_of(name) for name in names_of(names)])


@when(parse("A and B write {count:d} values each and sync after each, at the same time"))
def write_at_once(stored: Stored, count: int) -> None:
    stored.write_at_once(count)


@when(parse("A and B write {count:d} values each and sync after each, and the store is restarted meanwhile"))
def write_at_once_over_a_restart(stored: Stored, count: int) -> None:
    stored.write_at_once(count, restarting=True)


@then(parse("{names} have all of these values"))
def nodes_have_all(stored: Stored, names: str) -> None:
    for name in names_of(names):
        lacking = stored.lacking(replica_of(name))
        stored.scene.expect(not lacking, f"{name} to have what both have written", f"{name} lacks {enumerated(lacking)}")
