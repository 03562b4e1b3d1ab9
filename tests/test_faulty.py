"""Wrong implementations fail what they violate, and nothing else."""

from __future__ import annotations

import pytest

from patternproof import judge
from patternproof.outcome import Status, Way
from patternproof.patterns import PATTERNS
from patternproof.requirements import Requirement, catalogue
from tests.faulty import Faulty
from tests.faulty import circuit_breaker as breakers
from tests.faulty import connection_pool as pools
from tests.proof import OUT_OF_PROCESS, Proof, loaded, prove, registries

pytestmark = pytest.mark.proof

FAULTY: dict[str, list[Faulty]] = registries("faulty", "FAULTY")
LONGEST = 6
"""Moments in the evidence of one defect, where three are mixed."""


def told(proof: Proof) -> str:
    """Every failure, for the message of a test that fails."""
    lines = []
    for part, outcomes in proof.outcomes.items():
        for each in outcomes:
            if each.requirement in proof.failed(part) and each.history:
                lines += [f"{part} {each.requirement}: {each.message}", *each.history]
    return "\n".join(lines)


def in_process(stem: str) -> list[Requirement]:
    """The requirements of a pattern that an implementation can break, or keep, without a server."""
    ours = [each for each in catalogue().values() if each.pattern == stem and not each.provisional]
    return [each for each in ours if each.claim not in OUT_OF_PROCESS]


@pytest.mark.parametrize(
    ("stem", "faulty"),
    [pytest.param(stem, each, id=f"{stem}-{each}") for stem, registry in FAULTY.items() for each in registry],
)
def test_it_fails_exactly_what_it_violates(stem: str, faulty: Faulty) -> None:
    proof = prove(stem, faulty.name, faulty.made, faulty.claims)
    assert not proof.errors()
    assert proof.failed() == faulty.violates, told(proof)
    messages = [each.message for requirement in faulty.violates for each in proof.failures(requirement)]
    assert any(faulty.fragment in message for message in messages), messages
    missed = [part for part in faulty.ways if not proof.failed(part)]
    if missed == ["machine"]:  # by chance: what it is to find, the standard number of examples finds
        missed = [] if found_by_machine(stem, faulty) else missed
    assert not missed, "ways that did not find it"


def found_by_machine(stem: str, faulty: Faulty) -> set[str]:
    """The requirements that the machine finds broken in the standard profile."""
    with loaded(stem, faulty.name, faulty.made, faulty.claims) as adapter:
        outcomes = judge.run_machine(adapter, stem, "standard", None)
    return {each.requirement for each in outcomes if each.status is Status.FAILED}


@pytest.mark.parametrize("stem", FAULTY)
def test_every_requirement_has_an_implementation_that_violates_it(stem: str) -> None:
    wanted = {each.id for each in in_process(stem) if each.ways != {Way.LOAD}}
    assert wanted == {requirement for each in FAULTY[stem] for requirement in each.violates}


@pytest.mark.parametrize("stem", FAULTY)
def test_every_deviation_is_that_of_some_implementation(stem: str) -> None:
    sentences = {each.sentence for each in PATTERNS[stem].scenarios("model").complete().deviations.values() if not each.elusive}
    fragments = [each.fragment for each in FAULTY[stem] if "histories" in each.ways]
    assert {sentence for sentence in sentences if not any(fragment in sentence for fragment in fragments)} == set()


@pytest.mark.parametrize("stem", FAULTY)
def test_the_reference_passes_everything_that_it_is_held_against(stem: str) -> None:
    from patternproof.reference.adapters import in_memory

    made = {factory: getattr(in_memory, factory) for factory in PATTERNS[stem].makers}
    proof = prove(stem, f"{stem}_reference", made, in_memory.CLAIMS, counting=True)
    assert not proof.errors()
    assert not proof.failed()
    for way, part in ((Way.FEATURE, "feature"), (Way.MACHINE, "histories")):
        counts = proof.exercised(part)
        wanted = {each.id for each in in_process(stem) if way in each.ways}
        assert not {each for each in wanted if not counts.get(each)}, part


@pytest.mark.parametrize("stem", FAULTY)
def test_what_a_deviation_describes_is_found_by_its_separating_history(stem: str) -> None:
    deviations = PATTERNS[stem].scenarios("model").complete().deviations.values()
    described = [
        each for each in FAULTY[stem] if any(each.fragment in known.sentence for known in deviations if not known.elusive)
    ]
    assert described
    assert not [each.name for each in described if "histories" not in each.ways]


THREE = {
    "circuit_breaker": (breakers.ThreeDefects, {"CB-07", "CB-16", "CB-19"}),
    "connection_pool": (pools.ThreeDefects, {"CP-06", "CP-10", "CP-17"}),
}


@pytest.mark.parametrize("stem", THREE)
def test_three_defects_are_told_apart_each_with_a_short_history_of_its_own(stem: str) -> None:
    factory, violated = THREE[stem]
    proof = prove(stem, "three", factory)
    assert proof.failed() == violated, told(proof)
    found = {requirement: proof.failures(requirement, "histories") for requirement in sorted(violated)}
    assert [len(failures) for failures in found.values()] == [1, 1, 1]
    histories = [failures[0].history for failures in found.values()]
    assert len(set(histories)) == len(histories)
    assert max(map(len, histories)) <= LONGEST + 1  # the first line gives the settings


def test_a_factory_that_fails_is_no_violation() -> None:
    def failing(settings: object) -> object:
        raise ZeroDivisionError("of the adapter")

    proof = prove("circuit_breaker", "failing", failing)
    assert proof.errors()
    assert not proof.failed()
