"""What checks of health do to a manager's model."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from .events import AILMENTS, BEGINS, CLEANS, DOWN, UP, WAITING, Ail
from .state import AN_ERROR, CLEANING, GONE, INITIALISING, IS_UP, REPORTS, Resource, State, Tracked


def ail(state: State, event: Ail) -> Iterator[State]:
    """A resource falls ill."""
    assert event.how in AILMENTS
    resource = state.resource(event.call)
    yield state if resource is None else state.with_resource(resource._replace(ails=event.how))


def hangs(state: State) -> bool:
    """Whether the check of something that is registered would not end."""
    return any(each.phase == IS_UP and each.ails == "hangs" for each in state.resources)


def check(state: State, number: int, deviations: Names) -> Iterator[State]:
    """health() is called."""
    ups = [each for each in state.resources if each.phase == IS_UP]
    if any(each.ails in ("raises", "hangs") for each in ups):
        state = state.shaken_by("a failing check")
    call = Tracked(number, "health", report=tuple(sorted(_reported(state, deviations).items())))
    if state.closed:
        yield state.with_call(call._replace(phase=AN_ERROR))
    raises = any(each.ails == "raises" for each in ups)
    if hangs(state):
        yield state.with_call(call)
    elif raises and "a failing check breaks the report" in deviations:
        yield state.with_call(call._replace(phase=AN_ERROR))
    else:
        yield from _found(state.with_call(call._replace(phase=REPORTS)), ups, deviations)


def _reported(state: State, deviations: Names) -> dict[str, bool | None]:
    report: dict[str, bool | None] = {}
    for each in state.resources:
        if each.phase == IS_UP:
            report[each.id] = not each.ails
            if each.ails and "the unhealthy count as healthy" in deviations:
                report[each.id] = True
            if each.ails in ("raises", "hangs") and "a failing check counts as healthy" in deviations:
                report[each.id] = True
            if each.ails and "the unhealthy are not reported" in deviations:
                del report[each.id]
            if each.ails and state.settings.restarts and each.restarts < state.settings.restarts:
                report[each.id] = None  # before it was restarted, or after
        elif each.phase in (INITIALISING, CLEANING):
            report[each.id] = None
    return report


def _found(state: State, ups: list[Resource], deviations: Names) -> Iterator[State]:
    """What becomes of what is found to be healthy or not."""
    if not ups or not state.settings.restarts:
        yield state
        return
    first, *others = ups
    for after in _one_found(state, first, deviations):
        yield from _found(after, others, deviations)


def _one_found(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    limit = state.settings.restarts
    if not resource.ails:
        yield state
        if resource.restarts:
            yield state.with_resource(resource._replace(restarts=0, twice=True))
    elif resource.restarts >= limit and "is restarted without end" not in deviations:
        yield state
        yield state.with_resource(resource.doing(CLEANS, DOWN, phase=GONE))  # what becomes of it is not said
    else:
        yield from restarted(state, resource, deviations)
        yield state.with_resource(resource._replace(due=True))
        if resource.twice:
            yield state


def restarted(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    """An unhealthy resource is cleaned up and initialised again."""
    ails = "" if resource.ails == "ill" else resource.ails
    state = state.shaken_by("a restart")
    counted = resource._replace(ails=ails, restarts=resource.restarts + 1, due=False)
    if "is not restarted" in deviations:
        yield state.with_resource(resource._replace(restarts=resource.restarts + 1, due=False))
    elif "is restarted without a cleanup" in deviations:
        yield state.with_resource(counted.doing(BEGINS, UP))
    elif "is cleaned up and not restarted" in deviations:
        yield state.with_resource(counted.doing(CLEANS, DOWN, phase=GONE))
    else:
        yield state.with_resource(counted.doing(CLEANS, DOWN, BEGINS, UP))


def due(state: State, deviations: Names, surely: bool) -> Iterator[State]:
    """Time passes: what was found unhealthy is restarted, if it is to be, and a check of the manager's own finds others."""
    if not state.settings.restarts:
        yield state
        return
    yield from _due_one_by_one(state, [each for each in state.resources if each.phase == IS_UP and each.ails], deviations, surely)


def _due_one_by_one(state: State, ill: list[Resource], deviations: Names, surely: bool) -> Iterator[State]:
    if not ill:
        yield state
        return
    first, *others = ill
    if first.restarts < state.settings.restarts:
        for after in restarted(state, first, deviations):
            yield from _due_one_by_one(after, others, deviations, surely)
    if not (first.due and surely):
        yield from _due_one_by_one(state, others, deviations, surely)


def answered(state: State, call: Tracked, deviations: Names) -> State:
    """The checks of a report have taken too long."""
    broken = "a hanging check breaks the report" in deviations
    return state.with_call(call._replace(phase=AN_ERROR if broken else REPORTS))


def interrupted(state: State) -> State:
    """Something happens while health() has not ended: what it reports is anybody's guess."""
    for call in state.calls:
        if call.kind == "health" and call.phase == WAITING and not call.loose:
            state = state.with_call(call._replace(loose=True))
    return state
