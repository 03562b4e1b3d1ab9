"""Experiments with new services beside the one watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .events import Answer, HandlerEnds, PeerSends, Receive, Register, Seen, Send, Subscribe

if TYPE_CHECKING:
    from .rig import ServiceRig

FLOOD = 300
"""Messages that a reader leaves unread; more than what libraries keep by default, which is 0, 1, 100 or 256."""
_USE: tuple[Any, ...] = (Register(0), Send(0), PeerSends(0), Send(1), HandlerEnds(0), Answer(1), Answer(0), PeerSends(1))


def neighbours(rig: ServiceRig) -> str:
    """Whether two services over two transports do otherwise than each alone; what, if so."""
    marks = ["0-", "1-"]
    alone = [_used(rig, [mark])[0] for mark in marks]
    for before, seen in zip(alone, _used(rig, marks), strict=True):
        for event, one, two in zip(_USE, before, seen, strict=True):
            if one != two:
                return f"{event}: alone, {one}; beside another service, {two}"
    if rig.peer.foreign:
        return f"over the transport of another service goes {rig.peer.foreign.pop()}"
    return ""


def _used(rig: ServiceRig, marks: Sequence[str]) -> list[list[Seen]]:
    """What each of some services shows that are used in turn, event by event."""
    with rig.beside(marks) as services:
        seen: list[list[Seen]] = [[] for _ in services]
        for event in _USE:
            for service in services:
                service.do(event)
                rig.driver.settle()
            for service, shown in zip(services, seen, strict=True):
                shown.append(service.look())
        return seen


def flood(rig: ServiceRig) -> str:
    """Whether a reader that stops reading holds up another, a handler, or a response; how, if so.

    Where these do not get along even without it, other checks say so.
    """
    with rig.beside(["f-"], holds=False) as (service,):
        _done(service, (*((Subscribe(1),) if rig.reads else ()), *((Register(0),) if rig.handles else ())))
        if _passed(service, rig, 0) or not _responds(service, 0):
            return ""
        _done(service, (Subscribe(0),) if rig.reads else ())
        for number in range(1, FLOOD):
            held_up = _passed(service, rig, number)
            if held_up:
                return f"after {number} messages {held_up}"
        return "" if _responds(service, 1) else f"after {FLOOD} messages no response arrives"


def _passed(service: ServiceRig, rig: ServiceRig, number: int) -> str:
    """What is wrong with what one message brings to whoever reads and hears; nothing, if all is well."""
    for event in (*((Receive(1),) if rig.reads else ()), PeerSends(number)):
        service.do(event)
    service.driver.settle()
    seen = service.look()
    got = [each.what for each in seen.received if each.reader == 1]
    heard = [each.what for each in seen.heard]
    if rig.reads and got != [str(number)]:
        return f"another reader gets {', '.join(got) or 'nothing'}"
    if rig.handles and heard != [str(number)]:
        return f"a handler hears {', '.join(heard) or 'nothing'}"
    return ""


def _responds(service: ServiceRig, number: int) -> bool:
    return "answered" in [each.phase for each in _done(service, (Send(number), Answer(number))).calls]


def _done(service: ServiceRig, events: Sequence[Any]) -> Seen:
    for event in events:
        service.do(event)
        service.driver.settle()
    return service.look()


EXPERIMENTS: dict[str, Callable[[Any], str]] = {"neighbours": neighbours, "flood": flood}
"""By name; each returns what is wrong, or nothing."""
