"""What each event does to the model of shared states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternproof.modelling import Names

from .events import MIXED, NESTED, Change, Get, Update, UpdateEnds, UpdateIf, Version
from .state import CHANGED, EITHER, TOLERANCE, YES, Base, State, Tracked
from .telling import NOBODY, tell

_TIMED = {"follows the wall clock", "stamps the reading", "a failure moves last_updated"}
_OF_FAILURES = {
    "a failure is silent",
    "a failure leaves changes",
    "a failure leaves changes inside",
    "a failure undoes more",
    "a failure raises the version",
    "a failure is told",
    "a failure moves last_updated",
}
_UNBOUNDED = {"follows the wall clock", "stamps the reading"}
OVERLAP = "overlapping updates undo one another"
ELSE = "returned something else"


def call(state: State, event: Update | UpdateIf | Get | Change, deviations: Names) -> Iterator[State]:
    """A call begins; while a function is held it takes effect or waits, and otherwise it takes effect."""
    tracked = _tracked(event)
    if event.call in state.early:
        yield state.with_call(tracked._replace(phase="cancelled")).shaken_by("a cancellation")
    elif tracked.kind == "held":
        # Kept for a deviation: what the function has found, and in which version.
        yield state.with_call(tracked._replace(phase="held", found=state.updates, expected=state.version))
    else:
        if state.held is not None:
            yield state.with_call(tracked)
        yield from take(state, tracked, deviations)


def _tracked(event: Update | UpdateIf | Get | Change) -> Tracked:
    match event:
        case Update(number, how):
            return Tracked(number, "update" if how == "ok" else how)
        case UpdateIf(number, version, how):
            return Tracked(number, "update" if how == "ok" else how, expected=version)
        case Get(number):
            return Tracked(number, "get")
    return Tracked(event.call, "change")


def take(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    """A call takes effect."""
    match tracked.kind:
        case "get":
            yield from _get(state, tracked, deviations)
        case "change":
            for after in _get(state, tracked, deviations):
                yield from _changed(after, state.handed, deviations)
        case _ if tracked.expected is None or _agrees(state, tracked.expected, deviations):
            yield from _update(state, tracked, deviations)
            if tracked.expected is not None and "the version grows otherwise" in deviations:
                yield from _conflict(state, tracked, deviations)
        case _:
            yield from _conflict(state, tracked, deviations)


def _get(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    read = _stamped(state) if "stamps the reading" in deviations else state
    yield read.seen().with_call(tracked._replace(phase="returned", version=read.as_version))
    if "a snapshot mixes versions" in deviations:
        bases = (*state.bases, Base(state.updates, state.version))
        mixed = {Version(one.version, other.updates) for one in bases for other in bases if one != other}
        for version in sorted(mixed):
            yield state.with_call(tracked._replace(phase="returned", version=version))._replace(torn=True)
    held = state.held
    if held is not None and "half an update is seen" in deviations:
        half = Version(state.version, (*state.updates, held.number), MIXED)
        yield state.with_call(tracked._replace(phase="returned", version=half))._replace(torn=True)


def _stamped(state: State) -> State:
    """The state where last_updated is the time of the reading, and so another one each time."""
    if not state.handed:
        return state._replace(stamp=state.wall)
    return state._replace(restamped=abs(state.wall - state.stamp) > TOLERANCE)


def _changed(state: State, handed: bool, deviations: Names) -> Iterator[State]:
    """Somebody tries to change a snapshot of the latest version."""
    state = state.shaken_by("a changed snapshot")
    lost = (*state.updates, CHANGED)
    if "a changed snapshot changes the state" in deviations:
        yield state._replace(updates=lost, altered=EITHER, torn=True)
        yield state._replace(lacking=state.lacking - 1, altered=EITHER, torn=True)
    elif "readers share what can be changed" in deviations:
        changed, lacking = state.spoilt
        altered = EITHER if handed else state.altered
        yield state._replace(altered=altered, torn=True, spoilt=(changed + 1, lacking))
        yield state._replace(altered=altered, torn=True, spoilt=(changed + 1, lacking + 1))
    else:
        yield state


def _update(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    if tracked.kind in ("fail", "abort"):
        yield from _fail(state, tracked, deviations)
    else:
        forced = state._replace(torn=True) if tracked.expected not in (None, state.version) else state
        yield from _committed(forced, tracked, deviations)


def _conflict(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    """update_if() was asked for another version than there is."""
    refused = tracked.expected == state.version or "a conflict is answered otherwise" in deviations
    after = state.with_call(tracked._replace(phase="conflict"))._replace(torn=state.torn or refused)
    if "a conflict leaves changes" in deviations:
        after = after._replace(updates=(*after.updates, tracked.number), torn=True)
    yield after.shaken_by("a conflict")
    if "rivals all succeed" in deviations and any(base.version == tracked.expected for base in state.bases):
        yield from _update(state._replace(torn=True), tracked, deviations)


def _agrees(state: State, expected: int, deviations: Names) -> bool:
    """Whether update_if() finds the version that it was asked for."""
    if "any version will do" in deviations or ("a later version will do" in deviations and expected > state.version):
        return True
    return expected == state.version and "no version will do" not in deviations


def _committed(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    number = None if tracked.kind == "idle" else tracked.number
    for base in _bases(state, deviations):
        returned = tracked._replace(phase="returned", found=base.updates)
        if number is None and "an idle update is not counted" in deviations:
            yield state.with_call(returned)._replace(torn=True)
            continue
        untold = tracked.expected is not None and "update_if() tells nobody" in deviations
        for after in commit(state, number, base, deviations | {NOBODY} if untold else deviations):
            yield _delayed(after, returned, deviations)


def _delayed(state: State, returned: Tracked, deviations: Names) -> State:
    """The call is over, unless with a deviation it waits for a listener or gets its error."""
    slow = [each.number for each in state.listeners if each.running]
    if slow and "a slow listener delays" in deviations:
        return state.with_call(returned._replace(phase="waiting", behind=slow[-1]))
    if _comes_out(state, deviations):
        return state.with_call(returned._replace(phase="raised", found=None))
    return state.with_call(returned)


def _comes_out(state: State, deviations: Names) -> bool:
    """Whether the error of a listener, or of one of errors, comes out of the update."""
    if not any(each.kind == "failing" and each.told for each in state.listeners):
        return False
    comes_out = state.misreported and "a failing report comes out" in deviations
    return comes_out or "a failing listener fails the update" in deviations


def _bases(state: State, deviations: Names) -> Iterator[Base]:
    """What an update may start from, and the version that it raises."""
    if "starts from an old version" in deviations:
        yield Base(state.before, state.version)
        return
    yield Base(state.updates, state.version)
    for base in state.bases if OVERLAP in deviations else ():
        yield Base(base.updates, state.version)
        yield base


def commit(state: State, number: int | None, base: Base, deviations: Names) -> Iterable[State]:
    """An update is in the data, where it has a number and so has changed them, and the listeners are told."""
    step = 0 if "the version stays" in deviations else 2 if "the version grows by two" in deviations else 1
    torn = base.updates != state.updates or step != 1
    after = state._replace(
        updates=base.updates if number is None else (*base.updates, number),
        torn=state.torn or torn,
        version=base.version + step,
        before=state.updates,
        handed=False,
        restamped=False,
        spoilt=(0, 0),
        stamp=state.wall if deviations & _UNBOUNDED else max(state.stamp, state.wall),
    )
    if state.held is not None or (state.bases and state.bases[0].updates != state.updates):
        after = after.shaken_by("overlapping")
    if deviations & {OVERLAP, "rivals all succeed", "a snapshot mixes versions"}:
        after = after._replace(bases=(*after.bases, Base(after.updates, after.version)))
    if "snapshots follow the state" in deviations and number is not None:
        after = after._replace(altered=max(YES, after.altered))
    if number is None and "an idle update is not told" in deviations:
        return [after]
    return tell(after, after.as_version, deviations)


def _fail(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    """A function has changed the data and then failed; whether another path than the plain one deviates as that does is open."""
    if tracked.kind == "abort" or tracked.expected is not None:
        own = "an abort leaves changes" if tracked.kind == "abort" else "a failing update_if leaves changes"
        if own in deviations:
            yield from _failed(state, tracked, deviations | {"a failure leaves changes"})
            return
        if deviations & _OF_FAILURES:
            yield from _failed(state, tracked, deviations - _OF_FAILURES)
    yield from _failed(state, tracked, deviations)


def _failed(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    after = state.with_call(tracked._replace(phase=ELSE if "a failure is silent" in deviations else "raised"))
    after = _traced(after.shaken_by("a failure"), tracked.number, deviations)
    yield from tell(after, after.as_version, deviations) if "a failure is told" in deviations else [after]


def _traced(state: State, number: int, deviations: Names) -> State:
    if "a failure raises the version" in deviations:
        state = state._replace(version=state.version + 1, before=state.updates, handed=False, torn=True)
    if "a failure undoes more" in deviations:
        state = state._replace(updates=state.before, torn=True)
    left = deviations & {"a failure leaves changes", "a failure leaves changes inside"}
    if left:
        inside = "a failure leaves changes inside" in left
        altered = YES if "snapshots follow the state" in deviations else state.altered
        state = state._replace(updates=(*state.updates, number), lacking=state.lacking + inside, altered=altered, torn=True)
    if "a failure moves last_updated" in deviations and state.wall > state.stamp + TOLERANCE:
        state = state._replace(restamped=state.handed, stamp=state.wall)
    return state


def update_ends(state: State, event: UpdateEnds, deviations: Names) -> Iterator[State]:
    """The function that is held ends, and all that waited for it goes on, in whatever order."""
    held = state.held
    if held is None or held.number != event.call:
        yield state
        return
    base = Base(held.found or (), held.expected or 0)
    ending = Tracked(held.number, "update" if event.how == "ok" else "fail")
    waiting = [ending, *(each for each in state.calls if each.phase == "waiting" and each.behind < 0)]
    started = state._replace(bases=(*state.bases, base)) if OVERLAP in deviations else state
    yield from _taken(started.with_call(ending), waiting, deviations)


def _taken(state: State, waiting: list[Tracked], deviations: Names) -> Iterator[State]:
    if not waiting:
        yield state
    for each in waiting:
        others = [other for other in waiting if other is not each]
        for after in take(state, each, deviations):
            yield from _taken(after, others, deviations)


def cancel(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A call is cancelled; where it is over in the same batch, it may have ended as cancelled all the same."""
    tracked = state.call(number)
    if tracked is None:
        yield state._replace(early=(*state.early, number)) if number >= state.begun else state
        return
    if tracked.phase != "waiting":
        yield state
    cancelled = state.with_call(Tracked(number, tracked.kind, "cancelled")).shaken_by("a cancellation")
    yield cancelled
    if "a cancelled update is not told" in deviations:
        yield _untold(cancelled, number)


def _untold(state: State, number: int) -> State:
    """The state as if nobody had been told of an update."""
    for listener in state.listeners:
        told = tuple([version for version in listener.told if version.updates[-1:] != (number,)])
        state = state.with_listener(listener._replace(told=told))
    return state


def settled(states: Iterable[State], deviations: Names) -> Iterator[State]:
    """Each state, and what becomes of it when updates of listeners that are due take effect: first all of them."""
    for state in states:
        for listener in state.due:
            due = tuple([other for other in state.due if other != listener])
            if "a listener cannot update" in deviations:
                yield from settled([state._replace(due=due, nested=(*state.nested, (listener, "waiting")))], deviations)
                continue
            for base in _bases(state, deviations):
                committed = commit(state._replace(due=due), NESTED + listener, base, deviations)
                yield from settled((_answered(after, listener, deviations) for after in committed), deviations)
        yield state


def _answered(state: State, listener: int, deviations: Names) -> State:
    return state._replace(nested=(*state.nested, (listener, "raised" if _comes_out(state, deviations) else "returned")))


def pass_time(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """The wall clock moves on, or is set; it matters to those alone that follow it."""
    yield state._replace(wall=state.wall + seconds) if deviations & _TIMED else state


def read_together(state: State, deviations: Names) -> Iterator[State]:
    """Readers come one by one, and then together."""
    yield state.seen()._replace(readers="readers wait" if "readers wait" in deviations else "")


def update_among_readers(state: State, number: int, deviations: Names) -> Iterator[State]:
    """An update among readers that keep coming."""
    starved = "readers starve a writer" in deviations
    for after in take(state.seen(), Tracked(number, "update"), deviations):
        yield after.seen()._replace(readers="the writer waits" if starved else "")
