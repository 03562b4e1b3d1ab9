"""How many users there are over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from locust import LoadTestShape

from patternproof.load.session import Session, wanted

SHAPES: dict[str, Callable[[float], float]] = {
    "steady": lambda share: 1.0,
    "ramp": lambda share: min(1.0, 1.25 * share),
    "spike": lambda share: 1.0 if 0.4 <= share < 0.6 else 0.2,
    "soak": lambda share: min(1.0, 10.0 * share),
}
"""By profile the share of the users that there are once this share of the time is over."""


class Shape(LoadTestShape):
    """The profile of a run."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """Users now, and how many come a second; None: it is over."""
        runner: Any = self.runner
        seconds, users = float(self.get_run_time()), runner.environment.parsed_options.num_users or 1  # type: ignore[no-untyped-call]  # locust's
        asked = wanted()
        if seconds >= asked.seconds or Session.of(runner.environment).broken:
            return None
        return max(1, round(users * SHAPES[asked.profile](seconds / asked.seconds))), float(users)
