"""How waiting borrowers come to connections in the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from patternproof.modelling import Names
from patternproof.ports.connection_pool import ConnectionPoolSettings

from . import races
from .state import AT_REST, BROKEN, Connection, State, is_reply, reply_to

HOLDS_UP = "a connect holds up the others"
LEAVES_WAITERS = "close() leaves the waiters waiting"
LEAVES_IDLE = "close() leaves the idle ones open"
STILL_COUNTS = "what close() closed still counts as idle"
_UNREADY = {"min_size is not made", "min_size is not kept"}


MANY = 4
"""Connections beyond max_size where there is no limit: as many as there are borrowers at a time, and one."""
LAST_FIRST = "last come, first served"


def expired(connection: Connection, settings: ConnectionPoolSettings) -> bool:
    """Whether a connection may not be handed out any more for its age."""
    idle = settings.max_idle is not None and connection.idle_for > settings.max_idle
    return idle or (settings.max_lifetime is not None and connection.age > settings.max_lifetime)


def stale(state: State) -> list[int]:
    """The idle connections that may not be handed out any more for their age, and still take a slot."""
    idle = [each for each in state.connections if each.where == "idle" and not each.broke]
    return [each.number for each in idle if expired(each, state.settings)]


def _too_old(state: State, connection: Connection, deviations: Names) -> bool:
    """As `expired`, unless a deviation does not mind."""
    if not expired(connection, state.settings):
        return False
    if state.settings.max_idle is not None:
        return "idle for too long" not in deviations
    return ("too old at its return" if connection.number in state.returned else "too old") not in deviations


def ready(state: State, deviations: Names) -> list[Connection]:
    """The idle connections that may be handed out."""
    idle = [each for each in state.connections if each.where == "idle" and not _too_old(state, each, deviations)]
    return [each for each in idle if not each.broke or f"broken while {each.broke}" in deviations]


def capacity(state: State, deviations: Names) -> int:
    """Slots, taken or free."""
    more = 1 if "one connection too many" in deviations else MANY if "max_size is ignored" in deviations else 0
    return state.settings.max_size - state.lost + more


def handed(state: State, number: int, connection: Connection) -> Iterator[State]:
    """A borrower gets a connection, or waits for its reset."""
    if not connection.unreset:
        yield _held(state, number, connection)
    if connection.unreset or (state.holds and connection.may_reset):
        yield state.with_connection(connection._replace(where="resetting", may_reset=False))


def _held(state: State, number: int, connection: Connection) -> State:
    borrower = state.borrower(number)
    assert borrower is not None, "only a waiting borrower is handed a connection"
    found = BROKEN if connection.broke else connection.carries
    served = borrower._replace(phase="holding", connection=connection.number, found=found, waited=0.0, fresh=True, missed=False)
    after = state.with_borrower(served)
    if connection.twice:
        return after.with_connection(connection._replace(twice=False))
    # Whoever reads the response to another leaves its own unread.
    carries = reply_to(number) if is_reply(connection.carries) else connection.carries
    used = connection._replace(where="used", borrower=number, carries=carries, idle_for=0.0, may_reset=True)
    return after.with_connection(used)


def rested(state: State, deviations: Names) -> Iterable[State]:
    """Every way in which a pool may come to rest: nobody waits who could be served; the plainest first."""
    if state.closed:
        return dict.fromkeys(shut(state, deviations))
    found: dict[State, None] = {}
    for awake in _woken(state):
        for after in _served(awake, deviations):
            found.update(dict.fromkeys(_begun(after, deviations)))
    return found


def _woken(state: State) -> Iterator[State]:
    """With those whose wake-up was missed still asleep, or awake."""
    yield state
    if any(each.missed for each in state.borrowers):
        yield state._replace(borrowers=tuple([each._replace(missed=False) for each in state.borrowers]))


def _served(state: State, deviations: Names) -> Iterator[State]:
    waiting, idle, ghosts = state.waiting(), ready(state, deviations), state.ghosts()
    if not idle or not (waiting or ghosts):
        yield state
        return
    supplies = state.supplies()
    # Whoever has just made a connection keeps it.
    if HOLDS_UP in deviations and state.attempts and state.made == state.known[2]:
        yield state
    for number in _in_order(state, [*takers(state, deviations), *ghosts], deviations):
        for connection in idle:
            taken = (_haunted(state, number, connection),) if number in ghosts else handed(state, number, connection)
            for after in taken:
                yield from _served(after, deviations)
    if len(waiting) <= supplies:
        yield state


def takers(state: State, deviations: Names) -> list[int]:
    """The borrowers of whom any may be the next to be served, or to be told of a failure.

    As many as there are connections on their way may be making their own, and are no waiters that could be overtaken.
    """
    return state.waiting() if LAST_FIRST in deviations else state.waiting()[: state.supplies() + 1]


def _in_order(state: State, numbers: list[int], deviations: Names) -> list[int]:
    order = [each.number for each in state.borrowers if each.number in numbers]
    if LAST_FIRST not in deviations:
        return order
    # Whoever made a connection keeps it; of those who wait for a return the last comes first.
    return order if state.made > state.known[2] else order[-1:]


def _haunted(state: State, number: int, connection: Connection) -> State:
    return _without_ghost(state.with_connection(connection._replace(where="lost")), number)


def _without_ghost(state: State, number: int) -> State:
    borrower = state.borrower(number)
    return state if borrower is None else state.with_borrower(borrower._replace(ghost=False))


def _begun(state: State, deviations: Names) -> Iterator[State]:
    """With the connects that begin, and expired connections closed for them or for good."""
    old = stale(state)
    racing = max(0, state.attempts - state.known[0]) if races.NOT_COUNTED in deviations else 0
    room = capacity(state, deviations) - state.taken() + racing
    most = max(0, room + len(old))
    least, plain = _wanted(state, most, deviations)
    # Nobody makes more than are asked for beyond max_size, or for ever where each of them fails.
    spare = len(state.waiting()) if state.connecting == "error" else state.settings.max_size - state.taken() + len(old)
    highest = min(most, max(plain, spare, len(state.waiting()) - state.attempts))
    for ghost in state.ghosts() if room > 0 else ():
        yield from _begun(_without_ghost(state, ghost)._replace(lost=state.lost + 1), deviations)
    for count in dict.fromkeys((plain, *range(least, highest + 1))):
        for after in _with_attempts(state, count):
            for closed in range(min(len(old), max(0, count - room)), len(old) + 1):
                for gone in combinations(old, closed):
                    yield after.without(*gone) if gone else after


def _with_attempts(state: State, count: int) -> Iterator[State]:
    """With connects begun: the try that was put off among them, or one that is another borrower's and still to come."""
    if not count:
        yield state
        return
    more = state._replace(attempts=state.attempts + count)
    yield more._replace(backing=AT_REST)
    if more.backing >= 0 and len(more.waiting()) > more.attempts:
        yield more


def _wanted(state: State, most: int, deviations: Names) -> tuple[int, int]:
    """How many connects have to begin, and how many plainly do."""
    waiting, supplies = len(state.waiting()), state.supplies()
    needed = waiting and not supplies
    # What broke while idle, and was not looked at since, still counts as ready, and a slot that is lost as taken.
    there = state.attempts + len(state.connections) + max(0, state.lost)
    missing = 0 if state.backing >= 0 or deviations & _UNREADY else state.settings.min_size - there
    least = min(most, max(missing, 1 if needed else 0, 0))
    return least, max(least, min(most, waiting - supplies))


def shut(state: State, deviations: Names) -> Iterator[State]:
    """Every way in which a closed pool may come to rest: idle connections are closed, and who waits is refused.

    Whoever makes a connection may still be about it. As long as close() itself waits, for what is in use or under way, it may
    put the rest off.
    """
    busy = state.supplies() or any(each.where == "used" for each in state.connections)
    for awake in _woken(state):
        if state.draining and busy:
            yield from _refused(awake, 0 if state.supplies() else len(awake.waiting()), deviations)
        over = awake._replace(draining=False)
        if LEAVES_IDLE not in deviations:
            idle = [each.number for each in over.connections if each.where == "idle"]
            over = over.without(*idle)
            if STILL_COUNTS in deviations:
                over = over._replace(still_counted=over.still_counted + len(idle))
        yield from _refused(over, len(over.waiting()) - over.supplies(), deviations)


def _refused(state: State, least: int, deviations: Names) -> Iterator[State]:
    """With at least that many of those that wait refused."""
    waiting = state.waiting()
    least = 0 if LEAVES_WAITERS in deviations else max(0, least)
    for count in range(least, len(waiting) + 1):
        for numbers in combinations(reversed(waiting), count):
            after = state
            for number in numbers:
                after = after.ended_as(number, "refused")
            yield after
