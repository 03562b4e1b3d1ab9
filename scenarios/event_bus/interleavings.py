"""Short concurrent programs over an event bus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from patternproof.exploration import Program, ThreadProgram
from patternproof.ports.event_bus import EventBusSettings

from .events import PULL, PUSH, CancelReceive, Close, HandlerEnds, Publish, Receive, Subscribe, Unsubscribe
from .model import EventBusModel

_TWO = EventBusSettings(2, "block")
_WAITS = EventBusSettings(1, "block")
_OLDEST = EventBusSettings(1, "drop_oldest")
_NEWEST = EventBusSettings(1, "drop_newest")
_DISCONNECTS = EventBusSettings(1, "disconnect")
_A, _B = Subscribe(0), Subscribe(1)
_HANDLER_A, _HANDLER_B = Subscribe(0, style=PUSH), Subscribe(1, style=PUSH)
_READ_BOTH = (Receive(0), Receive(1), Receive(0), Receive(1))
_RETURN_BOTH = (HandlerEnds(0), HandlerEnds(1), HandlerEnds(0), HandlerEnds(1))


def _p(number: int) -> Publish:
    return Publish(number)


def _q(number: int) -> Publish:
    return Publish(number, publisher=1)


_PROGRAMS = (
    Program("two publishers come together", _TWO, (_A, _B), (_p(0), _q(1)), _READ_BOTH),
    Program("two publishers meet subscribers that wait", _TWO, (_A, _B, Receive(0), Receive(1)), (_p(0), _q(1)), _READ_BOTH),
    Program("two publishers meet handlers", _TWO, (_HANDLER_A, _HANDLER_B), (_p(0), _q(1), _q(2)), _RETURN_BOTH),
    Program("a publisher hurries", _TWO, (_A,), (_p(0), _p(1), _p(2), Receive(0)), (Receive(0), Receive(0), Receive(0))),
    Program(
        "a publisher hurries, with a handler",
        _TWO,
        (_HANDLER_A,),
        (_p(0), _p(1), _q(2)),
        (HandlerEnds(0), HandlerEnds(0)),
    ),
    Program("an event comes as a receive is cancelled", _TWO, (_A, Receive(0)), (_p(0), CancelReceive(0)), (Receive(0), _p(1))),
    Program(
        "two events come as a receive is cancelled",
        _TWO,
        (_A, Receive(0)),
        (_p(0), _q(1), CancelReceive(0)),
        (Receive(0), Receive(0)),
    ),
    Program("a receive is cancelled as it begins", _TWO, (_A, _p(0)), (Receive(0), CancelReceive(0)), (Receive(0), _p(1))),
    Program("a subscriber comes as an event does", _TWO, (_A,), (_B, _p(0)), (Receive(0), _p(1), Receive(0), Receive(1))),
    Program("a subscriber goes as an event comes", _TWO, (_A, _B), (Unsubscribe(0), _p(0)), (Receive(1), _p(1), Receive(1))),
    Program(
        "one comes and one goes as an event does", _TWO, (_A, _B), (Unsubscribe(0), Subscribe(2), _p(0)), (Receive(1), _p(1))
    ),
    Program(
        "a handler comes as an event does",
        _TWO,
        (_HANDLER_A,),
        (_HANDLER_B, _p(0)),
        (_p(1), HandlerEnds(0), HandlerEnds(1)),
    ),
    Program(
        "a handler goes as an event comes",
        _TWO,
        (_HANDLER_A, _HANDLER_B),
        (Unsubscribe(0), _p(0)),
        (_p(1), HandlerEnds(1)),
    ),
    Program("a handler returns as an event comes", _TWO, (_HANDLER_A, _p(0)), (HandlerEnds(0), _p(1)), (HandlerEnds(0), _p(2))),
    Program(
        "a handler fails as an event comes",
        _TWO,
        (_HANDLER_A, _HANDLER_B, _p(0)),
        (HandlerEnds(0, "error"), _p(1)),
        (HandlerEnds(1), HandlerEnds(0)),
    ),
    Program(
        "a handler leaves as an event comes",
        _TWO,
        (_HANDLER_A, _HANDLER_B, _p(0)),
        (HandlerEnds(0, "leaves"), HandlerEnds(1), _p(1)),
        (HandlerEnds(1), _p(2)),
    ),
    Program(
        "a reader makes room as a publisher comes",
        _WAITS,
        (_A, _p(0), _p(1)),
        (Receive(0), _q(2)),
        (Receive(0), Receive(0), Receive(0)),
    ),
    Program("who held a publisher up goes", _WAITS, (_A, _B, _p(0), _p(1)), (Unsubscribe(0), Receive(1)), (Receive(1), _p(2))),
    Program("a slow reader meets two publishers", _OLDEST, (_A, _B, _p(0)), (Receive(0), _p(1), _q(2)), _READ_BOTH),
    Program(
        "a reader that waits meets two publishers",
        _OLDEST,
        (_A, Receive(0)),
        (_p(0), _p(1), _q(2)),
        (Receive(0), Receive(0)),
    ),
    Program("a slow reader meets two publishers, newest", _NEWEST, (_A, _B, _p(0)), (Receive(0), _p(1), _q(2)), _READ_BOTH),
    Program(
        "a handler returns as it overflows",
        _OLDEST,
        (_HANDLER_A, _p(0)),
        (HandlerEnds(0), _p(1), _p(2)),
        (HandlerEnds(0),),
    ),
    Program("a reader meets its disconnection", _DISCONNECTS, (_A, _B, _p(0)), (Receive(0), _p(1)), (Receive(0), Receive(1))),
    Program("the bus is closed as an event comes", _TWO, (_A,), (_p(0), Close()), (Receive(0), Receive(0))),
    Program("the bus is closed as a subscriber waits", _TWO, (_A, Receive(0)), (_p(0), Close()), (Receive(0), Receive(0))),
    Program(
        "the bus is closed as a publisher waits", _WAITS, (_A, _p(0), _p(1)), (Receive(0), Close()), (Receive(0), Receive(0))
    ),
    Program(
        "the bus is closed as a handler returns", _TWO, (_HANDLER_A, _p(0)), (HandlerEnds(0), _p(1), Close()), (HandlerEnds(0),)
    ),
    Program("the bus is closed as a subscriber comes", _TWO, (_A,), (_B, Close()), (Receive(0),)),
)
_EVENTS_OF_STYLE: dict[str, tuple[type, ...]] = {PULL: (Receive, CancelReceive), PUSH: (HandlerEnds,)}


def programs(model: EventBusModel) -> Iterator[Program]:
    """The programs that the implementation and its driver can run."""
    can = model.capabilities
    lacking = {CancelReceive: can.cancels, Close: can.closes, Receive: can.pull, HandlerEnds: can.push}
    for program in _PROGRAMS:
        events = (*program.prefix, *program.together, *program.after)
        styles = {event.style for event in events if isinstance(event, Subscribe)}
        has_all = all(lacking.get(type(event), True) for event in events)
        if has_all and (can.pull or PULL not in styles) and (can.push or PUSH not in styles):
            yield program


def _each(*events: Any) -> tuple[tuple[Any, ...], ...]:
    return tuple([(event,) for event in events])


_THREADS = (
    ThreadProgram("threads publish together", _TWO, _each(_p(0), _q(1)), _each(_A, _B), _each(*_READ_BOTH)),
    ThreadProgram("a thread publishes as another subscribes", _TWO, _each(_p(0), _B), _each(_A), _each(_p(1), *_READ_BOTH[:3])),
    ThreadProgram(
        "a thread publishes as another unsubscribes", _TWO, _each(_p(0), Unsubscribe(0)), _each(_A, _B), _each(Receive(1))
    ),
    ThreadProgram("a thread publishes as another receives", _TWO, _each(_q(1), Receive(0)), _each(_A, _p(0)), _each(Receive(0))),
    ThreadProgram("threads overflow a buffer", _OLDEST, _each(_p(0), _q(1)), _each(_A), _each(Receive(0))),
)


def thread_programs(model: EventBusModel) -> Iterator[ThreadProgram]:
    """The programs for implementations that are called from threads."""
    return iter(_THREADS if model.capabilities.pull else ())
