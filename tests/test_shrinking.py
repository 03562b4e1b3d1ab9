"""Making histories shorter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from patternproof.history import Batch, alone
from patternproof.shrinking import MOST_TRIES, Shows, renumbered, shrunk


def singles(events: str) -> list[Batch]:
    """A batch for each letter."""
    return [alone(event) for event in events]


def events(batches: Sequence[Batch]) -> list[str]:
    """The letters of all batches, in order."""
    return [event for batch in batches for event in batch.events]


def contains(*wanted: str) -> Shows:
    """Whether these events happen in this order."""

    def shows(batches: Sequence[Batch]) -> bool:
        left = iter(events(batches))
        return all(event in left for event in wanted)

    return shows


def test_nothing_is_left_that_is_not_needed() -> None:
    assert shrunk(singles("xaxxbxxxcx"), contains("a", "b", "c")) == singles("abc")


def test_what_is_needed_twice_stays_twice() -> None:
    assert shrunk(singles("aabbaab"), contains("b", "b")) == singles("bb")


def test_a_batch_is_taken_apart_where_its_events_may_happen_one_by_one() -> None:
    assert shrunk([Batch(("a", "x", "b"), (1, 2))], contains("a", "b")) == singles("ab")


def test_events_that_have_to_share_a_turn_stay_together_without_the_others() -> None:
    def together(batches: Sequence[Batch]) -> bool:
        return any({"a", "b"} <= set(batch.events) for batch in batches)

    assert shrunk([alone("x"), Batch(("x", "a", "x", "b"), (3, 1, 2)), alone("x")], together) == [Batch(("a", "b"), (0,))]


def test_turns_that_matter_are_kept() -> None:
    def late(batches: Sequence[Batch]) -> bool:
        return any(batch.events == ("a", "b") and batch.turns == (2,) for batch in batches)

    assert shrunk([alone("x"), Batch(("a", "b"), (2,))], late) == [Batch(("a", "b"), (2,))]


def test_the_same_history_shrinks_the_same_way_every_time() -> None:
    def either(batches: Sequence[Batch]) -> bool:
        return bool({"a", "b"} & set(events(batches)))

    assert {tuple(shrunk(singles("xaxbxa"), either)) for _ in range(3)} == {tuple(singles("a"))}


def test_what_cannot_be_made_shorter_comes_back_as_it_was() -> None:
    batches = singles("abc")
    assert shrunk(batches, contains("a", "b", "c")) == batches


def test_a_shrinking_gives_up_in_time() -> None:
    tries = 0

    def whole(batches: Sequence[Batch]) -> bool:
        nonlocal tries
        tries += 1
        return len(batches) >= 1_000

    assert len(shrunk(singles("a" * 1_000), whole)) == 1_000
    assert tries <= MOST_TRIES


@dataclass(frozen=True)
class Lapse:
    seconds: float


@dataclass(frozen=True)
class Begin:
    call: int


def test_two_lapses_of_time_become_one_where_that_shows_the_same() -> None:
    def long_enough(batches: Sequence[Batch]) -> bool:
        return sum(event.seconds for batch in batches for event in batch.events) >= 31.0

    assert shrunk([alone(Lapse(20.0)), alone(Lapse(11.0))], long_enough) == [alone(Lapse(31.0))]


def test_calls_are_counted_from_0_again_and_what_is_no_call_stays() -> None:
    batches = [Batch((Begin(4), Lapse(1.0)), (2,)), alone(Begin(7)), alone(Begin(4))]
    assert renumbered(batches, "call") == [Batch((Begin(0), Lapse(1.0)), (2,)), alone(Begin(1)), alone(Begin(0))]
