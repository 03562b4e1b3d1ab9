"""Which requirement an unexplained observation of a service breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import Seen
from .state import CHANGED, State

if TYPE_CHECKING:
    from .model import ServiceModel

_OF_EVENTS = {
    "Retry": "SI-13",
    "Advance": "SI-12",
    "Lose": "SI-07",
    "CancelSend": "SI-11",
    "CancelReceive": "SI-11",
    "SubscribeThenPeerSends": "SI-10",
    "Unregister": "SI-05",
}


def blame(model: ServiceModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement of the first difference from the right state that comes nearest."""
    right = successors(model, states, batch, RIGHT)
    if isinstance(seen, Hung):
        return _of_batch(batch, "SI-09" if right[0].busy else "SI-03")
    nearest = min(right, key=lambda state: _distance(model.observe(state, RIGHT), seen))
    return _requirement(nearest, model.observe(nearest, RIGHT), seen, batch)


def _distance(expected: Seen, seen: Seen) -> int:
    return sum(2 * len(set(a) ^ set(b)) for a, b in zip(expected[:7], seen[:7], strict=True))


def _requirement(state: State, expected: Seen, seen: Seen, batch: Batch) -> str:
    if expected.found != seen.found:
        return "SI-08" if any(getattr(event, "experiment", "") == "neighbours" for event in batch.events) else "SI-10"
    if CHANGED in str(seen):
        return "SI-02"
    if expected.calls != seen.calls:
        return _of_calls(state, expected, seen, batch)
    if expected.arrived != seen.arrived:
        return "SI-13" if state.keys else _of_batch(batch, "SI-03")
    if expected.heard != seen.heard:
        return _of_hearing(expected, seen, batch)
    if expected.received != seen.received:
        return _of_batch(batch, "SI-10")
    if expected.told != seen.told:
        return "SI-06"
    return _of_batch(batch, "SI-05" if expected.standing != seen.standing else "SI-03")


def _of_calls(state: State, expected: Seen, seen: Seen, batch: Batch) -> str:
    more = [each for each in seen.calls if each not in expected.calls]
    if any("of " in each.phase for each in more):
        return "SI-03"
    if _ways(batch) & {"fault", "refused"}:
        return "SI-07"
    if "sends" in _ways(batch) or state.inners:
        return "SI-09"
    return _of_batch(batch, "SI-03")


def _of_hearing(expected: Seen, seen: Seen, batch: Batch) -> str:
    if "error" in _ways(batch):
        return "SI-06"
    known = {each.handler for each in expected.heard}
    return _of_batch(batch, "SI-04") if known or not seen.heard else "SI-05"


def _ways(batch: Batch) -> set[Any]:
    return {getattr(event, "how", "") for event in batch.events}


def _of_batch(batch: Batch, otherwise: str) -> str:
    """The requirement that speaks of what was just done."""
    names = {type(event).__name__ for event in batch.events}
    if "registers" in _ways(batch) or "leaves" in _ways(batch):
        return "SI-09"
    return next((requirement for name, requirement in _OF_EVENTS.items() if name in names), otherwise)
