"""Two reports side by side: what became of each requirement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from patternproof.report.json import Report, RequirementPart
from patternproof.verdict import Kind

HOLDS = frozenset({Kind.PASSED, Kind.UNEXPECTEDLY_PASSED})
FAILS = frozenset({Kind.FAILED, Kind.KNOWN_FAILURE, Kind.ERRORED})


class Change(StrEnum):
    """What became of a requirement."""

    WORSE = "worse"
    BETTER = "better"
    NEW = "new"
    """It is in the new report only."""
    GONE = "gone"
    """It is in the old report only."""
    OTHERWISE = "otherwise"
    """Another verdict that is neither better nor worse."""
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Changed:
    """One requirement, before and after."""

    id: str
    change: Change
    before: RequirementPart | None
    after: RequirementPart | None

    def __str__(self) -> str:
        verdicts = [str(part.verdict) for part in (self.before, self.after) if part is not None]
        part = self.after or self.before
        assert part is not None
        return f"{self.id} ({part.level}) {' -> '.join(verdicts)}: {part.sentence}"


def compare(old: Report, new: Report) -> list[Changed]:
    """What became of every requirement, in the order of the new report; of a partial run only what it has a verdict on."""
    before, after = _judged(old), _judged(new)
    partial = old.partial or new.partial
    return list(_changes(before, after, partial))


def _judged(report: Report) -> dict[str, RequirementPart]:
    known = HOLDS | FAILS
    return {each.id: each for each in report.requirements if not report.partial or each.verdict in known}


def _changes(before: dict[str, RequirementPart], after: dict[str, RequirementPart], partial: bool) -> Iterator[Changed]:
    for identifier in dict.fromkeys([*after, *before]):
        one, other = before.get(identifier), after.get(identifier)
        if one is not None and other is not None:
            yield Changed(identifier, change(one.verdict, other.verdict), one, other)
        elif not partial:
            yield Changed(identifier, Change.GONE if other is None else Change.NEW, one, other)


def change(before: Kind, after: Kind) -> Change:
    """From one verdict to another: what held and no longer does is worse, and so is what newly fails."""
    if before is after:
        return Change.SAME
    if after is Kind.FAILED or (before in HOLDS and after not in HOLDS):
        return Change.WORSE
    if after in FAILS and before not in FAILS:
        return Change.WORSE
    return Change.BETTER if after in HOLDS and before not in HOLDS else Change.OTHERWISE
