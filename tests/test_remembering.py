"""What is remembered is what would be computed anew."""

from __future__ import annotations

import pytest

from patternproof.modelling import RIGHT, Names
from patternproof.remembering import Memory


def test_what_was_asked_for_decides_what_is_remembered() -> None:
    memory, computed = Memory(), []

    def compute(state: str, event: str, deviations: Names) -> tuple[str, ...]:
        computed.append(deviations)
        return (f"{state} {event} {'badly' if 'wrong' in deviations else 'well'}",)

    def after(*names: str) -> tuple[str, ...]:
        return memory.remembered(compute, "it", "goes", frozenset(names))

    assert after() == after("other") == after("other", "more") == ("it goes well",)
    assert after("wrong") == after("wrong", "other") == ("it goes badly",)
    assert len(computed) == 3  # right, another one, the one that was asked for


def test_going_through_all_deviations_is_refused_since_what_is_not_there_would_be_missed() -> None:
    def compute(state: str, event: str, deviations: Names) -> tuple[str, ...]:
        return tuple(f"{state} {name}" for name in deviations)

    with pytest.raises(TypeError, match="ask for each by its name"):
        Memory().remembered(compute, "it", "goes", frozenset({"wrong"}))
    with pytest.raises(TypeError, match="ask for each by its name"):
        Memory().remembered(compute, "it", "goes", RIGHT)
