"""The resource lifecycle's model, rig and words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from patternproof.scenarios.resource_lifecycle import interleavings, words
from patternproof.scenarios.resource_lifecycle.events import (
    BEGINS,
    CANCELLED,
    CLEANS,
    DOWN,
    DUPLICATE,
    GIVES,
    QUITS,
    REFUSED,
    RETURNED,
    STOPS,
    UNCLEAN,
    UP,
    WAITING,
    Acts,
    Call,
    Cancel,
    CleanUp,
    CleanupEnds,
    Get,
    InitializeEnds,
    Register,
    Seen,
)
from patternproof.scenarios.resource_lifecycle.model import EVERYTHING, PLAIN, ResourceLifecycleModel, complete
from patternproof.scenarios.resource_lifecycle.resources import Resource, causes, is_same
from patternproof.scenarios.resource_lifecycle.witness import Witness

from patternproof import judge
from patternproof.drivers.simulated import Simulated
from patternproof.history import Batch, History, alone
from patternproof.modelling import RIGHT, explained
from patternproof.outcome import Status
from patternproof.ports.resource_lifecycle import CleanupError
from patternproof.replay import decode, encode
from tests.proof import loaded

pytestmark = pytest.mark.proof


def history(*moments: tuple[Any, Seen]) -> History:
    """What was done and seen."""
    made = History(PLAIN)
    for events, seen in moments:
        made.add(events if isinstance(events, Batch) else alone(events), seen)
    return made


def is_right(*moments: tuple[Any, Seen], model: ResourceLifecycleModel | None = None) -> bool:
    made = history(*moments)
    return explained(model or complete(), made, RIGHT) == len(made)


def seen(*calls: tuple[int, str], **acts: tuple[str, ...]) -> Seen:
    """Calls by number and phase; acts by ``r0`` and so on."""
    return Seen(
        tuple(Call(number, phase) for number, phase in calls),
        tuple(Acts(int(name[1:]), each) for name, each in sorted(acts.items())),
    )


UP_AT_ONCE = (BEGINS, UP)
TRIED = (BEGINS, UP, CLEANS, DOWN)
SLOW = (Register(0, "a", "slow"), seen((0, WAITING), r0=(BEGINS,)))
REGISTERED = (Register(0, "a"), seen((0, RETURNED), r0=UP_AT_ONCE))


@pytest.mark.parametrize("acts", [(), TRIED])
def test_a_second_registration_may_be_refused_before_or_after_it_was_initialised(acts: tuple[str, ...]) -> None:
    assert is_right(REGISTERED, (Register(1, "a"), seen((1, DUPLICATE), **({"r1": acts} if acts else {}))))
    assert not is_right(REGISTERED, (Register(1, "a"), seen((1, DUPLICATE), r1=UP_AT_ONCE)))


def test_of_rivals_either_may_win_and_one_has_to() -> None:
    ends = InitializeEnds(0)
    refused = (Register(1, "a"), seen((0, WAITING), (1, DUPLICATE)))
    won = (Register(1, "a"), seen((0, WAITING), (1, RETURNED), r1=UP_AT_ONCE))
    waits = (Register(1, "a"), seen((0, WAITING), (1, WAITING)))
    first_up = seen((0, RETURNED), r0=(UP,))
    lost = seen((0, DUPLICATE), r0=(UP, CLEANS, DOWN))
    assert is_right(SLOW, refused, (ends, first_up))
    assert is_right(SLOW, won, (ends, lost))
    assert is_right(SLOW, waits, (ends, seen((0, RETURNED), (1, DUPLICATE), r0=(UP,))))
    assert not is_right(SLOW, won, (ends, first_up))
    assert not is_right(SLOW, refused, (ends, lost))


def test_a_registration_that_a_cleanup_meets_is_refused_or_registered_and_cleaned_up() -> None:
    goes_on = (CleanUp(1), seen((0, WAITING), (1, RETURNED)))
    waits = (CleanUp(1), seen((0, WAITING), (1, WAITING)))
    ends = InitializeEnds(0)
    cleaned = (UP, CLEANS, DOWN)
    assert is_right(SLOW, goes_on, (ends, seen((0, REFUSED), r0=cleaned)))
    assert is_right(SLOW, waits, (ends, seen((0, RETURNED), (1, RETURNED), r0=cleaned)))
    assert is_right(SLOW, (CleanUp(1), seen((0, REFUSED), (1, RETURNED), r0=(STOPS, CLEANS, DOWN))))
    assert not is_right(SLOW, goes_on, (ends, seen((0, RETURNED), r0=(UP,))))


def test_a_get_that_waits_for_its_turn_may_come_before_a_cleanup_that_waits_too() -> None:
    waiting = (Get(1, "a"), seen((0, WAITING), (1, WAITING)))
    both = (CleanUp(2), seen((0, WAITING), (1, WAITING), (2, WAITING)))
    cleaned, ends = (UP, CLEANS, DOWN), InitializeEnds(0)
    given = Seen((Call(0, RETURNED), Call(1, GIVES, ("0",)), Call(2, RETURNED)), (Acts(0, cleaned),))
    assert is_right(SLOW, waiting, both, (ends, given))
    assert is_right(SLOW, waiting, both, (ends, seen((0, RETURNED), (1, REFUSED), (2, RETURNED), r0=cleaned)))
    assert not is_right(SLOW, both, (ends, given))


def test_a_registration_during_a_cleanup_may_wait_for_its_end() -> None:
    lingers = (Register(0, "a", "lingers"), seen((0, RETURNED), r0=UP_AT_ONCE))
    begun = (CleanUp(1), seen((1, WAITING), r0=(CLEANS,)))
    waits = (Register(2, "b"), seen((1, WAITING), (2, WAITING)))
    assert is_right(lingers, begun, waits, (CleanupEnds(0), seen((1, RETURNED), (2, RETURNED), r0=(DOWN,), r2=UP_AT_ONCE)))
    assert is_right(lingers, begun, waits, (CleanupEnds(0), seen((1, RETURNED), (2, REFUSED), r0=(DOWN,))))


def test_a_cancelled_registration_may_go_on_as_long_as_it_cleans_up() -> None:
    stopped = (Cancel(0), seen((0, CANCELLED), r0=(STOPS, CLEANS, DOWN)))
    detached = (Cancel(0), seen((0, CANCELLED)))
    assert is_right(SLOW, stopped)
    assert is_right(SLOW, detached, (InitializeEnds(0), seen(r0=(UP, CLEANS, DOWN))))
    assert not is_right(SLOW, (Cancel(0), seen((0, CANCELLED), r0=(STOPS,))))
    assert not is_right(SLOW, detached, (InitializeEnds(0), seen(r0=(UP,))))


def test_a_cleanup_that_was_stopped_half_way_may_be_tried_again_and_takes_no_time_then() -> None:
    lingers = (Register(0, "a", "lingers"), seen((0, RETURNED), r0=UP_AT_ONCE))
    begun = (CleanUp(1), seen((1, WAITING), r0=(CLEANS,)))
    stopped = (Cancel(1), seen((1, CANCELLED), r0=(QUITS,)))
    assert is_right(lingers, begun, stopped, (CleanUp(2), seen((2, RETURNED), r0=(CLEANS, DOWN))))


def test_no_id_is_taken_where_resources_have_none() -> None:
    without = ResourceLifecycleModel(EVERYTHING._replace(gets=False))
    second = (Register(1, "a"), seen((1, RETURNED), r1=UP_AT_ONCE))
    assert is_right(REGISTERED, second, model=without)
    assert not is_right(REGISTERED, second)
    assert not is_right(REGISTERED, (Register(1, "a"), seen((1, DUPLICATE))), model=without)


def test_what_fails_half_way_is_cleaned_up_and_what_fails_at_once_may_be() -> None:
    failed = seen((0, "raised its error"), r0=(BEGINS, "fails to initialise"))
    cleaned = seen((0, "raised its error"), r0=(BEGINS, "fails to initialise", CLEANS, DOWN))
    assert [is_right((Register(0, "a", "fails"), each)) for each in (failed, cleaned)] == [False, True]
    assert [is_right((Register(0, "a", "declines"), each)) for each in (failed, cleaned)] == [True, True]


def test_a_get_may_wait_while_something_is_initialised_and_no_longer() -> None:
    waits = (Get(1, "b"), seen((0, WAITING), (1, WAITING)))
    missing = Call(1, "is told that there is none", ("b",))
    up = seen((0, RETURNED), r0=(UP,))
    assert is_right(SLOW, waits, (InitializeEnds(0), up._replace(calls=(*up.calls, missing))))
    assert not is_right(SLOW, waits, (InitializeEnds(0), up._replace(calls=(*up.calls, Call(1, WAITING)))))


def witnessed(*ids: str) -> tuple[Witness, list[Resource]]:
    """A witness of resources that were registered one after the other, as a cleanup begins."""
    witness = Witness(lambda resource: False)
    driver = Simulated()
    made = []
    for number, each in enumerate(ids):
        resource = Resource(Register(number, each), driver, witness.noted)
        witness.came(resource)
        for act in UP_AT_ONCE:
            resource._does(act)
        witness.registered(number, succeeded=True)
        witness.looked()
        made.append(resource)
    witness.cleanup_begins(9)
    return witness, made


def test_the_witness_wants_the_later_resource_to_be_done_before_the_earlier_begins() -> None:
    witness, (first, second) = witnessed("a", "b")
    second._does(CLEANS)
    assert witness.order == ""
    first._does(CLEANS)
    assert "resource 0 begins to clean up before resource 1" in witness.order


def test_the_witness_is_content_with_the_reverse_order() -> None:
    witness, (first, second) = witnessed("b", "a")
    for each in (second, first):
        each._does(CLEANS)
        each._does(DOWN)
    assert witness.order == ""


def test_the_witness_does_not_expect_what_comes_during_a_cleanup_to_go_first() -> None:
    witness, (first,) = witnessed("a")
    first._does(CLEANS)
    late = Resource(Register(1, "b"), Simulated(), witness.noted)
    witness.came(late)
    for act in (BEGINS, UP):
        late._does(act)
    witness.registered(1, succeeded=True)
    first._does(DOWN)
    late._does(CLEANS)
    assert witness.order == ""


def test_the_witness_says_what_a_cleanup_that_it_met_has_left() -> None:
    witness = Witness(lambda resource: False)
    resource = Resource(Register(0, "a"), Simulated(), witness.noted)
    witness.came(resource)
    resource._does(BEGINS)
    witness.cleanup_begins(1)
    witness.cleanup_ends(1, in_vain=False)
    resource._does(UP)
    assert witness.leaked() == ()
    witness.registered(0, succeeded=True)
    assert witness.leaked() == (0,)
    assert witness.leaked() == ()


def test_an_error_is_found_however_it_is_wrapped_and_not_where_it_is_denied() -> None:
    own = ValueError("own")
    chained = RuntimeError("of the library")
    chained.__cause__ = own
    denied = RuntimeError("of the library")
    denied.__context__, denied.__suppress_context__ = own, True
    for error in (own, chained, ExceptionGroup("several", [chained]), CleanupError({"a": own})):
        assert any(each is own for each in causes(error))
    assert not any(each is own for each in causes(denied))


def test_a_proxy_stands_for_its_resource() -> None:
    first, second = (Resource(Register(number, "a"), Simulated(), lambda *_: None) for number in range(2))

    class Proxy:
        def __getattr__(self, name: str) -> Any:
            return getattr(first, name)

    assert [is_same(each, first) for each in (first, Proxy(), second, None)] == [True, True, False, False]


def test_a_failing_cleanup_is_told_by_id_or_not_at_all_right() -> None:
    registered = (Register(0, "a", "unclean"), seen((0, RETURNED), r0=UP_AT_ONCE))
    told = Seen((Call(1, "is told what could not be cleaned up", ("a",)),), (Acts(0, (CLEANS, UNCLEAN)),))
    assert is_right(registered, (CleanUp(1), told))
    assert not is_right(registered, (CleanUp(1), told._replace(calls=(Call(1, RETURNED),))))


def test_a_token_stands_for_every_event() -> None:
    made = history(SLOW, (Cancel(0), Seen()), (CleanUp(1), Seen()))
    _, _, batches = decode(encode("resource_lifecycle", complete(), made))
    assert batches == [moment.batch for moment in made]


def test_programs_ask_for_nothing_that_is_not_there() -> None:
    lacking = EVERYTHING._replace(cancels=False, holds=False, gets=False, checks=False, scopes=False, needs=False)
    programs = list(interleavings.programs(ResourceLifecycleModel(lacking)))
    kinds = {type(event).__name__ for each in programs for event in (*each.prefix, *each.together, *each.after)}
    assert kinds <= {"Register", "CleanUp"}


def test_words_that_mean_nothing_are_told_with_those_that_do() -> None:
    with pytest.raises(LookupError, match="write 'takes its time to clean up'"):
        words.manner_of("takes its time to cleanup")
    assert words.manner_of("needs db and cache") == ("ok", "db cache")


def test_the_threaded_reference_passes_everything_that_it_is_held_against() -> None:
    from patternproof.reference.adapters import threads

    claims = frozenset({"dependencies", "restart", "replace"})
    with loaded("resource_lifecycle", "threaded_reference", threads.resource_lifecycle, claims) as made:
        adapter = replace(made, runtime="threads")
        parts = (judge.run_histories, judge.run_machine, judge.run_interleavings)
        outcomes = [outcome for part in parts for outcome in part(adapter, "resource_lifecycle", "quick", None)]
    failed = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert outcomes
    assert not failed, "\n".join(line for each in failed for line in (each.message, *each.history))
