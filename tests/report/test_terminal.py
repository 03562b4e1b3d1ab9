"""The report for people."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from patternproof.report.terminal import show
from patternproof.verdict import Blame, Fault
from tests.report.judged import judged


def shown(partial: tuple[str, ...] = (), faults: tuple[Fault, ...] = (), width: int = 80, colour: bool = False) -> str:
    out = StringIO()
    show(judged(partial, faults), Console(file=out, width=width, force_terminal=colour, highlight=False))
    return out.getvalue()


def test_a_failure_is_told_in_the_order_in_which_it_is_read() -> None:
    text = shown()
    parts = (
        "CB-02 (must) It fails in two ways",
        "  expected one, seen two",
        "    1. call 0 begins",
        "  broken by: counting over all time",
        "  found by: feature",
        "  also found by: machine: expected 1 run, seen 2",
        "  replay: replay this",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_what_counts_stands_apart_from_what_does_not() -> None:
    text = shown()
    counting = text[text.index("Failures\n") : text.index("Failures that do not count")]
    assert [identifier for identifier in ("CB-02", "CB-04", "CB-05", "CB-07") if identifier in counting] == ["CB-02", "CB-05"]
    assert "known failure: issue 12" in text


def test_reasons_stand_where_there_is_no_verdict() -> None:
    text = " ".join(shown().split())
    assert "not offered: CB-03: the implementation has no setting 'reset_timeout'" in text
    assert "declined: CB-08: 'manual_control' is not claimed; tried all the same, it fails" in text
    assert "errored: CB-06: undefined step: Given a braker" in text


def test_the_ledger_adds_up() -> None:
    counts = "1 passed + 3 failed + 1 known failure + 1 unexpectedly passed + 1 declined + 1 not offered"
    assert f"9 requirements = {counts} + 1 errored" in " ".join(shown().split())


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert [line for line in shown(width=width).splitlines() if len(line) > width] == []


def test_colours_are_an_addition_and_never_the_message() -> None:
    assert "\x1b[" in shown(colour=True)
    assert "CB-02  must    failed" in shown()


def test_what_an_implementation_says_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in shown()


def test_the_last_line_is_the_verdict() -> None:
    assert shown().splitlines()[-1] == "adapter: not conformant"
    assert shown(partial=("selected: --level must",)).splitlines()[-1] == "adapter: not conformant (selected: --level must)"


def test_faults_are_told_with_whose_they_are() -> None:
    text = shown(faults=(Fault(Blame.KIT, "a process died"), Fault(Blame.ADAPTER, "no Gherkin")))
    assert "An error of the kit: a process died" in text
    assert "Usage or adapter error: no Gherkin" in text
