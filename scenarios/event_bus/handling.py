"""What the end of a handler does to the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternproof.modelling import Names

from .arrival import noting
from .calling import handler_ended
from .delivery import IN_LINE, begun, flow
from .events import PUSH, HandlerEnds
from .state import CUT, DEAF, GHOST, GONE, HAUNTS, LEAVING, NOBODY, OPEN, Flight, Item, State, Tracked, by_handlers, nexts
from .transitions import subscribe, unsubscribe, with_

WITHIN_WAITS = by_handlers("publishing within waits")
DEAF_AFTER = {"error": "a failing handler hears no more", "cancelled": "a handler that is cancelled hears no more"}
DEAD_AFTER = {"error": "a failing handler stays as it is", "cancelled": "a handler that is cancelled stays as it is"}
_FOR_EVER = Item(NOBODY, NOBODY, "X")
"""What a handler is busy with that is called no more."""
HANDLERS = 10
"""The number of the first handler as a publisher."""


def handler_ends(state: State, event: HandlerEnds, deviations: Names) -> Iterator[State]:
    """A run of a handler is over, or does something that it ends with."""
    sub = state.sub(event.subscription)
    if sub is None or not sub.running:
        yield state
        return
    item = sub.running[0]
    if event.other != NOBODY and sub.phase in (GONE, LEAVING):  # it may have been cancelled as it was unsubscribed
        yield from _returned(state, sub.number, item, "ok", deviations)
    if event.how == "publishes":
        own = Item(event.other, HANDLERS + sub.number, "X")
        rest = sub._replace(running=sub.running[1:], publishing=(*sub.publishing, item))
        events = max(state.events, event.other + 1)
        after = state.with_sub(rest)._replace(events=events, ending=(*state.ending, (sub.number, item, event.other)))
        if WITHIN_WAITS in deviations:
            yield after._replace(flights=(*after.flights, Flight(own, (NOBODY,))))
        else:
            yield from begun(after, own, deviations)
        return
    for acted in _acted(state, event, deviations):
        yield from _returned(acted, sub.number, item, event.how, deviations)


def _acted(state: State, event: HandlerEnds, deviations: Names) -> Iterable[State]:
    """What a handler does before it returns."""
    if event.how == "removes":
        return unsubscribe(state, event.other, deviations)
    if event.how == "subscribes":
        return subscribe(state, event.other, "X", PUSH, deviations)
    return (state,)


def published_within(state: State, deviations: Names) -> Iterator[State]:
    """Handlers return that have published what they had to."""
    over = {each.number for each in state.published}
    ending = next((each for each in state.ending if each[2] in over), None)
    if ending is None:
        yield state
        return
    number, item, _ = ending
    rest = state._replace(ending=tuple([each for each in state.ending if each != ending]))
    for after in _returned(rest, number, item, "ok", deviations):
        yield from published_within(after, deviations)


def _returned(state: State, number: int, item: Item, how: str, deviations: Names) -> Iterator[State]:
    sub = state.sub(number)
    if sub is None:
        yield state
        return
    runs, publishing = ([each for each in items if each.number != item.number] for items in (sub.running, sub.publishing))
    rest = sub._replace(running=tuple(runs), publishing=tuple(publishing))
    after = state.with_sub(rest)
    if how in ("error", "cancelled"):
        after = _failed(after, rest, how, deviations)
        if deviations & IN_LINE and _kills(how, deviations):  # what would have called the next handler is dead as well
            yield after
            return
    for ended in handler_ended(after, number, item, how, deviations):
        for left in _left(ended, number, how, deviations):
            yield from _served(left, number, deviations)


def _failed(state: State, sub: Tracked, how: str, deviations: Names) -> State:
    if sub.phase == OPEN and (DEAF_AFTER["error"] in deviations or DEAF_AFTER[how] in deviations):
        state = state.with_sub(sub._replace(phase=DEAF, buffer=()))
    elif _kills(how, deviations):
        state = state.with_sub(sub._replace(publishing=(_FOR_EVER,)))
    awaited = any(flight.awaited and not flight.accepted for flight in state.flights)
    if sub.phase == GONE or awaited or how == "cancelled":
        return state._replace(perhaps=with_(state.perhaps, sub.number))
    return state._replace(reported=with_(state.reported, sub.number))


def _kills(how: str, deviations: Names) -> bool:
    return DEAD_AFTER["error"] in deviations or DEAD_AFTER[how] in deviations


def _left(state: State, number: int, how: str, deviations: Names) -> Iterable[State]:
    sub = state.sub(number)
    if how != "leaves" or sub is None or sub.phase not in (OPEN, CUT):
        return (state,)
    if "a handler cannot unsubscribe itself" in deviations:
        return (state._replace(trouble=with_(state.trouble, (sub.number, "fails to unsubscribe"))),)
    return unsubscribe(state, sub.number, deviations)


def _served(state: State, number: int, deviations: Names) -> Iterator[State]:
    """The handler goes on with what waits for it."""
    sub = state.sub(number)
    if sub is None or sub.phase in (GONE, GHOST, HAUNTS):
        yield from flow(state, deviations) if state.flights else (state,)
        return
    if not sub.buffer:
        after = state.with_sub(sub._replace(phase=GONE)) if sub.phase == LEAVING and not sub.busy else state
        yield from flow(after, deviations) if state.flights else (after,)
        return
    if sub.busy:
        yield state
    for index in nexts(state, sub, deviations):
        item = sub.buffer[index]
        if all(each.publisher != item.publisher for each in sub.busy):
            rest = sub._replace(buffer=sub.buffer[:index] + sub.buffer[index + 1 :], running=(*sub.running, item))
            after = state.given(noting(rest, item, deviations), item)
            yield from flow(after, deviations) if state.flights else (after,)
