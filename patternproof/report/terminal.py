"""The report for people, at a terminal."""

from __future__ import annotations

import shutil
from io import StringIO

import pytest
from rich.table import Table
from rich.text import Text

from patternproof.console import PlainConsole, plain
from patternproof.patterns import PATTERNS
from patternproof.report.failure import please_report, told
from patternproof.verdict import Blame, Conformance, Exit, Kind, Verdict, Verdicts

STYLES = {
    Kind.PASSED: "green",
    Kind.FAILED: "bold red",
    Kind.KNOWN_FAILURE: "yellow",
    Kind.UNEXPECTEDLY_PASSED: "bold red",
    Kind.ERRORED: "bold magenta",
    Kind.UNAVAILABLE: "yellow",
    Kind.NOT_EXERCISED: "yellow",
}
SILENT = frozenset(Kind) - {Kind.PASSED, Kind.FAILED, Kind.KNOWN_FAILURE, Kind.UNEXPECTEDLY_PASSED}
"""The kinds that say nothing of the implementation."""


def summary(verdicts: Verdicts, reporter: pytest.TerminalReporter) -> None:
    """Write the verdicts below pytest's own report."""
    out = StringIO()
    width = shutil.get_terminal_size().columns
    console = PlainConsole(
        file=out, width=width, force_terminal=reporter.hasmarkup, no_color=not reporter.hasmarkup, highlight=False
    )
    reporter.section("patternproof")
    show(verdicts, console)
    reporter.write(out.getvalue())


def show(verdicts: Verdicts, console: PlainConsole) -> None:
    """Write tables, failures, ledger and verdict."""
    for pattern in verdicts.adapter.offered:
        if verdicts.of(pattern):
            _table(verdicts, pattern, console)
    show_failures(verdicts, console)
    _reasons(verdicts, console)
    _faults(verdicts, console)
    _ledger(verdicts, console)
    _last_line(verdicts, console)


def _table(verdicts: Verdicts, pattern: str, console: PlainConsole) -> None:
    title = f"{PATTERNS[pattern].title}: {verdicts.conformance(pattern)}"
    if all(each.kind in SILENT for each in verdicts.of(pattern)):
        console.print(Text(f"{title}\n"))  # the reasons below say it all
        return
    # Of a part of the suite only what it came to; the reasons below have the rest.
    shown = [each for each in verdicts.of(pattern) if not (verdicts.partial and each.kind in SILENT)]
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("verdict")
    table.add_column("requirement", ratio=1)
    for each in shown:
        requirement = each.requirement
        sentence = requirement.sentence + (" (provisional)" if requirement.provisional else "")
        table.add_row(requirement.id, requirement.level, Text(each.kind, STYLES.get(each.kind, "dim")), Text(sentence))
    console.print(table)
    console.print()


def show_failures(verdicts: Verdicts, console: PlainConsole) -> None:
    """What counts against the adapter, then what only should hold, then why there is no verdict."""
    unexpected = [each for each in verdicts.verdicts if each.unexpected]
    apart = [each for each in verdicts.verdicts if each.kind in (Kind.FAILED, Kind.KNOWN_FAILURE) and not each.unexpected]
    for title, group in (("Failures", unexpected), ("Failures that do not count", apart)):
        if group:
            console.print(Text(title, "bold"))
            for each in group:
                _failure(each, console)


def _failure(verdict: Verdict, console: PlainConsole) -> None:
    requirement = verdict.requirement
    head, *lines = (
        told(verdict) if verdict.failures else [f"{requirement.id} {requirement.sentence}", f"  {plain(verdict.reason)}"]
    )
    console.print(Text(head, STYLES[verdict.kind]))
    for line in lines:
        indented(line, console)
    if verdict.known:
        indented(f"  {verdict.kind}: {verdict.known}", console)
    console.print()


def indented(text: str, console: PlainConsole) -> None:
    """Print text whose wrapped lines stay below its beginning; a command stays one line, to be copied."""
    bare = text.lstrip(" ")
    if bare.startswith("replay:") and "\n" not in bare:
        console.print(Text(text), soft_wrap=True)
    else:
        indent = Text(" " * (len(text) - len(bare)))
        for line in Text(bare).wrap(console, max(20, console.width - len(indent))):
            console.print(indent + line)


def _reasons(verdicts: Verdicts, console: PlainConsole) -> None:
    """Why there is no verdict, one line for each reason."""
    reasons: dict[tuple[Kind, str], list[str]] = {}
    for each in verdicts.verdicts:
        if each.kind in SILENT and each.requirement.pattern in verdicts.adapter.offered:
            reasons.setdefault((each.kind, each.reason), []).append(each.requirement.id)
    if reasons:
        console.print(Text("Without a verdict", "bold"))
        for (kind, reason), ids in reasons.items():
            indented(f"  {kind}: {', '.join(ids)}: {plain(reason)}", console)
        console.print()


def _faults(verdicts: Verdicts, console: PlainConsole) -> None:
    for fault in verdicts.faults:
        title = "Usage or adapter error" if fault.blame is Blame.ADAPTER else f"An error of the {fault.blame}"
        lines = plain(fault.message).replace("\n", "\n  ")  # at the margin stands what the kit itself says
        console.print(Text(f"{title}: {lines}\n", "bold magenta"), soft_wrap=True)


def _ledger(verdicts: Verdicts, console: PlainConsole) -> None:
    ledger = verdicts.ledger
    counts = " + ".join(f"{count} {kind}" for kind, count in ledger.items() if count)
    console.print(Text(f"{sum(ledger.values())} requirements = {counts or 'none'}"))


def _last_line(verdicts: Verdicts, console: PlainConsole) -> None:
    whole = verdicts.conformance()
    style = "bold green" if verdicts.exit is Exit.CONFORMANT else "bold red"
    line = f"{verdicts.adapter.name}: {whole}"
    if verdicts.partial:
        line += f" ({'; '.join(verdicts.partial)})"
    if whole is Conformance.KNOWN_FAILURES:
        line += ": " + ", ".join(each.requirement.id for each in verdicts.verdicts if each.known)
    if verdicts.exit is Exit.KIT:
        console.print(Text(please_report(), "bold magenta"))
    console.print(Text(" ".join(line.split()), style))
