"""The report for CI servers."""

from __future__ import annotations

from xml.etree import ElementTree

from patternproof.report import junit
from patternproof.report.json import report
from tests.report.judged import CATALOGUE, SETTINGS, judged


def written() -> ElementTree.Element:
    return ElementTree.fromstring(junit.render([report(judged(), SETTINGS)]))


def test_each_requirement_is_a_test_case_with_its_id_and_sentence() -> None:
    names = [str(case.get("name")) for case in written().iter("testcase")]
    assert [name.split()[0] for name in names] == list(CATALOGUE)
    assert names[0] == "CB-01 It holds"


def test_counts_are_those_of_the_cases() -> None:
    suite = written()[0]
    assert (suite.get("name"), suite.get("tests")) == ("circuit_breaker", "9")
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("3", "1", "4")


def test_what_counts_is_a_failure_and_what_only_should_hold_is_skipped() -> None:
    root = written()
    failures = {str(case.get("name")).split()[0]: case.find("failure") for case in root.iter("testcase")}
    assert [identifier for identifier, failure in failures.items() if failure is not None] == ["CB-02", "CB-05", "CB-09"]
    assert failures["CB-02"] is not None
    assert "broken by: counting over all time" in str(failures["CB-02"].text)


def test_a_case_carries_id_level_and_verdict_as_properties() -> None:
    case = next(written().iter("testcase"))
    assert {item.get("name"): item.get("value") for item in case.iter("property")} == {
        "requirement": "CB-01",
        "level": "must",
        "verdict": "passed",
    }


def test_suites_of_several_reports_are_named_by_their_adapters() -> None:
    told = report(judged(), SETTINGS)
    root = ElementTree.fromstring(junit.render([told, told]))
    assert [suite.get("name") for suite in root] == ["adapter: circuit_breaker"] * 2
