"""Implementations that are unusual and right pass in every way."""

from __future__ import annotations

import pytest

from tests.odd import Odd
from tests.proof import prove, registries

pytestmark = pytest.mark.proof

ODD: dict[str, list[Odd]] = registries("odd", "ODD")


@pytest.mark.parametrize(
    ("stem", "odd"), [pytest.param(stem, each, id=f"{stem}-{each}") for stem, registry in ODD.items() for each in registry]
)
def test_nothing_is_said_against_it(stem: str, odd: Odd) -> None:
    proof = prove(stem, odd.name, odd.made, odd.claims)
    assert not proof.errors()
    failures = [each for requirement in proof.failed() for each in proof.failures(requirement)]
    assert not failures, "\n".join(line for each in failures for line in (each.requirement, each.message, *each.history))
