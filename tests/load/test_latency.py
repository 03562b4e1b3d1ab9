"""How long requests took."""

from __future__ import annotations

import pytest

from patternproof.load.latency import Latencies, summed_up
from patternproof.load.messages import Second


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


def test_a_histogram_counts_each_request_in_the_bin_that_holds_it() -> None:
    latencies = Latencies()
    for seconds in (0.001, 0.001, 0.0011, 0.5):
        latencies.record(seconds, 2 * seconds)
    service, response = latencies.bins().values()
    assert [each.requests for each in service] == [2, 1, 1]
    for bins, slowest in ((service, 0.5), (response, 1.0)):
        assert sum(each.requests for each in bins) == 4
        assert bins[-1].shortest < slowest * 1.001
        assert bins[-1].longest >= slowest * 0.999


def test_a_second_is_summed_up_by_its_percentiles() -> None:
    times = [number / 100 for number in range(101)]
    assert summed_up(3, times[::-1]) == Second(3, 101, 0.5, 0.9, 0.99)
