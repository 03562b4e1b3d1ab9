"""The ways in which a connection pool can be wrong."""

from __future__ import annotations

from patternproof.modelling import Deviation

_IN_ONE_TURN: tuple[tuple[str, ...], ...] = (
    ("connects that begin at once are not counted", "CP-02", "borrowers that come at once make more than max_size connections"),
    ("two that come at once get the same", "CP-03", "one connection is handed to two borrowers that come at once"),
    (
        "handed over as its waiter gives up, it is lost",
        "CP-06",
        "a connection, or a slot, that is handed to a waiter as it gives up is lost",
    ),
    (
        "handed over as its waiter is cancelled, it is lost",
        "CP-07",
        "a connection, or a slot, that is handed to a waiter as it is cancelled is lost",
    ),
    (
        "handed over as its waiter is cancelled, nobody is woken",
        "CP-07",
        "a connection that is returned as its waiter is cancelled serves nobody who waits",
    ),
    ("made as its borrower is cancelled, it is lost", "CP-07", "a connection that is made as its borrower is cancelled is lost"),
    ("a return as the pool is closed stays open", "CP-13", "a connection that is returned as the pool is closed stays open"),
    ("a newcomer overtakes", "CP-15", "who comes as a connection is returned gets it before those who wait"),
)
_ROWS: tuple[tuple[str, ...], ...] = (
    ("a new one for each call", "CP-01", "a new connection is made though one is idle", "", "reuse"),
    (
        "a returned connection is closed",
        "CP-01",
        "connections are closed at their return, and made anew for each borrower",
        "",
        "reuse",
    ),
    ("one connection too many", "CP-02", "one connection more than max_size is made", "", "size"),
    ("max_size is ignored", "CP-02", "connections are made for as many borrowers as come", "", "size"),
    ("one in use is handed out", "CP-03", "with all in use, a borrower is given the connection of another", "", "all in use"),
    (
        "a cancellation during the reset loses the connection",
        "CP-04",
        "a borrower that is cancelled while it returns its connection loses it",
        "reset cancel",
    ),
    ("a return loses the connection", "CP-04", "a connection is never used again", "", "return"),
    (
        "an error loses the connection",
        "CP-04",
        "a borrower that leaves by an error does not return its connection",
        "error",
        "return after an error",
    ),
    (
        "a cancellation loses the connection",
        "CP-04",
        "a borrower that is cancelled does not return its connection",
        "cancel",
        "return after a cancellation",
    ),
    ("the error of the scope is swallowed", "CP-04", "the error of a borrower ends at the scope", "error"),
    ("fails at once when all are in use", "CP-05", "with all in use acquire() does not wait", "", "all in use"),
    (
        "a connect holds up the others",
        "CP-05",
        "who waits does not get a connection that is there as long as another is being made",
    ),
    ("a return wakes nobody", "CP-05", "who waits does not get the connection that is returned"),
    ("gives up early", "CP-06", "a waiter gives up before acquire_timeout", "short", "timeout"),
    ("waits for ever", "CP-06", "a waiter waits beyond acquire_timeout", "time", "timeout"),
    ("waits follow the wall clock", "CP-06", "how long one has waited is taken from the wall clock", "wall time", "timeout"),
    (
        "gives up with another error",
        "CP-06",
        "after acquire_timeout comes something else than a pool-timeout error",
        "time",
        "timeout",
    ),
    (
        "a waiter that gave up still gets a connection",
        "CP-06",
        "a connection is kept for a waiter that is gone",
        "time",
        "timeout",
    ),
    ("a cancelled waiter still gets a connection", "CP-07", "a connection is kept for a waiter that was cancelled", "cancel"),
    (
        "a cancelled connect loses its slot",
        "CP-07",
        "a borrower that is cancelled while its connection is being made takes the slot with it",
        "cancel",
        "cancelled connect",
    ),
    (
        "a cancelled connect wakes nobody",
        "CP-07",
        "a borrower that is cancelled while its connection is being made leaves the next one waiting",
        "cancel",
        "cancelled connect",
    ),
    ("a failed connect loses its slot", "CP-08", "each failure of connect() takes a slot for good", "refusal", "failed connect"),
    (
        "a failed connect wakes nobody",
        "CP-08",
        "after a failure of connect() the next one goes on waiting",
        "refusal",
        "failed connect",
    ),
    (
        "another error than connect()'s",
        "CP-08",
        "the error that comes back is not that of connect()",
        "refusal",
        "error of connect",
    ),
    (
        "the errors of connect() are hidden",
        "CP-08",
        "a failing connect() is tried again for ever, and nobody is told",
        "refusal",
        "error of connect",
    ),
    ("broken while idle", "CP-09", "a connection that broke while idle is handed out", "break"),
    ("broken while in use", "CP-09", "a connection that broke in use is handed out again", "break"),
    ("a discarded connection keeps its slot", "CP-09", "each broken connection takes a slot for good", "break", "discarding"),
    (
        "a discarded connection wakes nobody",
        "CP-09",
        "who waits goes on waiting when a broken connection is returned",
        "break",
        "discarding",
    ),
    (
        "the error of a broken connection is told",
        "CP-09",
        "a broken connection that is found at checkout is not discarded: its error comes to the borrower",
        "break",
    ),
    (
        "a failed reset loses the connection",
        "CP-09",
        "a connection whose reset fails is neither closed nor lent again",
        "reset",
        "failed reset",
    ),
    ("nothing is reset", "CP-10", "connections are not reset", "session"),
    (
        "a failed reset is taken for a reset",
        "CP-10",
        "a connection whose reset fails is handed out as it is",
        "reset session",
        "failed reset",
    ),
    (
        "an interrupted reset is taken for a reset",
        "CP-10",
        "a connection is handed out though its reset was cancelled",
        "reset cancel",
    ),
    (
        "an unread response is carried over",
        "CP-10",
        "a borrower gets the reply to a request that was cancelled",
        "request cancel",
    ),
    ("an error leaves the session as it is", "CP-10", "a connection is not reset after an error", "session error"),
    ("a handle works after its return", "CP-11", "a handle that was returned still reaches its connection", "late"),
    (
        "a second return frees another slot",
        "CP-12",
        "a second return makes room for one connection too many",
        "twice",
        "second return",
    ),
    (
        "a second return puts the connection in twice",
        "CP-12",
        "a connection that is returned twice is handed out twice",
        "twice",
        "second return",
    ),
    ("close() leaves the idle ones open", "CP-13", "idle connections stay open after close()", "close"),
    ("acquires go on after close", "CP-13", "a pool that is closed goes on serving", "close"),
    ("close() leaves the waiters waiting", "CP-13", "who waits is not told that the pool is closed", "close"),
    (
        "what is in use at close() stays open",
        "CP-13",
        "a connection that is returned after close() stays open",
        "close",
        "in use at close()",
    ),
    (
        "close() closes what is in use",
        "CP-13",
        "close() closes connections that borrowers hold, before they return them",
        "close",
        "in use at close()",
    ),
    ("a connection made while closing stays open", "CP-13", "a connection whose making ends after close() stays open", "close"),
    (
        "close() never ends",
        "CP-13",
        "close() does not end although all is returned, or keeps the loop busy until it does",
        "close",
    ),
    ("every second return is lost", "CP-14", "a connection is lost at its second return"),
    ("last come, first served", "CP-15", "who came last is served first", "", "order"),
    ("limits follow the wall clock", "CP-16", "ages are taken from the wall clock", "wall time"),
    ("idle for too long", "CP-16", "a connection idle for longer than max_idle is handed out", "time"),
    ("too old at its return", "CP-16", "a connection older than max_lifetime is handed on as it is returned", "time"),
    ("too old", "CP-16", "a connection older than max_lifetime is handed out", "time"),
    ("idle ones count as in use", "CP-17", "idle connections are counted as in use", "read", "in use"),
    ("what is being made does not count", "CP-17", "a connection that is being made is not counted", "read"),
    ("who waits does not count", "CP-17", "borrowers that wait are not counted", "read", "waiting"),
    ("what close() closed still counts as idle", "CP-17", "what close() has closed still counts as idle", "close read"),
    ("miscounts", "CP-17", "the statistics are not what they count", "read"),
    ("min_size is not made", "CP-19", "no connection is made in advance", "", "min_size"),
    ("min_size is not kept", "CP-19", "what min_size promises is not made anew once it is lost", "break", "min_size"),
)

_BROAD = {"close() never ends", "miscounts"}
_NOW_AND_THEN = ("a return is lost now and then", "CP-14", "a connection is lost at one of its returns")


def _deviation(row: tuple[str, ...], broad: bool = False, elusive: bool = False) -> dict[str, Deviation]:
    name, requirement, sentence, uses, aspect = (*row, "", "")[:5]
    return {name: Deviation(name, requirement, sentence, uses, aspect, broad, elusive)}


DEVIATIONS: dict[str, Deviation] = {}
for _row in _IN_ONE_TURN:
    DEVIATIONS |= _deviation(_row, elusive=True)
for _row in sorted(_ROWS, key=lambda row: row[0] in _BROAD):
    DEVIATIONS |= _deviation(_row, broad=_row[0] in _BROAD)
DEVIATIONS |= _deviation(_NOW_AND_THEN, broad=True, elusive=True)
