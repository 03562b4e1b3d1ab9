"""What ends a registration before its time."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from .events import CANCELLED, CLEANS, DOWN, QUITS, STOPS
from .state import CLEANING, GONE, IS_UP, LEFT, PENDING, TIMED_OUT, Resource, State, Tracked


def cancel(state: State, call: Tracked, deviations: Names) -> Iterator[State]:
    """Whoever registers is cancelled meanwhile."""
    state = state.shaken_by("a cancellation")
    resource = state.resource(call.number)
    ended = state.ended(call.number, CANCELLED)
    if resource is None:
        yield ended
    elif resource.phase == PENDING:
        gone = ended.with_resource(resource._replace(phase=GONE))
        yield gone
        for each in state.resources:
            if each.hasty and each.phase == CLEANING and each.id == resource.id:
                yield gone.with_resource(each.doing(QUITS, phase=GONE))
    elif resource.phase == CLEANING:
        yield ended
        yield ended.with_resource(resource.doing(QUITS, phase=GONE))
    elif "what a cancelled register began is left" in deviations:
        yield ended.with_resource(resource.doing(STOPS, phase=LEFT))
    elif "a cancelled register keeps the id" in deviations:
        yield ended.with_resource(resource.doing(STOPS, CLEANS, DOWN, phase=LEFT)._replace(lost=True))
    else:
        if "a cancelled register goes on" not in deviations:
            yield ended.with_resource(resource.doing(STOPS, CLEANS, DOWN, phase=GONE))
        yield ended.with_resource(resource._replace(orphaned=True))


def cancel_late(state: State, call: Tracked, deviations: Names) -> Iterator[State]:
    """A registration is over in the same batch as it is cancelled, and may have ended as cancelled all the same."""
    state = state.shaken_by("a cancellation")
    resource = state.resource(call.number)
    cancelled = state.with_call(call._replace(phase=CANCELLED, about=()))
    if state.settings.replace and resource is not None:  # the other was cleaned up, and this one not begun
        yield cancelled.with_resource(resource._replace(acts=(), phase=GONE))
    if resource is None:
        yield cancelled
    elif resource.phase == IS_UP and resource.manner != "lingers":
        if "a cancelled register leaves it up" in deviations:
            yield cancelled
            yield cancelled.with_resource(resource._replace(phase=LEFT))
        yield cancelled.with_resource(resource.doing(CLEANS, DOWN, phase=GONE))
    elif resource.phase == GONE:
        yield cancelled


def give_up(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    """An initialize() has taken too long."""
    ended = state.shaken_by("a hang").ended(resource.number, TIMED_OUT)
    if "what a hanging initialise began is left" in deviations:
        yield ended.with_resource(resource.doing(STOPS, phase=LEFT))
        return
    yield ended.with_resource(resource.doing(STOPS, CLEANS, DOWN, phase=GONE))
    # A thread cannot be stopped: what it makes may be cleaned up now, or when there is something.
    yield ended.with_resource(resource._replace(orphaned=True))
    yield ended.with_resource(resource.doing(CLEANS, DOWN)._replace(orphaned=True, shaky=True))
