"""Sharing a run out among workers."""

from __future__ import annotations

from patternproof.workers import scope

SUITE = "conformance.py"


def test_all_that_is_judged_of_a_pattern_goes_to_one_worker() -> None:
    parts = [f"{SUITE}::test_{part}[event_bus]" for part in ("histories", "machine", "interleavings")]
    assert {scope(part) for part in parts} == {"event_bus"}


def test_every_example_goes_by_itself() -> None:
    examples = [f"{SUITE}::event_bus.feature::EB-01 {name}" for name in ("one", "two [1]")]
    assert {scope(example) for example in examples} == set(examples)
