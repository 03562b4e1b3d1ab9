"""What each event does to the model of circuit breakers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from patternproof.modelling import Names
from patternproof.ports.circuit_breaker import CircuitBreakerSettings

from .counting import count, counting, opened
from .events import Cancel, Finish
from .state import ANY_HINT, LATE, Breaker, State, Tracked, moved

_TOO_MANY = {"any number of probes", "one probe too many"}
WAITING = {"waits while open", "waits for a probe"}
"""The deviations with which a call waits that is to be rejected."""


def is_due(state: State, index: int, deviations: Names) -> bool:
    """Whether an open circuit has to admit a probe."""
    breaker = state.breakers[index]
    return breaker.open_for > (breaker.timer or state.settings.reset_timeout) and "open for ever" not in deviations


def start(state: State, number: int, index: int, deviations: Names) -> Iterator[State]:
    """A call begins: it is admitted or rejected."""
    if "shared state" in deviations:
        index = 0
    if state.call(number) is not None:
        yield state.with_call(number, Tracked(index, "cancelled"))
    elif "one at a time" in deviations and _busy(state, index):
        yield state.with_call(number, Tracked(index, "waiting"))
    else:
        yield from _decide(state, number, index, deviations)


def _busy(state: State, index: int) -> bool:
    return any(call and call.phase == "running" and call.breaker == index for call in state.calls)


def _decide(state: State, number: int, index: int, deviations: Names) -> Iterator[State]:
    if state.breakers[index].phase == "open" and is_due(state, index, deviations):
        now = moved(state, index, "half_open", fresh=True)
        later = state.with_breaker(index, now.breakers[index]._replace(unsaid=True))
        yield from _admit(later, number, index, deviations)
        state = now
    yield from _admit(state, number, index, deviations)


def _admit(state: State, number: int, index: int, deviations: Names) -> Iterator[State]:
    breaker = state.breakers[index]
    again = "runs twice" in deviations
    running = Tracked(index, "running", breaker.epoch, breaker.phase == "half_open", 1, ANY_HINT, again)
    admitted = state.with_call(number, running)
    waits = ("waits while open" if breaker.phase == "open" else "waits for a probe") in deviations
    turned_away = Tracked(index, "waiting") if waits else Tracked(index, "rejected", hint=_hint(state, index, deviations))
    rejected = state.with_call(number, turned_away)
    if breaker.phase == "closed":
        yield admitted
    elif breaker.phase == "open":
        runs = state.with_call(number, Tracked(index, "running", LATE, False, 1))
        if "rejecting restarts the timer" in deviations:
            rejected = rejected.with_breaker(index, breaker._replace(open_for=0.0))
        yield runs if "open runs" in deviations else rejected
    elif _has_slot(state, index, deviations):
        yield admitted
        if state.probes(index) and not deviations & _TOO_MANY:
            yield rejected  # at most half_open_max_calls: an implementation may admit fewer, but never none
    else:
        yield rejected
        if breaker.fresh and "simultaneous calls are all probes" in deviations:
            yield admitted  # now and then, as a race goes


def _hint(state: State, index: int, deviations: Names) -> float:
    breaker, timeout = state.breakers[index], state.breakers[index].timer or state.settings.reset_timeout
    if breaker.phase != "open":
        return ANY_HINT
    return timeout if "the hint is the whole timeout" in deviations else max(0.0, timeout - breaker.open_for)


def _has_slot(state: State, index: int, deviations: Names) -> bool:
    if "any number of probes" in deviations:
        return True
    return state.probes(index) < state.settings.half_open_max_calls + ("one probe too many" in deviations)


def finish(state: State, event: Finish, deviations: Names) -> Iterator[State]:
    """The operation of a call ends."""
    call = state.call(event.call)
    if call is None or call.phase != "running":
        yield state  # overtaken by a cancellation in the same batch
        return
    if call.again:
        yield state.with_call(event.call, call._replace(runs=call.runs + 1, again=False))
        if event.how != "failure":
            return  # a retry after a failure may be all that there is
        call = call._replace(again=False)
    ended = call._replace(phase="returned" if event.how == "ok" else "raised")
    after = state.with_call(event.call, ended)
    for counted in counting(event.how, call, deviations):
        for result in count(after, call, counted, deviations):
            yield from _released(result, deviations, call.breaker)


def _released(state: State, deviations: Names, index: int) -> Iterator[State]:
    """With the deviation of one call at a time, a waiting call goes on, whichever."""
    waiting = [number for number, call in enumerate(state.calls) if call and call.phase == "waiting" and call.breaker == index]
    if not waiting or "one at a time" not in deviations or _busy(state, index):
        yield state
        return
    for number in waiting:
        for decided in _decide(state, number, index, deviations):
            yield from _released(decided, deviations, index) if _over(decided, number) else (decided,)


def resumed(states: Iterable[State], deviations: Names, timed: bool) -> Iterator[State]:
    """With calls that wait to be let in: each goes on once it may, now or some time later, or gives up as time passes."""
    for state in states:
        yield state
        for number, call in enumerate(state.calls):
            if call is not None and call.phase == "waiting":
                following = list(_decide(state, number, call.breaker, deviations))
                if timed:
                    following.append(state.with_call(number, Tracked(call.breaker, "rejected")))
                yield from resumed((each for each in following if _over(each, number)), deviations, timed)


def _over(state: State, number: int) -> bool:
    call = state.calls[number]
    return call is not None and call.phase != "waiting"


def kept_waiting(state: State, deviations: Names) -> bool:
    """Whether a function that should answer at once may wait for a call, so that nothing can be foretold any more."""
    return state.waits and "one at a time" in deviations and any(_busy(state, index) for index in range(len(state.breakers)))


def cancel(state: State, event: Cancel, deviations: Names) -> Iterator[State]:
    """A call in flight is cancelled."""
    call = state.call(event.call)
    if event.call >= len(state.calls):
        # Cancelled in the turn in which it begins: it never did.
        yield state.with_call(event.call, Tracked(0, "not begun"))
        return
    if call is None:
        yield state  # it was over, and told, before
        return
    if call.phase not in ("running", "waiting"):
        yield state  # overtaken by its answer
        # Or overtakes it: the call has counted by now.
        yield state.with_call(event.call, call._replace(phase="cancelled", hint=ANY_HINT))
        return
    after = state.with_call(event.call, call._replace(phase="cancelled"))
    # One that begins in this batch may have been let in, and its operation not yet run.
    before = [after.with_call(event.call, call._replace(phase="cancelled", runs=0))] if event.call >= state.begun else []
    for counted in counting("cancelled", call, deviations):
        for ended in (after, *before):
            for result in count(ended, call, counted, deviations):
                yield from _released(result, deviations, call.breaker)


def read(state: State, index: int, deviations: Names) -> Iterator[State]:
    """The state is read; an open circuit past its timeout may read open or half_open, and may become half_open."""
    if "shared state" in deviations:
        index = 0
    breaker = state.breakers[index]
    seen = state._replace(reads=(*state.reads, _half_open(deviations) if breaker.phase == "half_open" else breaker.phase))
    if breaker.phase != "open":
        yield seen
    elif is_due(state, index, deviations):
        half_open = state._replace(reads=(*state.reads, _half_open(deviations)))
        if "reading takes the probe" in deviations:
            yield moved(half_open, index, "half_open", leaked=1)
            return
        yield from (seen, half_open, moved(half_open, index, "half_open"))
    elif "reading restarts the timer" in deviations:
        yield seen.with_breaker(index, breaker._replace(open_for=0.0))
    else:
        yield seen


def _half_open(deviations: Names) -> str:
    """How half_open reads."""
    wrong = {"half_open reads as closed": "closed", "half_open reads as open": "open"}
    return next((wrong[name] for name in wrong if name in deviations), "half_open")


def advance(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """Time passes; a circuit may become half_open by itself."""
    states = [state._replace(breakers=tuple(_older(each, seconds, state.settings, deviations) for each in state.breakers))]
    for index in range(len(state.breakers)):
        due = [after for after in states if after.breakers[index].phase == "open" and is_due(after, index, deviations)]
        if "reading takes the probe" not in deviations:
            states += [moved(after, index, "half_open") for after in due]
    yield from states


def _older(breaker: Breaker, seconds: float, settings: CircuitBreakerSettings, deviations: Names) -> Breaker:
    window = tuple((age + seconds, bad) for age, bad in breaker.window) if settings.window_seconds else breaker.window
    # Beyond this the age makes no difference, unless it can be set back: keeps the states few.
    longest = math.inf if "wall clock" in deviations else 2 * (breaker.timer or settings.reset_timeout) + 1.0
    open_for = min(breaker.open_for + seconds, longest) if breaker.phase == "open" else 0.0
    return breaker._replace(open_for=open_for, window=window)


def add_failing_listener(state: State, deviations: Names) -> Iterator[State]:
    """A listener that raises is added, and another after it."""
    yield state._replace(failing_listener=True, wild=state.wild or kept_waiting(state, deviations))


def set_wall_clock(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """The wall clock is set; nothing follows from it."""
    if "wall clock" not in deviations:
        yield state
        return
    yield state._replace(breakers=tuple(_older(each, seconds, state.settings, deviations) for each in state.breakers))


def trip(state: State, deviations: Names) -> Iterator[State]:
    """trip() opens the circuit; of an open one it may or may not restart the timer."""
    breaker = state.breakers[0]
    if kept_waiting(state, deviations):
        yield state._replace(wild=True)
        return
    if "trip does nothing" in deviations:
        yield state
        return
    for after in opened(state, 0, deviations, undone="trip is undone" in deviations):
        yield _by_hand(after, state, deviations)
    if breaker.phase == "open":
        yield _by_hand(state, state, deviations)


def reset(state: State, deviations: Names) -> Iterator[State]:
    """reset() closes the circuit with no failures counted."""
    breaker = state.breakers[0]
    if kept_waiting(state, deviations):
        yield state._replace(wild=True)
        return
    if "reset does nothing" in deviations:
        yield state
        return
    stale = state.settings.failure_threshold - 1 if "reset keeps the count" in deviations else 0
    yield _by_hand(moved(state, 0, "closed", failures=stale, undone="reset is undone" in deviations), state, deviations)
    if breaker.phase == "closed":
        yield _by_hand(state.with_breaker(0, breaker._replace(failures=stale, window=())), state, deviations)


def _by_hand(after: State, before: State, deviations: Names) -> State:
    after = after._replace(shaken=after.shaken or after.failing_listener)
    if "moves by hand are not announced" not in deviations:
        return after
    return after._replace(announced=before.announced, heard_second=before.heard_second)
