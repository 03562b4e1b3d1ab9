"""Short concurrent programs over a connection pool."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.exploration import Program, ThreadProgram
from patternproof.ports.connection_pool import ConnectionPoolSettings

from .events import (
    ACQUIRE_TIMEOUT,
    Acquire,
    Advance,
    Break,
    Cancel,
    Close,
    ConnectEnds,
    Connecting,
    HoldResets,
    LeaveWithError,
    Request,
    ResetEnds,
    Return,
)
from .model import ConnectionPoolModel

_ONE = ConnectionPoolSettings(max_size=1)
_TWO = ConnectionPoolSettings(max_size=2)
_TIMED = ConnectionPoolSettings(max_size=1, acquire_timeout=ACQUIRE_TIMEOUT)
_OK, _ERROR = ConnectEnds(0, "ok"), ConnectEnds(0, "error")
_OK_SECOND, _ERROR_SECOND = ConnectEnds(1, "ok"), ConnectEnds(1, "error")
_LATER = Advance(11.0)
_HELD = (Acquire(0), _OK)
_QUEUE = (*_HELD, Acquire(1), Acquire(2))
_IDLE = (*_HELD, Return(0))
_BOTH_HELD = (Acquire(0), _OK, Acquire(1), _OK)
_WHOLE = (Acquire(8), _OK, Return(8), Acquire(9))
"""Afterwards: a borrower makes or gets a connection, and after its return so does the next."""

_PROGRAMS = (
    Program("borrowers come at once", _ONE, (), (Acquire(0), Acquire(1), Acquire(2)), (_OK, Return(0), Return(1), Return(2))),
    Program("three come for two", _TWO, (), (Acquire(0), Acquire(1), Acquire(2)), (_OK_SECOND, _OK, Return(0), Return(1))),
    Program("two come for an idle one", _ONE, _IDLE, (Acquire(1), Acquire(2)), (Return(1), Return(2))),
    Program("two come as one is returned", _ONE, _HELD, (Return(0), Acquire(1), Acquire(2)), (Return(1), Return(2))),
    Program("a newcomer comes as a waiter is served", _ONE, _QUEUE, (Return(0), Acquire(3)), (Return(1), Return(2), Return(3))),
    Program("a waiter is cancelled as it is served", _ONE, _QUEUE, (Return(0), Cancel(1)), (Return(2), *_WHOLE)),
    Program("two waiters are cancelled as one is served", _ONE, _QUEUE, (Return(0), Cancel(1), Cancel(2)), _WHOLE),
    Program(
        "a waiter is cancelled as both are returned",
        _TWO,
        (*_BOTH_HELD, Acquire(2), Acquire(3)),
        (Return(0), Return(1), Cancel(2)),
        (Return(3), Acquire(4), Acquire(5), _OK),
    ),
    Program(
        "a newcomer comes as a served waiter is cancelled",
        _ONE,
        _QUEUE,
        (Return(0), Cancel(1), Acquire(3)),
        (Return(2), Return(3)),
    ),
    Program(
        "a waiter gives up as it is served",
        _TIMED,
        (*_HELD, Acquire(1)),
        (Return(0), _LATER),
        (Acquire(2), _OK, Return(1), Return(2)),
    ),
    Program(
        "waiters give up one after another as one is served",
        _TIMED,
        (*_HELD, Acquire(1), Advance(4.3), Acquire(2)),
        (Return(0), Advance(4.3), Advance(4.3)),
        (Return(2), Return(1), *_WHOLE),
    ),
    Program(
        "a borrower is cancelled as its connection is made",
        _ONE,
        (Acquire(0), Acquire(1)),
        (_OK, Cancel(0)),
        (_OK, Return(1), *_WHOLE),
    ),
    Program(
        "a borrower is cancelled as connecting fails",
        _ONE,
        (Acquire(0), Acquire(1)),
        (_ERROR, Cancel(0)),
        (_OK, Return(1), *_WHOLE),
    ),
    Program(
        "a waiter is cancelled as a connect fails",
        _ONE,
        (Acquire(0), Acquire(1), Acquire(2)),
        (_ERROR, Cancel(1)),
        (_OK, Return(2), *_WHOLE),
    ),
    Program("a borrower comes as connecting fails", _ONE, (Acquire(0),), (_ERROR, Acquire(1)), (_OK, Return(1), *_WHOLE)),
    Program(
        "two connects end at once",
        _TWO,
        (Acquire(0), Acquire(1), Acquire(2)),
        (_OK, _ERROR_SECOND),
        (_OK, Return(0), Return(1), Return(2), Acquire(8), Acquire(9)),
    ),
    Program("a borrower gives up as its connection is made", _TIMED, (Acquire(0),), (_OK, _LATER), _WHOLE),
    Program("a borrower is cancelled as it comes", _ONE, (), (Acquire(0), Cancel(0), Acquire(1)), (_OK, Return(1), *_WHOLE)),
    Program("a borrower leaves and is cancelled", _ONE, _HELD, (Return(0), Cancel(0), Acquire(1)), (_OK, Return(1), *_WHOLE)),
    Program(
        "an error and a cancellation meet", _ONE, _HELD, (LeaveWithError(0), Cancel(0), Acquire(1)), (_OK, Return(1), *_WHOLE)
    ),
    Program(
        "a borrower is cancelled in a request", _ONE, (*_HELD, Acquire(1)), (Request(0), Cancel(0)), (_OK, Return(1), *_WHOLE)
    ),
    Program(
        "a borrower is cancelled while its connection is reset",
        _ONE,
        (*_HELD, Acquire(1), HoldResets(), Return(0)),
        (ResetEnds(0, "ok"), Cancel(0)),
        (_OK, ResetEnds(0, "ok"), Return(1)),
    ),
    Program(
        "a connection breaks as it is returned", _ONE, (*_HELD, Acquire(1)), (Break(1), Return(0)), (_OK, Return(1), *_WHOLE)
    ),
    Program(
        "a waiter is cancelled as a broken one is returned",
        _ONE,
        (*_QUEUE, Break(1)),
        (Return(0), Cancel(1)),
        (_OK, Return(2), *_WHOLE),
    ),
    Program("an idle connection breaks as a borrower comes", _ONE, _IDLE, (Break(1), Acquire(1)), (_OK, Return(1), *_WHOLE)),
    Program("a connection is returned as the pool is closed", _ONE, _HELD, (Return(0), Close()), (Acquire(1),)),
    Program(
        "a waiter is served as the pool is closed", _ONE, (*_HELD, Acquire(1)), (Return(0), Close()), (Return(1), Acquire(2))
    ),
    Program("a borrower comes as the pool is closed", _ONE, _IDLE, (Acquire(1), Close()), (Return(1), Acquire(2))),
    Program("a connection is made as the pool is closed", _ONE, (Acquire(0), Acquire(1)), (_OK, Close()), (Return(0), Return(1))),
    Program("a connect fails as the pool is closed", _ONE, (Acquire(0), Acquire(1)), (_ERROR, Close()), (_OK, Return(1))),
    Program(
        "a waiter is cancelled as the pool is closed", _ONE, (*_HELD, Acquire(1)), (Return(0), Cancel(1), Close()), (Acquire(2),)
    ),
)


def _borrow(number: int) -> tuple[Acquire | Return, ...]:
    """A borrower gets a connection, uses it, and returns it."""
    return (Acquire(number), Return(number))


_AT_ONCE = (Connecting("ok"),)
_THREADS = (
    ThreadProgram("threads come at once", _ONE, (_borrow(0), _borrow(1)), (_AT_ONCE,), (_borrow(8),)),
    ThreadProgram("threads come for two", _TWO, (_borrow(0), _borrow(1)), (_AT_ONCE,), (_borrow(8),)),
    ThreadProgram("threads come for an idle one", _ONE, (_borrow(1), _borrow(2)), (_AT_ONCE, _borrow(0)), (_borrow(8),)),
    ThreadProgram("threads come for an idle one of two", _TWO, (_borrow(1), _borrow(2)), (_AT_ONCE, _borrow(0)), (_borrow(8),)),
    ThreadProgram("a thread comes as the pool is closed", _ONE, (_borrow(1), (Close(),)), (_AT_ONCE, _borrow(0)), (_borrow(8),)),
    ThreadProgram("a thread connects as the pool is closed", _ONE, (_borrow(0), (Close(),)), (_AT_ONCE,), (_borrow(8),)),
)


def thread_programs(model: ConnectionPoolModel) -> Iterator[ThreadProgram]:
    """The programs for pools that are called from threads."""
    for program in _THREADS:
        if model.capabilities.closes or not any(isinstance(event, Close) for events in program.workers for event in events):
            yield program


def programs(model: ConnectionPoolModel) -> Iterator[Program]:
    """The programs that the pool and its driver can run."""
    can = model.capabilities
    lacking = tuple(event for event, there in ((Close, can.closes), (Cancel, can.cancels)) if not there)
    for program in _PROGRAMS:
        if not any(isinstance(event, lacking) for event in program.together):
            yield program
