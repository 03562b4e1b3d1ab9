"""How much each profile looks at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """Bounds of a run; the seconds only ever end a search early in profiles that say so, never a verdict."""

    examples: int
    """Examples of the machine, in each round."""
    steps: int
    """Batches in an example of the machine, at most."""
    schedules: int
    """Schedules of each program of interleavings, at most."""
    thread_schedules: int
    """Schedules of each program of threads, at most; no two of them are equivalent."""


PROFILES = {
    "quick": Profile(examples=25, steps=15, schedules=40, thread_schedules=60),
    "standard": Profile(examples=100, steps=25, schedules=400, thread_schedules=400),
    "thorough": Profile(examples=10_000, steps=50, schedules=10_000, thread_schedules=5_000),
}
DEFAULT = "standard"
