"""What each event does to the model of message services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from patternproof.modelling import Names

from . import hearing, sending
from .events import Answer, HandlerEnds, PeerSends, Retry, Send, SubscribeThenPeerSends
from .state import Call, Handler, Reader, State, has


def decided(state: State, event: Any) -> Iterator[State]:
    """A state before an event, or several, where what makes no difference up to now does make one."""
    sends = isinstance(event, SubscribeThenPeerSends) or (isinstance(event, PeerSends) and bool(state.readers))
    if state.last is None and sends and state.handlers:
        for last in (False, True):
            yield from decided(state._replace(last=last, plain=state.plain and not last), event)
    elif state.inline is None and (sends or isinstance(event, Retry) or _is_awaited(state, event)) and state.held_up:
        yield state._replace(inline=False)
        yield state._replace(inline=True, plain=False)
    else:
        yield state


def _is_awaited(state: State, event: Any) -> bool:
    return isinstance(event, Answer) and event.how != "again" and any(call.root == event.call for call in state.calls)


def _then_heard(before: State, states: Iterable[State], deviations: Names) -> Iterator[State]:
    """What has ended with a call may let handlers hear what waits."""
    for state in states:
        same = (state.handlers, state.inners) == (before.handlers, before.inners)
        yield from (state,) if same else hearing.on(state, deviations)


def send(state: State, event: Send, deviations: Names) -> Iterator[State]:
    """A message is sent."""
    return sending.send(state, event, deviations)


def retry(state: State, event: Retry, deviations: Names) -> Iterator[State]:
    """A message is sent again."""
    return sending.retry(state, event, deviations)


def answer(state: State, event: Answer, deviations: Names) -> Iterator[State]:
    """The peer answers."""
    return _then_heard(state, sending.answer(state, event, deviations), deviations)


def cancel(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A call is cancelled."""
    return _then_heard(state, sending.cancel(state, number, deviations), deviations)


def pass_time(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """Time passes."""
    return _then_heard(state, sending.pass_time(state, seconds, deviations), deviations)


def lose(state: State, deviations: Names) -> Iterator[State]:
    """The peer is lost."""
    return _then_heard(state, sending.lose(state, deviations), deviations)


def register(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A new handler; what is not dealt with yet it may hear or not."""
    state = state._replace(come=max(state.come, number + 1))
    if state.left or (state.handlers and has(deviations, "one id for all")):
        state = _troubled(state._replace(left=max(state.left - 1, 0)), number, "has an id that was given before")
    labels = [each.label for each in state.incoming if each.label in state.undone]
    begun = {label for handler in state.handlers for label in handler.running}
    options = ((), tuple([each for each in labels if each not in begun]), tuple(labels), hearing.behind(state))
    for pending in dict.fromkeys(options):
        yield from hearing.on(
            hearing.awaited(state, pending)._replace(handlers=(*state.handlers, Handler(number, pending))), deviations
        )


def _troubled(state: State, number: int, what: str) -> State:
    return state._replace(trouble=tuple(sorted((*state.trouble, (number, what)))))


def unregister(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A handler is taken back; it hears nothing more, and what runs may be waited for."""
    handler = state.handler(number)
    if handler is None or handler.gone or handler.leaving or has(deviations, "still hears"):
        yield state
        return
    if len(state.handlers) > 1 and has(deviations, "one id for all"):
        state = state._replace(spoilt=True)  # which of them was taken back?
    forgotten = _troubled(state, number, "fails to unregister")
    state = state._replace(left=state.left + has(deviations, "ids are used again"))
    yield from hearing.on(state.with_handler(handler._replace(gone=True, pending=())), deviations)
    if handler.running:
        yield from hearing.on(state.with_handler(handler._replace(leaving=True, pending=())), deviations)
    if handler.deaf:
        yield forgotten


def handler_ends(state: State, event: HandlerEnds, deviations: Names) -> Iterator[State]:
    """The oldest run of a handler is over, or goes on to its last deed."""
    handler = state.handler(event.handler)
    if handler is None or not handler.running or handler.number in state.inners:
        yield state
        return
    match event.how:
        case "ok":
            yield from hearing.on(state.returned(handler.number), deviations)
        case "error":
            yield from hearing.on(hearing.failed(state, handler, deviations), deviations)
        case "sends":
            call = Call(event.call, event.call, inner=handler.number)
            yield from _then_heard(state, sending.begun(state, call, deviations), deviations)
        case "registers":
            yield from _within(state, handler, event, deviations)
        case "leaves":
            yield from _leaves(state, handler, deviations)


def _within(state: State, handler: Handler, event: HandlerEnds, deviations: Names) -> Iterator[State]:
    if has(deviations, "cannot register within"):
        after = state._replace(come=max(state.come, event.other + 1), joining=tuple(sorted((*state.joining, event.other))))
        yield after.with_handler(handler._replace(waits=True))
        return
    for registered in register(state, event.other, deviations):
        yield from hearing.on(registered.returned(handler.number), deviations)


def _leaves(state: State, handler: Handler, deviations: Names) -> Iterator[State]:
    if handler.gone or handler.leaving:
        yield from hearing.on(state.returned(handler.number), deviations)
    elif has(deviations, "cannot unregister within"):
        yield state.with_handler(handler._replace(leaving=True, pending=(), waits=True))
    else:
        for left in unregister(state, handler.number, deviations):
            yield from hearing.on(left.returned(handler.number), deviations)


def subscribe(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A new reader; what handlers are busy with it may get, too, at once or when all readers do."""
    state = state._replace(read=max(state.read, number + 1))
    yield state._replace(readers=(*state.readers, Reader(number)))
    labels = tuple([each.label for each in state.incoming if each.label in state.undone])
    if labels and not state.last:
        yield state._replace(last=False, readers=(*state.readers, Reader(number, buffer=labels)))
    if labels and state.last is not False:
        yield state._replace(last=True, readers=(*state.readers, Reader(number, labels)), plain=state.plain and bool(state.last))


def subscribe_then(state: State, number: int, message: int, deviations: Names) -> Iterator[State]:
    """A new reader, and a message that it must not miss."""

    def first(each: State) -> Iterable[State]:
        return subscribe(each, number, deviations)

    def second(each: State) -> Iterable[State]:
        return hearing.peer_sends(each, PeerSends(message), deviations)

    steps: list[Callable[[State], Iterable[State]]] = [first, second]
    if has(deviations, "missed at first"):
        steps.reverse()
    for between in steps[0](state):
        yield from steps[1](between)


def receive(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A reader asks for its next message; of several that wait it may be any."""
    reader = state.reader(number)
    if reader is None or reader.receiving:
        yield state
    elif not reader.buffer:
        yield state.with_reader(reader._replace(receiving=True))
    else:
        for index, label in enumerate(reader.buffer):
            rest = reader._replace(buffer=reader.buffer[:index] + reader.buffer[index + 1 :])
            yield hearing.received(state.with_reader(rest), number, label)
    if reader is not None and reader.buffer and has(deviations, "some are not received"):
        yield state.with_reader(reader._replace(buffer=(), receiving=True))


def cancel_receive(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A receive is cancelled where it waits."""
    reader = state.reader(number)
    if reader is None:
        yield state
    elif reader.receiving:
        robbed = has(deviations, "a cancelled receive takes one with it")
        yield hearing.received(state.with_reader(reader._replace(receiving=False, robbed=robbed)), number, "cancelled")
    else:
        yield state
        got = [each for each in state.received if each.reader == number and each.what[:1].isdigit()]
        if not got:
            return
        rest = [each for each in state.received if each != got[-1]]
        undone = hearing.received(state._replace(received=tuple(rest)), number, "cancelled")
        yield undone.with_reader(reader._replace(buffer=(got[-1].what, *reader.buffer)))
        if has(deviations, "lost as its receive is cancelled"):
            yield undone


def experiment(state: State, name: str, deviations: Names) -> Iterator[State]:
    """New services are tried beside this one."""
    of = {"neighbours": "neighbours share", "flood": "a reader holds others up"}
    found = of[name] if has(deviations, of[name]) else ""
    yield state._replace(found=(*state.found, found), spoilt=has(deviations, "neighbours share"))
