"""How long requests took."""

from __future__ import annotations

import pytest

from patternproof.load.latency import Latencies


def test_what_workers_have_recorded_is_added_up() -> None:
    one, other, all_of_them = Latencies(), Latencies(), Latencies()
    for _ in range(99):
        one.record(0.001, 0.002)
    other.record(1.0, 2.0)
    all_of_them.add(*one.taken())
    all_of_them.add(*other.taken())
    assert all_of_them.count == 100
    assert one.count == 0
    found = all_of_them.percentiles()
    assert found["service"]["50"] == pytest.approx(0.001, rel=0.01)
    assert found["response"]["99.9"] == pytest.approx(2.0, rel=0.01)
