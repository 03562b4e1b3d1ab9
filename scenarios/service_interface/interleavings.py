"""Short concurrent programs over a message service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from patternproof.exploration import Program, ThreadProgram

from .choices import LONG
from .events import (
    Advance,
    Answer,
    CancelReceive,
    CancelSend,
    Given,
    HandlerEnds,
    Lose,
    PeerSends,
    Receive,
    Register,
    Retry,
    Send,
    Subscribe,
    Unregister,
)
from .model import ServiceModel

_GIVEN = Given()
_A, _B = Register(0), Register(1)


def _program(name: str, prefix: tuple[Any, ...], together: tuple[Any, ...], after: tuple[Any, ...]) -> Program:
    return Program(name, _GIVEN, prefix, together, after)


_PROGRAMS = (
    _program("two calls begin together", (), (Send(0), Send(1)), (Answer(1), Answer(0))),
    _program("an answer comes as another call begins", (Send(0),), (Answer(0), Send(1)), (Answer(1), Send(2), Answer(2))),
    _program("two answers come together", (Send(0), Send(1)), (Answer(0), Answer(1, "fault")), (Send(2), Answer(2))),
    _program(
        "a call is cancelled as its answer comes", (Send(0), Send(1)), (Answer(0), CancelSend(0)), (Answer(1), Send(2), Answer(2))
    ),
    _program("a call is cancelled as it begins", (), (Send(0), CancelSend(0)), (Send(1), Answer(0), Answer(1))),
    _program("a call is cancelled as another begins", (Send(0),), (CancelSend(0), Send(1)), (Answer(0), Answer(1))),
    _program(
        "one is cancelled, one begins and one is answered",
        (Send(0), Send(1)),
        (CancelSend(0), Send(2), Answer(1)),
        (Answer(0), Answer(2)),
    ),
    _program(
        "a deadline comes with the answer",
        (Send(0, "deadline"), Send(1)),
        (Answer(0), Advance(LONG)),
        (Answer(1), Send(2), Answer(2)),
    ),
    _program("a call with a deadline is cancelled as it begins", (), (Send(0, "deadline"), CancelSend(0)), (Send(1), Answer(1))),
    _program("a transport fails as another call begins", (), (Send(0, "refused"), Send(1)), (Answer(1), Send(2), Answer(2))),
    _program("the peer is lost as an answer comes", (Send(0), Send(1)), (Answer(0), Lose()), ()),
    _program("the peer is lost as a call begins", (), (Lose(), Send(0)), (Send(1),)),
    _program("one key twice at once", (), (Send(0, "keyed"), Retry(1, 0)), (Answer(0), Retry(2, 0))),
    _program("one key again as it is answered", (Send(0, "keyed"),), (Answer(0), Retry(1, 0)), (Retry(2, 0),)),
    _program("one key again as it is cancelled", (Send(0, "keyed"),), (CancelSend(0), Retry(1, 0)), (Answer(0), Retry(2, 0))),
    _program(
        "one of two with one key is cancelled as the answer comes",
        (Send(0, "keyed"), Retry(1, 0)),
        (CancelSend(0), Answer(0)),
        (Retry(2, 0),),
    ),
    _program("one key is cancelled as it begins", (), (Send(0, "keyed"), CancelSend(0)), (Retry(1, 0), Answer(0))),
    _program(
        "messages come together",
        (_A, _B),
        (PeerSends(0), PeerSends(1)),
        (HandlerEnds(0), HandlerEnds(1), HandlerEnds(0), HandlerEnds(1)),
    ),
    _program(
        "a handler returns as a message comes", (_A, PeerSends(0)), (HandlerEnds(0), PeerSends(1)), (HandlerEnds(0), PeerSends(2))
    ),
    _program(
        "a handler fails as a message comes",
        (_A, _B, PeerSends(0)),
        (HandlerEnds(0, "error"), PeerSends(1)),
        (HandlerEnds(1), HandlerEnds(0)),
    ),
    _program(
        "a handler fails as another returns",
        (_A, _B, PeerSends(0)),
        (HandlerEnds(0, "error"), HandlerEnds(1)),
        (PeerSends(1), HandlerEnds(0)),
    ),
    _program("a handler comes as a message does", (_A,), (_B, PeerSends(0)), (PeerSends(1), HandlerEnds(0), HandlerEnds(1))),
    _program("a handler goes as a message comes", (_A, _B), (Unregister(0), PeerSends(0)), (PeerSends(1), HandlerEnds(1))),
    _program(
        "a handler sends as a call begins",
        (_A, PeerSends(0)),
        (HandlerEnds(0, "sends", call=0), Answer(0)),
        (Answer(0), Send(1), Answer(1)),
    ),
    _program(
        "a handler sends as another call is cancelled",
        (_A, Send(0), PeerSends(0)),
        (HandlerEnds(0, "sends", call=1), CancelSend(0)),
        (Answer(1), Send(2), Answer(2)),
    ),
    _program(
        "a handler registers another as a message comes",
        (_A, PeerSends(0)),
        (HandlerEnds(0, "registers", other=1), PeerSends(1)),
        (HandlerEnds(0), PeerSends(2)),
    ),
    _program(
        "a handler leaves as a message comes",
        (_A, _B, PeerSends(0)),
        (HandlerEnds(0, "leaves"), PeerSends(1)),
        (HandlerEnds(1), PeerSends(2)),
    ),
    _program(
        "a reader comes as a message does", (Subscribe(0),), (Subscribe(1), PeerSends(0)), (Receive(0), Receive(1), PeerSends(1))
    ),
    _program(
        "a receive is cancelled as a message comes",
        (Subscribe(0), Receive(0)),
        (PeerSends(0), CancelReceive(0)),
        (Receive(0), PeerSends(1)),
    ),
    _program(
        "a receive is cancelled as two messages come",
        (Subscribe(0), Receive(0)),
        (PeerSends(0), CancelReceive(0), PeerSends(1)),
        (Receive(0), Receive(0)),
    ),
    _program(
        "a receive is cancelled as it begins",
        (Subscribe(0), PeerSends(0)),
        (Receive(0), CancelReceive(0)),
        (Receive(0), PeerSends(1)),
    ),
)


def programs(model: ServiceModel) -> Iterator[Program]:
    """The programs that the implementation and its driver can run."""
    for program in _PROGRAMS:
        if _possible(model, (*program.prefix, *program.together, *program.after)):
            yield program


def _possible(model: ServiceModel, events: Sequence[Any]) -> bool:
    can = model.capabilities
    lacking: dict[type, bool] = {CancelSend: can.cancels, CancelReceive: can.cancels, Subscribe: can.reads, Register: can.handles}
    lacking |= {Unregister: can.unregisters, Retry: can.keys}
    ways = {getattr(event, "how", "") for event in events}
    has_all = all(lacking.get(type(event), True) for event in events)
    deadlines, keys = can.deadlines or "deadline" not in ways, can.keys or "keyed" not in ways
    return has_all and deadlines and keys and (can.unregisters or "leaves" not in ways)


OWN = 3
"""Threads of a service's own: one receives, and others call handlers, or send."""


def _answered(call: int, event: Any) -> tuple[Any, ...]:
    """A call whose request is answered as soon as it has arrived: nothing is held where schedules of threads are explored."""
    return Answer(call), event


_THREADS = (
    ThreadProgram("threads register handlers", _GIVEN, ((_A,), (_B,)), own=OWN),
    ThreadProgram("a thread registers a handler as another sends", _GIVEN, (_answered(0, Send(0)), (_A,)), own=OWN),
    ThreadProgram("threads send with one key", _GIVEN, (_answered(0, Send(0, "keyed")), _answered(0, Retry(1, 0))), own=OWN),
    ThreadProgram(
        "messages come to a handler", _GIVEN, ((PeerSends(0), PeerSends(1), HandlerEnds(0), HandlerEnds(0)),), ((_A,),), own=OWN
    ),
    ThreadProgram("threads send together", _GIVEN, (_answered(0, Send(0)), _answered(1, Send(1))), own=OWN),
)


def thread_programs(model: ServiceModel) -> Iterator[ThreadProgram]:
    """The programs for services that are called from threads."""
    for program in _THREADS:
        if _possible(model, [event for events in (*program.prefix, *program.workers, *program.after) for event in events]):
            yield program
