"""The report as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import join
from typing import Any

import msgspec

from patternproof import __version__
from patternproof.encoding import as_json
from patternproof.load.messages import Result
from patternproof.moments import Step
from patternproof.outcome import Outcome, Way
from patternproof.profiles import DEFAULT
from patternproof.report.failure import shortest
from patternproof.report.load import LoadPart, load_part
from patternproof.requirements import EDITION, Level
from patternproof.settings import Settings
from patternproof.verdict import Blame, Conformance, Kind, Verdict, Verdicts

SCHEMA = 1
"""Version of the report's shape, described by ``schema.json`` beside this file; another one cannot be read."""
REVISION = 2
"""Additions to that version: whatever has a default was added by one, and a report may lack it."""


class AdapterPart(msgspec.Struct, frozen=True):
    """What was held against the requirements."""

    name: str
    spec: str
    versions: dict[str, str]
    """Of the distributions that it adapts."""
    runtime: str
    claims: list[str]
    known_failures: dict[str, str]
    """Reasons by requirement id."""


class WayPart(msgspec.Struct, frozen=True):
    """One way to exercise one requirement."""

    exercised: int
    """In how many examples, histories or schedules the check had its premise."""
    found: bool
    """Whether this way found a failure."""


class FailurePart(msgspec.Struct, frozen=True):
    """The evidence of a failure."""

    message: str
    history: list[str]
    way: Way
    replay: str
    """The command that shows it again."""
    steps: list[Step] = []
    """The same history as data, where it is one."""


class RequirementPart(msgspec.Struct, frozen=True):
    """The verdict on one requirement."""

    id: str
    level: Level
    pattern: str
    verdict: Kind
    sentence: str
    ways: dict[str, WayPart]
    failures: list[FailurePart]
    blame: Blame | None
    """Whose fault a failure or an error is; null where there is neither."""
    reason: str
    """Why there is no other verdict; empty where it passed."""
    provisional: bool
    """It does not count until the next edition, and is not in the ledger."""
    why: str = ""
    """Why it matters."""
    broken_by: str = ""
    """What usually breaks it; empty where nothing is known."""
    claim: str | None = None
    """Of a may: what an adapter claims to have it tested."""

    @property
    def unexpected(self) -> bool:
        """Whether it makes an adapter fail in any run; as `patternproof.verdict.Verdict.unexpected`."""
        failed = self.verdict is Kind.FAILED and self.level != "should"
        return not self.provisional and (failed or self.verdict is Kind.UNEXPECTEDLY_PASSED)


class Report(msgspec.Struct, frozen=True):
    """A run."""

    schema: int
    kit: str
    edition: int
    adapter: AdapterPart
    profile: str
    seed: int | None
    """Null for the derandomised default."""
    partial: bool
    partial_reasons: list[str]
    conformance: Conformance
    patterns: dict[str, Conformance]
    """Of each pattern that the catalogue has."""
    ledger: dict[str, int]
    """How many requirements of the edition came to each verdict."""
    faults: list[dict[str, str]]
    """What went wrong outside of any requirement: blame and message."""
    requirements: list[RequirementPart]
    revision: int = 0
    load: list[LoadPart] = []
    """What load has measured, by scenario; it is real time, and no two runs measure the same."""
    command: str = ""
    """The command that gives the same report; empty: that of a run, as `again` has it."""


def report(verdicts: Verdicts, settings: Settings, loads: Iterable[Result] = (), command: str = "") -> Report:
    """The report of a run; the same run gives the same report, but for what load has measured.

    Args:
        verdicts: on every requirement.
        settings: of the run.
        loads: what load has measured, by pattern.
        command: as `Report.command`.
    """
    adapter = verdicts.adapter
    patterns = dict.fromkeys(each.requirement.pattern for each in verdicts.verdicts)
    return Report(
        schema=SCHEMA,
        kit=__version__,
        edition=EDITION,
        adapter=AdapterPart(
            name=adapter.name,
            spec=adapter.spec,
            versions=adapter.versions(),
            runtime=adapter.runtime,
            claims=sorted(adapter.claims),
            known_failures=dict(sorted(adapter.known_failures.items())),
        ),
        profile=settings.profile,
        seed=settings.seed,
        partial=bool(verdicts.partial),
        partial_reasons=list(verdicts.partial),
        conformance=verdicts.conformance(),
        patterns={stem: verdicts.conformance(stem) for stem in patterns},
        ledger=verdicts.ledger,
        faults=[{"blame": fault.blame, "message": fault.message} for fault in verdicts.faults],
        requirements=[_requirement(each) for each in verdicts.verdicts],
        revision=REVISION,
        load=[load_part(each, verdicts) for each in loads],
        command=command,
    )


def _requirement(verdict: Verdict) -> RequirementPart:
    requirement = verdict.requirement
    return RequirementPart(
        id=requirement.id,
        level=requirement.level,
        pattern=requirement.pattern,
        verdict=verdict.kind,
        sentence=requirement.sentence,
        ways={way: WayPart(verdict.exercised(way), verdict.found(way)) for way in Way},
        failures=[_failure(outcome) for outcome in shortest(verdict)],
        blame=verdict.blame,
        reason=verdict.reason,
        provisional=requirement.provisional,
        why=requirement.why,
        broken_by=requirement.broken_by,
        claim=requirement.claim,
    )


def _failure(outcome: Outcome) -> FailurePart:
    return FailurePart(outcome.message, list(outcome.history), outcome.way, outcome.replay, list(outcome.steps))


def again(report: Report) -> str:
    """The command that gives the same report."""
    if report.command:
        return report.command
    words = ["patternproof", "run", "--adapter", report.adapter.spec]
    words += ["--profile", report.profile] if report.profile != DEFAULT else []
    words += ["--seed", str(report.seed)] if report.seed is not None else []
    words += ["--with-load"] if report.load else []
    return join(words)


def schema() -> dict[str, Any]:
    """The JSON Schema of a report; ``schema.json`` beside this file is a copy of it."""
    described = msgspec.json.schema(Report)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A conformance report of patternproof",
        **described,
    }


def encode(report: Report) -> bytes:
    """As indented JSON."""
    return msgspec.json.format(as_json(report), indent=2) + b"\n"


def decode(text: bytes | str) -> Report:
    """Read a report.

    Raises:
        msgspec.ValidationError: it has not the shape of one.
    """
    return msgspec.json.decode(text, type=Report)
