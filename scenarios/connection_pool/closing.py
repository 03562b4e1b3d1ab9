"""What close() does to the model of connection pools."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from patternproof.modelling import Names

from . import races
from .state import NOBODY, Connection, State
from .supply import LEAVES_IDLE, LEAVES_WAITERS, handed, shut


def close(state: State, deviations: Names) -> Iterator[State]:
    """The pool is closed."""
    if state.closed:
        yield state
        return
    for before in races.closed(state, deviations):
        closed = before._replace(closed=True, closed_now=True)
        for given_up in range(state.attempts + 1):
            for after in _resets_given_up(closed.given_up(given_up)):
                yield from shut(after, deviations)
                yield from shut(after._replace(draining=True), deviations)


def _resets_given_up(state: State) -> Iterator[State]:
    yield state
    in_background = [each.number for each in state.connections if each.where == "resetting" and each.borrower == NOBODY]
    for count in range(1, len(in_background) + 1):
        for gone in combinations(in_background, count):
            yield state.without(*gone)._replace(abandoned=state.abandoned + count)


def connected(state: State, connection: Connection, deviations: Names) -> Iterator[State]:
    """A connection was made for a pool that is closed: it is closed, or serves whoever was making it."""
    if "a connection made while closing stays open" in deviations:
        state = state.with_connection(connection._replace(where="lost"))
    yield from ready(state, connection, deviations)


def ready(state: State, connection: Connection, deviations: Names) -> Iterator[State]:
    """A connection for whoever was about to get it when the pool was closed: it serves one of them, or is closed."""
    yield from shut(state, deviations)
    for number in state.waiting():
        for after in handed(state, number, connection):
            yield from shut(after, deviations)


def returned(state: State, connection: Connection, deviations: Names) -> Iterator[State]:
    """A connection is returned to a pool that is closed."""
    lost = state.with_connection(connection._replace(where="lost"))
    if state.closed_now and races.LEAKS_AT_CLOSE in deviations:
        yield lost
    if "what is in use at close() stays open" in deviations:
        yield lost
        return
    idle = connection._replace(where="idle")
    if LEAVES_IDLE in deviations:
        yield from shut(state.without(connection.number), deviations)
    yield from shut(state.with_connection(idle), deviations)
    for number in state.waiting() if LEAVES_WAITERS in deviations else ():
        for after in handed(state, number, idle):
            yield from shut(after, deviations)
