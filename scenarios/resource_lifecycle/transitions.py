"""What each event does to the model of resource managers."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from . import breaking_off, checking, cleaning
from .events import BEGINS, CANCELLED, GIVES, INSIDE, MISSING, REFUSED, UP, WAITING, CleanUp, Get, Leave
from .state import (
    AN_END,
    AN_ERROR,
    CLEANING,
    GHOST,
    GIVEN_OR_ERROR,
    INITIALISING,
    IS_UP,
    PENDING,
    REPORTS_OR_ERROR,
    Resource,
    State,
    Tracked,
)

CLEARLY = 0.1
"""By how much of a timeout a lapse has to differ from it for the outcome to be certain."""


def get(state: State, event: Get, deviations: Names) -> Iterator[State]:
    """get() is called."""
    call = Tracked(event.call, "get", id=event.id)
    if event.call in state.early:
        yield state.with_call(call._replace(phase=CANCELLED))
        return
    begun = [each for each in state.under_way() if each.id == event.id]
    early = [each for each in begun if each.phase == INITIALISING]
    if early and "is got before it is up" in deviations and state.registered(event.id) is None:
        yield state.with_call(call._replace(phase=GIVES, about=(str(early[-1].number),)))
        return
    cold = state.cold(event.id)
    if cold is not None:
        yield from _warmed(state, call, cold)
        return
    yield state.with_call(_found(state, call, deviations))
    if state.is_busy or (begun and state.registered(event.id) is None):
        yield state.with_call(call)  # it waits for what becomes of that


def _warmed(state: State, call: Tracked, resource: Resource) -> Iterator[State]:
    """With a deviation what was cleaned up is initialised again as it is got."""
    if resource.manner == "slow":
        yield state.with_call(call).with_resource(resource.doing(BEGINS, phase=INITIALISING))
    else:
        given = state.with_call(call._replace(phase=GIVES, about=(str(resource.number),)))
        yield given.with_resource(resource.doing(BEGINS, UP, phase=IS_UP))
        if any(each.kind == "clean" for each in state.calls):  # the cleanup may come to it once more
            yield given.with_resource(resource.doing(BEGINS, UP, *resource.cleanup))


def _has_just_been_replaced(state: State, id: str) -> bool:
    """Whether one resource has given way to another in this batch: in between there may be none."""
    coming = any(each.kind == "register" and each.id == id for each in state.calls)
    return state.settings.replace and coming and sum(each.id == id for each in state.resources) > 1


def _found(state: State, call: Tracked, deviations: Names) -> Tracked:
    holder = state.registered(call.id)
    ghost = next((each for each in state.resources if each.id == call.id and each.phase == GHOST), None)
    if holder is None and ghost is not None:
        return call._replace(phase=GIVES, about=(str(ghost.number),))
    if holder is not None:
        gives = call._replace(phase=GIVES, about=(str(holder.number),))
        if "what is registered cannot be got" in deviations:
            return gives._replace(phase=MISSING, about=(call.id,))
        unsure = holder.phase == CLEANING or holder.ails or holder.shaky or state.cleaning or state.closed
        unsure = unsure or _has_just_been_replaced(state, call.id)
        return gives._replace(phase=GIVEN_OR_ERROR) if unsure else gives
    if state.closed or any(each.id == call.id and each.phase in (PENDING, INITIALISING) for each in state.resources):
        return call._replace(phase=AN_ERROR)
    if "the id is not named" in deviations:
        return call._replace(phase=MISSING)
    if "not found is told otherwise" in deviations:
        return call._replace(phase=REFUSED)
    return call._replace(phase=MISSING, about=(call.id,))


def answered(state: State, deviations: Names) -> Iterator[State]:
    """get() and health() are answered where they had to wait; as soon as nothing is in the way any more, they have to be."""
    waiting = [call for call in state.calls if call.kind in ("get", "health") and call.phase == WAITING]
    if not waiting:
        yield state
        return
    told = state
    for call in waiting:
        if call.kind == "get" and (state.is_busy or not _is_pending(state, call)):
            told = told.with_call(_found_late(state, call, deviations))
        elif call.kind == "health" and call.queued:
            told = told.with_call(call._replace(phase=REPORTS_OR_ERROR))
    yield told
    queued = [call for call in waiting if call.queued]
    if queued and checking.hangs(state):
        begun = state
        for call in queued:
            begun = begun.with_call(call._replace(queued=False))
        yield begun
    if state.is_busy and told != state:
        yield state


def _found_late(state: State, call: Tracked, deviations: Names) -> Tracked:
    """What a get() that had to wait comes to: where each waits for its turn, it may have come before what a cleanup did."""
    found = _found(state, call, deviations)
    if found.phase not in (MISSING, AN_ERROR):
        return found
    was_up = next((each for each in state.resources if each.id == call.id and each.was_up), None)
    if was_up is not None:
        return call._replace(phase=GIVEN_OR_ERROR, about=(str(was_up.number),))
    return found._replace(phase=AN_ERROR, about=())


def _is_pending(state: State, call: Tracked) -> bool:
    return state.registered(call.id) is None and any(each.id == call.id for each in state.under_way())


def enter(state: State, number: int) -> Iterator[State]:
    """The scope is entered."""
    phase = CANCELLED if number in state.early else INSIDE
    yield state.with_call(Tracked(number, "scope", phase))._replace(scoped=True)


def leave(state: State, event: Leave, deviations: Names) -> Iterator[State]:
    """What runs in the scope ends."""
    call = state.call(event.call)
    if call is None or call.phase != INSIDE:
        yield state
        return
    cause = "leaving" if event.how == "ok" else "leaving with an error"
    leaving = call._replace(phase=WAITING, leaves=event.how)
    yield from cleaning.clean_up(state.shaken_by(cause), leaving, deviations)


def clean_up(state: State, event: CleanUp, deviations: Names) -> Iterator[State]:
    """cleanup_all() is called."""
    call = Tracked(event.call, "clean")
    if event.call in state.early:
        yield state.with_call(call._replace(phase=CANCELLED))
    else:
        yield from cleaning.clean_up(state, call, deviations)


def check(state: State, number: int, deviations: Names) -> Iterator[State]:
    """health() is called."""
    if number in state.early:
        yield state.with_call(Tracked(number, "health", CANCELLED))
    else:
        yield from checking.check(state, number, deviations)
        if state.is_busy:
            yield state.with_call(Tracked(number, "health", loose=True, queued=True))


def cancel(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A call is cancelled; where it is over in the same batch, it may have ended as cancelled all the same."""
    call = state.call(number)
    if call is None:
        yield state._replace(early=(*state.early, number)) if number >= state.begun else state
    elif call.phase == INSIDE:
        leaving = call._replace(phase=WAITING, leaves="cancel")
        yield from cleaning.clean_up(state.shaken_by("leaving by cancellation"), leaving, deviations)
    elif call.phase == WAITING:
        yield from _cancelled(state, call, deviations)
    elif call.kind == "register":
        yield state
        yield from breaking_off.cancel_late(state, call, deviations)
    else:
        yield state
        yield state.with_call(call._replace(phase=AN_END))


def _cancelled(state: State, call: Tracked, deviations: Names) -> Iterator[State]:
    if call.kind == "register":
        yield from breaking_off.cancel(state, call, deviations)
    elif call.kind in ("clean", "scope"):
        yield from cleaning.cancel(state, call, deviations)
    else:
        yield state.with_call(call._replace(phase=CANCELLED))


def pass_time(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """Time passes: what has taken too long is given up, and what comes next may take too long as well."""
    for after in _limited(state, seconds, deviations):
        for restarted in checking.due(after, deviations, surely=seconds > RESTARTED):
            yield from _checked(restarted, seconds, deviations)


RESTARTED = 50.0
"""Seconds within which what was found unhealthy is restarted."""


def _checked(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """Each report that waits for checks goes on doing so, or is given in spite of them."""
    states = [state]
    for call in state.waiting("health") if state.settings.health_timeout is not None else ():
        if not call.queued:
            states = [after for each in states for after in _waited(each, call, seconds, deviations)]
    yield from states


def _waited(state: State, call: Tracked, seconds: float, deviations: Names) -> Iterator[State]:
    limit, held = state.settings.health_timeout or 0.0, call.held + seconds
    hanging = sum(each.ails == "hangs" for each in state.resources) or 1
    endless = "a hanging check is waited for" in deviations
    if held > limit * (1 - CLEARLY) and not endless:
        yield checking.answered(state, call, deviations)
    if held < limit * hanging * (1 + CLEARLY) or endless:
        yield state.with_call(call._replace(held=held))


def _limited(state: State, seconds: float, deviations: Names) -> Iterator[State]:
    """Each resource that is held goes on being so, or is given up, after which others may come to be held."""
    limits = {INITIALISING: state.settings.initialize_timeout, CLEANING: state.settings.cleanup_timeout}
    names = {INITIALISING: "a hanging initialise is not given up", CLEANING: "a hanging cleanup is not given up"}
    for each in state.resources:
        limit = limits.get(each.phase)
        if limit is None or each.orphaned or names[each.phase] in deviations:
            continue
        end = each.held + seconds
        if end > limit * (1 - CLEARLY):
            give_up = breaking_off.give_up if each.phase == INITIALISING else cleaning.give_up
            for after in give_up(state, each, deviations):
                yield from _limited(after, max(0.0, end - limit), deviations)
            if end > limit * (1 + CLEARLY):
                return
    held = [each._replace(held=each.held + seconds) for each in state.resources if limits.get(each.phase)]
    for resource in held:
        state = state.with_resource(resource)
    yield state
