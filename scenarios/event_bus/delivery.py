"""How the model delivers what was published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternproof.modelling import Names

from .arrival import GETS, arrived, started, unbounded
from .events import PULL, PUSH
from .state import GONE, NOBODY, Flight, Item, State, Tracked, by_fetching, by_handlers, wrong

ONE_BY_ONE, DISPATCHED_ONE_BY_ONE = by_handlers("awaited one by one"), by_handlers("dispatched one by one")
AWAITED, DISPATCHED = by_handlers("publishing waits for them"), by_handlers("dispatched together")
CALLED = {ONE_BY_ONE, DISPATCHED_ONE_BY_ONE, AWAITED, DISPATCHED}
"""Deviations in which handlers have no buffers, and something waits for them."""
IN_TURN = {ONE_BY_ONE, DISPATCHED_ONE_BY_ONE}
IN_LINE = {DISPATCHED_ONE_BY_ONE, DISPATCHED}
ALL_THE_SAME = by_handlers("called all the same")
SKIPS = "an unsubscribe meanwhile skips another"
TO_NOBODY_FAILS, TO_NOBODY_WAITS = "publishing to nobody fails", "publishing to nobody waits"
FAILS_AT_CHANGE, SKIPS_AT_CHANGE = "publishing fails as subscriptions change", "subscriptions are skipped as others change"
KEEPS_FROM_OTHERS = "a full one keeps events from others"
FAILS_WHEN_FULL = "publishing fails when one is full"


def begun(state: State, item: Item, deviations: Names) -> Iterator[State]:
    """A publisher publishes, or will do so once it is done with what is before."""
    if state.publisher_waits(item.publisher):
        yield state._replace(queue=(*state.queue, item))
        return
    if not state.closed:
        yield from _accepted(state, item, deviations)
    elif "publishing goes on after close()" in deviations:
        yield state.ended(item, "done")
    elif "refused otherwise" in deviations:
        yield state.ended(item, "fails")
    else:
        yield state.ended(item, "refused")
        if not state.drained:  # whether a bus that is still being closed accepts events is left open
            yield from _accepted(state, item, deviations)


def _accepted(state: State, item: Item, deviations: Names) -> Iterator[State]:
    if any(form("the latest is replayed") in deviations for form in (str, by_fetching, by_handlers)):
        state = state._replace(latest=item)
    targets = _targets(state, item, deviations)
    if not targets and TO_NOBODY_FAILS in deviations:
        yield state.ended(item, "fails")
    elif not targets and TO_NOBODY_WAITS in deviations:
        yield state._replace(flights=(*state.flights, Flight(item, (NOBODY,))))
    else:
        yield from _to_all(state, item, targets, deviations)
        if state.changed and FAILS_AT_CHANGE in deviations:
            yield state.ended(item, "fails")
        if state.changed and SKIPS_AT_CHANGE in deviations:
            for target in targets:
                yield from _to_all(state, item, [each for each in targets if each is not target], deviations)


def _targets(state: State, item: Item, deviations: Names) -> list[Tracked]:
    """The subscriptions that are to get an event."""
    targets: list[Tracked] = []
    for sub in state.subs:
        if sub.phase not in GETS or not _concerns(sub, item, deviations):
            continue
        if wrong(deviations, sub, "one alone gets each") and any(each.style == sub.style for each in targets):
            continue
        targets.append(sub)
    return targets


def _concerns(sub: Tracked, item: Item, deviations: Names) -> bool:
    return item.topic in sub.topics or wrong(deviations, sub, "any topic")


def _to_all(state: State, item: Item, targets: list[Tracked], deviations: Names) -> Iterable[State]:
    numbers = tuple([each.number for each in targets])
    if state.stuck:
        return [state._replace(flights=(*state.flights, Flight(item, (NOBODY,))))]
    if deviations & CALLED and any(each.style == PUSH for each in targets):
        return _to_handlers(state, item, targets, deviations)
    if state.blocks or _waits(state, targets, deviations):
        return flow(state._replace(flights=(*state.flights, Flight(item, numbers))), deviations)
    return _at_once(state, item, numbers, deviations)


def _waits(state: State, targets: list[Tracked], deviations: Names) -> bool:
    name = "waits in place of dropping"
    return state.drops and any(wrong(deviations, each, name) and not state.has_room(each) for each in targets)


def _at_once(state: State, item: Item, numbers: tuple[int, ...], deviations: Names) -> Iterable[State]:
    states = [state]
    for index, number in enumerate(numbers):
        sub = state.sub(number)
        assert sub is not None
        full = state.drops and not state.has_room(sub)
        if full and wrong(deviations, sub, FAILS_WHEN_FULL):
            return [each.ended(item, "fails") for each in states]
        states = [after for each in states for after in arrived(each, number, item, deviations)]
        if full and wrong(deviations, sub, KEEPS_FROM_OTHERS) and index + 1 < len(numbers):
            break
    return [each.ended(item, "done") for each in states]


def _to_handlers(state: State, item: Item, targets: list[Tracked], deviations: Names) -> Iterable[State]:
    """With the deviations in which handlers are called by publish(), or by something that waits for them."""
    states = [state]
    for target in targets:
        if target.style == PULL:
            states = [after for each in states for after in arrived(each, target.number, item, deviations)]
    in_line = bool(deviations & IN_LINE)
    behind = in_line and any(flight.awaited for flight in state.flights)
    flight = Flight(item, (), in_line, tuple([each.number for each in targets if each.style == PUSH]), behind)
    if in_line:
        states = [each.ended(item, "done") for each in states]
    states = [each._replace(flights=(*each.flights, flight)) for each in states]
    return states if behind else [called(each, flight, deviations) for each in states]


def called(state: State, flight: Flight, deviations: Names) -> State:
    """The handlers are called that a flight is for, or the first of them."""
    for number in flight.awaited[:1] if deviations & IN_TURN else flight.awaited:
        sub = state.sub(number)
        assert sub is not None, "nobody looks after what is gone while something waits for handlers"
        state = started(state, sub, flight.item, deviations)
    return state


def flow(state: State, deviations: Names, skipped: frozenset[tuple[int, int]] = frozenset()) -> Iterator[State]:
    """Every way in which what is held up may go on.

    What has room for it must arrive, unless some subscription is full: then a bus may keep all who come later waiting, in any
    part.
    """
    option = _deliverable(state, skipped, deviations)
    if option is None:
        yield from _returned(state, deviations)
        return
    index, number = option
    flight = state.flights[index]
    owed = list(flight.owed)
    owed.remove(number)
    flights = (*state.flights[:index], flight._replace(owed=tuple(owed)), *state.flights[index + 1 :])
    for after in arrived(state._replace(flights=flights), number, flight.item, deviations):
        yield from flow(after, deviations, skipped)
    if _is_stuck(state, deviations):
        yield from flow(state, deviations, skipped | {(flight.item.publisher, number)})


def _has_room(state: State, sub: Tracked, deviations: Names) -> bool:
    drops = wrong(deviations, sub, "drops in place of waiting")
    return state.has_room(sub) or (state.blocks and (drops or unbounded(sub, "block", deviations)))


def _deliverable(state: State, skipped: frozenset[tuple[int, int]], deviations: Names) -> tuple[int, int] | None:
    behind = set(skipped)
    for index, flight in enumerate(state.flights):
        for number in flight.owed:
            sub = state.sub(number)
            if sub is None or (flight.item.publisher, number) in behind:
                continue
            if _has_room(state, sub, deviations):
                return index, number
            behind.add((flight.item.publisher, number))
            if SKIPS in deviations:
                break
        behind |= {(flight.item.publisher, number) for number in flight.owed}
    return None


def _is_stuck(state: State, deviations: Names) -> bool:
    subs = [state.sub(number) for flight in state.flights for number in flight.owed]
    return any(sub is not None and not _has_room(state, sub, deviations) for sub in subs)


def _returned(state: State, deviations: Names) -> Iterator[State]:
    """The publishers whose events are delivered go on; so may some whose events wait inside the bus."""
    for index, flight in enumerate(state.flights):
        if flight.owed or flight.awaited:
            continue
        after = state._replace(flights=state.flights[:index] + state.flights[index + 1 :])
        yield from next_in_queue(after if flight.accepted else after.ended(flight.item, "done"), deviations)
        return
    yield state
    waiting = [index for index, flight in enumerate(state.flights) if not flight.accepted and not flight.awaited]
    inside = sum(flight.accepted for flight in state.flights)
    if waiting and inside <= state.settings.capacity and state.blocks:
        index = waiting[0]
        flight = state.flights[index]
        flights = (*state.flights[:index], flight._replace(accepted=True), *state.flights[index + 1 :])
        yield from next_in_queue(state._replace(flights=flights).ended(flight.item, "done"), deviations)


def next_in_queue(state: State, deviations: Names) -> Iterator[State]:
    for index, item in enumerate(state.queue):
        if not state.publisher_waits(item.publisher):
            yield from begun(state._replace(queue=state.queue[:index] + state.queue[index + 1 :]), item, deviations)
            return
    yield from flow(state, deviations) if state.flights else (state,)


def gone(state: State, sub: Tracked, deviations: Names) -> Iterator[State]:
    """A subscription is gone; what it held up goes on."""
    flights = tuple([_without(flight, sub, deviations) for flight in state.flights])
    after = state.with_sub(sub._replace(phase=GONE, buffer=(), got=()))._replace(flights=flights)
    yield from flow(after, deviations) if flights else (after,)


def _without(flight: Flight, sub: Tracked, deviations: Names) -> Flight:
    owed, awaited = flight.owed, flight.awaited
    if SKIPS in deviations and owed[:1] == (sub.number,):
        owed = owed[2:]
    if ALL_THE_SAME not in deviations and all(item.number != flight.item.number for item in sub.busy):
        awaited = tuple([number for number in awaited if number != sub.number])
    return flight._replace(owed=tuple([number for number in owed if number != sub.number]), awaited=awaited)
