"""The open model."""

from __future__ import annotations

from patternproof.load.arrivals import Arrivals


def test_arrivals_are_drawn_before_anything_is_sent_and_the_same_for_a_seed() -> None:
    one, other = (Arrivals(100.0, 5.0, seed=1) for _ in range(2))
    drawn = [one.following() for _ in range(1_000)]
    assert drawn == [other.following() for _ in range(1_000)]
    assert drawn == sorted(drawn)
    assert 8.0 < drawn[-1] - 5.0 < 12.0
