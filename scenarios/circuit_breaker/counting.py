"""What the end of a call counts as."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import RIGHT, Names

from .state import State, Tracked, moved, said

COUNTS_SUCCESS, COUNTS_FAILURE, COUNTS_NOTHING = "success", "failure", "nothing"
_EARLY, _TOO_LATE = (0.01, 0.1, 0.5), (1.5, 2.0, 3.0, 10.0)
"""What reset_timeout is multiplied by, where probes come early or late."""
_LATE = {
    ("open", COUNTS_SUCCESS): "a late success closes",
    ("open", COUNTS_FAILURE): "a late failure restarts the timer",
    ("half_open", COUNTS_SUCCESS): "a late success counts as a probe",
    ("half_open", COUNTS_FAILURE): "a late failure reopens",
    ("closed", COUNTS_SUCCESS): "a late success clears the count",
    ("closed", COUNTS_FAILURE): "a late failure counts once closed again",
}
"""By the phase that it meets and what it counts as, the deviation with which a late outcome counts."""


def counting(how: str, call: Tracked, deviations: Names) -> Iterator[str]:
    """What an end of a call may count as."""
    if how in ("ok", "failure"):
        yield COUNTS_SUCCESS if how == "ok" else COUNTS_FAILURE
    elif how == "ignored":
        yield _ignored(call, deviations)
    elif how == "cancelled" and not call.probe:
        wrong = {"cancelling counts as a failure": COUNTS_FAILURE, "cancelling counts as a success": COUNTS_SUCCESS}
        yield next((wrong[name] for name in wrong if name in deviations), COUNTS_NOTHING)
    elif call.probe and ("a cancelled probe closes" if how == "cancelled" else "an interrupted probe closes") in deviations:
        yield COUNTS_SUCCESS
    elif _keeps_slot(how, call, deviations):
        yield "leak"
    elif call.probe:
        yield COUNTS_NOTHING
        yield COUNTS_FAILURE  # the slot comes back either way
    else:
        # What a BaseException counts as in closed state is left open.
        yield from (COUNTS_NOTHING, COUNTS_FAILURE, COUNTS_SUCCESS)


def _ignored(call: Tracked, deviations: Names) -> str:
    if "ignored errors count" in deviations:
        return COUNTS_FAILURE
    if ("an ignored probe closes" if call.probe else "ignored errors clear the count") in deviations:
        return COUNTS_SUCCESS
    return "leak" if call.probe and "an ignored probe keeps its slot" in deviations else COUNTS_NOTHING


def _keeps_slot(how: str, call: Tracked, deviations: Names) -> bool:
    name = "a cancelled probe keeps its slot" if how == "cancelled" else "an interrupted probe keeps its slot"
    return call.probe and name in deviations


def count(state: State, call: Tracked, counted: str, deviations: Names) -> Iterator[State]:
    breaker = state.breakers[call.breaker]
    late = call.epoch != breaker.epoch
    if late and "a late outcome frees a slot" in deviations and breaker.phase == "half_open" and state.probes(call.breaker):
        state = state.with_breaker(call.breaker, breaker._replace(leaked=breaker.leaked - 1))
    if counted == COUNTS_NOTHING:
        yield state
        if breaker.unsaid:
            yield said(state, call.breaker)
    elif late:
        yield from _late(state, call, counted, deviations)
    elif counted == "leak":
        yield state.with_breaker(call.breaker, breaker._replace(leaked=breaker.leaked + 1))
    elif breaker.phase == "closed":
        yield from _count_closed(state, call.breaker, counted, deviations)
    elif breaker.phase == "half_open":
        yield from _count_probe(state, call.breaker, counted, deviations)
    else:
        yield state


def _late(state: State, call: Tracked, counted: str, deviations: Names) -> Iterator[State]:
    breaker = state.breakers[call.breaker]
    wrong = _LATE.get((breaker.phase, counted))
    of_probe = "an earlier probe's success closes" if counted == COUNTS_SUCCESS else "an earlier probe's failure reopens"
    if breaker.undone and (breaker.phase, counted) == ("open", COUNTS_SUCCESS):
        yield moved(state, call.breaker, "closed")
    elif breaker.undone and (breaker.phase, counted) == ("closed", COUNTS_FAILURE):
        yield _counted_late(state, call.breaker, counted)
        if not call.probe:
            yield state
    elif not call.probe or breaker.phase == "closed":
        yield _counted_late(state, call.breaker, counted) if wrong in deviations else state
    elif of_probe in deviations:
        yield _counted_late(state, call.breaker, counted)
    else:
        yield state
        if wrong in deviations:
            yield _counted_late(state, call.breaker, counted)  # whoever takes any late outcome may take that of a probe too


def _counted_late(state: State, index: int, counted: str) -> State:
    breaker = state.breakers[index]
    if breaker.phase == "half_open":
        return next(_count_probe(state, index, counted, RIGHT))
    if breaker.phase == "closed":
        return next(_count_closed(state, index, counted, RIGHT))
    if counted == COUNTS_SUCCESS:
        return moved(state, index, "closed")
    return state.with_breaker(index, breaker._replace(open_for=0.0))


def _count_closed(state: State, index: int, counted: str, deviations: Names) -> Iterator[State]:
    breaker, settings = state.breakers[index], state.settings
    if settings.failure_rate is not None:
        yield from _count_rate(state, index, counted == COUNTS_FAILURE, deviations)
        return
    if counted == COUNTS_FAILURE and "failures never open" in deviations:
        yield state
        yield _with_failures(state, index, 0, deviations)
        return
    if counted == COUNTS_SUCCESS and "successes count as failures" not in deviations:
        yield _with_failures(state, index, _left(_failures(state, index, deviations), deviations), deviations)
        return
    if breaker.counted and "simultaneous failures count once" in deviations:
        yield state  # now and then, as a race goes
    limit = settings.failure_threshold - ("opens one failure early" in deviations) + ("opens one failure late" in deviations)
    failures = _failures(state, index, deviations) + 1
    if failures >= limit:
        yield from opened(_with_failures(state, index, 0, deviations), index, deviations)
    else:
        counting = state.with_breaker(index, breaker._replace(counted=True))
        yield _with_failures(counting, index, failures, deviations)


def _failures(state: State, index: int, deviations: Names) -> int:
    return state.breakers[0 if "shared count" in deviations else index].failures


def _with_failures(state: State, index: int, failures: int, deviations: Names) -> State:
    index = 0 if "shared count" in deviations else index
    return state.with_breaker(index, state.breakers[index]._replace(failures=failures))


def _left(failures: int, deviations: Names) -> int:
    """The count after a success."""
    if "successes keep the count" in deviations:
        return failures
    return max(0, failures - 1) if "successes take one failure off" in deviations else 0


def _count_rate(state: State, index: int, failed: bool, deviations: Names) -> Iterator[State]:
    breaker, settings = state.breakers[index], state.settings
    window = (*breaker.window, (0.0, failed))
    if "the window never slides" not in deviations:
        window = (
            window[-settings.window :]
            if settings.window
            else tuple(entry for entry in window if entry[0] < (settings.window_seconds or 0.0))
        )
    stays = state.with_breaker(index, breaker._replace(window=window))
    assert settings.failure_rate is not None
    failures = sum(1 for _, bad in window if bad)
    excess = failures - settings.failure_rate * len(window)
    enough = len(window) >= settings.minimum_calls
    ignored = not enough and "the minimum is ignored" in deviations
    reached = (enough or ignored) and excess > -1e-9 and "the rate never opens" not in deviations
    if reached:
        yield from opened(state, index, deviations)
    # At exactly the rate, and at a success that completes the minimum, either side is right.
    if not reached or not failed or abs(excess) <= 1e-9 or (ignored and len(window) > 1):
        yield stays


def _count_probe(state: State, index: int, counted: str, deviations: Names) -> Iterator[State]:
    breaker, settings = state.breakers[index], state.settings
    if counted == COUNTS_FAILURE:
        yield from _fail_probe(state, index, deviations)
        return
    needed = 1 if "any success closes" in deviations else settings.success_threshold + ("closes one success late" in deviations)
    successes = 1 if "successes do not add up" in deviations else breaker.successes + 1
    if successes < needed or "never closes" in deviations:
        counting = state.with_breaker(index, breaker._replace(successes=successes))
        yield counting
        if breaker.unsaid:
            yield said(counting, index)
        return
    stale = settings.failure_threshold - 1 if "closes with a stale count" in deviations else 0
    yield moved(state, index, "closed", failures=stale)


def _fail_probe(state: State, index: int, deviations: Names) -> Iterator[State]:
    breaker = state.breakers[index]
    if "a failed probe does not reopen" in deviations:
        yield state
    elif "a failed probe closes" in deviations:
        yield moved(state, index, "closed")
    else:
        old = state.settings.reset_timeout + 1.0 if "reopening keeps its old timer" in deviations else 0.0
        yield from opened(state, index, deviations, open_for=old)
        if breaker.successes:
            # Whether successes of an earlier half_open still count is left open.
            yield from opened(state, index, deviations, open_for=old, successes=breaker.successes)


def opened(state: State, index: int, deviations: Names, **changes: object) -> Iterator[State]:
    """The circuit opens; with some deviations nobody knows for how long."""
    yield moved(state, index, "open", **changes)
    early = "probes come early" in deviations
    early = early or ("reopening shortens the timer" in deviations and state.breakers[index].phase == "half_open")
    for factors in (early and _EARLY, "probes come late" in deviations and _TOO_LATE):
        for factor in factors or ():
            yield moved(state, index, "open", timer=factor * state.settings.reset_timeout, **changes)
