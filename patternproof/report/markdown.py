"""The report as Markdown, for pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from patternproof.console import plain
from patternproof.report.failure import evidence
from patternproof.report.json import Report, RequirementPart, again
from patternproof.verdict import Conformance, Kind

LONGEST = 60_000
"""Characters of a report; a comment on GitHub may have 65,536."""
_SIGNS = {Kind.PASSED: "✓", Kind.FAILED: "✗", Kind.UNEXPECTEDLY_PASSED: "✗", Kind.ERRORED: "✗", Kind.KNOWN_FAILURE: "!"}


def render(reports: Sequence[Report]) -> str:
    """One or several reports; what implementations said stands in code, in which nothing has a meaning."""
    parts = [_comparison(reports)] if len(reports) > 1 else []
    return "\n".join([*parts, *(_one(report) for report in reports)])


def code(text: str) -> str:
    """A code span that holds any text, in a table too."""
    text = " ".join(plain(text).split()).replace("|", "\\|")
    fence = "`" * (1 + _longest_run(text))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}" if text else ""


def block(lines: Iterable[str]) -> str:
    """A code block that holds any text."""
    text = plain("\n".join(lines))
    fence = "`" * max(3, 1 + _longest_run(text))
    return f"{fence}text\n{text}\n{fence}\n"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def escaped(text: str) -> str:
    """A text in which no character marks anything up."""
    return re.sub(r"([\\`*_\[\]<>|&#~@])", r"\\\1", " ".join(plain(text).split()))


def _one(report: Report) -> str:
    head = [
        f"## {code(report.adapter.name)}: {report.conformance}",
        "",
        f"{sum(report.ledger.values())} requirements: {_counts(report)}",
        *(["", f"Partial: {escaped('; '.join(report.partial_reasons))}"] if report.partial else []),
        *(f"\nAn error of the {escaped(fault['blame'])}: {code(fault['message'])}" for fault in report.faults),
        "",
        *_patterns(report),
        "",
        *_loads(report),
        block([again(report)]),
    ]
    return "\n".join([*head, *_within(LONGEST - sum(map(len, head)), list(_failures(report)))])


def _counts(report: Report) -> str:
    return " + ".join(f"{count} {escaped(kind)}" for kind, count in report.ledger.items() if count) or "none"


def _patterns(report: Report) -> Iterator[str]:
    yield from ("| pattern | verdict | fails |", "|---|---|---|")
    for stem, conformance in report.patterns.items():
        if conformance is not Conformance.NOT_OFFERED:
            fails = [each.id for each in report.requirements if each.pattern == stem and each.failures]
            yield f"| {escaped(stem.replace('_', ' '))} | {conformance} | {', '.join(fails)} |"


def _loads(report: Report) -> Iterator[str]:
    if report.load:
        yield from ("| load | requests | failed | a second | p50 | p99 |", "|---|---|---|---|---|---|")
        for each in report.load:
            times = each.latencies.get("response", {})
            shown = " | ".join(f"{times[name] * 1000:.1f} ms" if name in times else "" for name in ("50", "99"))
            name = escaped(each.scenario.replace("_", " "))
            yield f"| {name} | {each.requests} | {each.failed} | {each.throughput:.0f} | {shown} |"
        yield ""


def _failures(report: Report) -> Iterator[str]:
    for each in sorted(report.requirements, key=lambda part: not part.unexpected):
        if each.failures or each.verdict in (Kind.ERRORED, Kind.UNEXPECTEDLY_PASSED):
            yield _failure(each)


def _failure(part: RequirementPart) -> str:
    summary = f"{part.id} ({part.level}), {part.verdict}: {part.sentence}"
    lines = [line.removeprefix("  ") for line in list(evidence(part, part.failures))[1:]] if part.failures else [part.reason]
    return f"<details><summary>{_in_tags(summary)}</summary>\n\n{block(lines)}\n</details>\n"


def _in_tags(text: str) -> str:
    """A text between tags, where Markdown is none."""
    return escape(" ".join(plain(text).split()))


def _within(most: int, parts: list[str]) -> Iterator[str]:
    """As many parts as there is room for, and how many are left out."""
    for number, part in enumerate(parts):
        most -= len(part) + 1
        if most < 0:
            yield f"{len(parts) - number} more are in the JSON and HTML reports.\n"
            return
        yield part


def _comparison(reports: Sequence[Report]) -> str:
    """What several adapters came to, requirement by requirement."""
    names = [code(report.adapter.name) for report in reports]
    found = [{each.id: each for each in report.requirements} for report in reports]
    ids = dict.fromkeys(identifier for each in found for identifier in each)
    rows = [f"| {each} | {' | '.join(_cell(one.get(each)) for one in found)} |" for each in ids]
    return "\n".join([f"| | {' | '.join(names)} |", f"|---|{'---|' * len(reports)}", *rows, ""])


def _cell(part: RequirementPart | None) -> str:
    return "" if part is None else f"{_SIGNS.get(part.verdict, '')} {part.verdict}".strip()
