"""Which requirement an unexplained observation of a bus breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import MISCOUNTED, OVERFLOWED, HandlerEnds, Receipt, Seen
from .state import CHANGED, State

if TYPE_CHECKING:
    from .model import EventBusModel

_OF_EVENTS = {
    "Close": "EB-14",
    "CancelPublish": "EB-13",
    "SubscribeThenPublish": "EB-05",
    "PublishThenSubscribe": "EB-06",
    "UnsubscribeThenPublish": "EB-09",
    "LeaveScope": "EB-09",
    "CancelReceive": "EB-11",
    "Unsubscribe": "EB-10",
    "Subscribe": "EB-10",
}


def blame(model: EventBusModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement of the first difference from the right state that comes nearest."""
    right = successors(model, states, batch, RIGHT)
    if isinstance(seen, Hung):
        return "EB-14" if right[0].closed else _of_batch(batch, "EB-07")
    nearest = min(right, key=lambda state: _distance(model.observe(state, RIGHT), seen))
    return _requirement(nearest, model.observe(nearest, RIGHT), seen, batch)


def _distance(expected: Seen, seen: Seen) -> int:
    return 2 * len(set(expected.received) ^ set(seen.received)) + sum(a != b for a, b in zip(expected, seen, strict=True))


def _requirement(state: State, expected: Seen, seen: Seen, batch: Batch) -> str:
    if expected.wired != seen.wired:
        return "EB-16"
    if expected.left != seen.left:
        return "EB-09"
    if any(CHANGED in receipt.what for receipt in seen.received):
        return "EB-16" if _has(batch, "Publish") else "EB-12"
    if expected.closing != seen.closing:
        return "EB-14"
    if expected.published != seen.published:
        return _of_publishing(state, batch)
    if expected.received != seen.received:
        return _of_receipts(state, expected, seen, batch)
    if expected.reported != seen.reported:
        return "EB-15"
    if [each.dropped for each in expected.standing] != [each.dropped for each in seen.standing]:
        return "EB-13"
    return _of_batch(batch, "EB-10" if expected.standing != seen.standing else "EB-01")


def _of_publishing(state: State, batch: Batch) -> str:
    if state.closed:
        return "EB-14"
    if not any(sub.phase == "open" for sub in state.subs):
        return "EB-08"
    return _of_batch(batch, "EB-13" if any(not state.has_room(sub) for sub in state.subs) else "EB-07")


def _of_receipts(state: State, expected: Seen, seen: Seen, batch: Batch) -> str:
    missing, more = (_less(a, b) for a, b in ((expected, seen), (seen, expected)))
    got = [receipt for receipt in more if receipt.what[:1].isdigit()]
    for receipt in got:
        sub = state.sub(receipt.subscription)
        if sub is None or sub.phase == "gone":
            return "EB-09"
        if any(receipt.subscription == other.subscription and other.what[:1].isdigit() for other in missing):
            return "EB-04"
    if any(receipt.what in (OVERFLOWED, MISCOUNTED) for receipt in more) or any(sub.dropped for sub in state.subs):
        return "EB-13"
    if any(isinstance(event, HandlerEnds) and event.how in ("error", "cancelled") for event in batch.events):
        return "EB-15"
    return "EB-14" if state.closed else _of_batch(batch, "EB-01")


def _less(one: Seen, other: Seen) -> list[Receipt]:
    return [receipt for receipt in one.received if receipt not in other.received]


def _has(batch: Batch, name: str) -> bool:
    return any(type(event).__name__ == name for event in batch.events)


def _of_batch(batch: Batch, otherwise: str) -> str:
    """The requirement that speaks of what was just done."""
    return next((requirement for name, requirement in _OF_EVENTS.items() if _has(batch, name)), otherwise)
