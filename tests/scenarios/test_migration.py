"""The models and rigs of migration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from patternproof.reference.migration import StateSwitch, convert_error, restore_error
from patternproof.scenarios.migration import comparing, samples
from patternproof.scenarios.migration.events import (
    BRIDGE,
    NEW,
    OLD,
    SAMPLES,
    SERVICE,
    SWITCH,
    Act,
    Bridged,
    Call,
    CancelCall,
    Come,
    End,
    Given,
    Inspect,
    Read,
    Resume,
    Stall,
    Switched,
    Turn,
    Update,
    Use,
)
from patternproof.scenarios.migration.model import complete
from patternproof.scenarios.migration.rig import rig

from patternproof import judge
from patternproof.history import Batch, History, alone
from patternproof.modelling import RIGHT, explained
from patternproof.outcome import NotOffered, Status
from patternproof.replay import decode, encode
from tests.proof import loaded

WAITS, RETURNS = Call(0, "waits"), Call(0, "returned")
ONCE, PUBLISHED = ((0, 1),), ((0, 1),)


def is_right(about: str, *moments: tuple[Any, Any]) -> bool:
    history = History(Given(about))
    for event, seen in moments:
        history.add(event if isinstance(event, Batch) else alone(event), seen)
    return explained(complete(), history, RIGHT) == len(history)


def test_a_bridge_may_publish_before_it_acts_or_after() -> None:
    for published in ((), PUBLISHED):
        begun = (Act(0, 0), Bridged((WAITS,), published=published))
        assert is_right(BRIDGE, begun, (End(0), Bridged((RETURNS,), ONCE, PUBLISHED)))


def test_what_takes_effect_by_a_call_is_published_once() -> None:
    begun = (Act(0, 0), Bridged((WAITS,)))
    for published in ((), ((0, 2),)):
        assert not is_right(BRIDGE, begun, (End(0), Bridged((RETURNS,), ONCE, published)))


def test_whoever_publishes_an_effect_that_nobody_waited_for_may_be_told_that_the_bus_refuses_it() -> None:
    begun = ((Act(0, 0, "unheard"), Bridged((WAITS,))), (CancelCall(0), Bridged((Call(0, "cancelled"),))))
    effect = (End(0), Bridged((), ONCE))
    called, again = Act(1, 0), Act(2, 0)
    for phase in ("raised", "returned"):
        assert is_right(BRIDGE, *begun, effect, (called, Bridged((Call(1, phase),), ONCE)))
    refused = (called, Bridged((Call(1, "raised"),), ONCE))
    assert not is_right(BRIDGE, *begun, effect, refused, (again, Bridged((Call(2, "raised"),), ONCE)))
    together = Bridged((Call(1, "raised"), Call(2, "raised")), ONCE)
    assert is_right(BRIDGE, *begun, effect, (Batch((called, again), (0,)), together))


def test_a_bridge_may_do_one_thing_after_the_other() -> None:
    begun = ((Come(1), Bridged()), (Act(0, 0), Bridged((WAITS,))))
    assert is_right(BRIDGE, *begun, (End(0), Bridged((WAITS,))))
    assert is_right(BRIDGE, *begun, (End(0), Bridged((RETURNS,), ONCE, PUBLISHED)))
    assert not is_right(BRIDGE, (Act(0, 0), Bridged((WAITS,))), (End(0), Bridged((WAITS,))))


def test_after_a_cancellation_an_action_may_take_effect_or_not_but_once_it_is_asked_for_again() -> None:
    begun = ((Act(0, 0), Bridged((WAITS,))), (CancelCall(0), Bridged((Call(0, "cancelled"),))))
    for effects in ((), ONCE):
        assert is_right(BRIDGE, *begun, (End(0), Bridged(effects=effects)))
    again = (Act(1, 0), Bridged((Call(1, "waits"),)))
    assert is_right(BRIDGE, *begun, again, (End(0), Bridged((Call(1, "returned"),), ONCE, PUBLISHED)))
    assert not is_right(BRIDGE, *begun, again, (End(0), Bridged((Call(1, "returned"),), ((0, 2),), PUBLISHED)))


def test_while_a_store_is_slow_what_is_under_way_may_end_or_wait() -> None:
    begun = ((Stall(OLD), Switched()), (Update(0), Switched((Use(0, "waits"),), 1)), (Turn(), Switched((Use(0, "waits"),), 1)))
    both = (Use(0, "waits"), Use(1, "waits"))
    assert is_right(SWITCH, *begun, (Update(1), Switched(both, 1)))
    assert is_right(SWITCH, *begun, (Update(1), Switched((Use(0, "waits"), Use(1, "returned")), 1)))
    assert not is_right(SWITCH, *begun, (Update(1), Switched(both, 0))), "nothing that the kit holds is waited for"


@pytest.mark.parametrize(("read", "right"), [((0,), True), ((), False), ((0, 0), False), ((0, 7), False)])
def test_a_read_gets_what_was_acknowledged_and_each_once(read: tuple[int, ...], right: bool) -> None:
    moments = ((Update(0), Switched((Use(0, "returned"),))), (Turn(), Switched()))
    assert is_right(SWITCH, *moments, (Read(1), Switched((Use(1, "read", read),)))) is right


def test_a_store_need_not_have_anything_before_an_update_has_come_there() -> None:
    moments = ((Update(0), Switched((Use(0, "returned"),))), (Turn(), Switched()))
    assert is_right(SWITCH, *moments, (Inspect(NEW), Switched(found=((),))))
    update = (Update(1), Switched((Use(1, "returned"),)))
    assert not is_right(SWITCH, *moments, update, (Inspect(NEW), Switched(found=((1,),))))
    assert is_right(SWITCH, *moments, update, (Inspect(NEW), Switched(found=((0, 1),))))


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each != "new"])
def test_an_error_equals_itself_and_no_other(sample: str) -> None:
    error, like, other = samples.old(sample, 1), samples.old(sample, 1), samples.old(sample, 2)
    assert comparing.restored(error, error, []) == comparing.FINE
    assert comparing.restored(error, like, []) == comparing.FINE
    assert comparing.restored(error, other, [])[0]
    assert comparing.converted(comparing.Before(error), error, convert_error(error)) == comparing.FINE


def test_an_adapter_without_a_part_has_that_not_offered() -> None:
    with loaded("migration", "switch_alone", {"state_switch": StateSwitch}) as adapter:
        assert [settings.about for settings in judge.subject(adapter, "migration").model.variants()] == [SWITCH]
        with adapter.driver() as driver, pytest.raises(NotOffered, match="event_bridge"):
            rig(adapter, driver, Given(BRIDGE)).__enter__()


def test_a_token_stands_for_events_of_every_part() -> None:
    for settings in complete().variants():
        history = History(settings)
        history.add(Batch((Stall(OLD), Resume(OLD, "fails")), (1,)), Switched())
        _, index, batches = decode(encode("migration", complete(), history))
        assert complete().variants()[index] == settings
        assert batches == [moment.batch for moment in history]
    assert Given(SERVICE) in complete().variants()


@pytest.mark.proof
def test_the_threaded_reference_passes_everything_that_it_is_held_against() -> None:
    from patternproof.reference.adapters import threads

    made = {name: getattr(threads, name) for name in ("legacy_service", "event_bridge", "state_switch")}
    made |= {"convert_error": convert_error, "restore_error": restore_error}
    with loaded("migration", "threaded_reference", made) as loaded_adapter:
        adapter = replace(loaded_adapter, runtime="threads")
        parts = (judge.run_histories, judge.run_machine, judge.run_interleavings)
        outcomes = [outcome for part in parts for outcome in part(adapter, "migration", "quick", None)]
    failed = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert outcomes
    assert not failed, "\n".join(line for each in failed for line in (each.message, *each.history))
