"""Whether two implementations differ, by rounds in pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, stdev

CONFIDENCE = 0.99
"""Of each interval: where several are looked at, few differ by luck."""
# fmt: off
_QUANTILES = (
    63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947,
    2.921, 2.898, 2.878, 2.861, 2.845, 2.831, 2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763, 2.756, 2.750,
)
# fmt: on
"""Of Student's t, two-sided at that confidence, for 1 to 30 degrees of freedom; beyond, the last is on the safe side."""
LEAST_ROUNDS = 3
"""Below which an interval says nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How many times the one's measure the other's is."""

    ratio: float
    """The geometric mean over all rounds."""
    low: float
    high: float
    """The interval in which it is, at `CONFIDENCE`."""

    @property
    def shown(self) -> bool:
        """Whether the rounds show a difference at all."""
        return not self.low <= 1.0 <= self.high


def difference(one: Sequence[float], other: Sequence[float]) -> Difference:
    """How two differ, by Student's t over the logarithms of the ratios of each round.

    Args:
        one: a measure above 0 by round.
        other: the same of the other, in the same rounds: what both have met, such as a busy machine, cancels.

    Raises:
        ValueError: the rounds do not pair, or are too few.
    """
    if len(one) != len(other) or len(one) < LEAST_ROUNDS:
        raise ValueError(f"expected at least {LEAST_ROUNDS} rounds of both; seen: {len(one)} and {len(other)}")
    ratios = [log(second / first) for first, second in zip(one, other, strict=True)]
    quantile = _QUANTILES[min(len(ratios) - 1, len(_QUANTILES)) - 1]
    mean, half = fmean(ratios), quantile * stdev(ratios) / sqrt(len(ratios))
    return Difference(exp(mean), exp(mean - half), exp(mean + half))
