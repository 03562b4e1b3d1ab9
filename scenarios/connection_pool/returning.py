"""What becomes of a connection when its borrower leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternproof.modelling import Names

from . import closing, races
from .state import NOBODY, Connection, State, reply_to
from .supply import expired, rested

_LOSES = {
    "ok": ("a return loses the connection",),
    "error": ("an error loses the connection", "a return loses the connection"),
    "cancel": ("a cancellation loses the connection",),
}
_UNREAD = "an unread response is carried over"
_SKIPS = {"ok": (), "error": ("an error leaves the session as it is",), "cancel": (_UNREAD,)}
"""Deviations of pools that may leave the whole reset out."""
FAILED_RESET_LOSES = "a failed reset loses the connection"
WAKES_NOBODY = "a return wakes nobody"
CLOSES_RETURNED = "a returned connection is closed"
NOW_AND_THEN = "a return is lost now and then"
_PHASES = {"ok": "returned", "error": "returned", "cancel": "cancelled"}


def left(state: State, number: int, how: str, deviations: Names) -> Iterator[State]:
    """A borrower has left its scope: ok, error or cancel."""
    borrower = state.borrower(number)
    assert borrower is not None, "only who holds a connection can leave"
    connection = state.connection(borrower.connection)
    phase = "swallowed its error" if how == "error" and "the error of the scope is swallowed" in deviations else _PHASES[how]
    after = state.out(number, phase, borrower.connection)
    if connection is None or connection.where != "used":
        yield from rested(after, deviations)  # another who held it too was quicker: only with deviations
        return
    carries = _carried(state, connection, number, how, borrower.phase, deviations)
    connection = connection._replace(borrower=NOBODY, carries=carries, returns=_counted(connection, deviations))
    lost = after.with_connection(connection._replace(where="lost"))
    if how == "cancel" and borrower.fresh:
        yield from races.cancelled(after, connection, deviations)
    if NOW_AND_THEN in deviations:
        yield lost
    if deviations.intersection(_LOSES[how]) or connection.returns >= 2:
        yield lost
    elif state.closed:
        yield from closing.returned(after, connection, deviations)
        if state.holds and not connection.broke:
            yield from _resetting(after, state, number, connection, deviations)
    elif connection.broke and FAILED_RESET_LOSES in deviations:
        yield lost
    elif (connection.broke or _is_asked(after, connection)) and "broken while in use" not in deviations:
        yield from discarded(after, connection, deviations)
        if how == "cancel":  # the error of a reset may take the place of the cancellation
            yield from discarded(after.ended_as(number, "returned"), connection, deviations)
    else:
        yield from _kept(after, state, number, connection, how, deviations)


def _is_asked(state: State, connection: Connection) -> bool:
    """Whether another borrower's request is under way, so that a reset fails; only with deviations."""
    return any(each.phase == "requesting" and each.connection == connection.number for each in state.borrowers)


def _counted(connection: Connection, deviations: Names) -> int:
    return connection.returns + 1 if "every second return is lost" in deviations else 0


def _carried(state: State, connection: Connection, number: int, how: str, phase: str, deviations: Names) -> str:
    """What is left in a connection once the pool has, or has not, reset it."""
    carries = reply_to(number) if phase == "requesting" else connection.carries
    if state.holds and "nothing is reset" not in deviations:
        return carries
    unread = phase == "requesting" and _UNREAD in deviations
    skipped = how == "error" and "an error leaves the session as it is" in deviations
    return carries if unread or skipped or "nothing is reset" in deviations else ""


def discarded(state: State, connection: Connection, deviations: Names) -> Iterable[State]:
    """A connection is closed, and its slot is free."""
    after = state.without(connection.number)
    if "a discarded connection keeps its slot" in deviations:
        after = after._replace(lost=after.lost + 1)
    if "a discarded connection wakes nobody" in deviations and after.waiting():
        return (after.asleep(),)
    return rested(after, deviations)


def has_surplus(state: State) -> bool:
    """Whether there is an idle connection already, beside which a pool need not keep another."""
    return any(each.where == "idle" and not each.broke for each in state.connections)


def _kept(after: State, before: State, number: int, connection: Connection, how: str, deviations: Names) -> Iterator[State]:
    slow = after.holds and "nothing is reset" not in deviations
    if slow and deviations.intersection(_SKIPS[how]):
        yield from rested(after.with_connection(connection._replace(where="idle")), deviations)
    idle = connection._replace(where="idle", unreset=slow)
    surplus = has_surplus(after)
    after = after._replace(returned=(*after.returned, connection.number))
    if CLOSES_RETURNED in deviations:
        yield from rested(after.without(connection.number), deviations)
        if slow:
            yield from _resetting(after, before, number, connection, deviations)
        return
    if WAKES_NOBODY in deviations and after.waiting():
        if slow:
            yield from _resetting(after, before, number, connection, deviations)
        yield after.with_connection(idle).asleep()
        if expired(connection, after.settings) or surplus or how != "ok":
            yield from discarded(after, connection, deviations)
        return
    if slow:
        yield from _resetting(after, before, number, connection, deviations)
    yield from rested(after.with_connection(idle), deviations)
    if surplus or how != "ok":
        yield from discarded(after, connection, deviations)  # a pool may keep few, and distrust one after an error


def _resetting(after: State, before: State, number: int, connection: Connection, deviations: Names) -> Iterator[State]:
    """A reset that takes its time: the borrower waits for it, or is gone."""
    borrower, ended = before.borrower(number), after.borrower(number)
    resetting = connection._replace(where="resetting", unreset=True)
    if borrower is not None and ended is not None:
        leaving = after.with_borrower(borrower._replace(phase="returning", fresh=False, ends_as=ended.phase))
        leaving = leaving._replace(left=before.left)
        yield from rested(leaving.with_connection(resetting._replace(borrower=number)), deviations)
    yield from rested(after.with_connection(resetting), deviations)
