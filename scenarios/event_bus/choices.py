"""The events that are worth trying next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .events import (
    PULL,
    PUSH,
    Advance,
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
    for sub in state.subs:
        yield from _of_reader(sub, can)
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
    if any(isinstance(event, _ALONE) for event in events):
        yield Advance(PAUSE)
        return
    published = sum(isinstance(event, Publish) for event in events)
    subscribed = sum(isinstance(event, Subscribe) for event in events)
    live, kept = sum(sub.phase in LIVE for sub in state.subs) + subscribed, len(state.subs) + subscribed
    for event in enabled(state, can):
        if isinstance(event, Publish):
            yield replace(event, number=event.number + published)
        elif isinstance(event, Subscribe) and live < MOST_LIVE and kept < MOST_KEPT:
            yield replace(event, subscription=event.subscription + subscribed)
        elif not isinstance(event, (*_ALONE, Subscribe)) and (event not in events or isinstance(event, Advance)):
            yield event


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


def _subscribes(state: State, can: Capabilities) -> Iterator[Any]:
    live = sum(sub.phase in LIVE for sub in state.subs)
    if state.closed or live >= MOST_LIVE or len(state.subs) >= MOST_KEPT:
        return
    for style in _styles(can):
        yield from (Subscribe(state.come, topics, style) for topics in ("X", "XY", "Y"))
        if not state.publisher_waits(R):
            yield SubscribeThenPublish(state.come, state.events, style)
            if not live:
                yield PublishThenSubscribe(state.events, state.come, style)


def _of_reader(sub: Tracked, can: Capabilities) -> Iterator[Any]:
    if sub.running:
        yield from (HandlerEnds(sub.number, how) for how in ("ok", "error", "leaves"))
    if sub.style == PULL and not sub.receiving:
        yield Receive(sub.number)
    if sub.receiving and can.cancels:
        yield CancelReceive(sub.number)


def _of_end(state: State, sub: Tracked, can: Capabilities) -> Iterator[Any]:
    if sub.phase in (OPEN, CUT):
        yield Spoil(sub.number)
        yield Unsubscribe(sub.number)
        if can.scopes:
            yield LeaveScope(sub.number)
        if not sub.running and not state.publisher_waits(R):
            yield UnsubscribeThenPublish(sub.number, state.events)
    if sub.phase not in (*LIVE, HAUNTS) and not sub.running and not sub.receiving and not state.flights:
        yield LookForLeftovers(sub.number)
