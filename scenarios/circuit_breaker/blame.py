"""Which requirement an unexplained observation of a breaker breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import Announcement, Call, Reset, Seen, Trip
from .state import Breaker, State

if TYPE_CHECKING:
    from .model import CircuitBreakerModel

_TRANSITIONS = {
    ("closed", "open"): "CB-04",
    ("open", "closed"): "CB-10",
    ("half_open", "closed"): "CB-08",
    ("half_open", "open"): "CB-09",
}
"""By a transition, the requirement that says when it is made; that of a rate is CB-23, one that is made by hand is CB-22."""


def blame(model: CircuitBreakerModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement of the first difference from the right state that comes nearest."""
    right = successors(model, states, batch, RIGHT)
    if isinstance(seen, Hung) and _by_hand(batch):
        return "CB-22"
    if isinstance(seen, Hung):
        phases = {breaker.phase for breaker in right[0].breakers}
        return "CB-06" if "half_open" in phases else "CB-05" if "open" in phases else "CB-01"
    nearest = min(right, key=lambda state: _distance(model, state, seen))
    return _requirement(nearest, model.observe(nearest, RIGHT), seen, batch)


def _by_hand(batch: Batch) -> bool:
    return any(isinstance(event, Trip | Reset) for event in batch.events)


def _distance(model: CircuitBreakerModel, state: State, seen: Seen) -> int:
    expected = model.observe(state, RIGHT)
    calls = sum(a != b for a, b in zip(expected.calls, seen.calls, strict=False)) + abs(len(expected.calls) - len(seen.calls))
    return 4 * calls + 2 * (expected.reads != seen.reads) + (expected.announced != seen.announced)


def _requirement(state: State, expected: Seen, seen: Seen, batch: Batch) -> str:
    for want, got in zip(expected.calls, seen.calls, strict=False):
        if (want.phase, want.runs) != (got.phase, got.runs):
            return _of_call(state, want, got)
    if seen.failed and state.failing_listener:
        return "CB-18"
    if seen.failed:
        return "CB-22" if _by_hand(batch) else "CB-15"
    if expected.reads != seen.reads:
        return "CB-14" if state.breakers[0] == Breaker() else "CB-15"
    if expected.announced != seen.announced:
        return _of_announcements(state, expected.announced, seen.announced, batch)
    if expected.heard_second != seen.heard_second:
        return "CB-18"
    return "CB-16"


def _of_announcements(state: State, expected: tuple[Announcement, ...], seen: tuple[Announcement, ...], batch: Batch) -> str:
    """One transition too many or too few is most likely made, or not made: one that is told wrongly has a deviation."""
    longer, shorter = sorted((expected, seen), key=len, reverse=True)
    if len(longer) != len(shorter) + 1 or longer[: len(shorter)] != shorter or longer[-1] in shorter:
        return "CB-17"
    if _by_hand(batch):
        return "CB-22"
    _, old, new = longer[-1]
    requirement = _TRANSITIONS.get((old, new), "CB-17")
    return "CB-23" if requirement == "CB-04" and state.settings.failure_rate is not None else requirement


def _of_call(state: State, want: Call, got: Call) -> str:
    if state.failing_listener and got.phase.startswith("raised something else"):
        return "CB-18"
    if got.runs > max(want.runs, 1):
        return "CB-01"
    tracked = state.calls[want.number]
    phase = state.breakers[tracked.breaker].phase if tracked else "closed"
    match want.phase:
        case "rejected":
            return "CB-07" if phase == "half_open" and got.phase in ("running", "waiting") else "CB-05"
        case "running":
            new = tracked is not None and state.breakers[tracked.breaker] == Breaker()
            return "CB-14" if new and got.phase == "rejected" else _of_running(state, phase, got)
        case "raised":
            return "CB-02"
        case "cancelled":
            return "CB-12"
    return "CB-01"


def _of_running(state: State, phase: str, got: Call) -> str:
    if got.phase == "waiting":
        return "CB-06" if phase == "half_open" else "CB-21"
    if got.phase == "rejected":
        rate = state.settings.failure_rate is not None
        return "CB-06" if phase == "half_open" else "CB-23" if rate else "CB-04"
    return "CB-01"
