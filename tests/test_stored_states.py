"""States of several processes, wrong and unusual ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from patternproof.outcome import Status

pytest.importorskip("psycopg")
pytest.importorskip("pgserver")

from tests.faulty.stored_shared_state import EXAMPLES, FAULTY, ODD  # after what it needs
from tests.proof import held_against

pytestmark = pytest.mark.proof

ADAPTER = """
from patternproof.reference.adapters.postgres import RUNTIME, SCALE, SETTLE
from tests.faulty.stored_shared_state import {kind} as kind, over

CLAIMS = {claims}
shared_state = over(kind)
"""


CLAIMS = {"SS-14": "persistent", "SS-15": "distributed"}


def held(kind: type, folder: Path) -> dict[str, set[Status]]:
    """How each example about other processes has ended."""
    violated = {example[:5] for example in FAULTY.get(kind, ())}
    requirements = {"SS-14"} if violated == {"SS-14"} else set(CLAIMS)
    file = folder / f"{kind.__name__}.py"
    claims = {CLAIMS[requirement] for requirement in requirements}
    file.write_text(ADAPTER.format(kind=kind.__name__, claims=claims), encoding="utf-8")
    examples: dict[str, set[Status]] = {}
    for requirement in sorted(requirements):
        proof = held_against(str(file), requirement)
        assert not proof.errors()
        examples |= proof.examples
    assert set(examples) == {example for example in EXAMPLES if example[:5] in requirements}
    return examples


@pytest.mark.parametrize("kind", FAULTY)
def test_a_wrong_state_fails_exactly_the_examples_about_what_it_does_wrong(kind: type, tmp_path: Path) -> None:
    found = held(kind, tmp_path)
    assert {name for name, statuses in found.items() if statuses == {Status.FAILED}} == FAULTY[kind]
    assert {name for name, statuses in found.items() if statuses != {Status.PASSED}} == FAULTY[kind]


@pytest.mark.parametrize("kind", ODD)
def test_an_unusual_one_passes_every_example(kind: type, tmp_path: Path) -> None:
    assert {name: statuses for name, statuses in held(kind, tmp_path).items() if statuses != {Status.PASSED}} == {}


def test_every_example_is_failed_by_some_wrong_state_and_not_by_all() -> None:
    assert set().union(*FAULTY.values()) == EXAMPLES
    assert set.intersection(*FAULTY.values()) == set()
