"""What events do to the model of a switch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

from patternproof.modelling import Names

from .events import NEW, OLD, Resume
from .switch_state import FREE, State, Under

IDLE = "the flag does nothing"


def begin(state: State, number: int, reads: bool) -> State:
    """An update or a read begins."""
    sure = state.acknowledged if reads else ()
    return state._replace(under=(*state.under, Under(number, reads, sure)), begun=max(state.begun, number + 1))


def turn(state: State, deviations: Names) -> State:
    """The flag is turned."""
    repeated = "under way is repeated" in deviations
    under = tuple(
        [
            each._replace(fresh=False, repeated=each.repeated or (repeated and not each.reads and each.number in state.caught))
            for each in state.under
        ]
    )
    return state._replace(flag=state.other(), under=under, arrived=False)


def cancel(state: State, number: int, deviations: Names) -> Iterator[State]:
    """An update or a read is cancelled."""
    use = next((each for each in state.under if each.number == number), None)
    if use is not None:
        broken = _broken_off(state, use, "cancelled", "a cancelled move loses", "waits after a cancellation", deviations)
        yield broken.freed(number)
        if number in state.caught:  # what it has asked of a store may go on without it
            store = next(store for store, caught in state.stalled if caught == number)
            yield state.ended(use, "cancelled").stall(store, FREE)
        return
    yield state
    over = next((each for each in state.over if each.number == number and each.phase in ("returned", "read")), None)
    if over is not None:  # it overtakes the end of the call
        others = tuple([each for each in state.over if each != over])
        reads = tuple([each for each in state.reads if each[0] != number])
        acknowledged = tuple([each for each in state.acknowledged if each != number])
        before = state._replace(over=others, reads=reads, acknowledged=acknowledged)
        yield before.ended(Under(number, over.phase == "read"), "cancelled")


def _broken_off(state: State, use: Under, phase: str, losing: str, sticking: str, deviations: Names) -> State:
    """An update or a read ends before its time; where it was bringing the data over, that is what may go wrong."""
    after = state.ended(use, phase)
    if use.moves and losing in deviations:
        after = after._replace(home=use.moves, lost=tuple(sorted({*after.lost, *after.acknowledged})))
    if use.moves and sticking in deviations:
        after = after._replace(stuck=True)
    return after


def resume(state: State, event: Resume, deviations: Names) -> State:
    """A store goes on, or fails with what waits."""
    number = dict(state.stalled).get(event.store, FREE)
    state = state.without_stall(event.store)
    use = next((each for each in state.under if each.number == number), None)
    if use is None:
        return state
    if event.how != "ok":
        return _broken_off(state, use, "raised", "a failed move loses", "waits after a failure", deviations)
    if use.moves:
        if event.store == state.home and dict(state.stalled).get(use.moves) == FREE:
            return state.stall(use.moves, number)
        state = _moved(state, use.moves, deviations)
    return _done(state, use, deviations)


def _moved(state: State, target: str, deviations: Names) -> State:
    """The data was brought over."""
    after = state._replace(home=target, lost=tuple(sorted({*state.lost, *state.fragile})), fragile=())
    if "left in the other store" in deviations:
        alone = dict.fromkeys(state.acknowledged, state.home) | dict(state.alone)
        after = after._replace(alone=tuple(sorted(alone.items())))
    if "reads the other store" in deviations and target == OLD:
        after = after._replace(alone=())
    if "moved back twice" in deviations:
        after = after._replace(doubled=tuple(sorted({*state.doubled, *state.copied})), copied=state.acknowledged)
    return after


def _done(state: State, use: Under, deviations: Names) -> State:
    """An update or a read has ended well."""
    after = state.ended(use, "read" if use.reads else "returned").freed(use.number)
    if use.reads:
        return after
    if use.left:
        after = after._replace(lost=tuple(sorted({*after.lost, use.number})))
    if use.repeated:
        after = after._replace(doubled=tuple(sorted({*after.doubled, use.number})))
    if "reads the other store" in deviations and after.home == NEW:
        after = after._replace(alone=tuple(sorted({*after.alone, (use.number, NEW)})))
    if "overwritten by a move" in deviations and any(each.moves for each in after.under):
        after = after._replace(fragile=tuple(sorted({*after.fragile, use.number})))
    return after


def advanced(state: State, deviations: Names) -> State:
    """What follows plainly of itself: whoever comes first after the flag was turned brings the data over, once it is alone."""
    for use in state.under:
        if use.number in state.caught or state.stuck:
            continue
        after = _tried(state, use, deviations)
        if after != state:
            return advanced(after, deviations)
    return state


def _tried(state: State, use: Under, deviations: Names) -> State:
    caught = [each for each in state.under if each.number in state.caught]
    moving = any(each.moves for each in caught)
    flag = OLD if IDLE in deviations else state.flag
    plainly_old = use.reads and "reads the other store" in deviations
    if flag == state.home or plainly_old:
        store = OLD if plainly_old else flag
        if moving:
            return state
        return state.stall(store, use.number) if (store, FREE) in state.stalled else _done(state, use, deviations)
    if moving and "overwritten by a move" in deviations:
        return _done(state, use, deviations)
    if caught and (moving or "under way is left behind" not in deviations):
        return state
    for each in caught:
        state = state.with_under(each._replace(left=not each.reads))
    for store in (state.home, flag):
        if (store, FREE) in state.stalled:
            return state.with_under(use._replace(moves=flag)).stall(store, use.number)
    return _done(_moved(state, flag, deviations), use, deviations)


def otherwise(state: State, failing: bool, deviations: Names) -> Iterator[State]:
    """What else may follow: any of those under way may have raised what a store has, or ended while another is slow."""
    every = [each.number for each in state.under]
    for raised in _subsets(every) if failing else [()]:
        after = state
        for use in state.under:
            if use.number in raised:
                after = after.ended(use, "raised").freed(use.number)
        if not after.stalled:
            yield advanced(after, deviations)
            continue
        for ended in _subsets([each.number for each in after.under]):
            yield _all_ended(after, ended, deviations)


def _all_ended(state: State, numbers: tuple[int, ...], deviations: Names) -> State:
    for use in state.under:
        if use.number in numbers:
            moved = state if state.home == state.flag or IDLE in deviations else _moved(state, state.flag, deviations)
            state = _done(moved, use, deviations)
    return state


def _subsets(numbers: list[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(numbers, size) for size in range(len(numbers) + 1))
