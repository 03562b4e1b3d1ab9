"""The model, the network and the words of state synchronisation."""

from __future__ import annotations

import pytest
from patternproof.scenarios.state_sync import words
from patternproof.scenarios.state_sync.calling import values_in
from patternproof.scenarios.state_sync.events import DeliverAgain, LetThrough, Line, Seen, Sync, SyncSeen, View, Write
from patternproof.scenarios.state_sync.merging import Union
from patternproof.scenarios.state_sync.model import MERGING, PLAIN, complete
from patternproof.scenarios.state_sync.rig import rig

from patternproof.adapter import load
from patternproof.drivers.simulated import Simulated
from patternproof.history import Batch, History, alone
from patternproof.modelling import RIGHT, explained
from patternproof.ports.state_sync import StateSyncSettings
from patternproof.replay import decode, encode

NOTHING: View = ((), ())


def x(*values: str) -> View:
    return (values, ())


def is_right(*moments: tuple[Batch, Seen]) -> bool:
    """Whether the model allows all of it."""
    made = History(PLAIN)
    for batch, seen in moments:
        made.add(batch, seen)
    return explained(complete(), made, RIGHT) == len(made)


def synced(number: int, *parts: tuple[str, ...]) -> tuple[SyncSeen, ...]:
    return (SyncSeen(number, "returned", (*parts, *((),) * (4 - len(parts)))),)


WRITTEN = (alone(Write(0, 0, 0)), Seen((x("a0"), NOTHING, NOTHING, NOTHING)))
OTHER = (alone(Write(1, 0, 1)), Seen((x("a0"), x("b1"), NOTHING, NOTHING)))
PUSHED = (alone(Sync(0, 0)), Seen((x("a0"), x("b1"), NOTHING, x("a0")), synced(0, ("x",))))


@pytest.mark.parametrize("winner", [("a0",), ("b1",), ("a0", "b1")])
def test_any_winner_of_a_conflict_is_right_and_so_are_both(winner: tuple[str, ...]) -> None:
    met = (alone(Sync(1, 1)), Seen((x("a0"), x(*winner), NOTHING, x(*winner)), synced(1, (), (), (), ("x",))))
    assert is_right(WRITTEN, OTHER, PUSHED, met)


def test_a_conflict_that_leaves_nothing_is_wrong() -> None:
    met = (alone(Sync(1, 1)), Seen((x("a0"), NOTHING, NOTHING, NOTHING), synced(1, (), (), (), ("x",))))
    assert not is_right(WRITTEN, OTHER, PUSHED, met)


def test_replica_and_store_that_have_met_show_the_same() -> None:
    met = (alone(Sync(1, 1)), Seen((x("a0"), x("b1"), NOTHING, x("a0")), synced(1, (), (), (), ("x",))))
    assert not is_right(WRITTEN, OTHER, PUSHED, met)


def test_after_a_lost_reply_the_store_may_or_may_not_have_heard() -> None:
    deaf = (alone(Line(0, "deaf")), Seen((x("a0"), NOTHING, NOTHING, NOTHING)))
    for told in (NOTHING, x("a0")):
        assert is_right(WRITTEN, deaf, (alone(Sync(0, 0)), Seen((x("a0"), NOTHING, NOTHING, told), (SyncSeen(0, "failed"),))))


def test_what_was_overwritten_never_comes_back() -> None:
    again = (alone(Write(0, 0, 1)), Seen((x("a1"), NOTHING, NOTHING, x("a0"))))
    first = (alone(Sync(0, 0)), Seen((x("a0"), NOTHING, NOTHING, x("a0")), synced(0, ("x",))))
    second = (alone(Sync(1, 0)), Seen((x("a1"), NOTHING, NOTHING, x("a1")), synced(1, ("x",))))
    late = (alone(DeliverAgain(0)), Seen((x("a1"), NOTHING, NOTHING, x("a0"))))
    assert is_right(WRITTEN, first, again, second)
    assert not is_right(WRITTEN, first, again, second, late)


def test_a_slow_line_holds_request_and_reply() -> None:
    adapter = load("patternproof.reference.adapters.in_memory")
    with Simulated() as driver, rig(adapter, driver, PLAIN) as held:
        for event in (Write(0, 0, 0), Line(0, "slow"), Sync(0, 0)):
            seen = held.perform(event)
        assert (seen.syncs[0].phase, seen.views[3]) == ("in flight", NOTHING)
        seen = held.perform(LetThrough(0))
        assert (seen.syncs[0].phase, seen.views[3]) == ("in flight", x("a0"))
        assert held.perform(LetThrough(0)).syncs[0].phase == "returned"


def test_every_event_survives_the_way_through_a_token() -> None:
    made = History(MERGING)
    made.add(Batch((Write(0, 0, 0), Sync(0, 0)), (2,)), Seen())
    stem, index, batches = decode(encode("state_sync", complete(), made))
    assert (stem, complete().variants()[index], batches) == ("state_sync", MERGING, [moment.batch for moment in made])


@pytest.mark.parametrize(
    ("value", "found"),
    [("a0", ["a0"]), ("a0+b1", ["a0", "b1"]), (("a0", "b1"), ["a0", "b1"]), ({"A": "a0", "B": ["b1"]}, ["a0", "b1"]), (None, [])],
)
def test_several_values_may_be_kept_in_any_collection(value: object, found: list[str]) -> None:
    assert values_in(value) == found


def test_the_supplied_merge_function_is_symmetric_and_drops_what_either_removed() -> None:
    merge = Union()
    assert merge("a", "a+b", "c") == merge("a", "c", "a+b") == "b+c"
    assert merge("a", None, None) is None


def test_words_become_settings() -> None:
    assert words.settings_of("push every 10 s") == StateSyncSettings(sync_interval=10.0)
    with pytest.raises(LookupError, match="push every 10 s"):
        words.settings_of("push every ten s")
