"""The steps about states of several processes."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then, when
from pytest_bdd.parsers import parse

from .crashes import Crashes, Sharing, shown
from .scene import Scene
from .words import numbers_of


class Others:
    """The other processes of an example.

    Args:
        scene: of the example.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.found: list[int] = []
        """How many updates each function has found, of those at the same time."""
        self.unordered = ""
        """Why no order of the calls of all processes explains what they found."""
        self._crashes: Crashes | None = None
        self._sharing: Sharing | None = None

    @property
    def crashes(self) -> Crashes:
        """Of a state that outlives its process.

        Raises:
            LookupError: no step has made one.
        """
        if self._crashes is None:
            raise LookupError("begin the example with 'Given a shared state that outlives its process'")
        return self._crashes

    @property
    def sharing(self) -> Sharing:
        """Of a state that two processes share.

        Raises:
            LookupError: no step has made one.
        """
        if self._sharing is None:
            raise LookupError("begin the example with 'Given a shared state that two processes share'")
        return self._sharing

    def outlive(self) -> None:
        self._crashes = Crashes(self.scene)

    def share(self) -> None:
        self._sharing = Sharing(self.scene)


@pytest.fixture
def others(shared: Scene) -> Others:
    """The other processes of an example."""
    return Others(shared)


@given("a shared state that outlives its process")
def make_lasting_state(others: Others) -> None:
    others.outlive()


@given("a shared state that two processes share")
def make_shared_state(others: Others) -> None:
    others.share()


@given(parse("another process has updated the state {times:d} times"))
@then(parse("another process can update the state {times:d} times"))
def another_updates(others: Others, times: int) -> None:
    others.crashes.update(times)


@given("a listener in the other process")
def listen_in_the_other(others: Others) -> None:
    others.scene.require_member("add_listener")
    others.sharing.listen()


@when("that process is killed")
def process_is_killed(others: Others) -> None:
    others.crashes.kill()


@when(parse("{count:d} processes, one after another, update the state and are killed at some moment"))
def processes_are_killed(others: Others, count: int) -> None:
    for _ in range(count):
        others.crashes.update_and_kill()


@when(parse("{name:w} updates the state in the other process"))
def updates_in_the_other(others: Others, name: str) -> None:
    others.sharing.update(name)


@when(parse("both processes update the state {times:d} times at the same time"))
def both_update(others: Others, times: int) -> None:
    others.found = others.sharing.update_at_once(times)


@when(parse("{count:d} other processes update and read the state {times:d} times each at the same time"))
def others_update_and_read(others: Others, count: int, times: int) -> None:
    others.unordered = others.sharing.unordered(count, times)


@then("some order of all these calls explains what each has found")
def calls_are_ordered(others: Others) -> None:
    others.scene.expect(not others.unordered, "an order of the calls of all processes", others.unordered)


@then("the state has every update that was acknowledged")
def none_is_lost(others: Others) -> None:
    crashes = others.crashes
    kept = crashes.kept()
    lost = crashes.lost(kept)
    expected = f"all {len(crashes.acknowledged)} acknowledged updates"
    others.scene.expect(not lost, expected, f"{len(lost)} lost: {shown(lost)}")


@then("each of them is whole")
def all_are_whole(others: Others) -> None:
    kept = others.crashes.kept()
    seen = f"version {kept.version} with {len(kept.updates)} updates and a count of {kept.counted}"
    others.scene.expect(others.crashes.is_whole(kept), "the updates of each process in their order, and their count", seen)


@then(parse("the other process reads version {number:d}"))
def other_reads(others: Others, number: int) -> None:
    seen = others.sharing.version()
    others.scene.expect(seen == number, f"the other process to read version {number}", seen)


@then(parse("the listener in the other process has heard versions {numbers}"))
def other_has_heard(others: Others, numbers: str) -> None:
    heard = others.sharing.heard()
    others.scene.expect(heard == numbers_of(numbers), f"it to have heard versions {numbers}", shown(heard))


@then("no two updates have started from the same version")
def none_overlap(others: Others) -> None:
    found = sorted(others.found)
    right = found == list(range(len(found)))
    others.scene.expect(right, "each update to have started from a version of its own", shown(found))
