"""Wrong implementations fail what they violate, and nothing else."""

from __future__ import annotations

import pytest

from patternproof.outcome import Way
from patternproof.patterns import PATTERNS
from patternproof.requirements import catalogue
from tests.faulty import Faulty
from tests.faulty import circuit_breaker as breakers
from tests.proof import OUT_OF_PROCESS, Proof, prove, registries

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


@pytest.mark.parametrize(
    ("stem", "faulty"),
    [pytest.param(stem, each, id=f"{stem}-{each}") for stem, registry in FAULTY.items() for each in registry],
)
def test_it_fails_exactly_what_it_violates(stem: str, faulty: Faulty) -> None:
    proof = prove(stem, faulty.name, faulty.factory, faulty.claims)
    assert not proof.errors()
    assert proof.failed() == faulty.violates, told(proof)
    messages = [each.message for requirement in faulty.violates for each in proof.failures(requirement)]
    assert any(faulty.fragment in message for message in messages), messages
    assert not [part for part in faulty.ways if not proof.failed(part)], "ways that did not find it"


@pytest.mark.parametrize("stem", FAULTY)
def test_every_requirement_has_an_implementation_that_violates_it(stem: str) -> None:
    own = [each for each in catalogue().values() if each.pattern == stem and each.claim not in OUT_OF_PROCESS]
    wanted = {each.id for each in own if each.ways != {Way.LOAD} and not each.provisional}
    assert wanted == {requirement for each in FAULTY[stem] for requirement in each.violates}


@pytest.mark.parametrize("stem", FAULTY)
def test_every_deviation_is_that_of_some_implementation(stem: str) -> None:
    sentences = {each.sentence for each in PATTERNS[stem].scenarios("model").complete().deviations.values() if not each.elusive}
    fragments = [each.fragment for each in FAULTY[stem] if "histories" in each.ways]
    assert {sentence for sentence in sentences if not any(fragment in sentence for fragment in fragments)} == set()


@pytest.mark.parametrize("stem", FAULTY)
def test_the_reference_passes_everything_that_it_is_held_against(stem: str) -> None:
    from patternproof.reference.adapters import in_memory

    proof = prove(stem, f"{stem}_reference", getattr(in_memory, stem), in_memory.CLAIMS, counting=True)
    assert not proof.errors()
    assert not proof.failed()
    for way, part in ((Way.FEATURE, "feature"), (Way.MACHINE, "histories")):
        counts = proof.exercised(part)
        own = [each for each in catalogue().values() if each.pattern == stem and each.claim not in OUT_OF_PROCESS]
        wanted = {each.id for each in own if way in each.ways and not each.provisional}
        assert not {each for each in wanted if not counts.get(each)}, part


def test_three_defects_are_told_apart_each_with_a_short_history_of_its_own() -> None:
    proof = prove("circuit_breaker", "three", breakers.ThreeDefects)
    found = {requirement: proof.failures(requirement, "histories") for requirement in ("CB-07", "CB-16", "CB-19")}
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
