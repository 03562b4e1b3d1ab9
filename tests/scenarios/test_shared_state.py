"""The shared state's model, rig and words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from patternproof.scenarios.shared_state import interleavings, words
from patternproof.scenarios.shared_state.audience import failures
from patternproof.scenarios.shared_state.events import (
    AddListener,
    Call,
    Get,
    Hearing,
    ListenerEnds,
    ListenerFailure,
    Seen,
    Update,
    UpdateEnds,
    Version,
)
from patternproof.scenarios.shared_state.model import EVERYTHING, PLAIN, SharedStateModel, complete

from patternproof import judge
from patternproof.history import Batch, History, alone
from patternproof.linearizability import Done, Record
from patternproof.modelling import RIGHT, explained
from patternproof.outcome import Status
from patternproof.replay import decode, encode
from tests.proof import loaded

pytestmark = pytest.mark.proof

TOLD = Version(1, (0,)), Version(2, (0, 1))


def history(*moments: tuple[Batch, Seen]) -> History:
    """What was done and seen."""
    made = History(PLAIN)
    for batch, seen in moments:
        made.add(batch, seen)
    return made


def updated(call: int, *found: int, heard: tuple[Hearing, ...] = ()) -> tuple[Batch, Seen]:
    """An update that succeeds."""
    return alone(Update(call)), Seen((Call(call, "returned", None, found),), heard)


def is_right(*moments: tuple[Batch, Seen], model: SharedStateModel | None = None) -> bool:
    made = history(*moments)
    return explained(model or complete(), made, RIGHT) == len(made)


SLOW = (alone(AddListener(0, "slow")), Seen())
FIRST = updated(0, heard=(Hearing(0, TOLD[:1]),))


def test_a_slow_listener_may_be_called_again_before_it_is_done() -> None:
    assert is_right(SLOW, FIRST, updated(1, 0, heard=(Hearing(0, TOLD[1:]),)))


def test_a_slow_listener_may_have_to_be_done_before_it_is_called_again() -> None:
    done = alone(ListenerEnds(0))
    assert is_right(SLOW, FIRST, updated(1, 0), (done, Seen(heard=(Hearing(0, TOLD[1:]),))))
    assert not is_right(SLOW, FIRST, updated(1, 0), (done, Seen()))


def test_updates_at_one_moment_may_take_effect_in_any_order() -> None:
    together = Batch((Update(0), Update(1)), (0,))
    for first, second in (((), (0,)), ((1,), ())):
        assert is_right((together, Seen((Call(0, "returned", None, first), Call(1, "returned", None, second)))))
    assert not is_right((together, Seen((Call(0, "returned", None, ()), Call(1, "returned", None, ())))))


HELD = (alone(Update(0, "held")), Seen((Call(0, "held"),)))
READ = Version(0)


@pytest.mark.parametrize("version", [Version(0), Version(1, (0,))])
def test_a_reader_that_waits_for_a_function_may_see_either_version(version: Version) -> None:
    model = SharedStateModel(replace_holds())
    waits = (alone(Get(1)), Seen((Call(0, "held"), Call(1, "waiting"))))
    ends = (alone(UpdateEnds(0)), Seen((Call(0, "returned", None, ()), Call(1, "returned", version))))
    assert is_right(HELD, waits, ends, model=model)


def replace_holds() -> Any:
    return EVERYTHING._replace(holds=True)


def test_what_no_order_explains_is_never_right() -> None:
    batch, seen = updated(0)
    assert not is_right((batch, seen._replace(order="no order of the calls explains that get() -> ()")))


def kept(before: tuple[int, ...], call: Done) -> tuple[int, ...] | None:
    if call.name == "get":
        return before if call.outcome == before else None
    return (*before, call.argument)


def test_a_read_that_begins_after_an_update_has_ended_has_to_see_it() -> None:
    record = Record((), kept)
    update = record.begin("update", 1)
    overlapping = record.begin("get")
    record.end(update, ())
    record.end(overlapping, ())
    assert not record.fault()
    later = record.begin("get")
    record.end(later, ())
    assert "no order of the calls explains that get()" in record.fault()


def test_an_update_of_which_nothing_is_known_may_have_happened_or_not() -> None:
    for seen in ((), (1,)):
        record = Record((), kept)
        record.lose(record.begin("update", 1))
        record.end(record.begin("get"), seen)
        assert not record.fault()


def test_the_error_of_a_listener_is_found_however_it_is_wrapped() -> None:
    failure = ListenerFailure(0, 1)
    chained = RuntimeError("of the library")
    chained.__cause__ = failure
    for error in (failure, chained, ExceptionGroup("several", [chained]), ValueError("with it", failure)):
        assert list(failures(error)) == [failure]
    assert list(failures("no error")) == []


def test_a_token_stands_for_every_event() -> None:
    made = history(SLOW, FIRST, (alone(ListenerEnds(0, "fail")), Seen()))
    _, _, batches = decode(encode("shared_state", complete(), made))
    assert batches == [moment.batch for moment in made]


def test_programs_ask_for_nothing_that_is_not_there() -> None:
    lacking = EVERYTHING._replace(listens=False, awaits=False, cancels=False, compares=False)
    programs = list(interleavings.programs(SharedStateModel(lacking)))
    assert programs
    assert {type(event).__name__ for each in programs for event in (*each.prefix, *each.together)} <= {
        *("Update", "Get", "Change", "ReadTogether", "UpdateAmongReaders")
    }


def test_words_that_mean_nothing_are_told_with_those_that_do() -> None:
    with pytest.raises(LookupError, match="write 'takes its time'"):
        words.kind_of("takes its times")
    with pytest.raises(LookupError, match="'two' is no number of a version"):
        words.numbers_of("1, two and 3")


def test_the_threaded_reference_passes_everything_that_it_is_held_against() -> None:
    from patternproof.reference.adapters import threads

    with loaded("shared_state", "threaded_reference", threads.shared_state, frozenset({"compare_and_set"})) as made:
        adapter = replace(made, runtime="threads")
        parts = (judge.run_histories, judge.run_machine, judge.run_interleavings)
        outcomes = [outcome for part in parts for outcome in part(adapter, "shared_state", "quick", None)]
    failed = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert outcomes
    assert not failed, "\n".join(line for each in failed for line in (each.message, *each.history))
