"""How long requests took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import ceil, log10

from hdrh.histogram import HdrHistogram

from patternproof.load.messages import Bin, Second

SHORTEST, LONGEST = 1, 3_600_000_000
"""Microseconds."""
DIGITS = 3
"""Significant decimal digits of what is recorded."""
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 99.99)
MILLION = 1_000_000.0
BINS = 10
"""Of a histogram, in each power of ten."""


class Latencies:
    """Service times, from sending to answer, and response times, from when a request was due: in the open model it may be
    sent late, and whoever measures from the sending flatters what has stalled (coordinated omission, Tene 2013).
    """

    def __init__(self) -> None:
        self.service, self.response = _histogram(), _histogram()

    def record(self, service: float, response: float) -> None:
        """Take one request down; seconds."""
        self.service.record_value(max(SHORTEST, round(service * MILLION)))
        self.response.record_value(max(SHORTEST, round(response * MILLION)))

    def taken(self) -> tuple[str, str]:
        """What was recorded, as text to be added elsewhere; from now on there is nothing."""
        texts = (self.service.encode().decode(), self.response.encode().decode())
        self.service, self.response = _histogram(), _histogram()
        return texts

    def add(self, service: str, response: str) -> None:
        """Add what was recorded elsewhere."""
        self.service.decode_and_add(service)
        self.response.decode_and_add(response)

    @property
    def count(self) -> int:
        """How many requests were recorded."""
        return int(self.response.get_total_count())

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Seconds by kind and percentile."""
        kinds = {"service": self.service, "response": self.response}
        return {kind: {f"{each:g}": at(histogram, each) for each in PERCENTILES} for kind, histogram in kinds.items()}

    def bins(self) -> dict[str, list[Bin]]:
        """By kind, how many requests took how long."""
        return {"service": _bins(self.service), "response": _bins(self.response)}


def at(histogram: HdrHistogram, percentile: float) -> float:
    """Seconds within which that share of the requests, in percent, was answered."""
    return float(histogram.get_value_at_percentile(percentile)) / MILLION


def summed_up(second: int, times: Sequence[float]) -> Second:
    """A second in which requests took so many seconds each."""
    ranked = sorted(times)
    return Second(second, len(ranked), *(ranked[int(share * (len(ranked) - 1))] for share in (0.5, 0.9, 0.99)))


def _bins(histogram: HdrHistogram) -> list[Bin]:
    """As wide as they are long, so that what is fast and what is slow can both be seen."""
    counts: Counter[int] = Counter()
    for each in histogram.get_recorded_iterator():
        counts[ceil(round(log10(each.value_iterated_to) * BINS, 6))] += each.count_added_in_this_iter_step
    return [
        Bin(10 ** ((number - 1) / BINS) / MILLION, 10 ** (number / BINS) / MILLION, requests)
        for number, requests in sorted(counts.items())
    ]


def _histogram() -> HdrHistogram:
    return HdrHistogram(SHORTEST, LONGEST, DIGITS)
