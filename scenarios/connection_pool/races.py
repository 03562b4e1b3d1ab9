"""What goes wrong in pools only within one turn."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from .state import Connection, State, Tracked

NOT_COUNTED = "connects that begin at once are not counted"
SHARED = "two that come at once get the same"
OVERTAKES = "a newcomer overtakes"
LOST_WITH_WAITER = "handed over as its waiter is cancelled, it is lost"
WAKES_NOBODY = "handed over as its waiter is cancelled, nobody is woken"
LOST_AS_MADE = "made as its borrower is cancelled, it is lost"
LOST_AT_TIMEOUT = "handed over as its waiter gives up, it is lost"
LEAKS_AT_CLOSE = "a return as the pool is closed stays open"


def shared(state: State, number: int, connection: int) -> State:
    """A borrower holds a connection that another holds as well."""
    return state.with_borrower(Tracked(number, "holding", connection, fresh=True))


def acquired(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A borrower comes in the turn in which another was served."""
    for other in state.borrowers if deviations & {SHARED, OVERTAKES} else ():
        connection = state.connection(other.connection)
        if not other.fresh or connection is None:
            continue
        taken = shared(state, number, connection.number)
        if SHARED in deviations:
            yield taken
        if OVERTAKES in deviations:
            yield taken.with_connection(connection._replace(borrower=number)).with_borrower(Tracked(other.number))


def cancelled(state: State, connection: Connection, deviations: Names) -> Iterator[State]:
    """A borrower was cancelled in the turn in which it was served, or, with the connection that it had, has left."""
    made = connection.number > state.known[2]
    if (LOST_AS_MADE if made else LOST_WITH_WAITER) in deviations:
        yield state.with_connection(connection._replace(where="lost"))
    if WAKES_NOBODY in deviations and not made and not state.closed:
        yield state.with_connection(connection._replace(where="idle")).asleep()


def gave_up(state: State, name: str, deviations: Names) -> Iterator[State]:
    """A borrower gave up, by cancellation or time, in the turn in which it was given a slot for a connection of its own."""
    ended = sum(1 for kind, _ in state.ended if kind == "attempt")
    begun = state.attempts + ended + state.abandoned - state.known[0]
    if begun > 0 and name in deviations:
        yield state.given_up(1)._replace(lost=state.lost + 1)
    if begun > 0 and WAKES_NOBODY in deviations:
        yield state.given_up(1).asleep()


def timed_out(state: State, deviations: Names) -> Iterator[State]:
    """Time passes in the turn in which waiters were served."""
    for borrower in state.borrowers if LOST_AT_TIMEOUT in deviations else ():
        connection = state.connection(borrower.connection) if borrower.fresh else None
        if connection is not None:
            yield state.ended_as(borrower.number, "timed out").with_connection(connection._replace(where="lost"))
    yield state


def closed(state: State, deviations: Names) -> Iterator[State]:
    """A pool is closed in the turn in which connections were returned."""
    for connection in state.connections if LEAKS_AT_CLOSE in deviations else ():
        if connection.number in state.returned and connection.where == "idle":
            yield state.with_connection(connection._replace(where="lost"))
    yield state
