"""What becomes of the peer's messages in the model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations, product

from patternproof.modelling import Names

from .events import Hearing, PeerSends, Receipt, Told
from .sending import answered_late, heard_late
from .state import CHANGED, CUT_OFF, DEAF_WHILE_RUNNING, Handler, Incoming, Reader, State, has, is_withheld


def peer_sends(state: State, event: PeerSends, deviations: Names) -> Iterator[State]:
    """A message comes for every handler and every reader."""
    if any(number > event.message for number in state.lately):
        return  # they come in the order of their numbers
    lately = tuple(sorted((*state.lately, event.message)))
    state = state._replace(sent=max(state.sent, event.message + 1), lately=lately)
    if state.deaf or state.lost:
        yield state
        return
    label = f"{event.message}{CHANGED if event.special and has(deviations, 'messages are changed') else ''}"
    hearers = [each for each in state.handlers if not (each.gone or each.leaving or each.deaf)]
    if has(deviations, "one alone hears"):
        hearers = hearers[:1]
    yield from _on(_arrived(state, hearers, label, deviations), deviations)
    for missed in hearers if has(deviations, "some are not heard") else ():
        yield from _on(_arrived(state, [each for each in hearers if each != missed], label, deviations), deviations)


def _arrived(state: State, hearers: list[Handler], label: str, deviations: Names) -> State:
    times = (label, label) if has(deviations, "twice") else (label,)
    for handler in hearers:
        state = state.with_handler(handler._replace(pending=(*handler.pending, *times)))
    if hearers:
        state = state._replace(incoming=(*state.incoming, Incoming(label)))
    return _given_to_readers(state, label, deviations)


def _given_to_readers(state: State, label: str, deviations: Names) -> State:
    readers = state.readers[:1] if has(deviations, "one alone receives") else state.readers
    for reader in readers:
        if (state.last and state.undone) or is_withheld(state, deviations):
            state = state.with_reader(reader._replace(owed=(*reader.owed, label)))
        else:
            state = _put(state, reader, label, deviations)
    return state


def behind(state: State) -> tuple[str, ...]:
    """The messages that may wait in one line behind the one that a handler is busy with, whoever has heard of them before."""
    running = [_number(label) for handler in state.handlers for label in handler.running]
    return tuple(map(str, range(min(running) + 1, state.sent))) if running else ()


def awaited(state: State, labels: tuple[str, ...]) -> State:
    """Messages are waited for that some handler is still to hear."""
    known = {each.label for each in state.incoming}
    return state._replace(incoming=(*state.incoming, *(Incoming(label) for label in labels if label not in known)))


def _put(state: State, reader: Reader, label: str, deviations: Names) -> State:
    if reader.robbed:
        return state.with_reader(reader._replace(robbed=False))
    if reader.receiving:
        return received(state.with_reader(reader._replace(receiving=False)), reader.number, label)
    if has(deviations, "lost while nobody receives"):
        return state.with_reader(reader)
    return state.with_reader(reader._replace(buffer=(*reader.buffer, label)))


def received(state: State, number: int, what: str) -> State:
    """A receive has come to something."""
    return state._replace(received=tuple(sorted((*state.received, Receipt(number, what)))))


def heard(state: State, number: int, label: str) -> State:
    """A handler was called."""
    return state._replace(heard=tuple(sorted((*state.heard, Hearing(number, label)), key=lambda each: each.handler)))


def _on(state: State, deviations: Names) -> Iterator[State]:
    """Handlers are called; side by side or one by one, as long as one runs while others wait."""
    seen = set()
    for after in (after for released in _released(state, deviations) for after in _called(released, deviations)):
        for finished in _told(after, deviations):
            for after_all in _read(_handed_on(heard_late(finished, deviations), deviations)):
                if after_all not in seen:
                    seen.add(after_all)
                    yield after_all


on = _on
"""Go on with what waits for handlers, for the peer and for readers."""


def _released(state: State, deviations: Names) -> Iterator[State]:
    """What was withheld comes as no handler runs, up to the next message, which others have to hear first."""
    ready = [call for call in state.calls if call.ready]
    owing = [reader for reader in state.readers if reader.owed]
    yield state
    if is_withheld(state, deviations) or not (ready or owing) or not any(handler.pending for handler in state.handlers):
        return
    for some in (some for count in range(len(ready) + 1) for some in combinations(ready, count)):
        answered = answered_late(state, some, deviations)
        for counts in product(*(range(len(reader.owed) + 1) for reader in owing)):
            after = answered
            for reader, count in zip(owing, counts, strict=True):
                after = _given(after, reader.number, count, deviations)
            yield after


def _called(state: State, deviations: Names) -> Iterator[State]:
    waiting = [handler for handler in state.handlers if handler.pending]
    if not waiting:
        yield state
    elif has(deviations, "others miss it", "latest first", DEAF_WHILE_RUNNING):
        yield from _called_one_by_one(state, waiting, deviations)
    else:
        for counts in product(*(range(len(handler.pending), -1, -1) for handler in waiting)):
            after = state
            for handler, count in zip(waiting, counts, strict=True):
                after = _begun(after, handler, handler.pending[:count], handler.pending[count:])
            if after.busy or not any(handler.pending for handler in after.handlers):
                yield after
        if has(deviations, "out of order"):
            yield from _called_in_another_order(state, waiting)


def _called_in_another_order(state: State, waiting: list[Handler]) -> Iterator[State]:
    """One handler hears what waits, and what came in this batch, in another order, or some of it."""
    for handler in waiting:
        own = tuple([each.what for each in state.heard if each.handler == handler.number])
        if len(own) > len(handler.running):
            continue
        before = handler.running[: len(handler.running) - len(own)]
        others = [each for each in state.heard if each.handler != handler.number]
        labels = (*own, *handler.pending)
        numbers = range(len(labels))
        for order in (order for count in range(1, len(labels) + 1) for order in permutations(numbers, count)):
            if order != tuple(numbers[: len(order)]):
                now = [labels[index] for index in order]
                rest = tuple([label for index, label in enumerate(labels) if index not in order])
                after = state.with_handler(handler._replace(running=(*before, *now), pending=rest))
                again = (*others, *(Hearing(handler.number, label) for label in now))
                yield after._replace(heard=tuple(sorted(again, key=lambda each: each.handler)))


def _called_one_by_one(state: State, waiting: list[Handler], deviations: Names) -> Iterator[State]:
    alone = not has(deviations, "latest first")
    for handler in sorted(waiting, key=_next_number):
        if handler.running or (alone and state.busy and not _runs_in_the_same(state, handler, deviations)):
            continue
        index = len(handler.pending) - 1 if has(deviations, "latest first") else 0
        state = _begun(state, handler, (handler.pending[index],), handler.pending[:index] + handler.pending[index + 1 :])
    yield state


def _next_number(handler: Handler) -> int:
    """Of the message that it hears next: one by one, handlers hear a message before any hears the next."""
    return _number(handler.pending[0])


def _number(label: str) -> int:
    return int(label.removesuffix(CHANGED))


def _runs_in_the_same(state: State, handler: Handler, deviations: Names) -> bool:
    """Whether all that runs is busy with the message that this one hears next."""
    running = {label for each in state.handlers for label in each.running}
    return not has(deviations, "others miss it") and running == {handler.pending[0]}


def _begun(state: State, handler: Handler, labels: tuple[str, ...], rest: tuple[str, ...]) -> State:
    if not labels:
        return state
    state = state.with_handler(handler._replace(pending=rest, running=(*handler.running, *labels)))
    for label in labels:
        state = heard(state, handler.number, label)
    return state


def _told(state: State, deviations: Names) -> Iterator[State]:
    """The peer is told of the messages at which a handler has failed; early, or once all have ended."""
    undone = state.undone
    for each in state.incoming:
        rest = tuple([other for other in state.incoming if other != each])
        if each.label not in undone:
            after = state._replace(incoming=rest)
            if each.failed and not each.told:
                after = _reply(after, each.number, deviations)
            elif each.perhaps and not each.told:
                after = after._replace(doubtful=tuple(sorted({*after.doubtful, _reply_to(each.number, deviations)})))
            yield from _told(after, deviations)
            return
    yield state
    for index, each in enumerate(state.incoming):
        if (each.failed or each.perhaps) and not each.told:
            told = (*state.incoming[:index], each._replace(told=True), *state.incoming[index + 1 :])
            yield from _told(_reply(state._replace(incoming=told), each.number, deviations), deviations)
            return


def _reply(state: State, number: int, deviations: Names) -> State:
    return state._replace(told=tuple(sorted((*state.told, _reply_to(number, deviations)))))


def _reply_to(number: int, deviations: Names) -> Told:
    if has(deviations, "the sender is not told"):
        return Told(number, "ok")
    return Told(number, "gets something else" if has(deviations, "told without a type") else "fault")


def _handed_on(state: State, deviations: Names) -> State:
    """Readers get what had to wait for handlers."""
    owing = [reader for reader in state.readers if reader.owed]
    if not owing or is_withheld(state, deviations):
        return state
    for reader in owing:
        state = _given(state, reader.number, len(reader.owed), deviations)
    return state


def _given(state: State, number: int, most: int, deviations: Names) -> State:
    """A reader gets what it is owed first."""
    undone: frozenset[str] = state.undone if state.last else frozenset()
    for _ in range(most):
        reader = state.reader(number)
        if reader is None or not reader.owed or reader.owed[0] in undone:
            break
        state = _put(state, reader._replace(owed=reader.owed[1:]), reader.owed[0], deviations)
    return state


def _read(state: State) -> Iterator[State]:
    """Of messages that come at one moment a reader may get any first."""
    yield state
    for receipt in state.received:
        reader = state.reader(receipt.reader)
        if reader is None or not receipt.what[:1].isdigit():
            continue
        for label in reader.buffer:
            buffer = tuple([receipt.what if each == label else each for each in reader.buffer])
            others = tuple([each for each in state.received if each != receipt])
            yield received(state.with_reader(reader._replace(buffer=buffer))._replace(received=others), reader.number, label)


def failed(state: State, handler: Handler, deviations: Names) -> State:
    """A run of a handler has failed."""
    label = handler.running[0]
    unregistered = handler.gone or handler.leaving
    incoming = tuple(
        [
            each if each.label != label else each._replace(perhaps=True) if unregistered else each._replace(failed=True)
            for each in state.incoming
        ]
    )
    after = state._replace(incoming=incoming).returned(handler.number)
    if has(deviations, "others miss it"):
        for other in after.handlers:
            after = after.with_handler(other._replace(pending=tuple([each for each in other.pending if each != label])))
    if has(deviations, "others are cut off"):
        after = _cut_off(after, label)
    rest = after.handler(handler.number)
    if rest is not None and has(deviations, "hears no more"):
        after = after.with_handler(rest._replace(deaf=True, pending=()))
    return after._replace(deaf=after.deaf or has(deviations, "nothing arrives after a handler has failed"))


def _cut_off(state: State, label: str) -> State:
    for other in state.handlers:
        if label in other.running and other.number not in state.inners:
            running = tuple([each for each in other.running if each != label])
            state = heard(state.with_handler(other._replace(running=running)), other.number, CUT_OFF)
    return state
