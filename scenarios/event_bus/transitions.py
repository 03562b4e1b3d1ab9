"""What each event does to the model of event buses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import TypeVar

from patternproof.modelling import Names

from .arrival import noting
from .calling import disturbed
from .delivery import IN_TURN, begun, flow, gone, next_in_queue
from .events import OVERFLOWED, PULL, PUSH, Publish, Publishing, R
from .state import (
    CUT,
    DEAF,
    GHOST,
    GONE,
    HAUNTS,
    LEAVING,
    LIVE,
    NOBODY,
    OPEN,
    UNDEAD,
    WANING,
    Item,
    State,
    Tracked,
    nexts,
    wrong,
)

T = TypeVar("T")
HOLDS_UP = "what is gone holds publishers up"


def publish(state: State, event: Publish, deviations: Names) -> Iterable[State]:
    """A publisher publishes; its own events come in the order of their numbers."""
    if any(publisher == event.publisher and number > event.number for publisher, number in state.lately):
        return ()
    lately = tuple(sorted((*state.lately, (event.publisher, event.number))))
    state = state._replace(events=max(state.events, event.number + 1), lately=lately)
    return begun(state, Item(event.number, event.publisher, event.topic, event.special), deviations)


def with_(some: tuple[T, ...], more: T) -> tuple[T, ...]:
    return tuple(sorted({*some, more}))  # type: ignore[type-var]  # numbers, or tuples that begin with one


def _by_the_way(number: int) -> Item:
    """What R publishes."""
    return Item(number, R, "X")


def subscribe(state: State, number: int, topics: str, style: str, deviations: Names) -> Iterator[State]:
    """A new subscription."""
    state = disturbed(state._replace(come=max(state.come, number + 1), changed=True), deviations)
    sub = Tracked(number, style, topics)
    if state.closed:
        # Of a bus that is closed nothing is said: it may refuse, or give a subscription that has ended.
        yield state._replace(trouble=with_(state.trouble, (number, "refused")))
        yield state._replace(subs=with_(state.subs, sub))
        return
    latest = state.latest
    if latest is not None and latest.topic in topics and wrong(deviations, sub, "the latest is replayed"):
        started = sub._replace(buffer=(latest,)) if style == PULL else sub._replace(running=(latest,))
        after = state._replace(subs=with_(state.subs, started))
        yield after if style == PULL else after.given(started, latest).handed_over(number, latest)
    else:
        yield from _joined(state._replace(subs=with_(state.subs, sub)), sub, deviations)
        for items in _replays(state, sub):
            yield _replayed(state, sub, items)


def _replays(state: State, sub: Tracked) -> Iterator[tuple[Item, ...]]:
    """What of the past a new subscription may get: of each topic the last few, or all."""
    past = [item for item in state.past if item.topic in sub.topics]
    counts = [range(1 + sum(item.topic == topic for item in past)) for topic in sub.topics]
    for kept in product(*counts):
        left = dict(zip(sub.topics, kept, strict=True))
        chosen = []
        for item in reversed(past):
            if left[item.topic]:
                left[item.topic] -= 1
                chosen.append(item)
        if chosen:
            yield tuple(reversed(chosen))


def _replayed(state: State, sub: Tracked, items: tuple[Item, ...]) -> State:
    if sub.style == PULL:
        return state._replace(subs=with_(state.subs, sub._replace(buffer=items)))
    started = sub._replace(running=items[:1], buffer=items[1:])
    return state._replace(subs=with_(state.subs, started)).given(started, items[0]).handed_over(sub.number, items[0])


def _joined(state: State, sub: Tracked, deviations: Names) -> Iterator[State]:
    """What waits to be published is not published yet: a new subscription may get it or not."""
    yield state
    for index, flight in enumerate(state.flights):
        if flight.item.topic in sub.topics and flight.owed and not flight.accepted:
            joined = flight._replace(owed=(*flight.owed, sub.number))
            after = state._replace(flights=(*state.flights[:index], joined, *state.flights[index + 1 :]))
            yield from flow(after, deviations)
        elif (
            flight.awaited
            and not flight.accepted
            and deviations & IN_TURN
            and sub.style == PUSH
            and flight.item.topic in sub.topics
        ):
            joined = flight._replace(awaited=(*flight.awaited, sub.number))
            yield state._replace(flights=(*state.flights[:index], joined, *state.flights[index + 1 :]))


def subscribe_then_publish(state: State, subscription: int, number: int, style: str, deviations: Names) -> Iterator[State]:
    """A new subscription, and an event that it must not miss."""
    late = wrong(deviations, Tracked(subscription, style), "late")
    state = state._replace(events=max(state.events, number + 1))
    if late:
        for after in begun(state, _by_the_way(number), deviations):
            yield from subscribe(after, subscription, "X", style, deviations)
        return
    for after in subscribe(state, subscription, "X", style, deviations):
        refused = after.sub(subscription) is None
        yield from (after,) if refused else begun(after, _by_the_way(number), deviations)


def publish_then_subscribe(state: State, number: int, subscription: int, style: str, deviations: Names) -> Iterator[State]:
    """An event, and a new subscription that is not to get it."""
    early = wrong(deviations, Tracked(subscription, style), "early")
    state = state._replace(events=max(state.events, number + 1))
    if early:
        for after in subscribe(state, subscription, "X", style, deviations):
            yield from begun(after, _by_the_way(number), deviations)
        return
    for after in begun(state, _by_the_way(number), deviations):
        if after.publisher_waits(R):  # with a deviation: it never comes to subscribing
            yield after._replace(come=max(after.come, subscription + 1))
        else:
            yield from subscribe(after, subscription, "X", style, deviations)


def unsubscribe(state: State, number: int, deviations: Names, scope: bool = False) -> Iterator[State]:
    """A subscription is to end; unsubscribe() may wait for a handler that runs, and for what waits for that."""
    sub = state.sub(number)
    if sub is None or sub.phase not in (OPEN, CUT, DEAF):
        yield state
        return
    state = disturbed(state._replace(changed=True), deviations)
    if wrong(deviations, sub, "still gets") or (scope and wrong(deviations, sub, "outlives its scope")):
        yield state.with_sub(sub._replace(phase=UNDEAD))
        return
    ended = sub._replace(receiving=False, unsaid=sub.unsaid or sub.phase == CUT)
    after = state.told(ended, "ended") if sub.receiving else state
    if wrong(deviations, sub, HOLDS_UP):
        yield from flow(after.with_sub(ended._replace(phase=GHOST, buffer=(), got=())), deviations)
        return
    yield from gone(after, ended, deviations)
    handed = next((item for receiver, item in state.handed if receiver == number), None) if deviations else None
    if handed is not None:  # a reader that has not run yet gets nothing; a right bus has then given it to nobody else either
        receipts = tuple([each for each in state.received if each != (number, str(handed))])
        yield from gone(state._replace(received=receipts), ended._replace(running=()), deviations)
    if sub.buffer and sub.style == PULL:
        for left in gone(after, ended, deviations):
            yield left.with_sub(ended._replace(phase=GONE, got=()))  # what had arrived before may still be received
    if sub.receiving:
        yield from gone(state, sub, deviations)
    if sub.busy:
        yield from _leaving(state, sub, deviations)


def _leaving(state: State, sub: Tracked, deviations: Names) -> Iterator[State]:
    for after in gone(state, sub, deviations):
        yield after.with_sub(sub._replace(phase=LEAVING, buffer=(), got=()))
        if sub.buffer:
            yield after.with_sub(sub._replace(phase=LEAVING, got=()))


def unsubscribe_then_publish(state: State, subscription: int, number: int, deviations: Names) -> Iterator[State]:
    """A subscription ends, and then an event is published that it is not to get."""
    sub = state.sub(subscription)
    state = state._replace(events=max(state.events, number + 1))
    if sub is not None and sub.phase == OPEN and wrong(deviations, sub, "ends late"):
        for after in begun(state, _by_the_way(number), deviations):
            yield from unsubscribe(after, subscription, deviations)
        return
    for after in unsubscribe(state, subscription, deviations):
        yield from begun(after, _by_the_way(number), deviations)


def receive(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A subscriber asks for its next event."""
    sub = state.sub(number)
    if sub is None or sub.receiving or sub.style == PUSH:
        yield state
    elif sub.phase in (GONE, GHOST, HAUNTS):
        yield state.told(sub, "ended")
        if sub.unsaid:  # one that was disconnected may be told at every receive
            yield state.told(sub._replace(unsaid=state.settings.overflow == "disconnect"), OVERFLOWED)
        if sub.phase == GONE and sub.buffer:
            for index in nexts(state, sub, deviations):
                yield from _taken(state, sub, index, deviations)
        else:
            yield state.with_sub(sub._replace(receiving=True))
    elif sub.buffer:
        for index in nexts(state, sub, deviations):
            yield from _taken(state, sub, index, deviations)
    else:
        yield from _of_empty(state, sub, deviations)
    if sub is not None and sub.unsaid and sub.buffer and not sub.receiving and sub.phase != GONE:
        yield state.told(sub._replace(unsaid=False), OVERFLOWED)


def _of_empty(state: State, sub: Tracked, deviations: Names) -> Iterator[State]:
    waits = state.with_sub(sub._replace(receiving=True))
    if sub.phase == CUT and "a disconnected one is not told" in deviations:
        yield waits
        yield state.told(sub, "ended")
    elif sub.phase == CUT:
        yield state.told(sub._replace(unsaid=False), OVERFLOWED)
        if not sub.unsaid:  # it was told already
            yield state.told(sub, "ended")
    elif state.closed and "subscriptions are not ended" not in deviations:
        yield state.told(sub, "ended")
    else:
        yield waits
    if sub.unsaid and sub.phase != CUT:
        yield state.told(sub._replace(unsaid=False), OVERFLOWED)


def _taken(state: State, sub: Tracked, index: int, deviations: Names) -> Iterator[State]:
    item = sub.buffer[index]
    rest = noting(sub._replace(buffer=sub.buffer[:index] + sub.buffer[index + 1 :]), item, deviations)
    yield from flow(state.given(rest, item), deviations) if state.flights else (state.given(rest, item),)


def cancel_receive(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A receive is cancelled where it waits, or in the turn in which it began or got something."""
    sub = state.sub(number)
    if sub is not None and sub.receiving:
        robbed = "a cancelled receive takes one with it" in deviations
        yield state.told(sub._replace(receiving=False, robbed=robbed), "cancelled")
        return
    yield state
    item = next((item for receiver, item in state.before if receiver == number), None)
    if sub is None or item is None:
        return
    receipts = [each for each in state.received if each != (number, str(item))]
    before = tuple([each for each in state.before if each != (number, item)])
    undone = state._replace(received=tuple(receipts), before=before)
    back = sub._replace(buffer=(item, *sub.buffer), got=tuple([each for each in sub.got if each != item.number]))
    yield undone.told(back, "cancelled")
    if "lost as its receive is cancelled" in deviations:
        yield undone.told(sub, "cancelled")


def publish_cancelled(state: State, publisher: int, deviations: Names) -> Iterator[State]:
    """A publisher gives up, where it waits or as it goes on: its event may be published all the same, to all or to some."""
    index = next((i for i, each in enumerate(state.flights) if each.item.publisher == publisher and not each.accepted), None)
    if index is None:
        yield state
        lately = {number for each, number in state.lately if each == publisher}
        for done in [each for each in state.published if each.number in lately and each.phase == "done"]:
            others = tuple([each for each in state.published if each != done])
            yield state._replace(published=tuple(sorted((*others, Publishing(done.number, "cancelled")))))
        return
    flight = state.flights[index]
    before, after = state.flights[:index], state.flights[index + 1 :]
    if "a publisher that gives up holds up all others" in deviations:
        stuck = tuple([each._replace(owed=(NOBODY,)) for each in (*before, *after)])
        yield state._replace(flights=stuck, stuck=True).ended(flight.item, "cancelled")
        return
    for flights in ((*before, *after), (*before, flight._replace(accepted=True), *after)):
        yield from next_in_queue(state._replace(flights=flights).ended(flight.item, "cancelled"), deviations)


def spoil(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A subscriber tries to change what it got; nobody is to see that."""
    sub = state.sub(number)
    if sub is None or sub.latest == NOBODY:
        yield state
        return
    subs = tuple([each._replace(buffer=_spoilt(each.buffer, sub.latest)) for each in state.subs])
    yield state._replace(subs=subs)


def _spoilt(items: tuple[Item, ...], number: int) -> tuple[Item, ...]:
    return tuple([item._replace(changed=True) if item.number == number else item for item in items])


def look_for_leftovers(state: State, number: int, deviations: Names) -> Iterator[State]:
    """What is gone is looked after."""
    sub = state.sub(number)
    if sub is None or sub.phase in (*LIVE, HAUNTS) or sub.busy:
        yield state
        return
    kept = wrong(deviations, sub, "is held on to") or sub.phase in (UNDEAD, WANING)
    # A publish() or a close() that is under way may know it still.
    under_way = bool(state.flights) or (state.closed and not state.drained)
    for left in ("it",) if kept else ("nothing", "it") if under_way else ("nothing",):
        after = state._replace(left=(*state.left, left))
        if sub.phase == GHOST:
            yield after.with_sub(sub._replace(phase=HAUNTS))
        else:
            yield after._replace(subs=tuple([each for each in after.subs if each.number != number]))


def close(state: State, deviations: Names) -> Iterator[State]:
    """The bus is closed; who waits to publish is refused, or waits on until there is room."""
    if state.closed:
        yield state
        return
    closed = _ended(state._replace(closed=True), (OPEN, CUT), deviations)
    yield from _closed(closed, deviations)
    undead = _ended(closed, (UNDEAD,), deviations)  # whether close() ends what should be gone, who can tell?
    if undead is not closed:
        yield from _closed(undead, deviations)


def _ended(closed: State, phases: tuple[str, ...], deviations: Names) -> State:
    for sub in closed.subs:
        if sub.receiving and sub.phase in phases and "subscriptions are not ended" not in deviations:
            closed = closed.told(sub._replace(receiving=False), "ended")
    return closed


def _closed(closed: State, deviations: Names) -> Iterator[State]:
    refused = closed = _thrown_away(closed, deviations)
    for flight in closed.flights:
        if not flight.accepted and not flight.awaited:
            refused = refused.ended(flight.item, "refused")
    for item in closed.queue:
        refused = refused.ended(item, "refused")
    kept = tuple([each for each in closed.flights if each.accepted or each.awaited])
    yield from flow(refused._replace(flights=kept, queue=()), deviations)
    if refused != closed:
        yield closed


def _thrown_away(state: State, deviations: Names) -> State:
    losing = [sub for sub in state.subs if wrong(deviations, sub, "thrown away by close()")]
    for sub in losing:
        state = state.with_sub(sub._replace(buffer=()))
    if losing or "thrown away inside by close()" in deviations:
        state = state._replace(flights=tuple([each for each in state.flights if not each.accepted]))
    return state
