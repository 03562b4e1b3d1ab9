"""The badge."""

from __future__ import annotations

from xml.etree import ElementTree

from msgspec.structs import replace

from patternproof.report.badge import render
from patternproof.report.json import report
from patternproof.verdict import Conformance
from tests.report.judged import SETTINGS, judged

TOLD = report(judged(), SETTINGS)


def test_it_says_how_many_fail_of_how_many() -> None:
    assert ElementTree.fromstring(render(TOLD)).get("aria-label") == "patternproof: 3 of 9 fail"


def test_it_says_any_other_verdict_in_its_words() -> None:
    svg = render(replace(TOLD, conformance=Conformance.CONFORMANT, requirements=[]))
    assert ElementTree.fromstring(svg).get("aria-label") == "patternproof: conformant"
