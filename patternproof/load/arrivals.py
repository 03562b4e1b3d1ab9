"""The open model: requests come when they come."""

from __future__ import annotations

from random import Random


class Arrivals:
    """A Poisson process: the times at which requests are due, drawn before any is sent.

    Args:
        rate: requests a second.
        start: when the first second begins.
        seed: of the draws.
    """

    def __init__(self, rate: float, start: float, seed: int = 0) -> None:
        self._rate, self._next, self._random = rate, start, Random(seed)

    def following(self) -> float:
        """When the next request is due."""
        self._next += self._random.expovariate(self._rate)
        return self._next
