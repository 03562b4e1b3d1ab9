"""How a failure is told, in plain lines."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from typing import Protocol

from patternproof import __version__
from patternproof.console import plain
from patternproof.outcome import Outcome, Status, Way
from patternproof.verdict import Kind, Verdict, blamed


def please_report() -> str:
    """What to do about an error of the kit."""
    versions = f"patternproof {__version__}, Python {platform.python_version()}, {platform.system()}"
    return f"Please report it to the maintainers of patternproof, with all of the above, the adapter if you may, and: {versions}"


def told(verdict: Verdict) -> list[str]:
    """A failure or an error, in the order in which it is read: what must hold, what was seen, how, why, how to see it again."""
    return [plain(line) for line in _lines(verdict)]


def _lines(verdict: Verdict) -> Iterator[str]:
    requirement = verdict.requirement
    if verdict.kind is Kind.ERRORED:
        outcome = next(each for each in verdict.outcomes if each.status is Status.ERRORED)
        yield _head(requirement)
        yield f"  an error of the {blamed(outcome)}, not of the implementation ({outcome.way}): {outcome.message}"
        return
    yield from evidence(requirement, shortest(verdict))


class Said(Protocol):
    """What of a requirement is said above and below its evidence, be it from the catalogue or from a report."""

    @property
    def id(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def broken_by(self) -> str: ...


class Found(Protocol):
    """One failure, be it an outcome or a part of a report."""

    @property
    def message(self) -> str: ...
    @property
    def history(self) -> Sequence[str]: ...
    @property
    def way(self) -> Way: ...
    @property
    def replay(self) -> str: ...


def _head(requirement: Said) -> str:
    return f"{requirement.id} ({requirement.level}) {requirement.sentence}"


def evidence(requirement: Said, failures: Sequence[Found]) -> Iterator[str]:
    """The lines of a requirement that fails; the first failure is told whole."""
    first, *others = failures
    yield _head(requirement)
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
