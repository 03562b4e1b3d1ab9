"""Which requirement an unexplained observation of a pool breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import Borrower, Seen
from .state import BROKEN, State
from .supply import expired

if TYPE_CHECKING:
    from .model import ConnectionPoolModel

_OF_EVENTS = {"Close": "CP-13", "UseAfterReturn": "CP-11", "ReturnTwice": "CP-12", "ReadStatistics": "CP-17", "Cancel": "CP-07"}
_OF_EVENTS |= {"Break": "CP-09", "LeaveWithError": "CP-04", "Return": "CP-05", "Advance": "CP-06", "ConnectEnds": "CP-08"}
_OF_PHASES = {"timed out": "CP-06", "refused": "CP-13", "failed": "CP-08", "cancelled": "CP-04", "returned": "CP-04"}


def blame(model: ConnectionPoolModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement of the first difference from the right state that comes nearest."""
    right = successors(model, states, batch, RIGHT)
    if isinstance(seen, Hung):
        return "CP-13" if right[0].closed else _of_batch(batch, "CP-05")
    nearest = min(right, key=lambda state: _distance(model, state, seen))
    return _requirement(states, nearest, model.observe(nearest, RIGHT), seen, batch)


def _distance(model: ConnectionPoolModel, state: State, seen: Seen) -> int:
    expected = model.observe(state, RIGHT)
    borrowers = sum(a != b for a, b in zip(expected.borrowers, seen.borrowers, strict=False))
    others = abs(len(expected.open) - len(seen.open)) + abs(expected.attempts - seen.attempts)
    return 4 * borrowers + 2 * others + (expected.open != seen.open)


def _requirement(states: States, state: State, expected: Seen, seen: Seen, batch: Batch) -> str:
    if any(expired(each, state.settings) for before in states for each in before.connections):
        return "CP-16"
    held = [each.connection for each in seen.borrowers if each.phase in ("holding", "requesting")]
    if len(seen.open) + seen.attempts > state.settings.max_size:
        return "CP-02"
    if len(held) > len(set(held)) or seen.misuse:
        return "CP-03"
    served = [{each.number for each in side.borrowers if each.phase == "holding"} for side in (expected, seen)]
    if served[0] != served[1] and len(served[0]) == len(served[1]):
        return "CP-15"
    for want, got in zip(expected.borrowers, seen.borrowers, strict=False):
        if want != got and want.number == got.number:
            return _of_borrower(state, want, got, batch)
    if seen.late != expected.late:
        return "CP-11"
    return "CP-13" if state.closed else _of_pool(expected, seen, batch)


def _of_pool(expected: Seen, seen: Seen, batch: Batch) -> str:
    if expected.open != seen.open:
        return _of_batch(batch, "CP-01")
    if expected.attempts > seen.attempts:
        return "CP-14"  # somebody waits, and a slot that should be free is not
    return "CP-17" if seen.counts != expected.counts else _of_batch(batch, "CP-01")


def _of_borrower(state: State, want: Borrower, got: Borrower, batch: Batch) -> str:
    if got.found:
        return "CP-09" if got.found in (BROKEN, "it closed") else "CP-10"
    if state.closed:
        return "CP-13"
    if want.phase == "holding" and got.phase == "holding":
        return "CP-16" if state.settings.max_idle or state.settings.max_lifetime else "CP-15"
    if want.phase == "holding" and got.phase == "waiting":
        return "CP-07" if _has(batch, "Cancel") else "CP-05"
    if want.phase == "waiting":
        return {"timed out": "CP-05"}.get(got.phase) or (
            "CP-02" if got.phase == "holding" else _OF_PHASES.get(got.phase, "CP-05")
        )
    return _OF_PHASES.get(want.phase) or _of_batch(batch, "CP-05")


def _has(batch: Batch, name: str) -> bool:
    return any(type(event).__name__ == name for event in batch.events)


def _of_batch(batch: Batch, otherwise: str) -> str:
    """The requirement that speaks of what was just done."""
    return next((requirement for name, requirement in _OF_EVENTS.items() if _has(batch, name)), otherwise)
