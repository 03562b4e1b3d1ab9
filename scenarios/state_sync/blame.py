"""Which requirement an unexplained observation of replicas breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, States, successors

from .events import CENTRE, Cancel, Delete, DeliverAgain, LetThrough, Line, Seen, SetWallClock, Write
from .seeing import faults_of, may_be
from .state import NODES, State

if TYPE_CHECKING:
    from .model import StateSyncModel


def blame(model: StateSyncModel, states: States, batch: Batch, seen: Seen | Hung) -> str:
    """The requirement that speaks of what is seen, and of the rarest thing that had happened by then."""
    state = successors(model, states, batch, RIGHT)[0]
    if isinstance(seen, Hung):
        return "SY-06" if "line" in state.disturbed else "SY-12"
    return _of_the_batch(state, seen) or _of_the_views(state, seen)


def _of_the_batch(state: State, seen: Seen) -> str:
    if seen.found:
        return {"volume": "SY-13", "contest": "SY-04"}.get(_experiment(seen.found), "SY-03")
    if seen.failed:
        return "SY-01"
    if any(faults_of(state, each) for each in seen.syncs) and state.settings.retries:
        return "SY-14"
    expected = {each.number: each.phase for each in state.ended} | {each.number: each.phase for each in state.flights}
    for each in seen.syncs:
        if expected.get(each.number) != each.phase:
            return _of_a_sync(state, expected.get(each.number), each.phase)
    allowed = state.may_advance
    return "SY-06" if any(not allowed >> number & 1 for number in seen.advanced) else ""


def _experiment(found: str) -> str:
    return "volume" if "transferred" in found else "contest" if "order of syncs" in found else "order"


def _of_a_sync(state: State, expected: str | None, phase: str) -> str:
    if state.settings.retries:
        return "SY-14"
    if phase.startswith("returned ") and expected == "returned":
        return "SY-11"
    if state.flights or "cancel" in state.disturbed:
        return "SY-12"
    if expected == "failed" or phase == "stands still":
        return "SY-06"
    return "SY-10" if "wall" in state.disturbed else "SY-02"


def _of_the_views(state: State, seen: Seen) -> str:
    if any(isinstance(value, str) for view in seen.views for value in view):
        return "SY-01"
    wrong = [
        (node, index)
        for node, view in zip(NODES, seen.views, strict=True)
        for index, value in enumerate(view)
        if not may_be(state, state.keys[index], node, value, RIGHT)
    ]
    for word, requirement in (("wall", "SY-10"), ("again", "SY-08"), ("delete", "SY-09"), ("cancel", "SY-12"), ("hold", "SY-05")):
        if word in state.disturbed:
            return requirement
    if state.settings.sync_interval is not None:
        return "SY-07"
    if state.settings.merge is not None:
        return "SY-15"
    if not wrong:
        return _of_the_rest(state, seen)
    if "line" in state.disturbed:
        return "SY-06" if all(node != CENTRE for node, _ in wrong) and any(e.phase == "failed" for e in state.ended) else "SY-05"
    return "SY-02"


def _of_the_rest(state: State, seen: Seen) -> str:
    """Nothing but that the views differ, or the result of a sync."""
    for index, key in enumerate(state.keys):
        centre = seen.views[CENTRE][index]
        if any(key.equal >> node & 1 and seen.views[node][index] != centre for node in NODES if node != CENTRE):
            return "SY-04"
    return "SY-11"


def disturbance(event: object) -> str:
    """The rare thing that an event is; empty for a common one."""
    match event:
        case SetWallClock():
            return "wall"
        case DeliverAgain():
            return "again"
        case Delete():
            return "delete"
        case Cancel():
            return "cancel"
        case LetThrough():
            return "hold"
        case Line():
            return "line"
        case Write(key=1):
            return "key"
    return ""
