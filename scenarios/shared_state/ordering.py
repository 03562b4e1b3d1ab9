"""What calls in some order make of a state."""

from __future__ import annotations

from typing import Any, NamedTuple

from patternproof.linearizability import Done, Record

CONFLICT = "conflict"
Sequential = tuple[int, tuple[int, ...]]
"""The version, and the updates that are in it."""


def step(before: Sequential, call: Done) -> Sequential | None:
    """What a call makes of the state; None where it cannot have seen what it did."""
    version, updates = before
    if call.name == "get":
        return before if not call.known or call.outcome == updates else None
    number, expected = call.argument
    agrees = expected is None or version == expected
    after = version + 1, updates if number is None else (*updates, number)
    if call.known and call.outcome == CONFLICT:
        return None if agrees else before
    if not call.known:
        return after if agrees else before
    return after if agrees and call.outcome == updates else None


class Timed(NamedTuple):
    """A call of another process, by the clock that all processes of a machine have in common."""

    number: int | None
    """Of the update; None: a get()."""
    found: list[int]
    """The updates that it found."""
    begun: float
    ended: float


def ordered(calls: list[Timed]) -> str:
    """Why no order of calls that came to an end explains what they found; empty where one does."""
    record = Record((0, ()), step)
    begun: dict[int, Any] = {}
    # Whatever ends as another begins is taken to overlap: beginnings stand first.
    moments = [(call.begun, False, place) for place, call in enumerate(calls)]
    moments += [(call.ended, True, place) for place, call in enumerate(calls)]
    for _, is_over, place in sorted(moments):
        call = calls[place]
        if is_over:
            record.end(begun[place], tuple(call.found))
        else:
            is_get = call.number is None
            begun[place] = record.begin("get" if is_get else "update", None if is_get else (call.number, None))
    return record.fault()
