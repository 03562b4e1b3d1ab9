"""Which requirement an unexplained observation of a pool breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import Borrower, ConnectEnds, ResetEnds, Seen
from .state import BROKEN, IN_SCOPE, State, is_reply, session_of
from .supply import expired

if TYPE_CHECKING:
    from .model import ConnectionPoolModel

_OF_EVENTS = {
    "Close": "CP-13",
    "UseAfterReturn": "CP-11",
    "ReturnTwice": "CP-12",
    "Cancel": "CP-07",
    "Failure": "CP-08",
    "Break": "CP-09",
    "FailedReset": "CP-09",
    "Advance": "CP-06",
}
"""The requirement that speaks of what was just done, the rarest of several first."""
_OF_LEAVING = {"Return", "LeaveWithError", "ResetEnds"}
_OF_ENDS = {"timed out": "CP-06", "refused": "CP-13", "failed": "CP-08", "returned": "CP-04", "cancelled": "CP-04"}


def blame(model: ConnectionPoolModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement of the first difference from the right state that comes nearest."""
    right = successors(model, states, batch, RIGHT)
    done = _kinds(batch)
    if isinstance(seen, Hung):
        return "CP-13" if right[0].closed else _of(done, "CP-05")
    plain = _plainly(states, right, seen)
    if plain:
        return plain
    nearest = min(right, key=lambda state: _distance(model, state, seen))
    return _difference(states, nearest, model.observe(nearest, RIGHT), seen, done)


def _kinds(batch: Batch) -> set[str]:
    """What was done: the names of the events, and whether something failed."""
    failed = {
        {ConnectEnds: "Failure", ResetEnds: "FailedReset"}.get(type(event), "")
        for event in batch.events
        if getattr(event, "how", "ok") != "ok"
    }
    return {type(event).__name__ for event in batch.events} | failed


def _plainly(states: States, right: Sequence[State], seen: Seen) -> str:
    """What no pool may show, whatever was expected of it."""
    held = [each.connection for each in seen.borrowers if each.phase in IN_SCOPE]
    if len(seen.open) + seen.attempts > right[0].settings.max_size:
        return "CP-02"
    if len(held) > len(set(held)) or seen.misuse:
        return "CP-03"
    for each in seen.borrowers:
        # What a right pool may let a borrower find is what happens within one turn.
        if each.found and all(each not in _seen_in(state) for state in right):
            return _of_found(each.found)
    before = [connection for connection in states[0].connections if expired(connection, states[0].settings)]
    had = {each.connection for each in states[0].borrowers if each.phase in IN_SCOPE}
    return "CP-16" if {each.number for each in before} & (set(held) - had) else ""


def _seen_in(state: State) -> list[Borrower]:
    return [Borrower(each.number, each.phase, each.connection, each.found) for each in state.borrowers]


def _of_found(found: str) -> str:
    if found in (BROKEN, "it closed"):
        return "CP-09"
    return "CP-10" if is_reply(found) or found.startswith(session_of(0)[:-1]) else "CP-01"


def _distance(model: ConnectionPoolModel, state: State, seen: Seen) -> int:
    expected = model.observe(state, RIGHT)
    borrowers = sum(a != b for a, b in zip(expected.borrowers, seen.borrowers, strict=False))
    others = abs(len(expected.open) - len(seen.open)) + abs(expected.attempts - seen.attempts)
    return 4 * borrowers + 2 * others + (expected.open != seen.open) + (expected.resets != seen.resets)


def _difference(states: States, state: State, expected: Seen, seen: Seen, done: set[str]) -> str:
    served = [{each.number for each in side.borrowers if each.phase == "holding"} for side in (expected, seen)]
    if served[0] != served[1] and len(served[0]) == len(served[1]):
        return "CP-15"
    for want, got in zip(expected.borrowers, seen.borrowers, strict=False):
        if want != got and want.number == got.number:
            return _of_borrower(states, state, want, got, done)
    if seen.late != expected.late:
        return "CP-11"
    return "CP-13" if state.closed else _of_pool(expected, seen, done)


def _of_borrower(states: States, state: State, want: Borrower, got: Borrower, done: set[str]) -> str:
    before = states[0].borrower(want.number)
    was = "" if before is None else before.phase
    if state.closed:
        return "CP-13"
    if want.phase == "cancelled" and was == "waiting":
        return "CP-07"
    if want.phase in IN_SCOPE and got.phase in IN_SCOPE:
        return "CP-01"  # another connection than any that it should have got
    if want.phase in IN_SCOPE:
        return _of(done, "CP-05" if was == "waiting" else "CP-14" if got.phase == "waiting" else "CP-01")
    if want.phase == "waiting" and got.phase in IN_SCOPE:
        return "CP-10" if got.connection in {each.number for each in state.resetting()} else "CP-15"
    if want.phase == "waiting":
        return _of(done, "CP-05")
    return _OF_ENDS.get(want.phase) or _of(done, "CP-04" if done & _OF_LEAVING else "CP-05")


def _of_pool(expected: Seen, seen: Seen, done: set[str]) -> str:
    if expected.resets > seen.resets:
        return "CP-10"
    if expected.open != seen.open:
        leaks = len(seen.open) > len(expected.open)
        return _of(done, "CP-04" if leaks and done & _OF_LEAVING else "CP-01")
    if expected.attempts > seen.attempts:
        return _of(done, "CP-14")  # somebody waits, and a slot that should be free is not
    return "CP-01" if expected.attempts < seen.attempts else "CP-17" if seen.counts != expected.counts else _of(done, "CP-01")


def _of(done: set[str], otherwise: str) -> str:
    """The requirement that speaks of what was just done."""
    return next((requirement for name, requirement in _OF_EVENTS.items() if name in done), otherwise)
