"""Which requirement an unexplained observation of a state breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import Call, Seen
from .state import REENTRANT, State

if TYPE_CHECKING:
    from .model import SharedStateModel

_OF_CAUSES = {
    "a cancellation": "SS-10",
    "calling back": "SS-08",
    "a slow listener": "SS-09",
    "a failing listener": "SS-09",
    "coming and going": "SS-11",
}
"""The requirement about what has happened, and after which calls get stuck or fail."""
_OF_EVENTS = {"UpdateIf": "SS-13", "Cancel": "SS-10", "Change": "SS-04", "RemoveListener": "SS-11", "AddListener": "SS-11"}


def blame(model: SharedStateModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement of the first difference from the right state that comes nearest."""
    right = successors(model, states, batch, RIGHT)
    if isinstance(seen, Hung):
        return _of_listeners(right[0]) or _of_batch(batch, "SS-01")
    nearest = min(right, key=lambda state: _distance(model, state, seen))
    return _requirement(nearest, model.observe(nearest, RIGHT), seen, batch)


def _distance(model: SharedStateModel, state: State, seen: Seen) -> int:
    expected = model.observe(state, RIGHT)
    calls = sum(one != other for one, other in zip(expected.calls, seen.calls, strict=False))
    return 4 * calls + 2 * (expected.heard != seen.heard) + (expected.nested != seen.nested) + (not expected.plainly)


def _of_listeners(state: State) -> str:
    """The requirement about the most troublesome of the listeners that are there."""
    kinds = {each.kind for each in state.listeners}
    if kinds.intersection(REENTRANT):
        return "SS-08"
    if kinds & {"leaving", "inviting"}:
        return "SS-11"
    return "SS-09" if kinds & {"slow", "failing"} else ""


def _requirement(state: State, expected: Seen, seen: Seen, batch: Batch) -> str:
    for want, got in zip(expected.calls, seen.calls, strict=False):
        if want != got:
            return _of_call(state, want, got, batch)
    if seen.altered:
        return "SS-04"
    if expected.nested != seen.nested:
        return "SS-08"
    if expected.reported != seen.reported:
        return "SS-09"
    if seen.failed:
        return "SS-11"
    if seen.readers:
        return "SS-12"
    if expected.heard != seen.heard:
        return _of_listeners(state) or _of_batch(batch, "SS-07")
    return "SS-05"


def _of_call(state: State, want: Call, got: Call, batch: Batch) -> str:
    if got.phase == "waiting" or got.phase.startswith("raised"):
        shaken = next((requirement for cause, requirement in _OF_CAUSES.items() if cause in state.shaken), "")
        return shaken or _of_listeners(state) or _of_batch(batch, "SS-01")
    if want.phase in ("conflict", "cancelled"):
        return "SS-13" if want.phase == "conflict" else "SS-10"
    if want.phase.startswith("raised"):
        return "SS-01"
    if want.found != got.found:
        return "SS-03"
    if want.version is not None and got.version is not None:
        return _of_version(state, want, got)
    return _of_batch(batch, "SS-01")


def _of_version(state: State, want: Any, got: Any) -> str:
    if want.version.fault != got.version.fault:
        return "SS-04" if got.version.fault.startswith("the parts") else "SS-06"
    if want.version.number == got.version.number:
        return "SS-02" if len(want.version.updates) < len(got.version.updates) else "SS-03"
    return "SS-01" if want.version.updates == got.version.updates else "SS-05"


def _of_batch(batch: Batch, otherwise: str) -> str:
    """The requirement that speaks of what was just done."""
    if any(getattr(event, "how", "") in ("fail", "abort") for event in batch.events):
        return "SS-02"
    names = [type(event).__name__ for event in batch.events]
    return next((requirement for name, requirement in _OF_EVENTS.items() if name in names), otherwise)
