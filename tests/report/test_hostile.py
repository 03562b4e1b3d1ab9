"""What an implementation says is quoted, and nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import StringIO
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from patternproof.adapter import Adapter
from patternproof.console import PlainConsole, plain
from patternproof.load.messages import Result
from patternproof.moments import Done, Mark, Phase, Step
from patternproof.outcome import Outcome, Status, Way
from patternproof.report import badge, html, junit, markdown
from patternproof.report.json import Report, decode, encode, report
from patternproof.report.terminal import show
from patternproof.verdict import Blame, Errored, Fault, Verdicts, verdicts
from tests.conftest import Project, adapter_text
from tests.report.judged import CATALOGUE, SETTINGS, measured

TAME = "word"
MARKUP = """</title></style></script><script>document.title='owned'</script><img src=x onerror="document.title='owned'">"""
HOSTILE = {
    "markup": f'{MARKUP} " onfocus="x" autofocus=\' ]]> &amp;&#60;--> <!-- {{{{ 7 * 7 }}}} {{% raw %}}',
    "markdown": "``` ~~~ `` ` | \\ [x](javascript:x) ![x](//x) **x** # x @all #1 <details></details> </summary>",
    "terminal": "\x1b[2J\x1b]0;owned\x07\x1b[31m \r\x08\x9b1m \x00",
    "bidirectional": "\u202eevil\u202c \u2066x\u2069 \u200f\u061c \u200b\ufeff\U000e0041",
}
LINES = "seen\nadapter: conformant\n\n# conformant\n```\n</details>\n  replay: rm -rf"
"""What would pass for the kit's own words, were it to begin a line."""
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f\u061c]")

everything = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def judged(text: str) -> Verdicts:
    """Verdicts on an adapter that says the same wherever it can say something."""
    module = ModuleType("adapter")
    module.circuit_breaker = lambda settings: None  # type: ignore[attr-defined]  # a module made for the test
    known = {"CB-04": text}
    adapter = Adapter(text, " ".join(text.split()), module, known_failures=known, adapts=())
    step = Step((Done(text, text, Mark.OTHER), Done(text, "", Mark.CLOCK, 1)), text, (Phase(text, text, in_flight=True),))
    failed = [
        Outcome(each, Way.MACHINE, Status.FAILED, text, (text, text), 1, text, (step,)) for each in ("CB-01", "CB-02", "CB-04")
    ]
    failed.append(Outcome("CB-05", Way.LOAD, Status.FAILED, text, (text,), 1, text))
    others = [Outcome("CB-03", Way.FEATURE, Status.NOT_OFFERED, text), Errored("CB-06", Way.FEATURE, Status.ERRORED, text)]
    return verdicts(CATALOGUE, [*failed, *others], adapter, [text], [Fault(Blame.ADAPTER, text)])


def told(text: str) -> Report:
    refused = Result("shared_state", 0, 0, 0.0, 0.0, {}, [], [], 0, refused=text)
    return decode(encode(report(judged(text), SETTINGS, [measured(text), refused], text)))


class Shape(HTMLParser):
    """The elements of a page with the names of their attributes, and how much text stands between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[Any] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(tag)

    def handle_comment(self, data: str) -> None:
        self.parts.append(("comment", data))


@everything
@pytest.mark.parametrize("reports", [1, 2])
def test_a_page_keeps_its_elements(text: str, reports: int) -> None:
    page = html.render([told(text)] * reports)
    assert Shape(page).parts == Shape(html.render([told(TAME)] * reports)).parts
    assert STEERING.findall(page) == []


@everything
def test_markdown_keeps_its_structure(text: str) -> None:
    def structure(words: str) -> list[str]:
        tokens = MarkdownIt("commonmark").enable("table").parse(markdown.render([told(words)] * 2))
        return [
            each.type if each.type != "html_block" else each.content
            for token in tokens
            for each in (token, *(token.children or ()))
            if each.type != "text"
        ]

    assert structure(text) == structure(TAME)
    assert STEERING.findall(markdown.render([told(text)])) == []


@everything
@pytest.mark.parametrize("render", [lambda each: junit.render([each, each]).decode(), badge.render], ids=["junit", "badge"])
def test_xml_keeps_its_elements(render: Any, text: str) -> None:
    def elements(words: str) -> list[tuple[str, list[str]]]:
        return [(each.tag, sorted(each.keys())) for each in ElementTree.fromstring(render(told(words))).iter()]

    assert elements(text) == elements(TAME)
    assert STEERING.findall(render(told(text))) == []


def shown(text: str, colour: bool = False) -> str:
    out = StringIO()
    show(judged(text), PlainConsole(file=out, width=100, force_terminal=colour, highlight=False))
    return out.getvalue()


@everything
def test_a_terminal_is_not_steered(text: str) -> None:
    assert STEERING.findall(shown(text)) == []
    styles = re.compile(r"\x1b\[[\d;]*m")
    assert STEERING.findall(styles.sub("", shown(text, colour=True))) == []
    assert "\x1b[2J" not in shown(text, colour=True)


def test_no_line_at_the_margin_is_an_implementations() -> None:
    margin = [line for line in shown(LINES).splitlines() if line and not line.startswith(" ")]
    assert [line for line in margin if line.startswith(("adapter:", "# ", "```", "</"))] == []


def test_lines_stay_inside_of_their_block_in_markdown() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.render([told(LINES)]))
    assert [each.content for each in tokens if each.type == "heading_open"] == [""]
    assert sum(each.type == "fence" for each in tokens) == sum(
        each.type == "fence" for each in MarkdownIt("commonmark").enable("table").parse(markdown.render([told(TAME)]))
    )


def test_what_is_escaped_can_still_be_read() -> None:
    assert plain("\x1b[31m \u202e \ud800") == r"\x1b[31m \u202e \ud800"


EXPLODING = """
HOSTILE = {text!r}
NAME = HOSTILE
EXPLODES = {{"CB-01"}}
"""


def test_plain_pytest_is_not_steered_either(project: Project) -> None:
    text = "".join(HOSTILE.values())  # of half a surrogate pair it would escape all that stands around it
    more = EXPLODING.format(text=text)
    source = adapter_text(more=more, known={"CB-01": text}).replace(
        'RuntimeError("of the implementation")', "RuntimeError(HOSTILE)"
    )
    project.write("adapter.py", source)
    project.write("test_conformance.py", 'from patternproof.conformance import *\nADAPTER = "adapter.py"\n')
    ended = project.pytest("-ra", "-vv", "test_conformance.py")
    assert "xfailed" in ended.out
    assert STEERING.findall(ended.out + ended.err) == []


def test_a_hostile_adapter_gets_its_verdict_and_nothing_else(project: Project) -> None:
    text = "".join(HOSTILE.values()) + "\ud800"
    more = EXPLODING.format(text=text)
    source = adapter_text(more=more, known={"CB-02": text}).replace(
        'RuntimeError("of the implementation")', "RuntimeError(HOSTILE)"
    )
    project.write("adapter.py", source)
    ended = project.kit("run", "--adapter", "adapter.py", "--report", "out", "--junit")
    assert ended.code == 1, ended.out + ended.err
    assert STEERING.findall(ended.out + ended.err) == []
    assert "document.title" in project.report()["requirements"][0]["reason"]
    for name in ("report.html", "junit.xml"):
        assert STEERING.findall((project.folder / "out" / name).read_text(encoding="utf-8")) == []
