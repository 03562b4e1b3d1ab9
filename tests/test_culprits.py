"""Which requirement a failing example is held to have broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from patternproof.scenarios.circuit_breaker.events import Finish, Start

from patternproof.adapter import Adapter, load
from patternproof.culprits import culprits
from patternproof.history import History, alone
from patternproof.judge import subject
from patternproof.ports.circuit_breaker import CircuitBreakerSettings

SILENT = """
from patternproof.ports.circuit_breaker import CircuitOpenError
from patternproof.reference.circuit_breaker import CircuitBreaker


class Silent(CircuitBreaker):
    async def call(self, operation):
        try:
            return await super().call(operation)
        except CircuitOpenError:
            return None


def circuit_breaker(settings):
    return Silent(settings)
"""
OPENED_AND_CALLED = (Start(0), Finish(0, "failure"), Start(1))


@pytest.fixture
def silent(tmp_path: Path) -> Adapter:
    """Of a breaker that answers None while open."""
    path = tmp_path / "silent.py"
    path.write_text(SILENT, encoding="utf-8")
    return load(str(path))


def played(adapter: Adapter) -> History:
    settings = CircuitBreakerSettings(failure_threshold=1)
    return subject(adapter, "circuit_breaker").play(settings, map(alone, OPENED_AND_CALLED))


@pytest.mark.parametrize("own", ["CB-04", "CB-05", "CB-16"])
def test_the_defect_that_stood_in_the_way_is_named_whatever_the_example_was_about(silent: Adapter, own: str) -> None:
    assert culprits(silent, "circuit_breaker", played(silent), own) == ["CB-05"]


def test_a_history_that_is_right_has_no_culprit() -> None:
    reference = load("patternproof.reference.adapters.in_memory")
    assert culprits(reference, "circuit_breaker", played(reference), "CB-04") == []
