"""Which requirement an unexplained observation of a manager breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import UP, Call, Get, Seen
from .state import State

if TYPE_CHECKING:
    from .model import ResourceLifecycleModel

_OF_CAUSES = {
    "a hang": "RL-14",
    "a restart": "RL-16",
    "needs": "RL-15",
    "a cancelled leaving": "RL-13",
    "leaving by cancellation": "RL-13",
    "leaving with an error": "RL-13",
    "a cancellation": "RL-10",
    "a meeting": "RL-09",
    "rivals": "RL-11",
    "a second cleanup": "RL-08",
    "a failing check": "RL-12",
    "a failing cleanup": "RL-05",
    "a failing initialise": "RL-02",
    "leaving": "RL-13",
}
"""The requirement about what has happened, the rarer first."""
_OF_EVENTS = {
    "Cancel": "RL-10",
    "CheckHealth": "RL-12",
    "Leave": "RL-13",
    "Enter": "RL-13",
    "Advance": "RL-14",
    "CleanupEnds": "RL-05",
    "CleanUp": "RL-05",
    "InitializeEnds": "RL-01",
    "Register": "RL-01",
    "Get": "RL-03",
}


def blame(model: ResourceLifecycleModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement of the first difference from the right state that comes nearest."""
    right = successors(model, states, batch, RIGHT)
    if isinstance(seen, Hung):
        return _of_state(right[0], batch)
    nearest = min(right, key=lambda state: _distance(model, state, seen))
    return _requirement(nearest, model.observe(nearest, RIGHT), seen, batch)


def _distance(model: ResourceLifecycleModel, state: State, seen: Seen) -> int:
    expected = model.observe(state, RIGHT)
    calls = sum(one != other for one, other in zip(expected.calls, seen.calls, strict=False))
    return 2 * calls + len(set(expected.resources).symmetric_difference(seen.resources))


def _of_state(state: State, batch: Batch) -> str:
    """The requirement about the most troublesome of what has happened, or about what is done now."""
    names = [type(event).__name__ for event in batch.events]
    shaken = next((requirement for cause, requirement in _OF_CAUSES.items() if cause in state.shaken), "")
    return shaken or next((requirement for name, requirement in _OF_EVENTS.items() if name in names), "RL-01")


def _requirement(state: State, expected: Seen, seen: Seen, batch: Batch) -> str:
    if seen.order:
        return "RL-06"
    if seen.needs:
        return "RL-15"
    if seen.leaked:
        return "RL-09"
    if all(isinstance(event, Get) for event in batch.events) and seen.resources != expected.resources:
        return "RL-08" if state.closed else "RL-02" if "a failing initialise" in state.shaken else "RL-01"
    for want, got in zip(expected.calls, seen.calls, strict=False):
        if want != got:
            return _of_call(state, want, got, batch)
    names = {type(event).__name__ for event in batch.events}
    again = state.closed and names == {"CleanUp"} and not any(UP in each.acts for each in seen.resources)
    return "RL-08" if again and not expected.resources else _of_state(state, batch)


def _of_call(state: State, want: Call, got: Call, batch: Batch) -> str:
    call = state.call(want.number)
    if call is not None and call.kind == "get" and not state.shaken:
        return "RL-03" if state.registered(call.id) is None and not state.closed else "RL-08" if state.closed else "RL-01"
    if call is not None and call.kind == "clean" and "a failing cleanup" in state.shaken:
        return "RL-07"
    return _of_state(state, batch)
