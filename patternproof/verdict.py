"""From outcomes to verdicts; nothing else decides what counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from patternproof.adapter import Adapter
from patternproof.outcome import Outcome, Status, Way
from patternproof.patterns import PATTERNS
from patternproof.requirements import Requirement


class Kind(StrEnum):
    """The closed set of verdicts."""

    PASSED = "passed"
    FAILED = "failed"
    KNOWN_FAILURE = "known failure"
    UNEXPECTEDLY_PASSED = "unexpectedly passed"
    DECLINED = "declined"
    NOT_OFFERED = "not offered"
    NOT_APPLICABLE = "not applicable"
    NOT_EXERCISED = "not exercised"
    UNAVAILABLE = "unavailable"
    ERRORED = "errored"


class Blame(StrEnum):
    """Whose fault it is."""

    IMPLEMENTATION = "implementation"
    ADAPTER = "adapter"
    KIT = "kit"


class Exit(IntEnum):
    """Exit codes of a run."""

    CONFORMANT = 0
    """Nothing unexpected: conformant, or only the known failures, or a partial run in which nothing failed."""
    NOT_CONFORMANT = 1
    ADAPTER = 2
    """A usage error, or an error of the adapter."""
    KIT = 3
    INTERRUPTED = 130
    """Ctrl-C ended it; 128 + the number of the signal, as shells have it."""


class Conformance(StrEnum):
    """What a pattern, or a whole adapter, comes to."""

    CONFORMANT = "conformant"
    KNOWN_FAILURES = "conformant but for known failures"
    NOT_CONFORMANT = "not conformant"
    PARTIAL = "partial run, no verdict"
    ERRORED = "errored, no verdict"
    NOT_OFFERED = "not offered"


@dataclass(frozen=True, slots=True)
class Errored(Outcome):
    """An exercise that broke down, and through whose fault."""

    blame: Blame = Blame.KIT


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong outside of any requirement."""

    blame: Blame
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one requirement."""

    requirement: Requirement
    kind: Kind
    reason: str = ""
    """Why there is no other verdict; for a failure the first message."""
    blame: Blame | None = None
    outcomes: tuple[Outcome, ...] = ()
    known: str = ""
    """The reason that the adapter gives for a known failure."""

    @property
    def counts(self) -> bool:
        """Whether conformance hangs on it: a must, or a may that was claimed, of this edition."""
        level = self.requirement.level
        return not self.requirement.provisional and (level == "must" or (level == "may" and self.kind is not Kind.DECLINED))

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that are evidence of a failure."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is Status.FAILED)

    @property
    def missing(self) -> bool:
        """Whether nothing is known of what conformance hangs on, and the adapter does not list it as a known failure."""
        return self.counts and not self.known and self.kind in (Kind.NOT_EXERCISED, Kind.UNAVAILABLE)

    @property
    def unexpected(self) -> bool:
        """Whether it makes an adapter fail in any run."""
        if self.requirement.provisional:
            return False
        return self.kind is Kind.UNEXPECTEDLY_PASSED or (self.counts and self.kind is Kind.FAILED)

    def exercised(self, way: Way) -> int:
        """In how many examples, histories or schedules of a way the check had its premise."""
        return sum(outcome.exercised for outcome in self.outcomes if outcome.way is way)

    def found(self, way: Way) -> bool:
        """Whether a way found a failure."""
        return any(outcome.way is way for outcome in self.failures)


_NO_VERDICT = (
    (Status.UNAVAILABLE, Kind.UNAVAILABLE),
    (Status.NOT_OFFERED, Kind.NOT_OFFERED),
    (Status.NOT_APPLICABLE, Kind.NOT_APPLICABLE),
    (Status.NOT_EXERCISED, Kind.NOT_EXERCISED),
)
"""Where nothing passed or failed, the first of these that was seen."""


def verdict(requirement: Requirement, outcomes: Iterable[Outcome], adapter: Adapter) -> Verdict:
    """The verdict on a requirement.

    Args:
        requirement: the requirement.
        outcomes: of every exercise in this run; those of other requirements are left out.
        adapter: what it offers, claims and knows to fail.
    """
    own = tuple(sorted((outcome for outcome in outcomes if outcome.requirement == requirement.id), key=_order))
    if requirement.pattern not in adapter.offered:
        return Verdict(requirement, Kind.NOT_OFFERED, f"the adapter has no function {PATTERNS[requirement.pattern].wanted}")
    if requirement.claim is not None and requirement.claim not in adapter.claims:
        return Verdict(requirement, Kind.DECLINED, _declined(requirement.claim, own), None, own)
    known = adapter.known_failures.get(requirement.id, "")
    kind, reason, blame = _judged(own) if own else (Kind.NOT_EXERCISED, _silent(requirement), None)
    if known and kind is Kind.FAILED:
        return Verdict(requirement, Kind.KNOWN_FAILURE, reason, Blame.IMPLEMENTATION, own, known)
    if known and kind is Kind.PASSED:
        reason = f"listed in KNOWN_FAILURES ({known}), and it passed: take it off the list"
        return Verdict(requirement, Kind.UNEXPECTEDLY_PASSED, reason, Blame.ADAPTER, own, known)
    return Verdict(requirement, kind, reason, blame, own, known)


def _order(outcome: Outcome) -> tuple[object, ...]:
    return (list(Way).index(outcome.way), list(Status).index(outcome.status), outcome.message, outcome.history, outcome.replay)


def passed(outcome: Outcome) -> bool:
    """Whether an outcome is a pass, and not a vacuous one."""
    return outcome.status is Status.PASSED and outcome.exercised > 0


def _judged(outcomes: Sequence[Outcome]) -> tuple[Kind, str, Blame | None]:
    for outcome in outcomes:
        if outcome.status is Status.FAILED:
            return Kind.FAILED, outcome.message, Blame.IMPLEMENTATION
    for outcome in outcomes:
        if outcome.status is Status.ERRORED:
            return Kind.ERRORED, outcome.message, blamed(outcome)
    if any(passed(outcome) for outcome in outcomes):
        return Kind.PASSED, "", None
    for status, kind in _NO_VERDICT:
        for outcome in outcomes:
            if outcome.status is status:
                return kind, outcome.message, None
    return Kind.NOT_EXERCISED, "every exercise of it was vacuous", None


def blamed(outcome: Outcome) -> Blame:
    """Whose fault an errored outcome is; the kit's, unless it says otherwise."""
    return outcome.blame if isinstance(outcome, Errored) else Blame.KIT


def _silent(requirement: Requirement) -> str:
    if requirement.ways == {Way.LOAD}:
        return "only load exercises it, and this run has none"
    return "nothing in this run exercised it"


def _declined(claim: str, outcomes: Sequence[Outcome]) -> str:
    if any(outcome.status is Status.NOT_OFFERED for outcome in outcomes):
        return f"{claim!r} is not claimed"  # what else was seen came about without it
    for outcome in outcomes:
        if outcome.status is Status.FAILED:
            return f"{claim!r} is not claimed; tried all the same, it fails: {outcome.message}"
    if any(passed(outcome) for outcome in outcomes):
        return f'{claim!r} is not claimed, though it works: add it to CLAIMS = {{"{claim}"}} to have it count'
    return f"{claim!r} is not claimed"


@dataclass(frozen=True)
class Verdicts:
    """The verdicts of a run."""

    adapter: Adapter
    verdicts: tuple[Verdict, ...]
    partial: tuple[str, ...] = ()
    """Why the run is no full one; empty for a full run."""
    faults: tuple[Fault, ...] = field(default=())
    """What went wrong outside of any requirement."""

    def of(self, pattern: str) -> list[Verdict]:
        """The verdicts of one pattern."""
        return [each for each in self.verdicts if each.requirement.pattern == pattern]

    @property
    def ledger(self) -> dict[str, int]:
        """How many requirements of this edition came to each verdict; the counts add up to the size of the edition."""
        kinds = [each.kind for each in self.verdicts if not each.requirement.provisional]
        return {str(kind): kinds.count(kind) for kind in Kind}

    def conformance(self, pattern: str | None = None) -> Conformance:
        """What a pattern comes to, or without one the adapter as a whole."""
        if pattern is not None:
            return self._conformance([pattern]) if pattern in self.adapter.offered else Conformance.NOT_OFFERED
        return self._conformance([stem for stem in self.adapter.offered if self.of(stem)])

    def _conformance(self, patterns: Sequence[str]) -> Conformance:
        verdicts = [each for stem in patterns for each in self.of(stem)]
        if any(each.unexpected for each in verdicts):
            return Conformance.NOT_CONFORMANT
        if any(each.kind is Kind.ERRORED for each in verdicts) or self.faults:
            return Conformance.ERRORED
        if self.partial:
            return Conformance.PARTIAL
        if any(each.missing for each in verdicts) or not all(self._anything_passed(stem) for stem in patterns) or not patterns:
            return Conformance.NOT_CONFORMANT
        known = any(each.counts and each.known for each in verdicts)
        return Conformance.KNOWN_FAILURES if known else Conformance.CONFORMANT

    def _anything_passed(self, pattern: str) -> bool:
        """A pattern of which nothing but refusals is known does not conform."""
        return any(each.counts and each.kind in (Kind.PASSED, Kind.KNOWN_FAILURE) for each in self.of(pattern))

    @property
    def exit(self) -> Exit:
        """The exit code of the run."""
        blames = {fault.blame for fault in self.faults} | {blamed(outcome) for outcome in self._errors()}
        if Blame.KIT in blames:
            return Exit.KIT
        if Blame.ADAPTER in blames:
            return Exit.ADAPTER
        failed = self.conformance() is Conformance.NOT_CONFORMANT or Blame.IMPLEMENTATION in blames
        return Exit.NOT_CONFORMANT if failed else Exit.CONFORMANT

    def _errors(self) -> list[Outcome]:
        """The errors that distort the verdicts; what an adapter does with claims that it declines does not."""
        return [
            outcome
            for each in self.verdicts
            for outcome in each.outcomes
            if outcome.status is Status.ERRORED and (each.kind is not Kind.DECLINED or blamed(outcome) is Blame.KIT)
        ]


def verdicts(
    catalogue: Mapping[str, Requirement],
    outcomes: Iterable[Outcome],
    adapter: Adapter,
    partial: Iterable[str] = (),
    faults: Iterable[Fault] = (),
) -> Verdicts:
    """The verdicts on every requirement of a catalogue; an outcome of a requirement that is not in it is a fault of the kit."""
    by_id: dict[str, list[Outcome]] = {identifier: [] for identifier in catalogue}
    found = list(faults)
    for outcome in outcomes:
        if outcome.requirement in by_id:
            by_id[outcome.requirement].append(outcome)
        else:
            found.append(Fault(Blame.KIT, f"an outcome of {outcome.requirement!r}, which is no requirement: {outcome.message}"))
    judged = tuple(verdict(requirement, by_id[identifier], adapter) for identifier, requirement in catalogue.items())
    return Verdicts(adapter, judged, tuple(sorted(set(partial))), tuple(dict.fromkeys(found)))
