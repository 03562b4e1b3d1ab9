"""Objectives as they are given on the command line."""

from __future__ import annotations

import pytest

from patternproof.load.objectives import parsed

MEASURED = {"p99": 0.06, "p99.9": 0.2, "errors": 0.002, "throughput": 80.0}


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ("p99<50ms", ["expected p99<50ms; seen: 60.00 ms"]),
        ("p99 < 0.1s", []),
        ("p99.9<100000us", ["expected p99.9<100000us; seen: 200.00 ms"]),
        ("errors<0.1%", ["expected errors<0.1%; seen: 0.20%"]),
        ("errors<1%,throughput>100/s", ["expected throughput>100/s; seen: 80.0/s"]),
        ("", []),
    ],
)
def test_what_was_missed_is_said_with_what_was_seen(text: str, missed: list[str]) -> None:
    assert [each for objective in parsed(text) if (each := objective.missed(MEASURED))] == missed


@pytest.mark.parametrize(
    "text", ["p99", "p99>50ms", "p99<50", "p99<50%", "errors<50ms", "throughput<5/s", "speed<1s", "p99<fast"]
)
def test_what_is_no_objective_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r'is no objective; write it as "p99<50ms"'):
        parsed(text)
