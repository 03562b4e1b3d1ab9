"""Histories as data for pictures."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import pytest
from patternproof.scenarios.circuit_breaker.events import Advance, Call, Cancel, Finish, Seen, Start

from patternproof.history import Batch, History, alone
from patternproof.modelling import enacted, separations
from patternproof.moments import Done, Mark, Phase, lifeline, steps
from patternproof.patterns import PATTERNS

QUICK = ("error_propagation", "service_interface", "shared_state", "workflows")
"""The patterns whose separating histories are found within seconds."""


def history(*moments: tuple[Batch, Any]) -> History:
    made = History(None)
    for batch, seen in moments:
        made.add(batch, seen)
    return made


def test_a_moment_tells_whose_events_they_are_and_how_far_apart() -> None:
    together = Batch((Finish(0, "ok"), Cancel(1)), (2,))
    (step,) = steps(history((together, Seen((Call(0, "returned", 1), Call(1, "running", 1))))))
    assert step.done == (
        Done("the operation of call 0 succeeds", "call 0", Mark.OTHER),
        Done("call 1 is cancelled", "call 1", Mark.CANCEL, 2),
    )
    assert step.phases == (Phase("call 0", "returned", in_flight=False), Phase("call 1", "running", in_flight=True))
    assert step.seen == "call 0 returned; call 1 running"


def test_time_that_passes_is_of_nobody() -> None:
    (step,) = steps(history((alone(Advance(31.0)), Seen())))
    assert step.done == (Done("31 s pass", "", Mark.CLOCK),)
    assert step.phases == ()


@pytest.mark.parametrize("stem", PATTERNS)
def test_an_event_that_names_a_call_has_a_lifeline(stem: str) -> None:
    for kind in PATTERNS[stem].scenarios("events").EVENTS.values():
        fields = {field.name for field in dataclasses.fields(kind)}
        if fields & {"call", "borrower", "subscription", "replica"}:
            assert lifeline(kind(**dict.fromkeys((each.name for each in dataclasses.fields(kind)), 0))), kind


@pytest.mark.parametrize("stem", QUICK)
def test_a_call_is_over_where_it_is_not_seen_again(stem: str) -> None:
    model = PATTERNS[stem].scenarios("model").complete()
    for name, separation in separations(model).items():
        told = steps(enacted(model, separation, frozenset({name})))
        for before, after in pairwise(told):
            seen_again = {phase.lifeline for phase in after.phases}
            for phase in before.phases:
                assert phase.in_flight == (phase.lifeline in seen_again), (name, before, after)


@pytest.mark.parametrize("kind", [Start(3), Call(3, "running", 1)])
def test_what_is_done_to_a_call_and_what_is_seen_of_it_share_a_line(kind: Any) -> None:
    assert lifeline(kind) == "call 3"
    assert lifeline(object()) == ""
