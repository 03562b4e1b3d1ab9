"""The model, rig and words of error propagation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from patternproof.reference.error_propagation import Component, to_problem
from patternproof.scenarios.error_propagation import interleavings, words
from patternproof.scenarios.error_propagation.crossing import TRACEBACK, is_well_formed
from patternproof.scenarios.error_propagation.events import Call, Cancel, End, Failure, Inspect, Perform, Seen
from patternproof.scenarios.error_propagation.model import EVERYTHING, VARIANTS, ErrorPropagationModel, complete
from patternproof.scenarios.error_propagation.reading import members, reachable
from patternproof.scenarios.error_propagation.rig import rig

from patternproof import judge
from patternproof.history import Batch, History, alone
from patternproof.modelling import RIGHT, explained
from patternproof.outcome import Status
from patternproof.ports.error_propagation import ComponentError, Kind
from patternproof.replay import decode, encode
from tests.proof import loaded

PLAIN, _, SEVERAL, CLEANED = VARIANTS[:4]
WAITS = Seen((Call(0, "waiting"),))
ONE = Seen((Call(0, "raised", Failure(("dependency_error",), (0,))),))


def is_right(settings: Any, *moments: tuple[Any, Seen]) -> bool:
    history = History(settings)
    for event, seen in moments:
        history.add(event if isinstance(event, Batch) else alone(event), seen)
    return explained(complete(), history, RIGHT) == len(history)


def test_where_one_of_two_calls_fails_the_request_may_wait_for_the_other_or_not() -> None:
    begun = (Perform(0, 2), WAITS)
    both = Seen((Call(0, "raised", Failure(("dependency_error",), (0, 1))),))
    assert is_right(SEVERAL, begun, (End(0, 0, "failure"), ONE), (End(0, 1, "ok"), Seen()))
    assert is_right(SEVERAL, begun, (End(0, 0, "failure"), WAITS), (End(0, 1, "failure"), both))
    assert not is_right(SEVERAL, begun, (End(0, 0, "failure"), ONE), (End(0, 1, "failure"), Seen(late=((0, 1),))))


def test_of_what_nobody_knows_either_kind_is_right_but_no_success() -> None:
    for kind in ("unexpected", "dependency_error"):
        seen = Seen((Call(0, "raised", Failure((kind,), (0,))),))
        assert is_right(PLAIN, (Perform(0), WAITS), (End(0, 0, "foreign"), seen))
    assert not is_right(PLAIN, (Perform(0), WAITS), (End(0, 0, "foreign"), Seen((Call(0, "returned"),))))


def test_a_failure_of_cleaning_up_alone_may_be_told_or_not() -> None:
    begun = (Perform(0, 1, "failure"), WAITS)
    told = Seen((Call(0, "raised", Failure(("dependency_error",), (-1,))),))
    for seen in (told, Seen((Call(0, "returned"),))):
        assert is_right(CLEANED, begun, (End(0, 0, "ok"), seen))


def test_a_cancellation_may_come_just_before_or_just_after_the_end() -> None:
    together = Batch((End(0, 0, "failure"), Cancel(0)), (0,))
    for seen in (ONE, Seen((Call(0, "cancelled"),))):
        assert is_right(PLAIN, (Perform(0), WAITS), (together, seen))


@pytest.mark.parametrize(("status", "right"), [(404, True), (410, True), (500, False), (200, False), (None, False)])
def test_several_statuses_say_that_something_is_not_found(status: int | None, right: bool) -> None:
    raised = Seen((Call(0, "raised", Failure(("resource_not_found",), (0,))),))
    moments = ((Perform(0), WAITS), (End(0, 0, "not_found"), raised), (Inspect(0, "status"), Seen(found=(status,))))
    assert is_right(PLAIN, *moments) is right


def test_errors_are_found_wherever_they_are_kept() -> None:
    kept = [ValueError("kept"), KeyError("noted")]
    error = ComponentError(Kind.UNEXPECTED, "It failed.", "a", "b")
    error.others = kept  # type: ignore[attr-defined]  # of this one
    error.__cause__ = ExceptionGroup("several", [OSError("below")])
    error.__cause__.__cause__ = error  # a circle
    found = reachable(error)
    assert {*kept} <= set(found)
    assert len(found) == 5  # itself, the group, its member, and the two that are kept


def test_a_group_counts_as_errors_of_a_component_where_all_of_its_members_are() -> None:
    one = ComponentError(Kind.UNEXPECTED, "It failed.", "a", "b")
    assert members(ExceptionGroup("several", [one, ExceptionGroup("more", [one])])) == [one, one]
    assert members(ExceptionGroup("several", [one, ValueError()])) == []


@pytest.mark.parametrize(
    "text",
    ["Traceback (most recent call last)", 'File "/a/b.py", line 3', '{"t": "File \\"b.py\\", line 3"}', "<traceback object"],
)
def test_tracebacks_are_known_by_their_lines(text: str) -> None:
    assert TRACEBACK.search(text)
    assert not TRACEBACK.search("The file is not there, see line 3.")


@pytest.mark.parametrize(
    ("document", "right"),
    [
        ({"title": "Gone"}, True),
        ({"status": 404}, False),
        ({"title": 7}, False),
        ({"title": "Gone", "status": "404"}, False),
        ({}, False),
    ],
)
def test_a_problem_document_says_something_in_members_of_the_right_types(document: Any, right: bool) -> None:
    assert is_well_formed(document) is right


def test_a_component_without_problem_documents_is_asked_for_none() -> None:
    class Plain:
        def __init__(self, *arguments: Any) -> None:
            self.perform = Component(*arguments).perform

    with loaded("error_propagation", "plain", Plain) as adapter:
        model = judge.subject(adapter, "error_propagation").model
        outcomes = judge.run_histories(adapter, "error_propagation", "quick", None)
    assert isinstance(model, ErrorPropagationModel)
    assert not model.capabilities.crosses
    assert {each.status for each in outcomes} == {Status.PASSED}
    assert {"EP-09", "EP-10", "EP-12"}.isdisjoint(each.requirement for each in outcomes)


def test_a_document_that_is_no_json_did_not_survive() -> None:
    class Wrong(Component):
        @staticmethod
        def to_problem(error: ComponentError) -> Any:
            return {**to_problem(error), "error": error}

    with (
        loaded("error_propagation", "wrong", Wrong) as adapter,
        adapter.driver() as driver,
        rig(adapter, driver, PLAIN) as made,
    ):
        made.perform(Perform(0))
        made.perform(End(0, 0, "failure"))
        seen = made.perform(Inspect(0, "survival"))
    assert seen.found == ("the form of a problem document did not survive",)
    assert "cannot be written as JSON" in seen.told


def test_a_token_stands_for_every_event() -> None:
    history = History(SEVERAL)
    history.add(Batch((Perform(0, 2), Cancel(0)), (1,)), Seen())
    _, index, batches = decode(encode("error_propagation", complete(), history))
    assert complete().variants()[index] == SEVERAL
    assert batches == [moment.batch for moment in history]


def test_programs_cancel_nothing_where_nothing_can_be_cancelled() -> None:
    programs = list(interleavings.programs(ErrorPropagationModel(EVERYTHING._replace(cancels=False))))
    assert programs
    assert not any(isinstance(event, Cancel) for each in programs for event in each.together)


def test_words_that_mean_nothing_are_told_with_those_that_do() -> None:
    with pytest.raises(LookupError, match="write 'that cleans up'"):
        words.wanted("that cleans")
    with pytest.raises(LookupError, match="write 'denies permission'"):
        words.how_of("denies permissions")
    assert words.how_of("fails for alpha and beta") == ("failure", [0, 1])


@pytest.mark.proof
def test_the_threaded_reference_passes_everything_that_it_is_held_against() -> None:
    from patternproof.reference.adapters import threads

    with loaded("error_propagation", "threaded_reference", threads.error_propagation) as made:
        adapter = replace(made, runtime="threads")
        parts = (judge.run_histories, judge.run_machine, judge.run_interleavings)
        outcomes = [outcome for part in parts for outcome in part(adapter, "error_propagation", "quick", None)]
    failed = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert outcomes
    assert not failed, "\n".join(line for each in failed for line in (each.message, *each.history))
