"""The circuit breaker's model, rig and words."""

from __future__ import annotations

import pytest
from patternproof.scenarios.circuit_breaker import interleavings, words
from patternproof.scenarios.circuit_breaker.events import (
    Advance,
    Announcement,
    Call,
    Cancel,
    Finish,
    IgnoredError,
    Read,
    Seen,
    SetWallClock,
    Start,
)
from patternproof.scenarios.circuit_breaker.model import CONSECUTIVE, Capabilities, CircuitBreakerModel, complete
from patternproof.scenarios.circuit_breaker.rig import rig

from patternproof.adapter import Adapter
from patternproof.drivers.simulated import Simulated
from patternproof.history import Batch, Event, History, alone
from patternproof.modelling import RIGHT, Names, States, explained, followed
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.replay import decode, encode
from tests.odd import circuit_breaker as odd
from tests.proof import loaded

pytestmark = pytest.mark.proof

ONE = CONSECUTIVE[0]
OPENED, HALF_OPENED, CLOSED = (
    Announcement(0, "closed", "open"),
    Announcement(0, "open", "half_open"),
    Announcement(0, "half_open", "closed"),
)


def history(*moments: tuple[Batch, Seen], settings: CircuitBreakerSettings = ONE) -> History:
    """What was done and seen."""
    made = History(settings)
    for batch, seen in moments:
        made.add(batch, seen)
    return made


def seen(*calls: Call, announced: tuple[Announcement, ...] = (), reads: tuple[str, ...] = ()) -> Seen:
    """What a look gave."""
    return Seen(calls, reads, announced)


BEGUN = (alone(Start(0)), seen(Call(0, "running", 1)))
FAILED = (alone(Finish(0, "failure")), seen(Call(0, "raised", 1), announced=(OPENED,)))
LATER = (alone(Advance(31.0)), seen())
PROBED = (alone(Start(1)), seen(Call(1, "running", 1), announced=(HALF_OPENED,)))


def is_right(made: History, deviations: Names = RIGHT) -> bool:
    """Whether the model allows all of it."""
    return explained(complete(), made, deviations) == len(made)


@pytest.mark.parametrize("state", ["open", "half_open"])
def test_an_open_circuit_whose_timeout_has_passed_may_read_either_way(state: str) -> None:
    assert is_right(history(BEGUN, FAILED, LATER, (alone(Read()), seen(reads=(state,)))))


def test_an_open_circuit_whose_timeout_has_not_passed_reads_open() -> None:
    early = (alone(Advance(11.0)), seen())
    assert not is_right(history(BEGUN, FAILED, early, (alone(Read()), seen(reads=("half_open",)))))


def test_half_open_may_be_announced_when_the_probe_is_over() -> None:
    silent = (alone(Start(1)), seen(Call(1, "running", 1)))
    over = (alone(Finish(1, "ok")), seen(Call(1, "returned", 1), announced=(HALF_OPENED, CLOSED)))
    assert is_right(history(BEGUN, FAILED, LATER, silent, over))


def test_half_open_must_be_announced_some_time() -> None:
    silent = (alone(Start(1)), seen(Call(1, "running", 1)))
    over = (alone(Finish(1, "ok")), seen(Call(1, "returned", 1), announced=(CLOSED,)))
    assert not is_right(history(BEGUN, FAILED, LATER, silent, over))


@pytest.mark.parametrize(
    ("hint", "right"), [(30.0, True), (29.5, True), (31.0, True), (27.0, False), (None, False), (-1.0, False)]
)
def test_a_hint_may_be_rounded_to_whole_seconds(hint: float | None, right: bool) -> None:
    assert is_right(history(BEGUN, FAILED, (alone(Start(1)), seen(Call(1, "rejected", 0, hint))))) is right


@pytest.mark.parametrize("hint", [None, 0.0, 12.0])
def test_any_hint_or_none_is_right_while_half_open(hint: float | None) -> None:
    full = (alone(Start(2)), seen(Call(1, "running", 1), Call(2, "rejected", 0, hint)))
    assert is_right(history(BEGUN, FAILED, LATER, PROBED, full))


@pytest.mark.parametrize("hint", [-1.0, -0.5])
def test_a_negative_hint_is_never_right(hint: float) -> None:
    full = (alone(Start(2)), seen(Call(1, "running", 1), Call(2, "rejected", 0, hint)))
    assert not is_right(history(BEGUN, FAILED, LATER, PROBED, full))


@pytest.mark.parametrize("phase", ["raised", "cancelled"])
def test_a_cancellation_may_overtake_the_answer_of_a_call_that_has_counted(phase: str) -> None:
    both = Batch((Finish(0, "failure"), Cancel(0)), (1,))
    assert is_right(history(BEGUN, (both, seen(Call(0, phase, 1), announced=(OPENED,)))))


def test_a_cancellation_may_overtake_a_rejection() -> None:
    both = Batch((Start(1), Cancel(1)), (1,))
    assert is_right(history(BEGUN, FAILED, (both, seen(Call(1, "cancelled", 0)))))


def test_half_open_reads_as_what_it_is_once_a_probe_is_in_flight() -> None:
    silent = (alone(Start(1)), seen(Call(1, "running", 1)))
    reads = [(alone(Read()), seen(Call(1, "running", 1), reads=(state,))) for state in ("half_open", "open")]
    assert [is_right(history(BEGUN, FAILED, LATER, silent, read)) for read in reads] == [True, False]


@pytest.mark.parametrize(
    ("event", "what", "requirement"),
    [
        (Finish(1, "ok"), seen(Call(1, "returned", 1)), "CB-08"),
        (Finish(1, "failure"), seen(Call(1, "raised", 1)), "CB-09"),
        (Finish(1, "failure"), seen(Call(1, "raised", 1), announced=(CLOSED,)), "CB-17"),
        (Start(2), seen(Call(1, "running", 1), Call(2, "waiting", 0)), "CB-07"),
        (Start(2), seen(Call(1, "running", 1), Call(2, "returned None", 0)), "CB-05"),
    ],
)
def test_what_no_deviation_explains_is_blamed_on_what_comes_nearest(event: Event, what: Seen, requirement: str) -> None:
    model = complete()
    *_, states = followed(model, history(BEGUN, FAILED, LATER, PROBED), RIGHT)
    assert model.blame(states, alone(event), what) == requirement


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_breakers_may_become_half_open_in_any_order(order: tuple[int, int]) -> None:
    begun = (alone(Start(1, 1)), seen(Call(1, "running", 1)))
    failed = (alone(Finish(1, "failure")), seen(Call(1, "raised", 1), announced=(OPENED._replace(breaker=1),)))
    half_opened = tuple(HALF_OPENED._replace(breaker=breaker) for breaker in order)
    assert is_right(history(BEGUN, FAILED, begun, failed, (alone(Advance(31.0)), seen(announced=half_opened))))


@pytest.mark.parametrize("by", [(0,), (1,), (0, 1)])
def test_a_state_that_is_shared_is_announced_by_either_or_both(by: tuple[int, ...]) -> None:
    announced = tuple(OPENED._replace(breaker=breaker) for breaker in by)
    failed = (alone(Finish(0, "failure")), seen(Call(0, "raised", 1), announced=announced))
    assert is_right(history(BEGUN, failed), frozenset({"shared state"}))


def test_a_cancelled_call_may_have_been_let_in_before_its_operation_ran() -> None:
    both = Batch((Start(1), Cancel(1)), (1,))
    assert is_right(history(BEGUN, FAILED, LATER, (both, seen(Call(1, "cancelled", 0), announced=(HALF_OPENED,)))))


def test_a_call_that_was_held_and_is_then_cancelled_counts_for_nothing() -> None:
    assert not is_right(history(BEGUN, (alone(Cancel(0)), seen(Call(0, "cancelled", 1), announced=(OPENED,)))))


def test_with_a_wall_clock_no_time_is_forgotten_however_long_the_circuit_is_open() -> None:
    jumps = [(alone(SetWallClock(seconds)), seen()) for seconds in (3600.0, -3600.0)]
    early = (alone(Advance(11.0)), seen())
    rejected = (alone(Start(1)), seen(Call(1, "rejected", 0, 19.0)))
    assert is_right(history(BEGUN, FAILED, jumps[0], early, jumps[1], rejected), frozenset({"wall clock"}))


def test_states_that_behave_alike_have_one_key() -> None:
    model = complete()
    settled = (alone(Finish(1, "ok")), seen(Call(1, "returned", 1), announced=(CLOSED,)))
    *_, states = followed(model, history(BEGUN, FAILED, LATER, PROBED, settled), RIGHT)
    assert keys(model, states) == keys(model, tuple(model.initial(ONE)))


def keys(model: CircuitBreakerModel, states: States) -> set[object]:
    """What their futures depend on."""
    return {model.key(model.begin(state)) for state in states}


def test_every_event_survives_the_way_through_a_token() -> None:
    model = complete()
    made = history(BEGUN, FAILED, (Batch((Advance(31.0), Start(1), SetWallClock(-3600.0)), (2, 0)), seen()))
    stem, index, batches = decode(encode("circuit_breaker", model, made))
    assert (stem, model.variants()[index], batches) == ("circuit_breaker", ONE, [moment.batch for moment in made])


def test_without_cancellation_no_program_cancels() -> None:
    names = {program.name for program in interleavings.programs(complete())}
    fewer = {program.name for program in interleavings.programs(CircuitBreakerModel(Capabilities(cancels=False)))}
    assert names - fewer == {name for name in names if "cancelled" in name}
    assert fewer


@pytest.mark.parametrize("kind", [odd.PlainText, odd.TextSubclass, odd.OtherEnum])
def test_states_are_told_by_equality(kind: type[odd.Breaker]) -> None:
    with loaded("circuit_breaker", kind.__name__, kind) as adapter, Simulated() as driver, rig(adapter, driver, ONE) as held:
        held.perform(Start(0))
        assert held.perform(Finish(0, "failure")).announced == (OPENED,)
        assert held.perform(Read()).reads == ("open",)


def test_a_rig_shows_what_came_back_in_place_of_the_result() -> None:
    from tests.faulty.circuit_breaker import WrapsResult

    with loaded("circuit_breaker", "wrapping", WrapsResult) as adapter, Simulated() as driver, rig(adapter, driver, ONE) as held:
        held.perform(Start(0))
        (call,) = held.perform(Finish(0, "ok")).calls
    assert call.phase.startswith("returned something else: (")


def test_an_adapter_without_listeners_is_not_asked_to_announce() -> None:
    from patternproof.scenarios.circuit_breaker.rig import model

    from tests.faulty.circuit_breaker import AsWritten

    with loaded("circuit_breaker", "silent", AsWritten, claims=()) as adapter:
        assert isinstance(adapter, Adapter)
        found = model(adapter)
    assert not found.capabilities.listens
    assert {settings.half_open_max_calls for settings in found.variants()} == {1}


@pytest.mark.parametrize(
    ("abilities", "changes"),
    [
        ("", {}),
        ("opens after 2 failures and probes after 30 s", {"failure_threshold": 2, "reset_timeout": 30.0}),
        ("admits 1 probe at a time and ignores some errors", {"half_open_max_calls": 1, "ignored_errors": (IgnoredError,)}),
        (
            "opens at 60 % failures of the last 4 calls, but not before 4 calls",
            {"failure_rate": 0.6, "window": 4, "minimum_calls": 4, "failure_threshold": words.COUNTED_BY_RATE},
        ),
    ],
)
def test_words_become_settings(abilities: str, changes: dict[str, object]) -> None:
    joined = abilities.replace(", but", " and but")
    assert words.settings_of(joined) == CircuitBreakerSettings(**changes)  # type: ignore[arg-type]  # fields of any type


def test_a_slip_in_the_words_is_answered_with_the_nearest() -> None:
    with pytest.raises(LookupError, match="opens after 2 failures"):
        words.settings_of("opens after two failures")
    with pytest.raises(LookupError, match="half-open"):
        words.state_of("halfopen")
