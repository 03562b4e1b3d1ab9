"""What listeners of the model are told, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternproof.modelling import Names

from .events import INVITED, AddListener, BreakReports, ListenerEnds, RemoveListener, Version
from .state import CHANGED, EITHER, HEARERS, REENTRANT, Listener, State

NOBODY = "tells nobody"
OLDER = "returned an older version than it was told"
OUT_OF_ORDER = "overlapping updates are told out of order"


def tell(state: State, version: Version, deviations: Names) -> Iterable[State]:
    """Tell every listener of a version."""
    if NOBODY in deviations:
        return [state]
    states = [state]
    # One that has left may have left at this version, and another version may have been told before.
    left = "leaving" if OUT_OF_ORDER in deviations else ""
    there = [each.number for each in state.listeners if not each.removed or each.kind == left]
    if "who is invited hears at once" in deviations:
        there += [INVITED + each.number for each in state.listeners if each.kind == "inviting" and not each.spent]
    for number in there * (2 if "tells twice" in deviations else 1):
        states = [after for before in states for after in _tell_one(before, number, version, deviations)]
    return states


def _tell_one(state: State, number: int, version: Version, deviations: Names) -> Iterator[State]:
    listener = state.listener(number)
    if listener is None or listener.removed:
        yield state  # it has left, or was not invited after all
        if listener is not None and listener.told and listener.kind == "leaving" and OUT_OF_ORDER in deviations:
            yield state.with_listener(listener._replace(told=(version,)))
        return
    queued = state.with_listener(listener._replace(queue=(*listener.queue, version)))
    if listener.misses:
        yield state.with_listener(listener._replace(misses=False))
    elif _is_passed_over(state, listener, deviations):
        yield state
    elif "a slow listener holds others up" in deviations and _slow_one(state, number):
        yield queued
    else:
        if not listener.queue:
            yield hear(state, listener, version, deviations)
        if listener.running:
            yield queued  # one call at a time, or as many as there are versions: both are right
        takes_time = listener.running or (listener.kind in REENTRANT and listener.told)
        if takes_time and "what waits is dropped" in deviations:
            yield state
            yield state.with_listener(listener._replace(queue=(version,)))
        if listener.running and OUT_OF_ORDER in deviations:
            yield from _shuffled(state, listener, version)


def _is_passed_over(state: State, listener: Listener, deviations: Names) -> bool:
    """With deviations: whether a listener that is there is not told."""
    if listener.spent and listener.kind in HEARERS:
        return True
    if "who leaves silences the next" in deviations and _left_before(state, listener.number):
        return True
    return "a failing listener silences" in deviations and _failing_before(state, listener.number)


def _shuffled(state: State, listener: Listener, version: Version) -> Iterator[State]:
    """A version gets in front of others that a slow listener has not been told yet, or has just been told."""
    *told, last = listener.told or (version,)
    if last.number == listener.running[-1] != version.number:
        overtaken = listener._replace(told=(*told, version), running=(*listener.running[:-1], version.number))
        yield from _put(state, overtaken, last)
    yield from _put(state, listener, version)


def _put(state: State, listener: Listener, version: Version) -> Iterator[State]:
    for place in range(len(listener.queue) + 1):
        queue = (*listener.queue[:place], version, *listener.queue[place:])
        yield state.with_listener(listener._replace(queue=queue))


def _left_before(state: State, number: int) -> bool:
    """Whether the listener that was added before that one has left since it was told."""
    before = [each for each in state.listeners if each.number < number]
    return bool(before) and before[-1].kind == "leaving" and before[-1].removed


def _failing_before(state: State, number: int) -> bool:
    return any(each.kind == "failing" and each.number < number for each in state.listeners)


def _slow_one(state: State, number: int = -1) -> bool:
    """Whether a slow listener, another than that one, is in a call."""
    return any(each.running for each in state.listeners if each.number != number)


def hear(state: State, listener: Listener, version: Version, deviations: Names) -> State:
    """A listener is told of a version now."""
    heard = listener._replace(told=(*listener.told, version))
    after = state.seen()
    match listener.kind:
        case "failing":
            heard = heard._replace(spent="a failing listener is dropped" in deviations)
            return failed(after.with_listener(heard), listener.number, version.number, deviations)
        case "slow":
            running = (*listener.running, version.number)
            return after.with_listener(heard._replace(running=running)).shaken_by("a slow listener")
        case "reading":
            answer = OLDER if "tells before the commit" in deviations else "returned"
            return _called_back(after.with_listener(heard), listener.number, answer)
        case "updating" if not listener.spent:
            return _due(after.with_listener(heard._replace(spent=True)), listener.number).shaken_by("calling back")
        case "changing":
            return _changed(after.with_listener(heard), deviations).shaken_by("a changing listener")
        case "leaving":
            gone = heard if "hears after its removal" in deviations else heard._replace(removed=True)
            return after.with_listener(gone).shaken_by("coming and going")
        case "inviting" if not listener.spent:
            return _invited(after.with_listener(heard._replace(spent=True)), listener.number, deviations)
    return after.with_listener(heard)


def _invited(state: State, number: int, deviations: Names) -> State:
    listener = Listener(INVITED + number, "plain", misses="misses the next" in deviations)
    after = state._replace(listeners=tuple(sorted((*state.listeners, listener)))).shaken_by("coming and going")
    return hear(after, listener, state.as_version, deviations) if "hears what is there" in deviations else after


def _changed(state: State, deviations: Names) -> State:
    if "a listener changes the state" in deviations:
        return state._replace(updates=(*state.updates, CHANGED), altered=EITHER, torn=True)
    return state


def failed(state: State, number: int, version: int, deviations: Names) -> State:
    """A listener has failed."""
    reported = state.reported if "errors are not reported" in deviations else (*state.reported, (number, version))
    after = state._replace(reported=reported).shaken_by("a failing listener")
    return after.shaken_by("a failing listener of errors") if state.misreported else after


def _called_back(state: State, number: int, answer: str) -> State:
    return state._replace(nested=(*state.nested, (number, answer))).shaken_by("calling back")


def _due(state: State, number: int) -> State:
    return state._replace(due=(*state.due, number))


def happens(
    state: State, event: AddListener | RemoveListener | ListenerEnds | BreakReports, deviations: Names
) -> Iterator[State]:
    """What concerns listeners alone happens."""
    match event:
        case AddListener():
            yield from _add(state, event, deviations)
        case RemoveListener(number):
            yield from _remove(state, number, deviations)
        case ListenerEnds():
            yield from _ends(state, event, deviations)
        case BreakReports():
            yield state._replace(misreported=True)


def _add(state: State, event: AddListener, deviations: Names) -> Iterator[State]:
    """A listener is added."""
    listener = Listener(event.listener, event.how, misses="misses the next" in deviations)
    after = state._replace(listeners=tuple(sorted((*state.listeners, listener))), come=max(state.come, event.listener + 1))
    yield hear(after, listener, state.as_version, deviations) if "hears what is there" in deviations else after


def _remove(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A listener is removed; what it is in the middle of goes on."""
    listener = state.listener(number)
    if "another is removed" in deviations:  # be it that the one is gone already
        for other in state.listeners:
            if other.number != number and not other.removed:
                yield _without_the_gone(state.with_listener(other._replace(removed=True, queue=())))
    if listener is None or "hears after its removal" in deviations:
        yield state
        return
    removed = listener._replace(removed=True, queue=())
    yield _without_the_gone(state.with_listener(removed))
    if listener.queue and "hears what waited for it" in deviations:
        yield state.with_listener(removed._replace(queue=listener.queue))


def _without_the_gone(state: State) -> State:
    """The state without listeners that were removed, and are in no call; what they were told is still to be seen."""
    kept = tuple([each for each in state.listeners if not each.removed or each.running or each.queue or each.told])
    return state._replace(listeners=kept)


def forgotten(state: State) -> State:
    """The state before the next batch, of which nobody has been told anything yet."""
    listeners = tuple([each._replace(told=()) if each.told else each for each in state.listeners])
    return _without_the_gone(state._replace(listeners=listeners))


def _ends(state: State, event: ListenerEnds, deviations: Names) -> Iterator[State]:
    """A slow listener is done with the version that it was told first."""
    listener = state.listener(event.listener)
    if listener is None or not listener.running:
        yield state
        return
    for done in _ended(state, listener, event.how, deviations):
        for after in _go_on(done, listener.number, deviations):
            yield from _released(_without_the_gone(after), listener.number, listener.running[0], deviations)


def _ended(state: State, listener: Listener, how: str, deviations: Names) -> Iterator[State]:
    """What a slow listener was in the middle of is over; where that was cancelled, whether it is reported is nobody's concern."""
    done = state.with_listener(listener._replace(running=listener.running[1:]))
    if how == "cancel":
        if "who ends cancelled is dropped" in deviations:
            done = done.with_listener(listener._replace(running=(), queue=(), spent=True))
        yield done.shaken_by("a failing listener")
    if how != "ok":
        done = failed(done, listener.number, listener.running[0], deviations)
    yield done


def _go_on(state: State, number: int, deviations: Names) -> Iterator[State]:
    """What had to wait is told: the next, or as much as there is."""
    listener = state.listener(number)
    assert listener is not None, "it is in the middle of a call"
    if listener.running or not listener.queue:
        yield state
    for version in listener.queue:
        waiting = state.listener(number)
        assert waiting is not None, "as above"
        state = hear(state, waiting._replace(queue=waiting.queue[1:]), version, deviations)
        yield state


def _released(state: State, number: int, version: int, deviations: Names) -> Iterator[State]:
    """With the deviations about slow listeners: who waited for this one to be done with a version goes on."""
    listener = state.listener(number)
    if listener is None or not listener.running:
        calls = [each._replace(phase="returned", behind=-1) if each.behind == number else each for each in state.calls]
        state = state._replace(calls=tuple(calls))
    if "a slow listener holds others up" not in deviations:
        yield state
        return
    # Up to the version that is done with, and further where nobody else has to be done with that one first.
    latest = max([version, *(each.number for other in state.listeners for each in other.queue)])
    for most in range(version, latest + 1):
        yield _caught_up(state, number, most, deviations)


def _caught_up(state: State, number: int, most: int, deviations: Names) -> State:
    """Everybody but that one hears what has waited, up to some version; one that is slow hears one version at a time."""
    for each in state.listeners:
        due = tuple([version for version in each.queue if version.number <= most])
        if each.number == number or not due:
            continue
        if each.kind != "slow":
            state = state.with_listener(each._replace(told=each.told + due, queue=each.queue[len(due) :]))
        elif not each.running:
            state = hear(state, each._replace(queue=each.queue[1:]), due[0], deviations)
    return state
