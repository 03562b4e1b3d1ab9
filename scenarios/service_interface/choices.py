"""The events that are worth trying next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .events import (
    NOBODY,
    Advance,
    Answer,
    CancelReceive,
    CancelSend,
    HandlerEnds,
    Lose,
    PeerSends,
    Receive,
    Register,
    Retry,
    Send,
    Subscribe,
    SubscribeThenPeerSends,
    Try,
    Unregister,
)
from .state import State

if TYPE_CHECKING:
    from .model import Capabilities

PAUSE, LONG = 3.0, 30.0
"""Seconds that no deadline takes, and that every one does."""
MOST_CALLS = 2
MOST_HANDLERS = 2
MOST_READERS = 2
MOST_UNDONE = 3
MOST_BUFFERED = 2
_ALONE = (SubscribeThenPeerSends, Try)
"""Events that stand for more than one moment: not to be mixed with others."""


def enabled(state: State, can: Capabilities) -> Iterator[Any]:
    """The events worth trying next, alone."""
    if not state.lost:
        yield from _of_calls(state, can)
    if can.handles:
        yield from _of_handlers(state, can)
    if can.reads and not state.lost:
        yield from _of_readers(state, can)
    yield Advance(PAUSE)
    if state.calls:
        yield Advance(LONG)
    if not state.lost:
        if state.calls or state.undone:
            yield Lose()
        yield Try("neighbours")
        if can.reads and not any((state.called, state.come, state.sent, state.read)):  # it is about new services, and takes long
            yield Try("flood")
    else:
        yield Send(state.called)


def alongside(state: State, can: Capabilities, events: Sequence[Any]) -> Iterator[Any]:
    """The events worth trying in one batch with others, or alone."""
    if not events:
        if can.handles:  # twice: it takes three of them to get anywhere
            yield from _of_handlers(state, can)
        late = state.called + state.sent > MOST_CALLS + MOST_HANDLERS
        yield from (event for event in enabled(state, can) if late or not isinstance(event, Lose))  # little follows it
        return
    if any(isinstance(event, _ALONE) for event in events):
        yield Advance(PAUSE)
        return
    fields = {Send: "call", Retry: "call", PeerSends: "message", Register: "handler", Subscribe: "reader"}
    yield Advance(PAUSE)
    for event in enabled(state, can):
        field = fields.get(type(event))
        if isinstance(event, (*_ALONE, Lose)) or _meets_itself(event, events):
            continue
        if field is not None:
            more = sum(field == fields.get(type(each)) for each in events)
            yield replace(event, **{field: getattr(event, field) + more})
        elif event not in events:
            yield event


def _meets_itself(event: Any, events: Sequence[Any]) -> bool:
    """Whether two events that give out a number, or are about one handler, would get in each other's way."""
    if isinstance(event, HandlerEnds):
        given = [type(each) for each in events]
        taken = (event.how == "sends" and (Send in given or Retry in given)) or (event.how == "registers" and Register in given)
        return taken or any(isinstance(each, HandlerEnds) for each in events)
    if isinstance(event, Send | Retry | Register):
        return any(isinstance(each, HandlerEnds) and each.how in ("sends", "registers") for each in events)
    return False


def _of_calls(state: State, can: Capabilities) -> Iterator[Any]:
    number = state.called
    if len(state.calls) < MOST_CALLS:
        yield from (Send(number, how) for how in ("", "special", "refused"))
        if can.deadlines:
            yield Send(number, "deadline")
        if can.keys and not state.keys:
            yield Send(number, "keyed")
        if can.keys and state.keys:
            yield Retry(number, state.keys[-1][0])
    for root in dict.fromkeys(root for root, _ in state.open):
        yield Answer(root)
        yield Answer(root, "fault")
    if state.answered != NOBODY:
        yield Answer(state.answered, "again")
    if can.cancels:
        yield from (CancelSend(call.number) for call in state.calls if call.inner == NOBODY and not call.orphan)


def _of_handlers(state: State, can: Capabilities) -> Iterator[Any]:
    there = [handler for handler in state.handlers if not handler.gone]
    if len(there) < MOST_HANDLERS and not state.lost:
        yield Register(state.come)
    if (there or state.readers) and len(state.undone) < MOST_UNDONE and not state.lost and not _is_full(state):
        yield PeerSends(state.sent)
        yield PeerSends(state.sent, special=True)
    for handler in state.handlers:
        if handler.running and handler.number not in state.inners:
            yield HandlerEnds(handler.number)
            yield HandlerEnds(handler.number, "error")
            if not state.lost:
                yield from _deeds(state, handler.number, can)
        if not handler.gone and not handler.leaving and can.unregisters:
            yield Unregister(handler.number)


def _is_full(state: State) -> bool:
    return any(len(reader.buffer) + len(reader.owed) >= MOST_BUFFERED for reader in state.readers)


def _deeds(state: State, number: int, can: Capabilities) -> Iterator[Any]:
    """What a handler may do before it returns."""
    if len(state.calls) < MOST_CALLS:
        yield HandlerEnds(number, "sends", call=state.called)
    if sum(not handler.gone for handler in state.handlers) < MOST_HANDLERS:
        yield HandlerEnds(number, "registers", other=state.come)
    if can.unregisters:
        yield HandlerEnds(number, "leaves")


def _of_readers(state: State, can: Capabilities) -> Iterator[Any]:
    if len(state.readers) < MOST_READERS:
        yield Subscribe(state.read)
        if not state.undone and not _is_full(state):
            yield SubscribeThenPeerSends(state.read, state.sent)
    if state.readers and not can.handles and not _is_full(state):
        yield PeerSends(state.sent)
        yield PeerSends(state.sent, special=True)
    for reader in state.readers:
        if not reader.receiving:
            yield Receive(reader.number)
        elif can.cancels:
            yield CancelReceive(reader.number)
