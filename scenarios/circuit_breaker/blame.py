"""Which requirement an unexplained observation of a breaker breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import Call, Reset, Seen, Trip
from .state import Breaker, State

if TYPE_CHECKING:
    from .model import CircuitBreakerModel


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
        return "CB-17"
    if expected.heard_second != seen.heard_second:
        return "CB-18"
    return "CB-16"


def _of_call(state: State, want: Call, got: Call) -> str:
    if state.failing_listener and got.phase.startswith("raised something else"):
        return "CB-18"
    if got.runs > max(want.runs, 1):
        return "CB-01"
    tracked = state.calls[want.number]
    phase = state.breakers[tracked.breaker].phase if tracked else "closed"
    match want.phase:
        case "rejected":
            return "CB-07" if phase == "half_open" and got.phase == "running" else "CB-05"
        case "running":
            new = tracked is not None and state.breakers[tracked.breaker] == Breaker()
            return "CB-14" if new and got.phase == "rejected" else _of_running(phase, got)
        case "raised":
            return "CB-02"
        case "cancelled":
            return "CB-12"
    return "CB-01"


def _of_running(phase: str, got: Call) -> str:
    if got.phase == "waiting":
        return "CB-21"
    if got.phase == "rejected":
        return "CB-06" if phase == "half_open" else "CB-04"
    return "CB-01"
