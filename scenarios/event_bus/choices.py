"""The events that are worth trying next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .events import (
    PULL,
    PUSH,
    Advance,
    CancelPublish,
    CancelReceive,
    Close,
    HandlerEnds,
    LeaveScope,
    LookForLeftovers,
    Publish,
    PublishThenSubscribe,
    R,
    Receive,
    SendOverWire,
    Spoil,
    Subscribe,
    SubscribeThenPublish,
    Unsubscribe,
    UnsubscribeThenPublish,
)
from .state import CUT, HAUNTS, LIVE, OPEN, State, Tracked

if TYPE_CHECKING:
    from .model import Capabilities

PAUSE = 1.0
"""Seconds of the one thing that can always happen."""
MOST_LIVE = 2
MOST_KEPT = 3
"""Subscriptions in a state, those that are gone included until they are looked after."""
_ALONE = (SubscribeThenPublish, PublishThenSubscribe, UnsubscribeThenPublish, LookForLeftovers, SendOverWire)
"""Events that stand for more than one moment, or look at something when nothing runs: not to be mixed with others."""


def enabled(state: State, can: Capabilities) -> Iterator[Any]:
    """The events worth trying next, alone."""
    yield from _publishes(state)
    yield from _gives_up(state, can)
    for sub in state.subs:
        yield from _of_reader(state, sub, can)
    yield from _subscribes(state, can)
    for sub in state.subs:
        yield from _of_end(state, sub, can)
    if can.closes and not state.closed:
        yield Close()
    if can.wires:
        yield SendOverWire()
    yield Advance(PAUSE)


def alongside(state: State, can: Capabilities, events: Sequence[Any]) -> Iterator[Any]:
    """The events worth trying in one batch with others, or alone."""
    if not events:
        yield from enabled(state, can)
        return
    if any(isinstance(event, _ALONE) or _has_other(event) for event in events):
        yield Advance(PAUSE)
        return
    published = sum(isinstance(event, Publish) for event in events)
    subscribed = sum(isinstance(event, Subscribe) for event in events)
    live, kept = sum(sub.phase in LIVE for sub in state.subs) + subscribed, len(state.subs) + subscribed
    for event in enabled(state, can):
        if isinstance(event, Publish):
            yield replace(event, number=event.number + published)
        elif isinstance(event, Subscribe):
            if live < MOST_LIVE and kept < MOST_KEPT:
                yield replace(event, subscription=event.subscription + subscribed)
        elif isinstance(event, _ALONE) or _has_other(event) or _ends_twice(event, events):
            continue
        elif event not in events or isinstance(event, Advance):
            yield event


def _ends_twice(event: Any, events: Sequence[Any]) -> bool:
    """Whether a handler would have to end again, which it can only once it was called again."""
    ending = {each.subscription for each in events if isinstance(each, HandlerEnds)}
    return isinstance(event, HandlerEnds) and event.subscription in ending


def _has_other(event: Any) -> bool:
    """Whether a handler does something, of which the numbers hold only as long as nothing else happens."""
    return isinstance(event, HandlerEnds) and event.other >= 0


def _styles(can: Capabilities) -> Iterator[str]:
    yield from (PULL,) if can.pull else ()
    yield from (PUSH,) if can.push else ()


def _publishes(state: State) -> Iterator[Publish]:
    number = state.events
    if any(len(sub.buffer) > 2 * state.settings.capacity + 2 for sub in state.subs):
        return
    if not state.publisher_waits(0):
        yield Publish(number)
        yield Publish(number, topic="Y")
        yield Publish(number, special=True)
    if not state.publisher_waits(1):
        yield Publish(number, publisher=1)


def _gives_up(state: State, can: Capabilities) -> Iterator[CancelPublish]:
    if can.cancels:
        waiting = {each.item.publisher for each in state.flights if each.owed and not each.accepted}
        yield from (CancelPublish(publisher) for publisher in (0, 1) if publisher in waiting)


def _has_place(state: State) -> bool:
    """Whether one subscription more can be kept in mind."""
    live = sum(sub.phase in LIVE for sub in state.subs)
    return not state.closed and live < MOST_LIVE and len(state.subs) < MOST_KEPT


def _subscribes(state: State, can: Capabilities) -> Iterator[Any]:
    if not _has_place(state):
        return
    live = any(sub.phase in LIVE for sub in state.subs)
    for style in _styles(can):
        yield from (Subscribe(state.come, topics, style) for topics in (("X", "XY", "Y") if can.several else ("X", "Y")))
        if not state.publisher_waits(R):
            yield SubscribeThenPublish(state.come, state.events, style)
            if not live:
                yield PublishThenSubscribe(state.events, state.come, style)


def _handler_ends(state: State, sub: Tracked, can: Capabilities) -> Iterator[HandlerEnds]:
    for how in ("ok", "error", "leaves", *(("cancelled",) if can.cancels else ())):
        yield HandlerEnds(sub.number, how)
    if sub.phase not in (OPEN, CUT):
        return
    # Where there is no room, a handler that publishes waits for itself, as it has asked for.
    if not state.flights and not state.ending and all(state.has_room(each) and not each.buffer for each in state.subs):
        yield HandlerEnds(sub.number, "publishes", state.events)
    for other in state.subs:
        if other.phase == OPEN and other.number != sub.number and not other.busy:
            yield HandlerEnds(sub.number, "removes", other.number)
    if _has_place(state):
        yield HandlerEnds(sub.number, "subscribes", state.come)


def _of_reader(state: State, sub: Tracked, can: Capabilities) -> Iterator[Any]:
    if sub.running:
        yield from _handler_ends(state, sub, can)
    if sub.style == PULL and not sub.receiving:
        yield Receive(sub.number)
    if sub.receiving and can.cancels:
        yield CancelReceive(sub.number)


def _of_end(state: State, sub: Tracked, can: Capabilities) -> Iterator[Any]:
    if sub.phase in (OPEN, CUT):
        if can.nearby:
            yield Spoil(sub.number)
        yield Unsubscribe(sub.number)
        if can.scopes:
            yield LeaveScope(sub.number)
        if not sub.busy and not state.publisher_waits(R):
            yield UnsubscribeThenPublish(sub.number, state.events)
    if sub.phase not in (*LIVE, HAUNTS) and not sub.busy and not sub.receiving and not state.flights and can.nearby:
        yield LookForLeftovers(sub.number)
