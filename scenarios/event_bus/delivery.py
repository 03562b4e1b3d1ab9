"""How the model delivers what was published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternproof.modelling import Names

from .events import PULL, PUSH, Receipt
from .state import (
    CUT,
    GHOST,
    GONE,
    HAUNTS,
    NOBODY,
    OPEN,
    UNDEAD,
    Flight,
    Item,
    State,
    Tracked,
    by_fetching,
    by_handlers,
    nexts,
    wrong,
)

ONE_BY_ONE = by_handlers("awaited one by one")
SIDE_BY_SIDE = by_handlers("side by side")
AWAITED = by_handlers("publishing waits for them")
SKIPS = "an unsubscribe meanwhile skips another"
TO_NOBODY_FAILS, TO_NOBODY_WAITS = "publishing to nobody fails", "publishing to nobody waits"
FAILS_AT_CHANGE, SKIPS_AT_CHANGE = "publishing fails as subscriptions change", "subscriptions are skipped as others change"
KEEPS_FROM_OTHERS = "a full one keeps events from others"
FAILS_WHEN_FULL = "publishing fails when one is full"
GETS = (OPEN, UNDEAD, GHOST, HAUNTS)


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
    if deviations & {ONE_BY_ONE, AWAITED} and any(each.style == PUSH for each in targets):
        return _to_handlers(state, item, targets, deviations)
    if state.blocks or _waits(state, targets, deviations):
        return flow(state._replace(flights=(*state.flights, Flight(item, numbers))), deviations)
    return _at_once(state, item, numbers, deviations)


def _waits(state: State, targets: list[Tracked], deviations: Names) -> bool:
    name = "waits in place of dropping"
    return any(wrong(deviations, each, name) and not state.has_room(each) for each in targets)


def _at_once(state: State, item: Item, numbers: tuple[int, ...], deviations: Names) -> Iterable[State]:
    states = [state]
    for index, number in enumerate(numbers):
        sub = state.sub(number)
        assert sub is not None
        full = not state.has_room(sub)
        if full and wrong(deviations, sub, FAILS_WHEN_FULL):
            return [each.ended(item, "fails") for each in states]
        states = [after for each in states for after in arrived(each, number, item, deviations)]
        if full and wrong(deviations, sub, KEEPS_FROM_OTHERS) and index + 1 < len(numbers):
            break
    return [each.ended(item, "done") for each in states]


def arrived(state: State, number: int, item: Item, deviations: Names) -> Iterator[State]:
    """An event comes to a subscription, with some deviations twice if there is room."""
    sub = state.sub(number)
    twice = sub is not None and _comes_twice(sub, deviations)
    for after in _arrived_once(state, number, item, deviations):
        again = after.sub(number) if twice else None
        if again is not None and after.has_room(again):
            yield from _arrived_once(after, number, item, deviations)
        else:
            yield after
            if again is not None and not after.blocks:
                yield from _arrived_once(after, number, item, deviations)


def _comes_twice(sub: Tracked, deviations: Names) -> bool:
    return wrong(deviations, sub, "twice") or (sub.topics == "XY" and wrong(deviations, sub, "once a topic"))


def _arrived_once(state: State, number: int, item: Item, deviations: Names) -> Iterator[State]:
    """It is got at once, or kept, or there is no room."""
    sub = state.sub(number)
    if sub is None or sub.phase not in GETS:
        yield state
        return
    if item.special and wrong(deviations, sub, "data is changed"):
        item = item._replace(changed=True)
    if wrong(deviations, sub, "some are lost"):
        yield state
    if sub.robbed:
        yield state.with_sub(sub._replace(robbed=False))
    elif sub.phase in (GHOST, HAUNTS):
        yield state.with_sub(sub._replace(buffer=(*sub.buffer, item)))
    elif sub.style == PULL and sub.receiving:
        after = state.given(noting(sub._replace(receiving=False), item, deviations), item)
        yield after.handed_over(number, item)
    elif sub.style == PUSH and (sub.idle or SIDE_BY_SIDE in deviations):
        yield _started(state, sub, item, deviations)
    else:
        yield from _kept(state, sub, item, deviations)
        if sub.style == PUSH and _is_new_to(sub, item):
            yield _started(state, sub, item, deviations)


def _is_new_to(sub: Tracked, item: Item) -> bool:
    """Whether nothing of this publisher is with a handler: that it is busy with another's does not matter."""
    return all(each.publisher != item.publisher for each in (*sub.running, *sub.buffer))


def _started(state: State, sub: Tracked, item: Item, deviations: Names) -> State:
    after = state.given(noting(sub._replace(running=(*sub.running, item)), item, deviations), item)
    return after.handed_over(sub.number, item)


def noting(sub: Tracked, item: Item, deviations: Names) -> Tracked:
    """A subscription that remembers what it got last, where that matters."""
    return sub._replace(latest=item.number) if wrong(deviations, sub, "changed for all") else sub


def _unbounded(sub: Tracked, policy: str, deviations: Names) -> bool:
    return wrong(deviations, sub, "no bound") or wrong(deviations, sub, f"{policy}: no bound")


def _kept(state: State, sub: Tracked, item: Item, deviations: Names) -> Iterator[State]:
    policy = state.settings.overflow
    if state.has_room(sub) or _unbounded(sub, policy, deviations):
        yield state.with_sub(sub._replace(buffer=(*sub.buffer, item)))
        yield from _counted_in(state, sub, item, deviations)
        yield from _overtaking(state, sub, item, deviations)
    elif policy == "disconnect" and not wrong(deviations, sub, "drops in place of disconnecting"):
        phase = CUT if sub.phase == OPEN else GONE
        yield state.with_sub(sub._replace(phase=phase, unsaid=True))
        yield state.with_sub(sub._replace(phase=phase, unsaid=True, buffer=()))
    else:
        yield from _dropped(state, sub, item, deviations)


def _overtaking(state: State, sub: Tracked, item: Item, deviations: Names) -> Iterator[State]:
    """Where a reader waited and has not run yet, an event that comes later may be what it gets; only with deviations."""
    handed = next((each for number, each in reversed(state.handed) if number == sub.number), None) if deviations else None
    if handed is not None and _overtakes(sub, handed, item, deviations):
        running = tuple([item if each == handed else each for each in sub.running])
        swapped = sub._replace(buffer=(handed, *sub.buffer), running=running)
        yield _got_instead(state, sub, handed, item).with_sub(swapped)


def _overtakes(sub: Tracked, first: Item, second: Item, deviations: Names) -> bool:
    """Whether the second of two may be got first."""
    if wrong(deviations, sub, "latest first") or wrong(deviations, sub, "out of order"):
        return True
    its_own = bool(sub.number % 2) and wrong(deviations, sub, "an order of its own")
    return first.publisher != second.publisher and (its_own or wrong(deviations, sub, "each an order of its own"))


def _got_instead(state: State, sub: Tracked, handed: Item, item: Item) -> State:
    """With another event in place of one that a reader was about to get."""
    old, new = Receipt(sub.number, str(handed)), Receipt(sub.number, str(item))
    return state._replace(
        received=tuple([new if each == old else each for each in state.received]),
        before=tuple([(sub.number, item) if each == (sub.number, handed) else each for each in state.before]),
        handed=tuple([(sub.number, item) if each == (sub.number, handed) else each for each in state.handed]),
    )


def _counted_in(state: State, sub: Tracked, item: Item, deviations: Names) -> Iterator[State]:
    """Where a reader waited and has not run yet, a bus may find no room beside what it is about to get."""
    handed = next((each for number, each in reversed(state.handed) if number == sub.number), None)
    if handed is None or state.blocks or len(sub.buffer) + 1 < state.settings.capacity + state.hand:
        return
    if state.settings.overflow == "disconnect":
        yield state.with_sub(sub._replace(phase=CUT, unsaid=True))
        return
    counted = _counting(sub, state.settings.overflow, deviations)
    if not _drops_oldest(sub, state.settings.overflow, deviations):
        yield state.with_sub(counted)
        return
    first, *rest = (*sub.buffer, item)
    running = tuple([first if each == handed else each for each in sub.running])
    yield _got_instead(state, sub, handed, first).with_sub(counted._replace(buffer=tuple(rest), running=running))
    if sub.style == PULL:
        old, told = Receipt(sub.number, str(handed)), Receipt(sub.number, "overflowed")
        after = state._replace(received=tuple([told if each == old else each for each in state.received]))
        yield after.with_sub(counted._replace(buffer=(*sub.buffer, item), unsaid=False))


def _dropped(state: State, sub: Tracked, item: Item, deviations: Names) -> Iterator[State]:
    counted = _counting(sub, state.settings.overflow, deviations)
    if not _drops_oldest(sub, state.settings.overflow, deviations):
        yield state.with_sub(counted)
        return
    # What is ready to be handed out is dropped no more.
    rest = counted._replace(buffer=sub.buffer[state.hand :])
    for index in nexts(state, rest, frozenset()) if rest.buffer else ():
        kept = sub.buffer[: state.hand] + rest.buffer[:index] + rest.buffer[index + 1 :]
        yield state.with_sub(counted._replace(buffer=(*kept, item)))


def _counting(sub: Tracked, policy: str, deviations: Names) -> Tracked:
    silent = policy in ("block", "disconnect") or wrong(deviations, sub, "silent")
    return sub._replace(dropped=sub.dropped + (not silent), unsaid=True)


def _drops_oldest(sub: Tracked, policy: str, deviations: Names) -> bool:
    return (policy == "drop_oldest") != wrong(deviations, sub, "another one is dropped")


def _to_handlers(state: State, item: Item, targets: list[Tracked], deviations: Names) -> Iterable[State]:
    """With the deviations in which publish() waits for handlers."""
    states = [state]
    pulls = [each.number for each in targets if each.style == PULL]
    for number in pulls:
        states = [after for each in states for after in arrived(each, number, item, deviations)]
    pushes = tuple([each.number for each in targets if each.style == PUSH])
    started = pushes[:1] if ONE_BY_ONE in deviations else pushes
    after = []
    for each in states:
        each = each._replace(flights=(*each.flights, Flight(item, awaited=pushes)))
        for number in started:
            sub = each.sub(number)
            assert sub is not None
            each = _started(each, sub, item, deviations)
        after.append(each)
    return after


def handler_ended(state: State, number: int, item: Item, failed: bool, deviations: Names) -> Iterator[State]:
    """A run of a handler is over that a publish() waits for; only with deviations."""
    for index, flight in enumerate(state.flights):
        if flight.item.number != item.number or number not in flight.awaited:
            continue
        awaited = tuple([each for each in flight.awaited if each != number])
        others = state.flights[:index] + state.flights[index + 1 :]
        if awaited:
            after = state._replace(
                flights=(*state.flights[:index], flight._replace(awaited=awaited), *state.flights[index + 1 :])
            )
            sub = after.sub(awaited[0])
            if ONE_BY_ONE in deviations and sub is not None:
                after = _started(after, sub, item, deviations)
            yield after
        if failed:
            raised = state._replace(flights=others, perhaps=(*state.perhaps, number))
            yield from _next_in_queue(raised.ended(item, "fails"), deviations)
        if not awaited:
            yield from _next_in_queue(state._replace(flights=others).ended(item, "done"), deviations)
        return
    yield state


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
    return state.has_room(sub) or (state.blocks and (drops or _unbounded(sub, "block", deviations)))


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
        yield from _next_in_queue(after if flight.accepted else after.ended(flight.item, "done"), deviations)
        return
    yield state
    waiting = [index for index, flight in enumerate(state.flights) if not flight.accepted and not flight.awaited]
    inside = sum(flight.accepted for flight in state.flights)
    if waiting and inside <= state.settings.capacity and state.blocks:
        index = waiting[0]
        flight = state.flights[index]
        flights = (*state.flights[:index], flight._replace(accepted=True), *state.flights[index + 1 :])
        yield from _next_in_queue(state._replace(flights=flights).ended(flight.item, "done"), deviations)


def _next_in_queue(state: State, deviations: Names) -> Iterator[State]:
    for index, item in enumerate(state.queue):
        if not state.publisher_waits(item.publisher):
            yield from begun(state._replace(queue=state.queue[:index] + state.queue[index + 1 :]), item, deviations)
            return
    yield from flow(state, deviations) if state.flights else (state,)


def gone(state: State, sub: Tracked, deviations: Names) -> Iterator[State]:
    """A subscription is gone; what it held up goes on."""
    skips = SKIPS in deviations
    flights = []
    for flight in state.flights:
        owed = flight.owed
        if skips and owed[:1] == (sub.number,):
            owed = owed[1:2] and owed[2:]
        flights.append(flight._replace(owed=tuple([number for number in owed if number != sub.number])))
    after = state.with_sub(sub._replace(phase=GONE, buffer=(), got=()))._replace(flights=tuple(flights))
    yield from flow(after, deviations) if flights else (after,)
