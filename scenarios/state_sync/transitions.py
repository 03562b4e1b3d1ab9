"""Every state that may be right after an event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patternproof.modelling import Names

from .automatic import after_write, owed_by, passed
from .events import CENTRE, LONG, REPLICAS, Advance, Cancel, Delete, DeliverAgain, LetThrough, Line, Sync, Write
from .state import ANY, Ended, Flight, Key, State, Written, bits
from .syncing import absorbed, completed, failed, met, missing

RESULTS = {"contest": "the order of syncs decides the conflict", "volume": "what is transferred grows with the state"}


def write(state: State, event: Write | Delete, deviations: Names) -> Iterator[State]:
    """A replica changes a key; deleting one that is not there may or may not count as a change."""
    key = state.keys[event.key]
    replica = event.replica
    state = state._replace(writes=max(state.writes, event.number + 1))
    if "writes fail offline" in deviations and state.lines[replica] in ("down", "deaf"):
        yield _unsure_of(state._replace(failed="an error instead of an answer"), event, deviations)
        return
    if "writes wait for a sync" in deviations and state.flying(replica):
        yield _unsure_of(state._replace(failed="a write waits"), event, deviations)
        return
    if isinstance(event, Delete):
        yield from _delete(state, event, key, deviations)
        return
    changed = _changed(state, event, key, deviations)
    yield from after_write(state.with_key(event.key, changed), replica, event.key, len(changed.writes) - 1, deviations)


def _unsure_of(state: State, event: Write | Delete, deviations: Names) -> State:
    """With a write of which nobody knows whether and when it is done."""
    key = state.keys[event.key]
    changed = _changed(state, event, key, deviations)
    least = changed.least[event.replica] & ~(1 << len(key.writes))
    return state.with_key(event.key, changed.with_mask("least", event.replica, least))


def _delete(state: State, event: Delete, key: Key, deviations: Names) -> Iterator[State]:
    replica = event.replica
    candidates = key.candidates(replica)
    there = [each for each in candidates if not each.deletes]
    if len(there) < max(len(candidates), 1) or not key.is_exact(replica):
        yield state  # it is not there, or a conflict may have been decided so
    if "a deletion is not pushed" in deviations or "a deletion is forgotten" in deviations:
        forgotten = key.with_mask("least", replica, 0).with_mask("most", replica, 0)._replace(equal=key.equal & ~(1 << replica))
        if "a deletion is forgotten" in deviations:
            forgotten = forgotten.with_mask("erased", replica, key.erased[replica] | key.most[replica])
        yield state.with_key(event.key, forgotten)
    elif there:
        changed = _changed(state, event, key, deviations)
        yield from after_write(state.with_key(event.key, changed), replica, event.key, len(changed.writes) - 1, deviations)
    else:
        yield state.with_key(event.key, _changed(state, event, key, deviations))


def _changed(state: State, event: Write | Delete, key: Key, deviations: Names) -> Key:
    replica, bit = event.replica, len(key.writes)
    past = key.least[replica]
    if state.before is not None:
        # What was heard of in this batch may have been heard of later.
        known = state.before[event.key]
        own = sum(1 << each for each, write in enumerate(key.writes) if each >= len(known.writes) and write.replica == replica)
        past = known.least[replica] | own & key.least[replica]
    wall = state.wall if "the wall clock decides" in deviations else 0.0
    written = Written(event.number, replica, isinstance(event, Delete), past, key.most[replica], wall)
    changed = key._replace(writes=(*key.writes, written)).knowing(replica, 1 << bit, 1 << bit)
    return _kept_back(state, changed, replica, bit, deviations)


def _kept_back(state: State, key: Key, replica: int, bit: int, deviations: Names) -> Key:
    offline = "what was written offline is not pushed" in deviations and state.lines[replica] == "down"
    during = "what is written during a sync is not pushed" in deviations and state.flying(replica)
    if offline or during:
        return key.with_mask("stuck", replica, key.stuck[replica] | 1 << bit)
    return key


def sync(state: State, event: Sync, deviations: Names) -> Iterator[State]:
    """A sync begins; on a line that works it ends as well."""
    replica, line = event.replica, state.lines[event.replica]
    state = _sent(state._replace(syncs=max(state.syncs, event.number + 1)), replica)
    flight = _flight(state, event)
    if "last_sync changes though a sync failed" in deviations:
        state = state._replace(may_advance=state.may_advance | 1 << replica)
    if event.number in state.early:
        yield _ended(_possibly(state, replica), flight, "cancelled")
        return
    if state.broken >> replica & 1:
        yield state._replace(flights=(*state.flights, flight._replace(phase="stands still")))
        yield _ended(state, flight, "failed")
        return
    if flight.overlaps:
        yield from _overlapping(state, flight)
    elif line == "slow":
        yield state._replace(flights=(*state.flights, flight))
    elif line == "up":
        yield from _at_once(state, flight, deviations)
    else:
        yield from _on_a_bad_line(state, flight, deviations)


def _flight(state: State, event: Sync) -> Flight:
    keys = state.before or state.keys
    ours, theirs = (tuple(key.least[node] for key in keys) for node in (event.replica, CENTRE))
    return Flight(event.number, event.replica, ours, theirs, overlaps=bool(state.flying(event.replica)))


def _sent(state: State, replica: int) -> State:
    keys = []
    for key in state.keys:
        carried = key.most[replica] & ~key.stuck[replica]
        first = key.first[replica] or carried
        keys.append(key.with_mask("air", replica, key.air[replica] | carried).with_mask("first", replica, first))
    return state._replace(keys=tuple(keys))


def _overlapping(state: State, flight: Flight) -> Iterator[State]:
    """A second sync may wait, be refused, do all by itself, or leave it to the first."""
    yield state._replace(flights=(*state.flights, flight))
    yield _ended(state, flight, "failed")
    yield _ended(_possibly(state, flight.replica), flight, "returned")


def _at_once(state: State, flight: Flight, deviations: Names) -> Iterator[State]:
    loose = any(each.replica == flight.replica for each in state.flights)
    if loose:  # what was cancelled may go on, and hold the line
        yield _possibly(state, flight.replica)._replace(flights=(*state.flights, flight))
    if state.before is None and not loose and not state.owed >> flight.replica & 1:
        yield met(state, flight, deviations)
    else:
        yield completed(_possibly(state, flight.replica), flight, deviations)


def _possibly(state: State, replica: int, taking: bool = True) -> State:
    """With everything that a replica and the centre may have told each other, and what others heard at the same moment."""
    state = absorbed(state, replica, CENTRE, ())
    if taking:
        state = absorbed(state, CENTRE, replica, ())
    for ended in state.ended:
        if ended.replica != replica:
            state = absorbed(state, CENTRE, ended.replica, ())
    return state


def _on_a_bad_line(state: State, flight: Flight, deviations: Names) -> Iterator[State]:
    replica, line = flight.replica, state.lines[flight.replica]
    after = state if line == "down" else _possibly(state, replica, taking=line == "once")
    if line == "once":
        lines = (*state.lines[:replica], "down", *state.lines[replica + 1 :])
        yield (
            met(state._replace(lines=lines), flight, deviations)
            if state.before is None
            else completed(after._replace(lines=lines), flight, deviations)
        )
        after = after._replace(lines=lines)
    yield failed(after, flight, deviations)
    if state.settings.retries:
        yield after._replace(flights=(*after.flights, flight._replace(phase="backing off")))


def _ended(state: State, flight: Flight, phase: str) -> State:
    """A sync that ends in some way that says nothing of what it did."""
    flights = tuple(each for each in state.flights if each.number != flight.number)
    every = (1 << len(state.keys)) - 1
    unsure = (*state.unsure[: flight.replica], every, *state.unsure[flight.replica + 1 :])
    categories = (ANY,) * len(state.keys) if phase == "returned" else None
    ended = Ended(flight.number, flight.replica, phase, categories)
    return state._replace(
        flights=flights, unsure=unsure, ended=(*state.ended, ended), may_advance=state.may_advance | 1 << flight.replica
    )


def cancel(state: State, event: Cancel, deviations: Names) -> Iterator[State]:
    """A sync in flight is cancelled; what it has begun may go on behind the scenes."""
    for flight in state.flights:
        if flight.number == event.number and flight.phase != "loose":
            after = _ended(state, flight, "cancelled")
            if "after a cancelled sync no other ends" in deviations:
                after = after._replace(broken=after.broken | 1 << flight.replica)
            if "a cancelled sync loses what it was to push" in deviations:
                after = stuck(after, flight.replica)
            if "what a lost reply held never comes" in deviations:
                after = missing(after, flight.replica)
            after = after._replace(flights=(*after.flights, flight._replace(phase="loose")))
            yield after
            others = [each for each in state.flying(flight.replica) if each != flight]
            if "one sync takes another's push for its own" in deviations and others:
                yield stuck(after, flight.replica)
                yield stuck(after, flight.replica, others)
            return
    begun = event.number < state.syncs
    yield state if begun else state._replace(early=state.early | {event.number})


def stuck(state: State, replica: int, carried: Sequence[Flight] = ()) -> State:
    """With everything that a replica has not pushed yet staying where it is, but for what some syncs carry."""
    keys = []
    for index, key in enumerate(state.keys):
        stays = key.most[replica] & ~key.least[CENTRE]
        for flight in carried:
            stays &= ~flight.ours[index]
        keys.append(key.with_mask("stuck", replica, key.stuck[replica] | stays))
    return state._replace(keys=tuple(keys))


def line(state: State, event: Line, deviations: Names) -> Iterator[State]:
    """The line of a replica changes; what waited on it goes on."""
    lines = (*state.lines[: event.replica], event.mode, *state.lines[event.replica + 1 :])
    for after in _let_through(state._replace(lines=lines), event.replica, deviations):
        yield owed_by(after, event.replica)


def let_through(state: State, event: LetThrough, deviations: Names) -> Iterator[State]:
    """What waits on a slow line moves on: a request to the centre, a reply to the replica."""
    yield from _let_through(state, event.replica, deviations)


def _let_through(state: State, replica: int, deviations: Names) -> Iterator[State]:
    mode = state.lines[replica]
    flights = [flight for flight in state.flights if flight.replica == replica and flight.phase != "backing off"]
    if not flights:
        yield state
        return
    after = state
    if mode != "down":
        taking = mode == "up" or (mode == "slow" and any(flight.passed for flight in flights))
        after = _possibly(_sent(state, replica), replica, taking)._replace(may_advance=state.may_advance | 1 << replica)
    flown = tuple(each._replace(passed=each.passed + 1) if each.replica == replica else each for each in after.flights)
    yield from _gone_on(after._replace(flights=flown), replica, mode, deviations)


def _gone_on(state: State, replica: int, mode: str, deviations: Names) -> Iterator[State]:
    states = [state]
    for flight in [flight for flight in state.flights if flight.replica == replica]:
        if flight.phase in ("backing off", "stands still"):
            continue
        if flight.phase == "loose":
            states = [each if mode == "slow" else _without(each, flight) for each in states]
        elif mode == "slow":
            states = [*states, *(completed(each, flight, deviations) for each in states if flight.passed > 1 or flight.overlaps)]
        elif mode == "up":
            states = [completed(each, flight, deviations) for each in states]
        else:
            states = [failed(each, flight, deviations) for each in states]
    if "one sync takes another's push for its own" in deviations and len(state.flying(replica)) > 1:
        states += [stuck(each, replica) for each in states]
    yield from states


def _without(state: State, flight: Flight) -> State:
    return state._replace(flights=tuple(each for each in state.flights if each != flight))


def deliver_again(state: State, event: DeliverAgain, deviations: Names) -> Iterator[State]:
    """Old requests arrive once more; what the centre has heard of already changes nothing."""
    keys = []
    for key in state.keys:
        first = key.first[event.replica]
        if "a late push undoes what came after" in deviations and first:
            keys.append(key.with_mask("least", CENTRE, first).with_mask("most", CENTRE, first)._replace(equal=0))
            state = state._replace(undone=True)
        else:
            keys.append(key.knowing(CENTRE, 0, key.air[event.replica]))
        if "merging again changes the value" in deviations and len(key.candidates(CENTRE)) > 1:
            keys[-1] = keys[-1]._replace(equal=0)
    state = state._replace(keys=tuple(keys))
    yield missing(state, event.replica) if "what a lost reply held never comes" in deviations else state


def advance(state: State, event: Advance, deviations: Names) -> Iterator[State]:
    """Time passes: pushes by themselves are due, and retries."""
    for after in passed(state, event.seconds, deviations):
        yield from _retried(after, event.seconds, deviations)


def _retried(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    waiting = [flight for flight in state.flights if flight.phase == "backing off"]
    if not waiting:
        yield state
        return
    flight = waiting[0]
    works = state.lines[flight.replica] == "up"
    if works:
        yield met(_without(state, flight), flight, deviations)
    yield failed(_without(state, flight), flight, deviations)
    if seconds < LONG:
        yield state


def try_out(state: State, what: str, deviations: Names) -> Iterator[State]:
    """An experiment; what may come of it does not depend on the state."""
    found = RESULTS.get(what, "")
    if what == "contest" and "the order of syncs decides" not in deviations:
        found = ""
    if what == "volume" and "the whole state is transferred" not in deviations:
        found = ""
    if what == "order" and "the order of three decides" in deviations:
        found = "the order in which three values meet decides the outcome"
    if what == "order" and "merging again changes the value" in deviations:
        found = "merging what is known already changes the value"
    yield state._replace(found=found, tried=state.tried | {what})


__all__ = ["REPLICAS", "advance", "bits", "cancel", "deliver_again", "let_through", "line", "sync", "try_out", "write"]
