"""What a sync makes replicas and centre know."""

from __future__ import annotations

from patternproof.modelling import Names

from .events import CENTRE
from .state import ANY, Ended, Flight, Key, State, at

BY_WALL = "the wall clock decides"
"""The deviation, which a merge function leaves nothing to decide."""
EMPTIES = "a failed sync empties the local state"
"""The deviation, whether the sync was asked for or an automatic push."""


def absorbed(state: State, giver: int, taker: int, deviations: Names | tuple[()]) -> State:
    """With one node that may have heard of all that another may know."""
    keys = tuple(key.knowing(taker, 0, key.most[giver] & ~_kept(key, giver, taker)) for key in state.keys)
    return state._replace(keys=keys)


def _kept(key: Key, giver: int, taker: int) -> int:
    """What deviations keep from being told."""
    return key.stuck[giver] if giver != CENTRE else key.missed[taker]


def met(state: State, flight: Flight, deviations: Names) -> State:
    """A sync of which nothing else kept it from being told exactly: both sides know the same now."""
    replica = flight.replica
    told = deviations if state.settings.merge is None else deviations - {BY_WALL}
    categories = tuple(
        ANY if state.unsure[replica] >> index & 1 or _is_fickle(key, deviations) else _category(key, replica, told)
        for index, key in enumerate(state.keys)
    )
    keys = tuple(_met(key, replica, deviations) for key in state.keys)
    return _returned(state._replace(keys=keys), flight, categories, deviations)


def _met(key: Key, replica: int, deviations: Names) -> Key:
    if key.erased[replica]:
        for name in ("least", "most"):
            key = key.with_mask(name, CENTRE, getattr(key, name)[CENTRE] & ~key.erased[replica])
        key = key._replace(equal=0, gone=key.gone | key.erased[replica]).with_mask("erased", replica, 0)
    if "merging has another base" in deviations:
        key = _without_base(key, replica)
    pushed = key.least[replica] & ~key.stuck[replica], key.most[replica] & ~key.stuck[replica]
    after = key.knowing(CENTRE, *pushed)
    if _is_fickle(after, deviations):
        after = after._replace(equal=0)
    if "a sync takes nothing from the store" in deviations:
        return after
    pulled = after.least[CENTRE] & ~key.missed[replica], after.most[CENTRE] & ~key.missed[replica]
    after = after.knowing(replica, *pulled)
    kept_back = after.most[replica] & key.stuck[replica] or after.most[CENTRE] & key.missed[replica]
    return after if kept_back else after._replace(equal=after.equal | 1 << replica)


def _without_base(key: Key, replica: int) -> Key:
    """With what either side has overwritten since, and the other still shows, as if it had not been."""
    ours, theirs = key.most[replica] & ~key.most[CENTRE], key.most[CENTRE] & ~key.most[replica]
    if not ours or not theirs:
        return key
    shown = {write.number for node in (replica, CENTRE) for write in key.candidates(node)}
    back = sum(1 << bit for bit, write in enumerate(key.writes) if write.number in shown)
    met = key.most[replica] | key.most[CENTRE]
    writes = tuple(
        write._replace(past=write.past & ~back, perhaps=write.perhaps & ~back) if met >> bit & 1 else write
        for bit, write in enumerate(key.writes)
    )
    return key._replace(writes=writes)


def _is_fickle(key: Key, deviations: Names) -> bool:
    """Whether every sync may change what a conflict comes to."""
    return "merging again changes the value" in deviations and len(key.candidates(CENTRE)) > 1


def _category(key: Key, replica: int, deviations: Names) -> str:
    if key.erased[replica]:
        return "both" if key.most[CENTRE] & ~key.erased[replica] else "pushed"
    if BY_WALL in deviations and len(key.writes) > 1:
        return ANY  # who goes by nothing but the time cannot tell a conflict from an update
    if key.stuck[replica]:
        return ANY
    if not key.is_exact(replica) or not key.is_exact(CENTRE):
        return ANY
    ours, theirs = key.most[replica] & ~key.most[CENTRE], key.most[CENTRE] & ~key.most[replica]
    here = [write for write in key.candidates(replica) if not write.deletes]
    there = [write for write in key.candidates(CENTRE) if not write.deletes]
    if (ours or theirs) and not here and not there:
        return ANY  # it is gone on both sides: nobody can see a change
    if (ours | theirs) & key.gone:
        return ANY  # whether what comes back is news was forgotten with it
    if ours and theirs and not (here and there) and not _was_there(key, key.most[replica] & key.most[CENTRE]):
        return ANY  # on one side it has come and gone since the two last met: nobody need see a change there
    if theirs and ("a sync takes nothing from the store" in deviations or key.missed[replica]):
        return ANY
    after = key.knowing(replica, key.least[CENTRE], key.most[CENTRE])
    if not (ours and theirs) and len(after.candidates(replica)) > 1:
        return ANY  # an older conflict may have been decided so that nothing is seen to change
    return "both" if ours and theirs else "pushed" if ours else "pulled" if theirs else ""


def _was_there(key: Key, known: int) -> bool:
    """Whether a key is there for who knows these writes."""
    seen = known & ~key.overwritten(known)
    return any(seen >> bit & 1 and not write.deletes for bit, write in enumerate(key.writes))


def completed(state: State, flight: Flight, deviations: Names) -> State:
    """A sync that returned while other things happened: what both knew at its beginning, both know."""
    keys = []
    for key, ours, theirs in zip(state.keys, flight.ours, flight.theirs, strict=True):
        if flight.overlaps:
            keys.append(key)
            continue
        if "what is written during a sync is overwritten" in deviations:
            key = _overwritten(key, flight.replica, ours)
        key = key.knowing(CENTRE, ours & ~key.stuck[flight.replica], 0)
        if "a sync takes nothing from the store" not in deviations:
            key = key.knowing(flight.replica, theirs & ~key.missed[flight.replica], 0)
        keys.append(key)
    return _returned(state._replace(keys=tuple(keys)), flight, (ANY,) * len(keys), deviations)


def _overwritten(key: Key, replica: int, ours: int) -> Key:
    """Without what the replica wrote since a sync began."""
    lost = sum(1 << bit for bit, write in enumerate(key.writes) if write.replica == replica) & ~ours & ~key.least[CENTRE]
    for node in (replica, CENTRE):
        key = key.with_mask("least", node, key.least[node] & ~lost).with_mask("most", node, key.most[node] & ~lost)
    return key


def _returned(state: State, flight: Flight, categories: tuple[str, ...], deviations: Names) -> State:
    flights = tuple(each for each in state.flights if each.number != flight.number)
    if not flight.overlaps:
        flights = tuple(each for each in flights if each.replica != flight.replica or each.phase != "loose")
    ended = Ended(flight.number, flight.replica, "returned", categories)
    more = any(each.replica == flight.replica for each in flights)
    unsure = at(state.unsure, flight.replica, state.unsure[flight.replica] if more else 0)
    return state._replace(
        flights=flights,
        ended=(*state.ended, ended),
        unsure=unsure,
        may_advance=state.may_advance | 1 << flight.replica,
        owed=state.owed & ~(1 << flight.replica),
        pending=tuple(each for each in state.pending if each.replica != flight.replica),
    )


def failed(state: State, flight: Flight, deviations: Names) -> State:
    """A sync that reports an error."""
    replica = flight.replica
    every = (1 << len(state.keys)) - 1
    flights = tuple(each for each in state.flights if each.number != flight.number)
    state = _damaged(state._replace(flights=flights, unsure=at(state.unsure, replica, every)), replica, deviations)
    if "a failed sync never ends" in deviations:
        return state._replace(broken=state.broken | 1 << replica, flights=(*flights, flight._replace(phase="stands still")))
    phase = "returned" if "a failed sync is not reported" in deviations else "failed"
    ended = Ended(flight.number, replica, phase, (ANY,) * len(state.keys) if phase == "returned" else None)
    early = "last_sync changes though a sync failed" in deviations and flight.phase != "backing off"
    advanced = 1 << replica if early else 0
    chances = tuple(sorted({*state.chances, state.chance})) if state.settings.retries else ()
    return state._replace(ended=(*state.ended, ended), advanced=state.advanced | advanced, chances=chances)


def _damaged(state: State, replica: int, deviations: Names) -> State:
    keys = []
    for key in state.keys:
        if EMPTIES in deviations:
            key = _emptied(key, replica)
        if "what a failed sync was to push is not pushed again" in deviations:
            key = key.with_mask("stuck", replica, key.stuck[replica] | key.most[replica] & ~key.least[CENTRE])
        keys.append(key)
    state = state._replace(keys=tuple(keys))
    return (
        missing(state, replica)
        if "what a lost reply held never comes" in deviations and state.lines[replica] == "deaf"
        else state
    )


def _emptied(key: Key, replica: int) -> Key:
    return key.with_mask("least", replica, 0).with_mask("most", replica, 0)._replace(equal=key.equal & ~(1 << replica))


def emptied(state: State, replica: int) -> State:
    """With a replica that has lost all that it knew."""
    return state._replace(keys=tuple(_emptied(key, replica) for key in state.keys))


def missing(state: State, replica: int) -> State:
    """With everything that the centre has told, and a replica has not heard, never being told again."""
    keys = tuple(
        key.with_mask("missed", replica, key.missed[replica] | key.most[CENTRE] & ~key.least[replica]) for key in state.keys
    )
    return state._replace(keys=keys)
