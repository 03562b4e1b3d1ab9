"""``patternproof report`` and ``patternproof compare``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.text import Text

from patternproof.console import PlainConsole, plain
from patternproof.outcome import AdapterError
from patternproof.report import badge, html, junit, markdown
from patternproof.report.comparison import Change, Changed, compare
from patternproof.report.json import Report
from patternproof.report.reading import read
from patternproof.report.terminal import indented
from patternproof.requirements import nearest
from patternproof.verdict import Exit

_STYLES = {Change.WORSE: "bold red", Change.BETTER: "bold green"}


def _badge(reports: Sequence[Report]) -> str:
    if len(reports) > 1:
        raise AdapterError(f"a badge is about one report; here are {len(reports)}")
    return badge.render(reports[0])


FORMATS: dict[str, Callable[[Sequence[Report]], str]] = {
    ".html": html.render,
    ".md": markdown.render,
    ".xml": lambda reports: junit.render(reports).decode(),
    ".svg": _badge,
}
"""What is written, by the suffix of the file."""


def write(paths: Iterable[Path], outputs: Iterable[Path]) -> int:
    """Write reports in other forms; without an output Markdown, to standard output.

    Raises:
        AdapterError: a usage error: a report that cannot be read, or a suffix that says nothing.
    """
    reports = [read(path) for path in paths]
    outputs = list(outputs)
    for output in outputs:
        if output.suffix not in FORMATS:
            raise AdapterError(f"--output {output}: its suffix says what is written; {nearest(output.suffix, FORMATS)}")
    if not outputs:
        sys.stdout.write(markdown.render(reports))
    for output in outputs:
        text = FORMATS[output.suffix](reports)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise AdapterError(f"--output {output}: nothing can be written there: {error.strerror}") from error
    return Exit.CONFORMANT


def compared(old: Path, new: Path) -> int:
    """Print what became better, worse and new; the exit code says whether anything became worse.

    Raises:
        AdapterError: a usage error: a report that cannot be read.
    """
    before, after = read(old), read(new)
    console = PlainConsole(highlight=False)
    for report in (before, after):
        console.print(Text(plain(_named(report))), soft_wrap=True)
    changed = compare(before, after)
    for change in Change:
        if change is not Change.SAME:
            _show(change, [each for each in changed if each.change is change], console)
    counts = {change: sum(each.change is change for each in changed) for change in Change}
    console.print(Text(" + ".join(f"{count} {change}" for change, count in counts.items() if count) or "nothing to compare"))
    return Exit.NOT_CONFORMANT if counts[Change.WORSE] else Exit.CONFORMANT


def _named(report: Report) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in report.adapter.versions.items())
    of = f" ({versions})" if versions else ""
    partial = f", {'; '.join(report.partial_reasons)}" if report.partial else ""
    return f"{report.adapter.name}{of}: {report.conformance}, by patternproof {report.kit}{partial}"


def _show(change: Change, changed: Sequence[Changed], console: PlainConsole) -> None:
    if changed:
        console.print()
        console.print(Text(change.capitalize(), _STYLES.get(change, "bold")))
    for each in changed:
        indented(f"  {plain(str(each))}", console)
        if change is Change.WORSE and each.after is not None and each.after.reason:
            indented(f"    {plain(each.after.reason)}", console)
