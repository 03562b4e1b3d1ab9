"""What replicas push by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from .events import CENTRE, SYNC_INTERVAL
from .state import State, at
from .syncing import EMPTIES, absorbed, emptied

GRACE = 0.5
"""Seconds around the end of an interval at which either side is right."""


def after_write(state: State, replica: int, key: int, bit: int, deviations: Names) -> Iterator[State]:
    """A write may be pushed at once, if the interval of the last push is over, and by its end at the latest."""
    if state.settings.sync_interval is None:
        yield state
        return
    if state.lines[replica] != "up" or state.owed >> replica & 1:
        owing = owed_by(state._replace(owed=state.owed | 1 << replica), replica)
        yield from _perhaps_emptied(owing, replica, deviations)
        return
    waiting = state.with_pending(replica, key, bit)
    ago = state.pushed_ago[replica]
    if "nothing is pushed by itself" in deviations or _is_stopped(state, deviations):
        yield state
    elif "every write is pushed at once" in deviations:
        yield _pushed(waiting, replica, 0.0)
    elif ago is None:
        yield _pushed(waiting, replica, 0.0)
        if "the last write of an interval is not pushed" not in deviations:
            yield waiting
    else:
        yield state if "the last write of an interval is not pushed" in deviations else waiting


def _perhaps_emptied(state: State, replica: int, deviations: Names) -> Iterator[State]:
    """An automatic push on a line that does not work may have failed, and done harm."""
    yield state
    if EMPTIES in deviations and state.lines[replica] != "up":
        yield emptied(state, replica)


def _pushed(state: State, replica: int, ago: float | None) -> State:
    """With all that waits to be pushed at the centre, since so many seconds."""
    due = [each for each in state.pending if each.replica == replica]
    state = absorbed(absorbed(state, replica, CENTRE, ()), CENTRE, replica, ())
    for each in due:
        key = state.keys[each.key]
        state = state.with_key(each.key, key.knowing(CENTRE, each.mask & ~key.stuck[replica], 0))
    return state._replace(
        pending=tuple(each for each in state.pending if each.replica != replica),
        pushed_ago=at(state.pushed_ago, replica, ago),
        may_advance=state.may_advance | 1 << replica,
    )


def owed_by(state: State, replica: int) -> State:
    """A replica that may push whenever its line works; nobody knows when it tries."""
    if state.settings.sync_interval is None:
        return state
    waits = any(each.replica == replica for each in state.pending)
    if waits or state.owed >> replica & 1:
        state = state._replace(
            owed=state.owed | 1 << replica,
            pending=tuple(each for each in state.pending if each.replica != replica),
            pushed_ago=at(state.pushed_ago, replica, None),
        )
        if state.lines[replica] == "up":
            state = absorbed(absorbed(state, replica, CENTRE, ()), CENTRE, replica, ())
            state = state._replace(may_advance=state.may_advance | 1 << replica)
    return state


def passed(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """Time passes; what waits longer than an interval has been pushed."""
    aged = state._replace(pushed_ago=tuple(None if ago is None else _since(ago + seconds) for ago in state.pushed_ago))
    states = [aged]
    for replica in range(len(state.pushed_ago)):
        if state.owed >> replica & 1:
            states = [after for each in states for after in _perhaps_emptied(owed_by(each, replica), replica, deviations)]
        elif any(each.replica == replica for each in state.pending):
            states = [after for each in states for after in _waited(each, replica, seconds, deviations)]
    yield from map(_pulled, states) if state.settings.sync_interval is not None else states


def _pulled(state: State) -> State:
    """With what replicas may have heard of by the way: one that syncs by itself may pull too, and with nothing to push."""
    for replica, line in enumerate(state.lines):
        if line == "up":
            state = absorbed(state, CENTRE, replica, ())._replace(may_advance=state.may_advance | 1 << replica)
    return state


def _since(ago: float) -> float | None:
    """How long ago the last push was; None where the next may come at any time."""
    return ago if ago < SYNC_INTERVAL - GRACE else None


def _waited(state: State, replica: int, seconds: float, deviations: Names) -> Iterator[State]:
    ago = state.pushed_ago[replica]
    stopped = _is_stopped(state, deviations)
    if not stopped and ago is None:
        # Of all moments at which it may have pushed the earliest: the next push may come the sooner.
        yield _pushed(state, replica, _since(seconds))
    older = tuple(each._replace(age=each.age + seconds) if each.replica == replica else each for each in state.pending)
    overdue = any(each.replica == replica and each.age > SYNC_INTERVAL + GRACE for each in older)
    if stopped or not overdue:
        yield state._replace(pending=older)


def _is_stopped(state: State, deviations: Names) -> bool:
    return "a wall clock set back stops automatic pushes" in deviations and state.wall < 0.0
