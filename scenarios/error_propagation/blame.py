"""Which requirement an unexplained observation of errors breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import FAILURES, FOREIGN, INTERRUPTS, KNOWN, Call, Cancel, Seen
from .state import State, Tracked

if TYPE_CHECKING:
    from .model import ErrorPropagationModel

_ASPECTS = {
    "context": "EP-02",
    "chain": "EP-07",
    "sentence": "EP-03",
    "codes": "EP-03",
    "hint": "EP-13",
    "survival": "EP-09",
    "leaks": "EP-10",
    "status": "EP-12",
    "document": "EP-05",
}
"""By what was looked at, the requirement that it is about."""


def blame(model: ErrorPropagationModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement of the first difference from what is right."""
    right = successors(model, states, batch, RIGHT)
    cancelled = any(isinstance(event, Cancel) for event in batch.events)
    if isinstance(seen, Hung) or not right:
        return "EP-06" if cancelled else "EP-05"
    state = right[-1]
    if state.looked:
        return _ASPECTS[state.looked[0]]
    if seen.late:
        return "EP-11"
    for call in seen.calls:
        tracked = state.call(call.number)
        if tracked is not None and not _is_right(model, state, tracked, call):
            return _of_call(tracked, call, cancelled)
    return "EP-14" if not seen.released else "EP-05"


def _is_right(model: ErrorPropagationModel, state: State, tracked: Tracked, call: Call) -> bool:
    alone = state._replace(calls=(tracked,), over=(tracked.number,) if call.phase != "waiting" else (), late=(), released=True)
    return model.matches(alone, Seen((call,)), RIGHT)


def _of_call(tracked: Tracked, call: Call, cancelled: bool) -> str:
    hows = [how for _, how in tracked.ended if how != "ok"]
    failure = call.failure
    if cancelled or any(how in INTERRUPTS for how in hows):
        return "EP-06"
    if tracked.release != "ok" and hows:
        return "EP-14"
    if failure is not None and len(failure.origins) + len(failure.lost) > 1:
        return "EP-11"
    if not hows or call.phase.startswith("returned"):
        return "EP-04" if not hows or hows == ["invalid"] else "EP-05"
    return _of_how(hows[0], call)


def _of_how(how: str, call: Call) -> str:
    if how in FAILURES:
        return "EP-01"
    if how in FOREIGN:
        return "EP-05"
    if how in KNOWN:
        lost = call.failure is not None and call.failure.lost
        return "EP-07" if lost else "EP-08"
    return "EP-04"
