"""Sequence diagrams, as data."""

from __future__ import annotations

from patternproof.moments import Done, Mark, Phase, Step
from patternproof.report.picture import Bar, Label, Row, Sign, picture


def step(seen: str = "", *phases: Phase, done: tuple[Done, ...] = ()) -> Step:
    return Step(done, seen, phases)


def event(text: str, lifeline: str = "", mark: Mark = Mark.OTHER, turns: int | None = None) -> Done:
    return Done(text, lifeline, mark, turns)


def running(lifeline: str) -> Phase:
    return Phase(lifeline, "running", in_flight=True)


BEGINS = step("call 0 running", running("call 0"), done=(event("call 0 begins", "call 0"),))
ENDS = step("call 0 returned", Phase("call 0", "returned", in_flight=False), done=(event("it succeeds", "call 0"),))
PASSES = step("call 0 running", running("call 0"), done=(event("31 s pass", mark=Mark.CLOCK),))


def test_a_call_is_a_bar_from_its_start_to_its_end() -> None:
    drawn = picture([BEGINS, PASSES, ENDS])
    assert drawn.lifelines == ("call 0",)
    assert [(row.moment, row.sign) for row in drawn.rows] == [
        (1, Sign.START),
        (1, Sign.SETTLED),
        (2, Sign.CLOCK),
        (2, Sign.SETTLED),
        (3, Sign.RELEASE),
        (3, Sign.SETTLED),
    ]
    assert drawn.bars == (Bar(0, 0, 1, "begun"), Bar(0, 1, 5, "held"))
    assert drawn.labels == (Label(0, 1, "running", over=False), Label(0, 5, "returned", over=True))
    assert drawn.parting == 4


def test_what_is_in_flight_at_the_end_goes_on_to_the_edge() -> None:
    assert picture([BEGINS]).bars == (Bar(0, 0, 1, "begun"), Bar(0, 1, 2, "held"))


def test_waiting_is_told_from_having_what_one_came_for() -> None:
    waits = step("A waiting", Phase("A", "waiting", in_flight=True), done=(event("A acquires", "A"),))
    holds = step("A holding connection 1", Phase("A", "holding connection 1", in_flight=True), done=(event("it connects"),))
    drawn = picture([waits, holds])
    assert [(bar.state, bar.top, bar.bottom) for bar in drawn.bars] == [("begun", 0, 1), ("waiting", 1, 3), ("held", 3, 4)]
    assert drawn.rows[2].sign is Sign.NOTE


def test_a_cancellation_has_a_sign_of_its_own() -> None:
    cancelled = step("call 0 cancelled", done=(event("call 0 is cancelled", "call 0", Mark.CANCEL),))
    assert picture([BEGINS, cancelled]).rows[2] == Row(2, Sign.CANCEL, "call 0 is cancelled", 0)


def test_distances_between_the_events_of_one_moment_are_told() -> None:
    together = step(done=(event("a", "A"), event("b", "B", turns=0), event("c", "C", turns=3)))
    assert [row.text for row in picture([together]).rows] == ["a", "in the same turn, b", "3 turns later, c", ""]


def test_what_is_seen_beside_the_calls_stands_at_the_moment() -> None:
    opens = step(
        "call 0 raised; announced closed to open", Phase("call 0", "raised", in_flight=False), done=(event("it fails", "call 0"),)
    )
    assert picture([BEGINS, opens]).rows[-1] == Row(2, Sign.SETTLED, "announced closed to open")


def test_a_call_that_is_seen_by_its_number_alone_is_not_told_twice() -> None:
    waits = step(
        "0 waits; 1 call of a store waits", Phase("call 0", "waits", in_flight=True), done=(event("read 0 begins", "call 0"),)
    )
    assert picture([waits]).rows[-1].text == "1 call of a store waits"


def test_no_history_is_an_empty_picture() -> None:
    assert picture([]).rows == ()
