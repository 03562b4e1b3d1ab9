"""How an event comes to one subscription in the model."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from .events import OVERFLOWED, PULL, PUSH, Receipt
from .state import CUT, GHOST, HAUNTS, OPEN, UNDEAD, WANING, Item, State, Tracked, by_handlers, nexts, wrong

SIDE_BY_SIDE = by_handlers("side by side")
GETS = (OPEN, UNDEAD, GHOST, HAUNTS)


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
        yield started(state, sub, item, deviations)
    else:
        yield from _kept(state, sub, item, deviations)
        if sub.style == PUSH and _is_new_to(sub, item):
            yield started(state, sub, item, deviations)


def _is_new_to(sub: Tracked, item: Item) -> bool:
    """Whether nothing of this publisher is with a handler: that it is busy with another's does not matter."""
    return all(each.publisher != item.publisher for each in (*sub.busy, *sub.buffer))


def started(state: State, sub: Tracked, item: Item, deviations: Names) -> State:
    after = state.given(noting(sub._replace(running=(*sub.running, item)), item, deviations), item)
    return after.handed_over(sub.number, item)


def noting(sub: Tracked, item: Item, deviations: Names) -> Tracked:
    """A subscription that remembers what it got last, where that matters."""
    return sub._replace(latest=item.number) if wrong(deviations, sub, "changed for all") else sub


def unbounded(sub: Tracked, policy: str, deviations: Names) -> bool:
    return wrong(deviations, sub, "no bound") or wrong(deviations, sub, f"{policy}: no bound")


def _kept(state: State, sub: Tracked, item: Item, deviations: Names) -> Iterator[State]:
    policy = state.settings.overflow
    if state.has_room(sub) or unbounded(sub, policy, deviations):
        yield state.with_sub(sub._replace(buffer=(*sub.buffer, item)))
        yield from _counted_in(state, sub, item, deviations)
        yield from _overtaking(state, sub, item, deviations)
    elif policy == "disconnect" and not wrong(deviations, sub, "drops in place of disconnecting"):
        phase = CUT if sub.phase == OPEN else WANING
        yield state.with_sub(sub._replace(phase=phase, unsaid=True))
        yield state.with_sub(sub._replace(phase=phase, unsaid=True, buffer=()))
    else:
        yield from _dropped(state, sub, item, deviations)


def _overtaking(state: State, sub: Tracked, item: Item, deviations: Names) -> Iterator[State]:
    """Where a reader waited and has not run yet, an event that comes later may be what it gets; only with deviations."""
    handed = _just_handed(state, sub) if deviations else None
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
    handed = _just_handed(state, sub)
    if handed is None or state.blocks or len(sub.buffer) + 1 < state.settings.capacity + state.hand:
        return
    if state.settings.overflow == "disconnect":
        yield state.with_sub(sub._replace(phase=CUT, unsaid=True))
        return
    counted = _counting(sub, state.settings.overflow, deviations)
    if not _drops_oldest(sub, state.settings.overflow, deviations):
        yield state.with_sub(counted)
        return
    yield _handed_the_next(state, sub, counted, handed, item)
    if sub.style == PULL:
        old, told = Receipt(sub.number, str(handed)), Receipt(sub.number, OVERFLOWED)
        after = state._replace(received=tuple([told if each == old else each for each in state.received]))
        yield after.with_sub(counted._replace(buffer=(*sub.buffer, item), unsaid=False))


def _just_handed(state: State, sub: Tracked) -> Item | None:
    """What a reader that waited is about to get, and has not yet."""
    return next((each for number, each in reversed(state.handed) if number == sub.number), None)


def _handed_the_next(state: State, sub: Tracked, counted: Tracked, handed: Item, item: Item) -> State:
    """What was about to be got is the oldest, and dropped; the next is got in its place."""
    first, *rest = (*sub.buffer, item)
    running = tuple([first if each == handed else each for each in sub.running])
    return _got_instead(state, sub, handed, first).with_sub(counted._replace(buffer=tuple(rest), running=running))


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
    handed = _just_handed(state, sub)
    if handed is not None:
        yield _handed_the_next(state, sub, counted, handed, item)


def _counting(sub: Tracked, policy: str, deviations: Names) -> Tracked:
    silent = policy in ("block", "disconnect") or wrong(deviations, sub, "silent")
    return sub._replace(dropped=sub.dropped + (not silent), unsaid=True)


def _drops_oldest(sub: Tracked, policy: str, deviations: Names) -> bool:
    return (policy == "drop_oldest") != wrong(deviations, sub, "another one is dropped")
