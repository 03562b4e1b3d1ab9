"""The report for pull requests."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from patternproof.report.json import report
from patternproof.report.markdown import LONGEST, block, code, escaped, render
from tests.report.judged import SETTINGS, judged

TOLD = report(judged(), SETTINGS)
PAGE = render([TOLD])


def test_it_tells_verdict_ledger_failures_and_how_to_run_it_again() -> None:
    assert PAGE.startswith("## `adapter`: not conformant\n\n9 requirements: 1 passed + 3 failed")
    assert "| circuit breaker | not conformant | CB-02, CB-04, CB-07, CB-08, CB-09 |" in PAGE
    assert "1. call 0 begins" in PAGE
    assert "patternproof run --adapter adapter.py --profile quick --seed 7" in PAGE


def test_what_counts_comes_first() -> None:
    places = [PAGE.index(f"<summary>{identifier}") for identifier in ("CB-02", "CB-05", "CB-09", "CB-04", "CB-07")]
    assert places == sorted(places)


def test_a_sentence_with_underscores_and_tags_is_read_as_it_is() -> None:
    failing = replace(TOLD.requirements[1], sentence="half_open <admits> one")
    shown = MarkdownIt("commonmark").render(render([replace(TOLD, requirements=[failing])]))
    assert "<summary>CB-02 (must), failed: half_open &lt;admits&gt; one</summary>" in shown


def test_it_is_cut_where_a_pull_request_takes_no_more() -> None:
    failing = next(each for each in TOLD.requirements if each.failures)
    many = [replace(failing, failures=[replace(failing.failures[0], message="m" * 5000)])] * 50
    page = render([replace(TOLD, requirements=many)])
    assert len(page) < LONGEST + 100
    assert page.rstrip().endswith("more are in the JSON and HTML reports.")


def test_several_stand_side_by_side() -> None:
    page = render([TOLD, replace(TOLD, adapter=replace(TOLD.adapter, name="other"))])
    assert page.startswith("| | `adapter` | `other` |\n|---|---|---|\n| CB-01 | ✓ passed | ✓ passed |")


@pytest.mark.parametrize("text", ["`", "a``b", "```", "|", "<b>", "[x](y)", "*a*", "\\", "&amp;", "@you", "#12", "~x~"])
def test_any_text_stands_as_it_is(text: str) -> None:
    parse = MarkdownIt("gfm-like", {"linkify": False}).enable("table").render
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse(escaped(text)) == f"<p>{shown}</p>\n"
    assert parse(f"| {code(text)} |\n|---|\n") == parse(f"| {code('x')} |\n|---|\n").replace("x", shown)
    assert parse(block([text, text])) == f'<pre><code class="language-text">{shown}\n{shown}\n</code></pre>\n'
