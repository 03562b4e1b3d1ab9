"""The report as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

import patternproof
from patternproof.report.json import again, decode, encode, report, schema
from patternproof.verdict import Blame, Fault, Kind
from tests.report.judged import CATALOGUE, SETTINGS, judged, measured

STORED = Path(patternproof.__file__).parent / "report" / "schema.json"


def test_the_schema_that_is_published_is_the_one_that_reports_have() -> None:
    assert json.loads(STORED.read_text(encoding="utf-8")) == schema()


@pytest.mark.parametrize("faults", [(), (Fault(Blame.KIT, "a process died"),)])
def test_a_report_keeps_to_the_schema(faults: tuple[Fault, ...]) -> None:
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(json.loads(encode(report(judged(faults=faults), SETTINGS))))


def test_a_report_reads_back_as_it_was() -> None:
    told = report(judged(), SETTINGS, [measured()])
    assert decode(encode(told)) == told
    Draft202012Validator(schema()).validate(json.loads(encode(told)))


def test_what_load_alone_says_is_told_beside_what_it_has_measured() -> None:
    (told,) = report(judged(), SETTINGS, [measured()]).load
    assert {each.id: (each.verdict, each.times, each.found) for each in told.verdicts} == {
        "CB-04": (Kind.KNOWN_FAILURE, 3, True),
        "CB-05": (Kind.PASSED, 70, False),
    }
    assert (told.requests, told.failed, told.latencies["response"]["99"]) == (40, 1, 0.2)


def test_the_command_that_gives_a_report_again_says_with_what_load() -> None:
    assert again(report(judged(), SETTINGS, [measured()])).endswith("--seed 7 --with-load")
    assert again(report(judged(), SETTINGS, [measured()], "patternproof load")) == "patternproof load"


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode('{"schema": 1}')


def test_every_requirement_has_its_verdict_ways_and_blame() -> None:
    told = report(judged(), SETTINGS)
    assert [each.id for each in told.requirements] == list(CATALOGUE)
    assert sum(told.ledger.values()) == len(CATALOGUE)
    by_id = {each.id: each for each in told.requirements}
    assert {name: (way.exercised, way.found) for name, way in by_id["CB-02"].ways.items()} == {
        "feature": (1, True),
        "machine": (9, True),
        "interleavings": (0, False),
        "load": (0, False),
    }
    assert [failure.replay for failure in by_id["CB-02"].failures] == ["replay this", "replay me"]
    assert (by_id["CB-01"].blame, by_id["CB-02"].blame, by_id["CB-06"].blame) == (None, Blame.IMPLEMENTATION, Blame.KIT)
    assert by_id["CB-03"].reason == "the implementation has no setting 'reset_timeout'"
    assert by_id["CB-05"].verdict is Kind.UNEXPECTEDLY_PASSED


def test_a_report_names_what_was_adapted_and_how_it_was_run() -> None:
    told = report(judged(), SETTINGS)
    assert (told.kit, told.profile, told.seed, told.partial) == (patternproof.__version__, "quick", 7, False)
    assert told.adapter.versions == {"pytest": pytest.__version__}
    assert told.adapter.known_failures == {"CB-04": "issue 12", "CB-05": "issue 13"}


def test_a_partial_run_says_why() -> None:
    told = report(judged(partial=("selected: --level must",)), SETTINGS)
    assert (told.partial, told.partial_reasons) == (True, ["selected: --level must"])
