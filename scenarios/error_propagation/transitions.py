"""What each event does to the model of error propagation."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from .deviations import strikes
from .events import INTERRUPTS, End, Perform
from .state import State, Tracked

ELSE = "returned something else"
RAW = "raised something else"
WRAPPED = "wrapped"
NOT_BEGUN = "not begun"
ANYTHING = "anything"
_PHASES = {"raw": RAW, "success": ELSE, "passes": "returned", "wrapped": WRAPPED}
"""By the effect of a deviation, what becomes of a request then."""


def perform(state: State, event: Perform) -> Iterator[State]:
    """A request is made."""
    begun = max(state.begun, event.call + 1)
    known = state.call(event.call)
    if known is not None:  # cancelled in the same batch, before it began
        over = (*state.over, event.call) if known.phase == NOT_BEGUN else state.over
        yield state.with_call(known._replace(phase="cancelled"))._replace(begun=begun, over=over)
        return
    call = Tracked(event.call, event.resources, event.release)
    yield state._replace(calls=tuple(sorted((*state.calls, call))), begun=begun)


def end(state: State, event: End, deviations: Names) -> Iterator[State]:
    """The dependency's call for a resource of a request ends."""
    call = state.call(event.call)
    if call is None or event.resource not in call.open:
        yield state
        return
    after = call._replace(ended=(*call.ended, (event.resource, event.how)))
    if call.phase != "waiting":
        yield from _late(state, after, event, deviations)
        return
    if after.open:
        yield state.with_call(after)
        if after.failing:  # it need not wait for the others
            yield from _over(state, after, deviations)
        return
    yield from _over(state, after, deviations)


def _late(state: State, call: Tracked, event: End, deviations: Names) -> Iterator[State]:
    after = state.with_call(call)
    if call.phase == "raised" and event.how != "ok" and "only the first" in deviations:
        after = after._replace(late=(*state.late, (event.call, event.resource)))
    yield after


def _over(state: State, call: Tracked, deviations: Names) -> Iterator[State]:
    for phase in _phases(call, deviations):
        yield _ended(state, call._replace(phase=phase), deviations)


def _phases(call: Tracked, deviations: Names) -> Iterator[str]:
    failing = [how for _, how in call.ended if how != "ok"]
    if not failing:
        yield "returned"
        if call.release != "ok":
            yield WRAPPED  # that cleaning up has failed may be told, or noted somewhere else
        return
    wrong = {phase for effect, phase in _PHASES.items() if any(strikes(effect, how, False, deviations) for how in failing)}
    if wrong:
        yield from sorted(wrong)
        if call.release != "ok":
            yield WRAPPED  # what is swallowed gives way to the error of cleaning up
    if not wrong or len(failing) > 1:
        yield INTERRUPTS.get(failing[0], "raised")


def _ended(state: State, call: Tracked, deviations: Names) -> State:
    after = state.with_call(call)._replace(over=tuple(sorted({*state.over, call.number})))
    if call.phase == "raised":
        after = after._replace(error=call)
    if state.settings.cleanup and "nothing is cleaned up" in deviations:
        after = after._replace(released=False)
    return after


def cancel(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A request is cancelled."""
    call = state.call(number)
    if call is None:
        if number >= state.begun:  # in the turn in which it begins: it never does
            begun = Tracked(number, phase=NOT_BEGUN)
            yield state._replace(calls=tuple(sorted((*state.calls, begun))), begun=number + 1)
        else:
            yield state
        return
    if call.phase != "waiting":
        yield state
        if number in state.over:  # it overtakes the end
            yield from (state.with_call(call._replace(phase=phase)) for phase in _cancelled(deviations))
        return
    for phase in _cancelled(deviations):
        yield _ended(state, call._replace(phase=phase), deviations)
    if call.failing or call.release != "ok":
        # An error that has come may be told all the same, and one of cleaning up takes the place of the cancellation.
        yield _ended(state, call._replace(phase="raised" if call.failing else WRAPPED), deviations)


def _cancelled(deviations: Names) -> list[str]:
    phases = {"cancelling is wrapped": WRAPPED, "cancelling is swallowed": ELSE}
    return [phase for name, phase in phases.items() if name in deviations] or ["cancelled"]


def inspect(state: State, number: int, aspect: str) -> Iterator[State]:
    """The error of a request is looked at; where it is not that of the latest, nothing is known of it."""
    known = state.error is not None and state.error.number == number
    yield state._replace(looked=(*state.looked, aspect if known else ANYTHING))


def look_at(state: State, what: str) -> Iterator[State]:
    """Something else is looked at: codes or a document."""
    yield state._replace(looked=(*state.looked, what))
