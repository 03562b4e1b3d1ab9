"""How a failure is told, in plain lines."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator

from patternproof import __version__
from patternproof.outcome import Outcome, Status
from patternproof.verdict import Kind, Verdict, blamed

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """What an implementation said, with the characters escaped that would steer a terminal, or that XML cannot hold."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


def please_report() -> str:
    """What to do about an error of the kit."""
    versions = f"patternproof {__version__}, Python {platform.python_version()}, {platform.system()}"
    return f"Please report it to the maintainers of patternproof, with all of the above, the adapter if you may, and: {versions}"


def told(verdict: Verdict) -> list[str]:
    """A failure or an error, in the order in which it is read: what must hold, what was seen, how, why, how to see it again."""
    return [plain(line) for line in _lines(verdict)]


def _lines(verdict: Verdict) -> Iterator[str]:
    requirement = verdict.requirement
    yield f"{requirement.id} ({requirement.level}) {requirement.sentence}"
    if verdict.kind is Kind.ERRORED:
        outcome = next(each for each in verdict.outcomes if each.status is Status.ERRORED)
        yield f"  an error of the {blamed(outcome)}, not of the implementation ({outcome.way}): {outcome.message}"
        return
    first, *others = shortest(verdict)
    yield f"  {first.message}"
    for line in first.history:
        yield f"    {line}"
    if requirement.broken_by:
        yield f"  broken by: {requirement.broken_by}"
    yield f"  found by: {first.way}"
    for other in others:
        yield f"  also found by: {other.way}: {other.message}"
    if first.replay:
        yield f"  replay: {first.replay}"


def shortest(verdict: Verdict) -> list[Outcome]:
    """Of the failures in each way, the one with the shortest history; the shortest of all first."""
    best: dict[str, Outcome] = {}
    for outcome in sorted(verdict.failures, key=_length):
        best.setdefault(outcome.way, outcome)
    return list(best.values())


def _length(failure: Outcome) -> tuple[bool, int, int]:
    return not failure.history, sum(map(len, failure.history)), len(failure.replay)
