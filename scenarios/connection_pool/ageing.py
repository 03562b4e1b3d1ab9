"""What time and readings do to the model of pools."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from patternproof.modelling import Names
from patternproof.ports.connection_pool import ConnectionPoolSettings

from . import races
from .returning import discarded
from .state import AT_REST, IN_SCOPE, Connection, State, Tracked
from .supply import expired, rested
from .transitions import LONGEST_BACKOFF

WRONG = "raised something else"


def advance(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """Time passes: who has waited too long gives up, and connections age."""
    older = state._replace(
        borrowers=tuple([_waited(each, seconds, state.settings) for each in state.borrowers]),
        connections=tuple([_aged(each, seconds, state.settings) for each in state.connections]),
        backing=_put_off(state.backing, seconds) if state.waiting() else state.backing,
    )
    for before in dict.fromkeys((older, *_resets_given_up(older, deviations))):
        for after in _timed_out(before, deviations):
            yield from rested(after, deviations)
    if state.closed and state.backing >= 0 and state.waiting():
        # Between two tries it may not have heard that the pool is closed.
        for after in _timed_out(older._replace(attempts=older.attempts + 1, backing=AT_REST), deviations):
            yield from rested(after, deviations)


def _resets_given_up(state: State, deviations: Names) -> Iterator[State]:
    """A pool may hold resets to acquire_timeout too, and tell whoever leaves of one that takes too long."""
    for connection in state.resetting() if state.settings.acquire_timeout is not None else ():
        given_up = state._replace(abandoned=state.abandoned + 1)
        leaving = state.borrower(connection.borrower)
        phases = (leaving.ends_as, WRONG) if leaving else ()
        for out in [given_up.out(connection.borrower, phase, connection.number) for phase in phases] or [given_up]:
            for after in discarded(out, connection, deviations):
                yield after
                yield from _resets_given_up(after, deviations)


def _waited(borrower: Tracked, seconds: float, settings: ConnectionPoolSettings) -> Tracked:
    timed = borrower.phase == "waiting" and settings.acquire_timeout is not None
    return borrower._replace(waited=borrower.waited + seconds) if timed else borrower


def _aged(connection: Connection, seconds: float, settings: ConnectionPoolSettings) -> Connection:
    idle_for, age = connection.idle_for, connection.age
    # Beyond a limit the age makes no difference: keeps the states few.
    if settings.max_idle is not None and connection.where == "idle":
        idle_for = min(idle_for + seconds, settings.max_idle + 1.0)
    if settings.max_lifetime is not None:
        age = min(age + seconds, settings.max_lifetime + 1.0)
    return connection._replace(idle_for=idle_for, age=age)


def _put_off(backing: float, seconds: float) -> float:
    return backing if backing < 0 else AT_REST if backing + seconds > LONGEST_BACKOFF else backing + seconds


def _timed_out(state: State, deviations: Names) -> Iterator[State]:
    limit = state.settings.acquire_timeout
    if limit is None or "waits for ever" in deviations:
        yield state
        return
    due = _due(state, limit, deviations)
    for after in races.timed_out(state, deviations):
        # The limit may not hold for whoever makes a connection.
        for staying in range(min(len(due), state.supplies()) + 1):
            for gone in combinations(due, len(due) - staying):
                yield from _gone(after, gone, deviations)


def _due(state: State, limit: float, deviations: Names) -> list[int]:
    early = state.waiting()[state.supplies() :] if "gives up early" in deviations else []
    return [each.number for each in state.borrowers if each.phase == "waiting" and (each.number in early or each.waited > limit)]


def _gone(state: State, numbers: tuple[int, ...], deviations: Names) -> Iterator[State]:
    connecting = [number for number in numbers if number in state.waiting()[: state.supplies()]]
    ghost = "a waiter that gave up still gets a connection" in deviations
    after = state
    for number in numbers:
        wrong = "gives up with another error" in deviations and number not in connecting
        after = after.ended_as(number, WRONG if wrong else "timed out", ghost and number not in connecting)
    if numbers:
        yield from races.gave_up(after, races.LOST_AT_TIMEOUT, deviations)
    own = min(len(connecting), state.attempts)
    for given_up in dict.fromkeys((own, *range(min(len(numbers), state.attempts) + 1))):
        yield after.given_up(given_up)


def set_wall_clock(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """The wall clock is set; nothing follows from it."""
    after = state
    if "limits follow the wall clock" in deviations:
        jumped = [each._replace(idle_for=each.idle_for + seconds, age=each.age + seconds) for each in state.connections]
        after = after._replace(connections=tuple(jumped))
    if "waits follow the wall clock" in deviations:
        # Whoever makes a connection may have a clock of its own.
        waiting = after.waiting()[after.supplies() :]
        after = after._replace(
            borrowers=tuple(
                [_waited(each, seconds, state.settings) if each.number in waiting else each for each in after.borrowers]
            )
        )
    yield after


def read(state: State, deviations: Names) -> State:
    """The statistics are read: what is known for certain is exact, the rest is within bounds."""
    size, idle, in_use, waiting = _bounds(state)
    if "idle ones count as in use" in deviations:
        in_use = (in_use[0] + idle[0], in_use[1] + idle[1])
    idle = (idle[0] + state.still_counted, idle[1] + state.still_counted)
    if "what is being made does not count" in deviations:
        size = (size[0] - state.attempts, size[1] - state.attempts)
    if "who waits does not count" in deviations:
        waiting = (0, 0)
    return state._replace(counts=(*state.counts, (size, idle, in_use, waiting)))


def _bounds(state: State) -> tuple[tuple[int, int], ...]:
    idle = [each for each in state.connections if each.where == "idle"]
    unsure = sum(1 for each in idle if each.broke or expired(each, state.settings))
    resetting, waiting = len(state.resetting()), sum(1 for each in state.borrowers if each.phase == "waiting")
    used = sum(1 for each in state.connections if each.where == "used")
    gone = sum(1 for each in state.connections if each.where == "lost")
    lost = max(0, state.lost)
    # A slot may be kept for a connect that is tried again later.
    put_off = 0 if state.backing < 0 else min(max(1, waiting - state.attempts), max(0, state.settings.max_size - state.taken()))
    # With deviations borrowers may hold what is closed: in use or not, who can tell?
    gone += sum(1 for each in state.borrowers if each.phase in IN_SCOPE and state.connection(each.connection) is None)
    size = used + resetting + len(idle) - unsure + state.attempts
    return (
        (size, size + unsure + lost + gone + put_off),
        (len(idle) - unsure, len(idle) + resetting + lost + gone),
        (used, used + resetting + state.attempts + lost + gone + put_off),
        (max(0, waiting - state.supplies()), waiting),
    )
