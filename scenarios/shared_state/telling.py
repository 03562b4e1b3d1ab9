"""What listeners of the model are told, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternproof.modelling import Names

from .events import AddListener, ListenerEnds, Version
from .state import CHANGED, EITHER, Listener, State

OLDER = "returned an older version than it was told"


def tell(state: State, version: Version, deviations: Names) -> Iterable[State]:
    """Tell every listener of a version."""
    if "tells nobody" in deviations:
        return [state]
    states = [state]
    for listener in state.listeners * (2 if "tells twice" in deviations else 1):
        if not listener.removed:
            states = [after for before in states for after in _tell_one(before, listener.number, version, deviations)]
    return states


def _tell_one(state: State, number: int, version: Version, deviations: Names) -> Iterator[State]:
    listener = state.listener(number)
    assert listener is not None, "nobody is removed while a version is told"
    queued = state.with_listener(listener._replace(queue=(*listener.queue, version)))
    if listener.spent and listener.kind == "failing":
        yield state
    elif listener.misses:
        yield state.with_listener(listener._replace(misses=False))
    elif "a failing listener silences" in deviations and _failing_before(state, number):
        yield state
    elif "a slow listener holds others up" in deviations and _slow_one(state, number):
        yield queued
    else:
        if not listener.queue:
            yield hear(state, listener, version, deviations)
        if listener.running:
            yield queued  # one call at a time, or as many as there are versions: both are right
        if listener.running and "what waits is dropped" in deviations:
            yield state
            yield state.with_listener(listener._replace(queue=(version,)))


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
            return _failed(after.with_listener(heard), listener.number, version.number, deviations)
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
    return after.with_listener(heard)


def _changed(state: State, deviations: Names) -> State:
    if "a listener changes the state" in deviations:
        return state._replace(updates=(*state.updates, CHANGED), altered=EITHER, torn=True)
    return state


def _failed(state: State, number: int, version: int, deviations: Names) -> State:
    reported = state.reported if "errors are not reported" in deviations else (*state.reported, (number, version))
    return state._replace(reported=reported).shaken_by("a failing listener")


def _called_back(state: State, number: int, answer: str) -> State:
    return state._replace(nested=(*state.nested, (number, answer))).shaken_by("calling back")


def _due(state: State, number: int) -> State:
    return state._replace(due=(*state.due, number))


def add(state: State, event: AddListener, deviations: Names) -> Iterator[State]:
    """A listener is added."""
    listener = Listener(event.listener, event.how, misses="misses the next" in deviations)
    after = state._replace(listeners=tuple(sorted((*state.listeners, listener))), come=max(state.come, event.listener + 1))
    yield hear(after, listener, state.as_version, deviations) if "hears what is there" in deviations else after


def remove(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A listener is removed; what it is in the middle of goes on."""
    listener = state.listener(number)
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


def ends(state: State, event: ListenerEnds, deviations: Names) -> Iterator[State]:
    """A slow listener is done with the version that it was told first."""
    listener = state.listener(event.listener)
    if listener is None or not listener.running:
        yield state
        return
    done = state.with_listener(listener._replace(running=listener.running[1:]))
    if event.how == "fail":
        done = _failed(done, listener.number, listener.running[0], deviations)
    for after in _go_on(done, listener.number, deviations):
        yield _released(_without_the_gone(after), listener.number, deviations)


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


def _released(state: State, number: int, deviations: Names) -> State:
    """With the deviations about slow listeners: who waited for this one goes on."""
    listener = state.listener(number)
    if listener is None or not listener.running:
        calls = [each._replace(phase="returned", behind=-1) if each.behind == number else each for each in state.calls]
        state = state._replace(calls=tuple(calls))
    if "a slow listener holds others up" in deviations and not _slow_one(state):
        for each in state.listeners:
            if each.kind != "slow" and each.queue:
                state = state.with_listener(each._replace(told=each.told + each.queue, queue=()))
    return state
