"""How the model goes on when a handler has returned."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from .delivery import FAILS_AT_CHANGE, IN_TURN, SKIPS, called, next_in_queue
from .state import Item, State


def handler_ended(state: State, number: int, item: Item, how: str, deviations: Names) -> Iterator[State]:
    """A run of a handler is over that something waits for; only with deviations."""
    waits = [each.item.number == item.number and number in each.awaited for each in state.flights]
    index = waits.index(True) if True in waits else None
    if index is None or state.flights[index].behind:
        yield state
        return
    flight = state.flights[index]
    awaited = tuple([each for each in flight.awaited if each != number])
    if how == "leaves" and SKIPS in deviations and deviations & IN_TURN:
        awaited = awaited[1:]
    if awaited:
        rest = flight._replace(awaited=awaited)
        after = state._replace(flights=(*state.flights[:index], rest, *state.flights[index + 1 :]))
        yield called(after, rest, deviations) if deviations & IN_TURN else after
    if how in ("error", "cancelled") and not flight.accepted:
        yield from _over(state._replace(perhaps=tuple(sorted({*state.perhaps, number}))), index, "fails", deviations)
    if flight.disturbed:
        yield from _over(state, index, "fails", deviations)
    if not awaited:
        yield from _over(state, index, "done", deviations)


def _over(state: State, index: int, phase: str, deviations: Names) -> Iterator[State]:
    flight = state.flights[index]
    after = state._replace(flights=state.flights[:index] + state.flights[index + 1 :])
    yield from next_in_queue(_next_in_line(after if flight.accepted else after.ended(flight.item, phase), deviations), deviations)


def _next_in_line(state: State, deviations: Names) -> State:
    """With the handlers called of the event that waited for this."""
    waiting = next((flight for flight in state.flights if flight.behind and flight.awaited), None)
    if waiting is None:
        return state
    begun = waiting._replace(behind=False)
    return called(
        state._replace(flights=tuple([begun if each is waiting else each for each in state.flights])), begun, deviations
    )


def disturbed(state: State, deviations: Names) -> State:
    """Subscriptions have changed while handlers are called."""
    if FAILS_AT_CHANGE not in deviations or not any(flight.awaited for flight in state.flights):
        return state
    return state._replace(flights=tuple([each._replace(disturbed=bool(each.awaited)) for each in state.flights]))
