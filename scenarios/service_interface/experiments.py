"""Experiments with new services beside the one that is watched."""

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
    """Whether two services over two transports do otherwise than one alone; what, if so."""
    alone = _used(rig, 1)[0]
    for seen in _used(rig, 2):
        for event, one, two in zip(_USE, alone, seen, strict=True):
            if one != two:
                return f"{event}: alone, {one}; beside another service, {two}"
    return ""


def _used(rig: ServiceRig, count: int) -> list[list[Seen]]:
    """What each of some services shows that are used in turn, event by event."""
    with rig.beside([f"{number}-" for number in range(count)]) as services:
        seen: list[list[Seen]] = [[] for _ in services]
        for event in _USE:
            for service in services:
                service.do(event)
                rig.driver.settle()
            for service, shown in zip(services, seen, strict=True):
                shown.append(service.look())
        return seen


def flood(rig: ServiceRig) -> str:
    """Whether a reader that stops reading holds up another, a handler, or a response; how, if so."""
    with rig.beside(["f-"], holds=False) as (service,):
        listening = (*((Subscribe(0), Subscribe(1)) if rig.reads else ()), *((Register(0),) if rig.handles else ()))
        _done(service, listening)
        for number in range(FLOOD):
            seen = _done(service, (PeerSends(number), *((Receive(1),) if rig.reads else ())))
            got = [each.what for each in seen.received if each.reader == 1]
            if rig.reads and got != [str(number)]:
                return f"after {number} messages another reader gets {', '.join(got) or 'nothing'}"
            if rig.handles and [each.what for each in seen.heard] != [str(number)]:
                return f"after {number} messages a handler hears {', '.join(each.what for each in seen.heard) or 'nothing'}"
        seen = _done(service, (Send(0), Answer(0)))
        return "" if "answered" in [each.phase for each in seen.calls] else f"after {FLOOD} messages no response arrives"


def _done(service: ServiceRig, events: Sequence[Any]) -> Seen:
    for event in events:
        service.do(event)
        service.driver.settle()
    return service.look()


EXPERIMENTS: dict[str, Callable[[Any], str]] = {"neighbours": neighbours, "flood": flood}
"""By name; each returns what is wrong, or nothing."""
