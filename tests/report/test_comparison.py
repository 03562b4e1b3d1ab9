"""Two reports side by side."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from patternproof.report.comparison import Change, change, compare
from patternproof.report.json import Report, report
from patternproof.verdict import Kind
from tests.report.judged import SETTINGS, judged

TOLD = report(judged(), SETTINGS)


def having(partial: bool = False, **verdicts: Kind) -> Report:
    """A report on nothing but these requirements."""
    parts = [replace(TOLD.requirements[0], id=identifier, verdict=kind) for identifier, kind in verdicts.items()]
    return replace(TOLD, requirements=parts, partial=partial)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Kind.PASSED, Kind.PASSED, Change.SAME),
        (Kind.PASSED, Kind.FAILED, Change.WORSE),
        (Kind.PASSED, Kind.KNOWN_FAILURE, Change.WORSE),
        (Kind.PASSED, Kind.NOT_OFFERED, Change.WORSE),
        (Kind.PASSED, Kind.ERRORED, Change.WORSE),
        (Kind.NOT_OFFERED, Kind.FAILED, Change.WORSE),
        (Kind.DECLINED, Kind.ERRORED, Change.WORSE),
        (Kind.KNOWN_FAILURE, Kind.FAILED, Change.WORSE),
        (Kind.FAILED, Kind.PASSED, Change.BETTER),
        (Kind.KNOWN_FAILURE, Kind.UNEXPECTEDLY_PASSED, Change.BETTER),
        (Kind.DECLINED, Kind.PASSED, Change.BETTER),
        (Kind.FAILED, Kind.KNOWN_FAILURE, Change.OTHERWISE),
        (Kind.FAILED, Kind.NOT_OFFERED, Change.OTHERWISE),
        (Kind.DECLINED, Kind.NOT_OFFERED, Change.OTHERWISE),
        (Kind.PASSED, Kind.UNEXPECTEDLY_PASSED, Change.OTHERWISE),
    ],
)
def test_a_change_is_worse_better_or_neither(before: Kind, after: Kind, expected: Change) -> None:
    assert change(before, after) is expected


def test_what_only_one_report_has_is_new_or_gone() -> None:
    found = compare(having(A=Kind.PASSED, B=Kind.PASSED), having(B=Kind.PASSED, C=Kind.FAILED))
    assert [(each.id, each.change) for each in found] == [("B", Change.SAME), ("C", Change.NEW), ("A", Change.GONE)]


def test_what_a_partial_run_did_not_look_at_is_not_compared() -> None:
    found = compare(having(A=Kind.PASSED, B=Kind.PASSED), having(partial=True, A=Kind.NOT_EXERCISED, B=Kind.FAILED))
    assert [(each.id, each.change) for each in found] == [("B", Change.WORSE)]
