"""What becomes of calls in the model of message services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from patternproof.modelling import Names

from .events import DEADLINE, NOBODY, WITHOUT_CAUSE, Answer, Arrival, Retry, Send
from .state import CUT_SHORT, FAULT, KEPT, REFUSED, SENT, Call, State, has, is_withheld

CUT = "fails"
"""How a call ends that has no reason to."""


def send(state: State, event: Send, deviations: Names) -> Iterator[State]:
    """A new call."""
    if event.how == "keyed" and state.key_of(event.call):  # the call that sends the same again came first
        return retry(state, Retry(event.call, event.call), deviations)
    due = DEADLINE if event.how == "deadline" else None
    number = event.call
    keyed, refused, special = (event.how == word for word in ("keyed", "refused", "special"))
    call = Call(number, number, keyed=keyed, refused=refused, due=due, special=special)
    return begun(state, call, deviations)


def begun(state: State, call: Call, deviations: Names) -> Iterator[State]:
    """A call has begun."""
    state = state._replace(called=max(state.called, call.number + 1), fresh=(*state.fresh, call.number))
    entered = state._replace(calls=(*state.calls, call))
    if state.lost:
        yield entered.ended(call, _refusal(deviations))
    else:
        yield from on(entered, deviations)


def retry(state: State, event: Retry, deviations: Names) -> Iterator[State]:
    """A call with the key of another."""
    call = Call(event.call, event.of, keyed=True)
    known = state.key_of(event.of)
    under_way = any(each.root == event.of for each in state.calls)
    again = {SENT: "sent twice at once" if under_way else "sent again after a cancellation", KEPT: "sent again once answered"}
    entered = state._replace(
        called=max(state.called, event.call + 1), fresh=(*state.fresh, event.call), calls=(*state.calls, call)
    )
    if known in ("", FAULT, REFUSED, CUT_SHORT) or has(deviations, again.get(known, "")):
        yield from begun(state, call, deviations)
        if known in (FAULT, REFUSED):
            yield entered.ended(call, known)
        if known == CUT_SHORT:
            yield from _joined(state, entered, call)
    elif known == KEPT:
        yield entered.ended(call, "answered")
        if is_withheld(state, deviations):
            yield entered.with_call(call._replace(frame=event.of, ready="ok"))
        if state.lost:
            yield entered.ended(call, REFUSED)
    else:
        yield from _joined(state, entered, call)


def _joined(state: State, entered: State, call: Call) -> Iterator[State]:
    """A call waits for the answer to what was sent before with its key, or is told that it cannot."""
    if state.lost:
        yield entered.ended(call, REFUSED)
    else:
        leader = next((frame for root, frame in state.open if root == call.root), NOBODY)
        yield entered.with_call(call._replace(frame=leader))
        yield entered.ended(call, WITHOUT_CAUSE)


def on(state: State, deviations: Names) -> Iterator[State]:
    """Requests are sent that wait; all at once, or one after the other is answered."""
    unsent = [call for call in state.calls if call.frame == NOBODY]
    if not unsent or state.stuck or state.lost:
        yield state
        return
    for call in unsent:
        yield from on(_sent(state, call, deviations), deviations)
    under_way = any(state.key_of(root) == SENT for root, _ in state.open)  # whatever has become of its caller
    if len(unsent) < len(state.calls) or under_way:
        yield state


def _sent(state: State, call: Call, deviations: Names) -> State:
    if call.refused:
        after = state.with_key(call.root, REFUSED) if call.keyed else state
        stuck = has(deviations, "nothing is sent after a failure")
        return after._replace(stuck=after.stuck or stuck).ended(call, _refusal(deviations))
    what = "changed" if call.special and has(deviations, "requests are changed") else ""
    twice = has(deviations, "sent twice at once")
    unsent = [each for each in state.calls if each.frame == NOBODY]
    sent = [each.number for each in unsent if each == call or (_is_same(each, call) and not twice)]
    there = [each for each in state.calls if not (each.orphan and each.number in sent)]
    after = state.with_key(call.root, SENT) if call.keyed else state
    return after._replace(
        calls=tuple([each._replace(frame=call.number) if each.number in sent else each for each in there]),
        open=(*state.open, (call.root, call.number)),
        arrived=tuple(sorted((*state.arrived, Arrival(call.root, what)))),
    )


def _is_same(one: Call, other: Call) -> bool:
    return one.keyed and other.keyed and one.root == other.root


def _refusal(deviations: Names) -> str:
    for name, phase in (
        ("a transport error without a type", "fails: without a type"),
        ("a transport error without its cause", WITHOUT_CAUSE),
    ):
        if has(deviations, name):
            return phase
    return REFUSED


def answer(state: State, event: Answer, deviations: Names) -> Iterator[State]:
    """The peer answers a request, if it has it."""
    number = event.call
    if event.how == "again":
        if state.answered == number and has(deviations, "shifted by a second answer"):
            yield from _given_to_oldest(state, number, "ok", deviations)
        else:
            yield state
        return
    entry = next((entry for entry in state.open if entry[0] == number), None)
    if entry is None:
        yield state
        return
    rest = list(state.open)
    rest.remove(entry)
    state = state._replace(open=tuple(rest), answered=number)
    if state.deaf:
        yield state
        return
    if state.key_of(number):
        state = state.with_key(number, KEPT if event.how == "ok" else FAULT)
    for after in _given(state, number, entry[1], event.how, deviations):
        yield from on(after, deviations)


def _given(state: State, root: int, leader: int, how: str, deviations: Names) -> Iterable[State]:
    waiting = [call for call in state.calls if call.frame == leader]
    if is_withheld(state, deviations):
        for call in waiting:
            state = state.with_call(call._replace(ready=how))
        return (state,)
    if has(deviations, "answers go astray"):
        others = [call for call in state.calls if call.frame not in (leader, NOBODY)]
        return (_answered(state, waiting, how, deviations), state, *(state.ended(each, _of(root, how)) for each in others))
    if has(deviations, "in order of arrival") or (not waiting and has(deviations, "shifted by a cancelled call")):
        return _given_to_oldest(state, root, how, deviations)
    if has(deviations, "only the latest is answered") and any(call.frame > leader for call in state.calls):
        return (state,)
    return (_answered(state, waiting, how, deviations),)


def _answered(state: State, calls: Iterable[Call], how: str, deviations: Names) -> State:
    for call in calls:
        state = state.ended(call, _phase(call, how, deviations))
    return state


def _given_to_oldest(state: State, root: int, how: str, deviations: Names) -> tuple[State, ...]:
    oldest = next((call for call in state.calls if call.frame != NOBODY), None)
    if oldest is None:
        return (state,)
    right = oldest.root == root
    return (state.ended(oldest, _phase(oldest, how, deviations) if right else _of(root, how)),)


def _of(root: int, how: str) -> str:
    return f"gets the {'response' if how == 'ok' else 'fault'} of {root}"


def _phase(call: Call, how: str, deviations: Names) -> str:
    if how == "fault":
        for name, phase in (
            ("a fault without a type", "fails: without a type"),
            ("a fault without its cause", WITHOUT_CAUSE),
            ("a fault is a response", "is answered otherwise"),
        ):
            if has(deviations, name):
                return phase
        return FAULT
    if call.special and has(deviations, "responses are changed"):
        return "is answered otherwise"
    return "gets a response that names another" if has(deviations, "the name of another") else "answered"


def heard_late(state: State, deviations: Names) -> State:
    """Give what was answered while nothing was received."""
    while (ready := [call for call in state.calls if call.ready]) and not is_withheld(state, deviations):
        state = answered_late(state, ready[:1], deviations)
    return state


def answered_late(state: State, calls: Iterable[Call], deviations: Names) -> State:
    """Give some calls the answers that have come."""
    for call in calls:
        state = state.ended(call, _phase(call, call.ready, deviations))
    return state


def cancel(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A call is cancelled, if it has not ended."""
    call = state.call(number)
    if call is None or call.orphan:
        yield state
        return
    after = state.ended(call, "cancelled")
    if has(deviations, "cancelled together"):
        for other in after.calls:
            after = _cut(after, other)
    after = after._replace(
        deaf=after.deaf or has(deviations, "nothing arrives after a call was cancelled"),
        stuck=after.stuck or has(deviations, "nothing is sent after a cancellation"),
    )
    yield from on(after, deviations)
    if call.frame == NOBODY:
        yield from on(_orphaned(after, call), deviations)
    if has(deviations, "others end with it"):
        for other in after.calls:
            yield from on(_cut(after, other), deviations)
    if number in state.fresh and call.frame == number and not any(each.frame == number for each in after.calls):
        yield from on(_unsent(after, call), deviations)


def _cut(state: State, call: Call) -> State:
    """A call ends that has no reason to: nobody can say what is to become of the next one with its key."""
    return (state.with_key(call.root, CUT_SHORT) if state.key_of(call.root) == SENT else state).ended(call, CUT)


def _orphaned(state: State, call: Call) -> State:
    """A request that was not sent yet goes its way without its caller."""
    return state._replace(calls=(*state.calls, call._replace(orphan=True, due=None)))


def _unsent(state: State, call: Call) -> State:
    """As if a call that began in this very turn had never run."""
    arrived, opened = list(state.arrived), list(state.open)
    if (call.root, call.number) in opened:
        opened.remove((call.root, call.number))
        arrived.remove(next(each for each in arrived if each.call == call.root))
    keys = tuple([each for each in state.keys if each[0] != call.root])
    return state._replace(open=tuple(opened), arrived=tuple(arrived), keys=keys)


def pass_time(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """Time passes; deadlines come."""
    after, orphaned = state, state
    for call in state.calls:
        if call.due is None:
            continue
        due = call.due - seconds
        if due > 0 or has(deviations, "no deadline"):
            changed = call._replace(due=due if due > 0 else None)
            after, orphaned = after.with_call(changed), orphaned.with_call(changed)
        else:
            phase = CUT if has(deviations, "a timeout without a type") else "timeout"
            after, orphaned = after.ended(call, phase), orphaned.ended(call, phase)
            orphaned = _orphaned(orphaned, call) if call.frame == NOBODY else orphaned
    for each in dict.fromkeys((after, orphaned)):
        yield from on(each, deviations)


def lose(state: State, deviations: Names) -> Iterator[State]:
    """The peer is lost, and with it every answer that is still to come, and what was about to be sent."""
    after = state._replace(lost=True, open=())
    if not has(deviations, "waits for a lost peer"):
        for call in after.calls:
            after = after.ended(call, _refusal(deviations))
    for count in range(len(after.arrived), -1, -1):
        for arrived in combinations(after.arrived, count):
            yield after._replace(arrived=arrived)
