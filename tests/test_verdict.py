"""From outcomes to verdicts, ledger and exit code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType

import pytest

from patternproof.adapter import Adapter
from patternproof.outcome import Outcome, Status, Way
from patternproof.requirements import Level, Requirement
from patternproof.verdict import Blame, Conformance, Errored, Exit, Fault, Kind, Verdicts, verdict, verdicts

WAYS = frozenset({Way.FEATURE, Way.MACHINE})


def requirement(
    identifier: str = "CB-01", level: Level = "must", claim: str | None = None, provisional: bool = False
) -> Requirement:
    return Requirement(identifier, level, "circuit_breaker", "It holds", "It matters", "", WAYS, claim, 1, provisional)


def adapter(claims: Iterable[str] = (), known: Mapping[str, str] | None = None, offers: bool = True) -> Adapter:
    module = ModuleType("adapter")
    if offers:
        module.circuit_breaker = lambda settings: None  # type: ignore[attr-defined]  # a module made for the test
    return Adapter("adapter.py", "adapter", module, claims=frozenset(claims), known_failures=known or {})


def outcome(
    status: Status, identifier: str = "CB-01", message: str = "seen", way: Way = Way.FEATURE, exercised: int = 1
) -> Outcome:
    return Outcome(identifier, way, status, message, exercised=exercised)


PASS = outcome(Status.PASSED)
FAIL = outcome(Status.FAILED)


@pytest.mark.parametrize(
    ("outcomes", "kind"),
    [
        ([], Kind.NOT_EXERCISED),
        ([PASS], Kind.PASSED),
        ([outcome(Status.PASSED, exercised=0)], Kind.NOT_EXERCISED),
        ([PASS, FAIL], Kind.FAILED),
        ([PASS, outcome(Status.ERRORED)], Kind.ERRORED),
        ([FAIL, outcome(Status.ERRORED)], Kind.FAILED),
        ([PASS, outcome(Status.NOT_OFFERED)], Kind.PASSED),
        ([outcome(Status.NOT_EXERCISED), outcome(Status.NOT_OFFERED)], Kind.NOT_OFFERED),
        ([outcome(Status.NOT_EXERCISED), outcome(Status.NOT_APPLICABLE)], Kind.NOT_APPLICABLE),
        ([outcome(Status.NOT_APPLICABLE), outcome(Status.UNAVAILABLE)], Kind.UNAVAILABLE),
        ([outcome(Status.NOT_EXERCISED)], Kind.NOT_EXERCISED),
        ([outcome(Status.PASSED, "CB-02")], Kind.NOT_EXERCISED),
    ],
)
def test_the_worst_that_was_seen_decides(outcomes: list[Outcome], kind: Kind) -> None:
    assert verdict(requirement(), outcomes, adapter()).kind is kind


def test_a_pattern_without_a_factory_is_not_offered() -> None:
    found = verdict(requirement(), [], adapter(offers=False))
    assert (found.kind, found.reason) == (Kind.NOT_OFFERED, "the adapter has no function 'circuit_breaker'")


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ([], "'manual_control' is not claimed"),
        ([PASS], "though it works"),
        ([FAIL], "tried all the same, it fails: seen"),
        ([FAIL, outcome(Status.NOT_OFFERED)], "'manual_control' is not claimed"),
        ([PASS, outcome(Status.NOT_OFFERED)], "'manual_control' is not claimed"),
        ([outcome(Status.NOT_OFFERED)], "'manual_control' is not claimed"),
    ],
)
def test_a_claim_that_is_not_made_is_declined_and_what_the_probe_saw_is_told(outcomes: list[Outcome], told: str) -> None:
    found = verdict(requirement(level="may", claim="manual_control"), outcomes, adapter())
    assert found.kind is Kind.DECLINED
    assert not found.counts
    assert found.reason == told if told.startswith("'") else told in found.reason


def test_a_claim_that_is_made_counts_like_a_must() -> None:
    found = verdict(requirement(level="may", claim="manual_control"), [FAIL], adapter({"manual_control"}))
    assert (found.kind, found.counts, found.unexpected) == (Kind.FAILED, True, True)


def test_a_known_failure_that_fails_is_known() -> None:
    found = verdict(requirement(), [FAIL], adapter(known={"CB-01": "issue 12"}))
    assert (found.kind, found.known, found.unexpected) == (Kind.KNOWN_FAILURE, "issue 12", False)


def test_a_known_failure_that_passes_is_unexpected_at_any_level() -> None:
    found = verdict(requirement(level="should"), [PASS], adapter(known={"CB-01": "issue 12"}))
    assert (found.kind, found.blame, found.unexpected) == (Kind.UNEXPECTEDLY_PASSED, Blame.ADAPTER, True)


def judged(
    outcomes: Iterable[Outcome], held: Adapter | None = None, partial: Iterable[str] = (), faults: Iterable[Fault] = ()
) -> Verdicts:
    catalogue = {
        each.id: each
        for each in (
            requirement("CB-01"),
            requirement("CB-02"),
            requirement("CB-16", "should"),
            requirement("CB-22", "may", "manual_control"),
            requirement("CB-30", provisional=True),
        )
    }
    return verdicts(catalogue, outcomes, held or adapter(), partial, faults)


BOTH = [PASS, outcome(Status.PASSED, "CB-02")]


@pytest.mark.parametrize(
    ("outcomes", "conformance", "code"),
    [
        (BOTH, Conformance.CONFORMANT, Exit.CONFORMANT),
        ([*BOTH, outcome(Status.FAILED, "CB-16")], Conformance.CONFORMANT, Exit.CONFORMANT),
        ([*BOTH, outcome(Status.FAILED, "CB-30")], Conformance.CONFORMANT, Exit.CONFORMANT),
        ([*BOTH, outcome(Status.FAILED, "CB-22")], Conformance.CONFORMANT, Exit.CONFORMANT),
        ([*BOTH, FAIL], Conformance.NOT_CONFORMANT, Exit.NOT_CONFORMANT),
        ([PASS], Conformance.NOT_CONFORMANT, Exit.NOT_CONFORMANT),
        ([PASS, outcome(Status.UNAVAILABLE, "CB-02")], Conformance.NOT_CONFORMANT, Exit.NOT_CONFORMANT),
        ([PASS, outcome(Status.NOT_APPLICABLE, "CB-02")], Conformance.CONFORMANT, Exit.CONFORMANT),
        ([PASS, outcome(Status.NOT_OFFERED, "CB-02")], Conformance.CONFORMANT, Exit.CONFORMANT),
        ([outcome(Status.NOT_OFFERED), outcome(Status.NOT_OFFERED, "CB-02")], Conformance.NOT_CONFORMANT, Exit.NOT_CONFORMANT),
        ([*BOTH, outcome(Status.ERRORED, "CB-16")], Conformance.ERRORED, Exit.KIT),
        ([*BOTH, Errored("CB-16", Way.FEATURE, Status.ERRORED, blame=Blame.ADAPTER)], Conformance.ERRORED, Exit.ADAPTER),
        ([*BOTH, Errored("CB-22", Way.FEATURE, Status.ERRORED, blame=Blame.ADAPTER)], Conformance.CONFORMANT, Exit.CONFORMANT),
        ([FAIL, outcome(Status.ERRORED, "CB-02")], Conformance.NOT_CONFORMANT, Exit.KIT),
    ],
)
def test_conformance_hangs_on_musts_and_claims(outcomes: list[Outcome], conformance: Conformance, code: Exit) -> None:
    found = judged(outcomes)
    assert (found.conformance(), found.conformance("circuit_breaker"), found.exit) == (conformance, conformance, code)


def test_known_failures_alone_are_nothing_unexpected_and_not_conformant_either() -> None:
    found = judged([FAIL, outcome(Status.PASSED, "CB-02")], adapter(known={"CB-01": "issue 12"}))
    assert (found.conformance(), found.exit) == (Conformance.KNOWN_FAILURES, Exit.CONFORMANT)


def test_what_a_known_failure_keeps_from_being_exercised_can_be_known_too() -> None:
    found = judged([FAIL], adapter(known={"CB-01": "issue 12", "CB-02": "behind issue 12"}))
    assert (found.conformance(), found.exit) == (Conformance.KNOWN_FAILURES, Exit.CONFORMANT)


def test_a_known_failure_that_passes_fails_the_run() -> None:
    assert judged(BOTH, adapter(known={"CB-01": "issue 12"})).exit is Exit.NOT_CONFORMANT


@pytest.mark.parametrize(("outcomes", "code"), [([PASS], Exit.CONFORMANT), ([FAIL], Exit.NOT_CONFORMANT), ([], Exit.CONFORMANT)])
def test_a_partial_run_never_says_conformant_and_fails_only_by_failures(outcomes: list[Outcome], code: Exit) -> None:
    found = judged(outcomes, partial=["selected: CB-01"])
    assert found.conformance() is not Conformance.CONFORMANT
    assert found.exit is code


def test_a_pattern_that_is_not_offered_is_no_fault() -> None:
    assert judged(BOTH).conformance("connection_pool") is Conformance.NOT_OFFERED


@pytest.mark.parametrize(
    ("blame", "code"), [(Blame.KIT, Exit.KIT), (Blame.ADAPTER, Exit.ADAPTER), (Blame.IMPLEMENTATION, Exit.NOT_CONFORMANT)]
)
def test_a_fault_outside_of_any_requirement_gives_its_exit_code(blame: Blame, code: Exit) -> None:
    assert judged(BOTH, faults=[Fault(blame, "a process died")]).exit is code


def test_an_outcome_of_no_requirement_is_a_fault_of_the_kit() -> None:
    assert judged([*BOTH, outcome(Status.PASSED, "CB-99")]).exit is Exit.KIT


@pytest.mark.parametrize("outcomes", [[], [PASS], [FAIL, *BOTH], [outcome(Status.NOT_OFFERED), outcome(Status.FAILED, "CB-30")]])
def test_the_ledger_adds_up_to_the_requirements_of_the_edition(outcomes: list[Outcome]) -> None:
    ledger = judged(outcomes).ledger
    assert sum(ledger.values()) == 4
    assert list(ledger) == [str(kind) for kind in Kind]


def test_the_order_in_which_outcomes_come_changes_nothing() -> None:
    outcomes = [FAIL, *BOTH, outcome(Status.FAILED, message="another"), outcome(Status.FAILED, way=Way.MACHINE)]
    assert judged(outcomes) == judged(reversed(outcomes))
