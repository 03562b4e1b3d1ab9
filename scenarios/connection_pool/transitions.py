"""What each event does to the model of connection pools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from patternproof.modelling import Names

from . import closing, races
from .events import Cancel, ConnectEnds, LeaveWithError, Reply, Request, ResetEnds, Return, SetState
from .returning import CLOSES_RETURNED, FAILED_RESET_LOSES, WAKES_NOBODY, discarded, has_surplus, left
from .state import AT_REST, BROKEN, IN_SCOPE, NOBODY, Connection, State, Tracked, is_reply, session_of
from .supply import HOLDS_UP, capacity, expired, handed, ready, rested, stale, takers

MOST_RETRIES = 3
"""How often a failed connect may be tried again before its error is told."""
HIDES_ERRORS = "the errors of connect() are hidden"
TELLS_BROKEN = "the error of a broken connection is told"
MOST_BROKEN = 2
"""How many broken connections in a row a checkout looks at before it may put the next try off."""
LONGEST_BACKOFF = 30.0
"""Seconds within which a try that is put off has to come."""


def acquire(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A borrower comes: it is served at once, waits, or is refused."""
    state = state._replace(borrowers=(*state.borrowers, Tracked(number)), come=max(state.come, number + 1))
    if state.closed and "acquires go on after close" not in deviations:
        yield state.ended_as(number, "refused")
        return
    yield from races.acquired(state, number, deviations)
    wrong = list(_acquired_wrongly(state, number, deviations))
    if wrong:
        yield from wrong
        return
    broken = [each.number for each in state.connections if each.where == "idle" and each.broke]
    if len(broken) >= MOST_BROKEN:
        yield from _backed_off(state.without(*broken), number, deviations)
    idle = ready(state, deviations)
    if idle and HOLDS_UP in deviations and state.attempts:
        yield from rested(state, deviations)
    for connection in idle:
        for after in handed(state, number, connection):
            yield from rested(after, deviations)
    if not idle:
        yield from rested(state.without(*broken) if broken else state, deviations)


def _backed_off(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A borrower that found one broken connection after another lets some time pass before it looks again."""
    for after in rested(state._replace(backing=0.0), deviations):
        if number in after.waiting():
            yield after._replace(backing=0.0)


def _acquired_wrongly(state: State, number: int, deviations: Names) -> Iterator[State]:
    idle, used = ready(state, deviations), [each for each in state.connections if each.where == "used"]
    # A connection that is too old makes room for another.
    broken = [each.number for each in state.connections if each.where == "idle" and each.broke]
    full = not idle and not stale(state) and state.taken() >= capacity(state, deviations)
    if state.closed:
        yield next(handed(state, number, idle[0])) if idle else state._replace(attempts=state.attempts + 1)
    elif "a new one for each call" in deviations and _is_room_beside_idle(state, deviations):
        yield state._replace(attempts=state.attempts + 1)
    elif broken and TELLS_BROKEN in deviations:
        yield from _told_of_broken(state, number, broken, deviations)
    elif full and "fails at once when all are in use" in deviations:
        yield state.ended_as(number, "timed out")
        yield state.ended_as(number, "raised something else")
    elif full and used and "one in use is handed out" in deviations:
        yield races.shared(state, number, used[0].number)


def _told_of_broken(state: State, number: int, broken: Sequence[int], deviations: Names) -> Iterator[State]:
    """The borrower gets an error; the connection may be kept as it is, or closed with its slot free or not."""
    for phase in ("raised something else", "failed"):
        told = state.ended_as(number, phase)
        yield told
        for each in broken:
            yield from rested(told.without(each), deviations)
            yield from rested(told.without(each)._replace(lost=told.lost + 1), deviations)
    for connection in ready(state, deviations):  # which it may have found first
        for after in handed(state, number, connection):
            yield from rested(after, deviations)


def _is_room_beside_idle(state: State, deviations: Names) -> bool:
    """Whether one more can be made without a look at those that are idle, of which some may be broken."""
    there = state.attempts + len(state.connections)
    return there < capacity(state, deviations) and any(each.where == "idle" for each in state.connections)


def leave(state: State, event: Return | LeaveWithError, deviations: Names) -> Iterator[State]:
    """A borrower leaves its scope, normally or by an error."""
    borrower = state.borrower(event.borrower)
    if borrower is None or borrower.phase != "holding":
        yield state  # overtaken by another event of the batch
        return
    yield from left(state, event.borrower, "ok" if isinstance(event, Return) else "error", deviations)


def cancel(state: State, event: Cancel, deviations: Names) -> Iterator[State]:
    """A borrower is cancelled where it stands."""
    number, borrower = event.borrower, state.borrower(event.borrower)
    phase = "" if borrower is None else borrower.phase
    if borrower is None or phase not in ("waiting", "returning", *IN_SCOPE):
        yield state  # overtaken: it was over before
    elif phase == "waiting":
        yield from _cancelled_waiting(state, number, deviations)
    elif phase == "returning":
        yield from _cancelled_returning(state, borrower, deviations)
    else:
        yield from left(state, number, "cancel", deviations)
        if borrower.fresh:
            yield state  # a cancellation that meets the service may be swallowed: no requirement says otherwise


def _cancelled_waiting(state: State, number: int, deviations: Names) -> Iterator[State]:
    connecting = number in state.waiting()[: state.attempts]
    ghost = not connecting and "a cancelled waiter still gets a connection" in deviations
    after = state.ended_as(number, "cancelled", ghost)
    if connecting and "a cancelled connect loses its slot" in deviations:
        yield after.given_up(1)._replace(lost=state.lost + 1)
        return
    if connecting and "a cancelled connect wakes nobody" in deviations:
        yield after.given_up(1).asleep()
        return
    yield from races.gave_up(after, races.LOST_WITH_WAITER, deviations)
    for connection in state.resetting():
        if connection.borrower == NOBODY:
            yield from reset_given_up(after, connection, deviations)
    for given_up in dict.fromkeys((1, 0) if connecting else (0, min(1, state.attempts))):
        yield from rested(after.given_up(given_up), deviations)


def _cancelled_returning(state: State, borrower: Tracked, deviations: Names) -> Iterator[State]:
    connection = state.connection(borrower.connection)
    for phase in ("cancelled", "returned"):
        after = state.out(borrower.number, phase, borrower.connection)
        if connection is None or connection.where != "resetting":
            yield after
        else:
            yield from reset_given_up(after, connection._replace(borrower=NOBODY), deviations)
    # A pool that shields the reset lets the borrower go once it is over.
    yield state.with_borrower(borrower._replace(ends_as="cancelled"))
    yield state


def reset_given_up(state: State, connection: Connection, deviations: Names) -> Iterator[State]:
    """A reset is interrupted: the connection is closed or reset again later; or it goes on in the background."""
    interrupted = state._replace(abandoned=state.abandoned + 1)
    if "a cancellation during the reset loses the connection" in deviations:
        yield interrupted.with_connection(connection._replace(where="lost"))
        return
    if "an interrupted reset is taken for a reset" in deviations:
        yield from rested(interrupted.with_connection(connection._replace(where="idle", unreset=False)), deviations)
        return
    yield from discarded(interrupted, connection, deviations)
    yield state.with_connection(connection)
    if not state.closed:
        yield from rested(interrupted.with_connection(connection._replace(where="idle")), deviations)


def connect_ends(state: State, event: ConnectEnds, deviations: Names) -> Iterator[State]:
    """A connect() succeeds or fails, unless it was given up in the same batch."""
    this = ("attempt", event.attempt)
    if this in state.ended or event.attempt >= state.known[0] or not state.attempts:
        yield state
        return
    yield from _ended(state._replace(ended=(*state.ended, this)), event.how, deviations)
    if state.abandoned:
        yield state


def _ended(state: State, how: str, deviations: Names) -> Iterator[State]:
    fewer = state._replace(attempts=state.attempts - 1)
    return (_connected if how == "ok" else _refused)(fewer, deviations)


def connecting(state: State, how: str, deviations: Names) -> Iterator[State]:
    """From now on a connect() is held, or ends at once; those under way are held as they were."""
    yield state._replace(connecting=how)


def at_once(state: State, held: int, deviations: Names) -> Iterator[State]:
    """With each connect() ended that has begun since there were `held` of them, where they end at once."""
    if state.connecting == "held" or state.attempts <= held:
        yield state
        return
    if HIDES_ERRORS in deviations and state.connecting == "error" and state.waiting():
        yield state  # it spins, or tries later, and never comes to an end
        yield state._replace(attempts=held, backing=0.0)
        return
    for after in dict.fromkeys(_ended(state, state.connecting, deviations)):
        yield from at_once(after, min(held, after.attempts), deviations)


def _connected(state: State, deviations: Names) -> Iterator[State]:
    connection = Connection(state.made + 1)
    after = state._replace(made=state.made + 1, retries=0, backing=AT_REST)
    waiting = state.waiting()
    if state.closed:
        yield from closing.connected(after, connection, deviations)
        return
    yield from rested(after.with_connection(connection), deviations)
    if state.backing >= 0:  # another's try is still to come
        yield from rested(after.with_connection(connection)._replace(backing=state.backing), deviations)
    if not waiting and state.connecting == "held":
        yield from rested(after, deviations)  # made for a borrower that is gone, it may be closed at once


def _refused(state: State, deviations: Names) -> Iterator[State]:
    waiting = state.waiting()
    hidden = HIDES_ERRORS in deviations and bool(waiting)
    if not hidden:
        yield from _failed(state, waiting, deviations)
    if state.closed:
        yield from rested(state, deviations)
    if (waiting or state.closed) and (state.retries < MOST_RETRIES or hidden):
        again = state._replace(retries=0 if hidden else state.retries + 1)
        yield from rested(again._replace(attempts=state.attempts + 1), deviations)
        if waiting:
            yield from rested(again._replace(backing=0.0), deviations)


def _failed(state: State, waiting: list[int], deviations: Names) -> Iterator[State]:
    if not waiting and not state.closed and "a failed connect loses its slot" not in deviations:
        put_off = state._replace(retries=0, backing=0.0)  # whoever comes next may have to wait for the next try
        yield put_off
        if state.connecting == "held":
            yield from (after for after in rested(state, deviations) if after.attempts > state.attempts)
        return
    told = "raised something else" if "another error than connect()'s" in deviations else "failed"
    for failed in dict.fromkeys((*((each,) for each in takers(state, deviations)), tuple(waiting))):
        yield from _told(state, failed, told, deviations)


def _told(state: State, failed: Sequence[int], phase: str, deviations: Names) -> Iterable[State]:
    for number in failed:
        state = state.ended_as(number, phase)
    state = state._replace(retries=0, backing=AT_REST)
    if "a failed connect loses its slot" in deviations:
        return rested(state._replace(lost=state.lost + 1), deviations)
    if "a failed connect wakes nobody" in deviations:
        return (state.asleep(),) if state.waiting() else rested(state, deviations)
    if state.settings.min_size:
        put_off = state._replace(backing=0.0)
        return (put_off,) if state.connecting == "error" else (*rested(state, deviations), put_off)
    return rested(state, deviations)


def break_connection(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A connection breaks; who sends a request over it is told, and an idle one may be discarded in the background."""
    connection = state.connection(number)
    if connection is None or connection.broke:
        yield state
        return
    where = "idle" if connection.where == "idle" else "in use"
    if where == "idle" and "a discarded connection keeps its slot" in deviations:
        yield from discarded(state, connection, deviations)
        return
    broken = state.with_connection(connection._replace(broke=where))
    for each in state.borrowers:
        if each.phase == "requesting" and each.connection == number:
            broken = broken.with_borrower(each._replace(phase="holding"))
    yield broken
    for each in broken.borrowers:
        if each.fresh and each.connection == number:
            yield broken.with_borrower(each._replace(found=BROKEN))  # it broke before its first request
    if where == "idle" and not state.closed:
        # Discarded or not, it serves nobody; only connections that are made in its place make a difference.
        yield from (after for after in discarded(state, connection, deviations) if after.attempts > state.attempts)


def set_state(state: State, event: SetState, deviations: Names) -> Iterator[State]:
    """A borrower changes the session of its connection."""
    borrower = state.borrower(event.borrower)
    connection = None if borrower is None or borrower.phase != "holding" else state.connection(borrower.connection)
    if connection is None or connection.broke:
        yield state
        return
    changed = connection if is_reply(connection.carries) else connection._replace(carries=session_of(event.borrower))
    yield state.with_connection(changed)


def request(state: State, event: Request | Reply, deviations: Names) -> Iterator[State]:
    """A request of a borrower begins or ends."""
    borrower = state.borrower(event.borrower)
    before, after = ("holding", "requesting") if isinstance(event, Request) else ("requesting", "holding")
    connection = None if borrower is None or borrower.phase != before else state.connection(borrower.connection)
    if borrower is None or connection is None or connection.broke:
        yield state
        return
    yield state.with_borrower(borrower._replace(phase=after))


def reset_ends(state: State, event: ResetEnds, deviations: Names) -> Iterator[State]:
    """A reset() succeeds or fails, unless it was given up in the same batch."""
    resetting = state.resetting()
    this = ("reset", event.reset)
    if this in state.ended or event.reset >= state.known[1] or not resetting:
        yield state
        return
    for connection in resetting:
        ended = state._replace(ended=(*state.ended, this))
        failed = event.how != "ok" or bool(connection.broke)
        for out in _outs(ended, connection, failed):
            yield from _reset(out, connection, failed, deviations)
    if state.abandoned:
        yield state


def _outs(state: State, connection: Connection, failed: bool) -> Iterator[State]:
    """With whoever waits for the reset out of its scope; the error of a reset may take the place of a cancellation."""
    leaving = state.borrower(connection.borrower)
    if leaving is None:
        yield state
        return
    for phase in dict.fromkeys((leaving.ends_as, "returned") if failed else (leaving.ends_as,)):
        yield state.out(leaving.number, phase, connection.number)


def _reset(state: State, connection: Connection, failed: bool, deviations: Names) -> Iterable[State]:
    if failed and FAILED_RESET_LOSES in deviations:
        return (state.with_connection(connection._replace(where="lost", borrower=NOBODY)),)
    if failed and "a failed reset is taken for a reset" not in deviations:
        return discarded(state, connection, deviations)
    if CLOSES_RETURNED in deviations:
        return rested(state.without(connection.number), deviations)
    carries = connection.carries if failed else ""
    clean = connection._replace(where="idle", borrower=NOBODY, unreset=False, carries=carries)
    if state.closed:
        return closing.ready(state.without(connection.number), clean, deviations)
    if WAKES_NOBODY in deviations and state.waiting():
        return (state.with_connection(clean).asleep(),)
    # What grew too old while it was reset had been looked at before.
    young = [clean, clean._replace(age=0.0)] if expired(clean, state.settings) else [clean]
    kept = [after for each in young for after in rested(state.with_connection(each), deviations)]
    return (*kept, *discarded(state, connection, deviations)) if has_surplus(state) else kept
