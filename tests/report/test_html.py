"""The page, as text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
from msgspec.structs import replace

from patternproof.load.messages import Result
from patternproof.report.html import render
from patternproof.report.json import Report, report
from patternproof.requirements import catalogue
from patternproof.verdict import Blame, Fault
from tests.report.judged import CATALOGUE, SETTINGS, judged, measured

PAGE = render([report(judged(), SETTINGS)])
VOID = {"meta", "input", "link", "br"}
SHAPES = {"rect", "line", "circle", "path"}


class Tags(HTMLParser):
    """What a page is made of, in which every element is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def elements(tag: str, page: str = PAGE) -> list[dict[str, str | None]]:
    return [attributes for name, attributes in Tags(page).found if name == tag]


def test_the_page_has_every_requirement_and_leads_to_each() -> None:
    assert [each["id"] for each in elements("details")] == list(CATALOGUE)
    assert {f"#{identifier}" for identifier in CATALOGUE} < {each["href"] for each in elements("a")}


def test_no_two_elements_have_one_id() -> None:
    ids = [attributes["id"] for _, attributes in Tags(PAGE).found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    assert re.findall(r"""(?:src|href)=["'](?!#)|url\(|@import|https?://""", PAGE) == []
    assert "default-src 'none'" in str(elements("meta")[1]["content"])


def test_a_failure_is_told_with_its_picture_words_causes_and_replay() -> None:
    part = PAGE.partition('<details class="requirement" id="CB-02"')[2].partition("</details>")[0]
    for text in ("expected one, seen two", "<svg", "1. call 0 begins", "counting over all time", "replay this", "It matters"):
        assert text in part
    for sign in ('class="sign"', 'class="stop"', 'class="clock"'):
        assert sign in part


def test_faults_and_partial_runs_are_told() -> None:
    page = render([report(judged(("selected: --level must",), (Fault(Blame.KIT, "a process died"),)), SETTINGS)])
    assert "selected: --level must" in page
    assert "a process died" in page


def test_the_page_of_a_report_without_additions_can_be_made() -> None:
    """As reports were before pictures: no reasons, no steps."""
    told = report(judged(), SETTINGS)
    assert render([without_additions(told)]).count("<details") == len(CATALOGUE)


def without_additions(told: Report) -> Report:
    old = msgspec.to_builtins(told)
    for name in ("revision", "load", "command"):
        del old[name]
    for requirement in old["requirements"]:
        for name in ("why", "broken_by", "claim"):
            del requirement[name]
        for failure in requirement["failures"]:
            del failure["steps"]
    return msgspec.convert(old, Report)


def test_what_load_has_measured_is_told_with_pictures() -> None:
    page = render([report(judged(), SETTINGS, [measured()])])
    part = page.partition('<h3 id="load-circuit_breaker">')[2].partition("</section>")[0]
    for text in ("40 requests in 4.0 s", "open model, 20 requests/s", "add: 500: no", "200.00", 'href="#CB-04"', "seen 7"):
        assert text in part
    assert part.count("<svg") == 3
    ids = [attributes["id"] for _, attributes in Tags(page).found if "id" in attributes]
    assert len(ids) == len(set(ids))
    nothing = Result("circuit_breaker", 0, 0, 1.0, 0.0, {}, [], [], 0)
    assert "<svg" not in render([report(judged(), SETTINGS, [nothing])]).partition('<h2 id="load">')[2].partition("</section>")[0]


def test_the_page_of_all_requirements_stays_below_two_megabytes() -> None:
    """Even if every one of them fails in three ways, each shown in nine moments."""
    told = report(judged(), SETTINGS)
    failing = next(each for each in told.requirements if each.failures and each.failures[0].steps)
    failure = failing.failures[0]
    long = replace(failure, message="m" * 300, history=["x" * 120] * 9, replay="r" * 400, steps=failure.steps * 3)
    requirements = [replace(failing, id=each, failures=[long] * 3) for each in catalogue()]
    assert len(render([replace(told, requirements=requirements)]).encode()) < 2_000_000
